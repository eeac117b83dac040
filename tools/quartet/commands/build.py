"""./quartet build: kernel and programs."""

from common import Parser, build_kernel, shown_path


def main(arguments):
    parser = Parser('build')
    parser.add_argument('--build', choices=('debug', 'release'), default='release', help='which kernel (release)')
    parser.add_argument('--cc', choices=('gcc', 'clang'), default='gcc', help='its compiler (gcc)')
    parsed = parser.parse_args(arguments)
    print(shown_path(build_kernel(parsed.build, parsed.cc)))
    return 0

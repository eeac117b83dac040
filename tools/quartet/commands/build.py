"""./quartet build: kernel and programs."""

import os

from common import ROOT, Parser, build_kernel


def main(arguments):
    parser = Parser('build')
    parser.add_argument('--build', choices=('debug', 'release'), default='release', help='which kernel (release)')
    parser.add_argument('--cc', choices=('gcc', 'clang'), default='gcc', help='its compiler (gcc)')
    parsed = parser.parse_args(arguments)
    print(os.path.relpath(build_kernel(parsed.build, parsed.cc), ROOT))
    return 0

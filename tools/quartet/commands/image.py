"""./quartet image [1k|2k|4k|iso|debian]: the root disk, a bootable CD, or Debian's root file system."""

import debian
import image
import iso
import options as machine_options
from common import Misuse, Parser, build_kernel, build_user, shown_path, user_path


def main(arguments):
    parser = Parser('image')
    parser.add_argument('what', nargs='?', choices=(*machine_options.OWN_IMAGES, 'iso', 'debian'), default='1k',
                        help="the root disk with blocks of that size (1k); a CD that boots; Debian's root disk")
    parser.add_argument('--share', type=user_path, metavar='DIR', help='pack a folder, read-only, into the root disk as /share')
    parser.add_argument('--append', default='', metavar='STR', help="more words for the kernel command line of the CD")
    parser.add_argument('--build', choices=('debug', 'release'), default='release', help="the CD's kernel (release)")
    parser.add_argument('--cc', choices=('gcc', 'clang'), default='gcc', help='its compiler (gcc)')
    parsed = parser.parse_args(arguments)
    if parsed.share and parsed.what not in machine_options.OWN_IMAGES:
        raise Misuse(f'image: --share does not go with {parsed.what}')
    if parsed.append and parsed.what != 'iso':
        raise Misuse(f'image: --append goes with iso alone: {parsed.what} holds no kernel')
    if parsed.what == 'debian':
        print(debian.stock_image())
        return 0
    if parsed.what == 'iso':
        kernel = build_kernel(parsed.build, parsed.cc)
        path = iso.make_iso(kernel, f'console=ttyS0 root=/dev/hda {parsed.append}'.rstrip())
    else:
        build_user()
        tree = image.base_tree()
        if parsed.share:
            image.add_folder(tree, parsed.share, 'share')
        size = machine_options.OWN_IMAGES[parsed.what]
        path = image.cached_image(tree, 'share' if parsed.share else 'root', size)
    print(shown_path(path))
    return 0

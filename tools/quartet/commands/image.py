"""./quartet image [iso|debian]: the root disk, a bootable CD, or Debian's root file system."""

import os

import debian
import image
import iso
import options as machine_options
from common import ROOT, build_kernel


def main(arguments):
    if arguments == ['debian']:
        print(debian.stock_image())
        return 0
    wants_iso = arguments[:1] == ['iso']
    parsed = machine_options.parser('image').parse_args(arguments[1:] if wants_iso else arguments)
    kernel = build_kernel(parsed.build, parsed.cc)
    if wants_iso:
        path = iso.make_iso(kernel, ' '.join(['console=ttyS0', 'root=/dev/hda'] + parsed.append))
    else:
        tree = image.base_tree()
        if parsed.share:
            image.add_folder(tree, parsed.share, 'share')
        size = machine_options.OWN_IMAGES.get(parsed.image, 1024)
        path = image.cached_image(tree, 'share' if parsed.share else 'root', size)
    print(os.path.relpath(path, ROOT))
    return 0

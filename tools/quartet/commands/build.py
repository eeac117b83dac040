"""./quartet build: kernel and programs."""

import options as machine_options
from common import ROOT, build_kernel

import os


def main(arguments):
    parsed = machine_options.parser('build').parse_args(arguments)
    print(os.path.relpath(build_kernel(parsed.build, parsed.cc), ROOT))
    return 0

"""The tree may lie in a folder of any name, and so may what the user names: programs are built and a machine starts from there."""

import os
import shutil
import subprocess
import tempfile

from common import ROOT, build_kernel

KERNEL = os.environ.get('QUARTET_KERNEL') or build_kernel()
LEFT_OUT = ('.git', 'build', '__pycache__')


def main():
    with tempfile.TemporaryDirectory() as top:
        tree = os.path.join(top, "it's a \"tree\", here")
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        share = os.path.join(top, "a friend's, too")
        os.mkdir(share)
        with open(os.path.join(share, 'a file'), 'w') as file:
            file.write('shared\n')
        made = subprocess.run(['./quartet', 'image'], cwd=tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
        shutil.copyfile(KERNEL, os.path.join(tree, 'build/quartet.elf'))
        disk = os.path.join(share, 'disk, mine')
        shutil.copyfile(os.path.join(tree, made.stdout.strip()), disk)
        for options in ['--share', share], ['--image', disk, '--share', share]:
            done = subprocess.run(['./quartet', 'run', '--kernel', 'build/quartet.elf', *options, '--', 'cat', '/share/a file'], cwd=tree,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert done.stdout == 'shared\n' and done.stderr == '', (options, done)


main()

"""The options that describe a machine, shared by run, debug and bench."""

import argparse
import os
import re
import shlex

import debian
import image
from common import Failure, Misuse, Parser, build_kernel, build_path, build_user, kernel_file, user_path
from qemu import ACCELERATORS, SHARE_DEVICES, Settings

OWN_IMAGES = {'1k': 1024, '2k': 2048, '4k': 4096}
DEFAULT_MEMORY, DEBIAN_MEMORY = 128, 512
LEAST_MEMORY, MOST_MEMORY = 4, 65536	# MiB; what PAE can address
MOST_WORDS = 1900			# the kernel keeps 2047 bytes of its command line, which has words of ours, too
EXT2_MAGIC_AT, EXT2_MAGIC = 1080, b'\x53\xef'
NUMBERS = ('loglevel', 'panic', 'seed', 'watchdog')	# words of the kernel's; docs/boot.md


def mebibytes(text):
    """The type of --memory."""
    if not text.isascii() or not text.isdigit() or not LEAST_MEMORY <= int(text) <= MOST_MEMORY:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number of megabytes from {LEAST_MEMORY} to {MOST_MEMORY}')
    return int(text)


def image_name(text):
    """The type of --image: a word, or a file."""
    return text if text in (*OWN_IMAGES, 'debian') else user_path(text)


STREAMS = """\
Standard input, output and error of the command are yours (an input that the command does not want is read all the same,
as by ssh: </dev/null keeps it). Where both output and input are a terminal the command sits at it; Ctrl-A X ends the machine."""


def parser(command):
    takes_command = command in ('run', 'trace', 'profile')
    result = Parser(command)
    if takes_command:
        result.usage = f'./quartet {command} [OPTIONS] {"[-- CMD ARGS]" if command == "run" else "-- CMD ARGS"}'
        result.epilog = STREAMS
    result.add_argument('--memory', type=mebibytes, default=None, metavar='MIB', help='megabytes of memory (128; Debian 512)')
    result.add_argument('--cpus', type=int, default=4, choices=range(1, 9), metavar='N', help='processors, 1 to 8 (4)')
    result.add_argument('--image', type=image_name, default='1k', metavar='FILE|1k|2k|4k|debian',
                        help='a disk image of your own, changed in place; ours with blocks of that size (1k); '
                             'or a stock Debian with bash, gcc, python3 and more')
    result.add_argument('--disk', choices=('ide', 'virtio'), default='ide', help='which disk the machine has (ide)')
    result.add_argument('--keep', action='store_true',
                        help='keep the changes made to the root disk for the next run --keep')
    result.add_argument('--append', action='append', default=[], metavar='STR',
                        help='more words for the kernel command line, such as loglevel=7 or seed=1')
    result.add_argument('--share', type=user_path, metavar='DIR', help='a folder, packed read-only as it is now, is /share in there (with a disk image of your own if its init is ours)')
    result.add_argument('--build', choices=('debug', 'release'), default='release', help='which kernel (release)')
    result.add_argument('--cc', choices=('gcc', 'clang'), default='gcc', help='its compiler (gcc)')
    result.add_argument('--kernel', type=kernel_file, metavar='FILE', help='start this kernel instead of building one')
    result.add_argument('--accel', choices=ACCELERATORS, default='tcg', help="QEMU's way to execute (tcg; tcg-multi has threads)")
    if command in ('run', 'debug'):
        result.add_argument('--screen', action='store_true',
                            help='show the virtual consoles: a window, or curses; Alt-F1 to Alt-F4 switch')
    return result


def split_command(arguments):
    """What stands before `--`, and the command after it (None without `--`)."""
    if '--' not in arguments:
        return arguments, None
    split = arguments.index('--')
    return arguments[:split], arguments[split + 1:]


def own_image(path, words):
    """An image that the user brings, looked at before a machine is started for it."""
    if not os.path.isfile(path):
        raise Failure(f'{path}: no such image (1k, 2k, 4k and debian are ours)')
    if not os.access(path, os.R_OK | os.W_OK):
        raise Failure(f'{path}: this image may not be read and written')
    with open(path, 'rb') as file:
        file.seek(EXT2_MAGIC_AT)
        # Whoever says root= knows better, such as where there are partitions.
        if file.read(len(EXT2_MAGIC)) != EXT2_MAGIC and not any(word.startswith('root=') for word in words):
            raise Failure(f'{path}: no ext2 or ext3 file system begins here')
    return os.path.abspath(path)


def root_image(options, words):
    """The image to boot from, and whether what the machine writes to it is to be forgotten."""
    if options.image == 'debian':
        path = debian.added_to_copy()
        return kept_copy(path, 'debian') if options.keep else (path, True)
    if options.image not in OWN_IMAGES:
        return own_image(options.image, words), False
    tree = image.base_tree()
    if options.share:
        image.add_folder(tree, options.share, 'share')
    name = 'share' if options.share else 'root'
    path = image.cached_image(tree, name, OWN_IMAGES[options.image])
    return kept_copy(path, f'{name}-{options.image}') if options.keep else (path, True)


def share_disk(folder):
    """An image of a disk that holds a folder and nothing else, for machines whose root disk is not of our making."""
    tree = image.Tree()
    image.add_folder(tree, folder, '.')
    return image.cached_image(tree, 'shared-folder', free_space=image.MEBIBYTE, bare=True)


def kept_copy(path, name):
    """A copy of an image that keeps what the machine writes to it, from one run to the next, also if it is cut off."""
    kept = build_path('images', f'kept-{name}.img')
    if not os.path.exists(kept):
        image.copy_image(path, kept + '.new')
        image.add_journal(kept + '.new')
        os.rename(kept + '.new', kept)
    return kept, False


def kernel_words(texts):
    """The words of all --append. Those whose value has to be a number are looked at: the kernel would do without them."""
    try:
        words = [word for text in texts for word in shlex.split(text)]
    except ValueError as error:
        raise Misuse(f'--append: {str(error).lower()}') from None
    if len(' '.join(words)) > MOST_WORDS:
        raise Misuse(f'--append: more than {MOST_WORDS} characters; the kernel would cut them off')
    for word in words:
        if re.search(r'\s', word):
            raise Misuse(f'--append: {word!r}: a blank ends a word of the kernel, quoted or not')
        key, equals, value = word.partition('=')
        if key in NUMBERS and equals and not re.fullmatch(r'0[xX][0-9a-fA-F]{1,8}|\d{1,10}', value, re.ASCII):
            raise Misuse(f'--append: {word}: {key}= takes a number')
    return words


def machine_settings(options):
    """Build what is needed and describe the machine."""
    words = kernel_words(options.append)
    if options.share is not None and not os.path.isdir(options.share):
        raise Failure(f'{options.share}: no such folder')
    if options.kernel:
        build_user()
    kernel = options.kernel or build_kernel(options.build, options.cc)
    path, snapshot = root_image(options, words)
    share = ''
    if options.share:
        share = '' if options.image in OWN_IMAGES else share_disk(options.share)
        words.insert(0, f'quartet.share={SHARE_DEVICES[options.disk]}' if share else 'quartet.share')
    if options.image == 'debian':
        words.insert(0, f'init={debian.INIT}')
    memory = options.memory or (DEBIAN_MEMORY if options.image == 'debian' else DEFAULT_MEMORY)
    return Settings(kernel=kernel, image=path, memory=memory, cpus=options.cpus, disk=options.disk, share=share,
                    snapshot=snapshot, accel=options.accel, append=words)

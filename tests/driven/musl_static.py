"""
A static program of another C library, musl, starts and works: its auxiliary vector, TLS, threads, memory,
files, signals. It prints what it prints on Linux.
"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile

import image
import linux_machine
import packages
import qemu
from commands import run
from common import Failure, build_kernel

SKIPPED = 77

PROGRAM = r'''
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static __thread int own = 7;
static volatile int handled;

static void handler(int signal)
{
	handled = signal;
}

static void *work(void *argument)
{
	own += (int)(long)argument;
	return (void *)(long)own;
}

int main(int argc, char **argv)
{
	void *results[3];
	pthread_t threads[3];
	char *memory = malloc(3 << 20), text[64] = "";
	struct timespec now;
	int status, last;
	FILE *file;

	printf("%s %d %s\n", argv[0], argc, getenv("GREETING"));
	printf("page %lu, secure %lu, exec %s\n", getauxval(AT_PAGESZ), getauxval(AT_SECURE),
	       (char *)getauxval(AT_EXECFN));
	for (long i = 0; i < 3; i++)
		if (pthread_create(&threads[i], 0, work, (void *)i))
			return 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], &results[i]);
	printf("threads %d %d %d, own %d\n", (int)(long)results[0], (int)(long)results[1], (int)(long)results[2], own);
	memset(memory, 'm', 3 << 20);
	memory = realloc(memory, 9 << 20);
	printf("memory %c, %.3f\n", memory[(3 << 20) - 1], 22.0 / argc);
	file = fopen("/tmp/musl", "w+");
	fputs("kept in a file", file);
	rewind(file);
	fgets(text, sizeof(text), file);
	printf("%s, %d\n", text, clock_gettime(CLOCK_MONOTONIC, &now));
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	printf("signal %d, %s\n", handled, close(77) < 0 ? strerror(errno) : "no error");
	fflush(stdout);
	if (argc == 2 && fork() == 0) {
		execl(argv[0], argv[0], "again", "and", "again", (char *)0);
		_exit(1);
	}
	last = argc == 2 ? wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 99 : 5;
	printf("last %d\n", last);
	return last;
}
'''


END, TRIES = 'last 5\nlast 5\n', 3


def compile_program(folder):
    """With Debian's musl for i386, and gcc's own headers and helpers alone."""
    musl = packages.fetch('musl-dev')
    libraries, headers = os.path.join(musl, 'usr/lib/i386-linux-musl'), os.path.join(musl, 'usr/include/i386-linux-musl')
    source, program = os.path.join(folder, 'program.c'), os.path.join(folder, 'program')
    with open(source, 'w') as file:
        file.write(PROGRAM)
    crt = [os.path.join(libraries, name) for name in ('crt1.o', 'crti.o', 'libc.a', 'crtn.o')]
    subprocess.run(['gcc', '-m32', '-O2', '-static', '-no-pie', '-fno-stack-protector', '-nostdlib', '-nostdinc', '-isystem', headers,
                    '-o', program, crt[0], crt[1], source, crt[2], '-lgcc', crt[2], crt[3]], check=True)
    return program


def run_in_machine(settings):
    with tempfile.TemporaryFile() as output:
        status = run.run_command(settings, ['env', 'GREETING=good day', '/bin/musl', 'one'], output)
        output.seek(0)
        return status, output.read().decode(errors='replace').replace('\r', '')


with tempfile.TemporaryDirectory() as work:
    try:
        compiled = compile_program(work)
    except Failure as failure:
        print(f'skipped: {failure}')	# no network, perhaps
        sys.exit(SKIPPED)
    tree = image.base_tree()
    tree.add_file('bin/musl', compiled)
    disk = os.path.join(work, 'disk')
    image.make_image(tree, disk)
    kernel = os.environ.get('QUARTET_KERNEL') or build_kernel()
    machines = [linux_machine.settings(disk), *(qemu.Settings(kernel=kernel, image=disk, cpus=cpus) for cpus in (1, 4))]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        on_linux, *on_quartet = pool.map(run_in_machine, machines)
    # Linux waits for its serial line only for a time, which a busy host may exceed: then the last words are lost.
    for _ in range(TRIES):
        if on_linux[1].endswith(END):
            break
        on_linux = run_in_machine(linux_machine.settings(disk))
    # What Linux prints is the truth, if the program came to its end there.
    assert on_linux[0] == 5 and on_linux[1].endswith(END), on_linux
    for cpus, got in zip((1, 4), on_quartet):
        assert got == on_linux, (cpus, got, on_linux)

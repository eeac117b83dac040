"""
Build Quartet's kernel in Debian on Quartet: make in /src, as long as it takes. At the end, one line with the seconds, the
most memory that the machine had in use, and the largest process; it is left in /src/build/said, too.

	build_kernel.py JOBS BUILD
"""

import resource
import subprocess
import sys
import time


def used_kib():
    with open('/proc/meminfo') as lines:
        values = {line.split(':')[0]: int(line.split()[1]) for line in lines}
    return values['MemTotal'] - values['MemAvailable']


def main():
    started, peak = time.monotonic(), used_kib()
    jobs, build = sys.argv[1:]
    make = subprocess.Popen(['make', '--no-print-directory', '-C', '/src', f'-j{jobs}', f'BUILD={build}', 'kernel'])
    while make.poll() is None:
        time.sleep(0.5)
        peak = max(peak, used_kib())
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    compiler = subprocess.run(['gcc', '--version'], stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]
    line = (f'built in {time.monotonic() - started:.0f} s by {compiler}; '
            f'at most {peak / 1024:.0f} MiB of memory in use beside the page cache, looked at twice a second; '
            f'at most {largest / 1024:.0f} MiB resident of one process, with the pages of files that it shares')
    if make.returncode == 0:
        print(line, flush=True)
        with open('/src/build/said', 'w') as said:
            said.write(line + '\n')
    sys.exit(make.returncode)


if __name__ == '__main__':
    main()

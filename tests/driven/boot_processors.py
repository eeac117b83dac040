"""Old processors and many: without NX, SMEP and SMAP, without SYSENTER's later friends, and eight at once."""

from machine import Machine

# Offered by the newest only; the kernel uses them where CPUID names them, and works without.
LATER = {'nx', 'smep', 'smap', 'umip'}

for model, cpus, absent in [('pentium3', 1, LATER), ('pentium3', 2, LATER), ('qemu32', 2, LATER - {'nx'}), ('max', 8, set())]:
    with Machine(cpu=model, cpus=cpus) as machine:
        machine.wait_for_prompt()
        assert machine.shell('echo $((6 * 7))') == '42'
        assert machine.shell('grep -c ^processor /proc/cpuinfo') == str(cpus), model
        flags = machine.shell('grep -m 1 ^flags /proc/cpuinfo').split()
        assert not absent & set(flags), (model, flags)
        # Work for all of them: as many busy children as processors, each with pages of its own.
        workers = f'for i in $(seq {2 * cpus}); do (seq 3000 | sort -n | md5sum) & done; wait'
        assert len(set(line.split()[0] for line in machine.shell(workers).split('\n') if '  -' in line)) == 1
        machine.serial.send('poweroff\r')
        machine.wait_for_end()

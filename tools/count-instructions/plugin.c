/*
 * A QEMU plugin that counts the guest's instructions from the kernel's first one on.
 *
 *	-plugin build/tools/count-instructions-plugin.so,entry=ADDRESS,output=FILE
 *
 * FILE holds two 64-bit counters, total and user mode, and is mapped: whoever reads it sees them as
 * they stand. Counting begins when the block at ADDRESS, the kernel's entry, runs for the first time.
 * Blocks of code below 3 GiB are user mode's, once the kernel has left its entry behind.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "qemu_plugin.h"

EXPORT int qemu_plugin_version = MACHINE_PLUGIN_VERSION;

static struct counters {
	uint64_t total;
	uint64_t user;
} *counters;
static uint64_t entry;
static int started;

/* The block's data is a number in a pointer: instructions << 2 | is entry << 1 | is user mode. */
static void block_executed(unsigned int cpu, void *data)
{
	uintptr_t block = (uintptr_t)data;

	(void)cpu;
	if (block & 2)
		started = 1;
	if (!started)
		return;
	__atomic_fetch_add(&counters->total, block >> 2, __ATOMIC_RELAXED);
	if (block & 1)
		__atomic_fetch_add(&counters->user, block >> 2, __ATOMIC_RELAXED);
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t address = qemu_plugin_tb_vaddr(block);
	uintptr_t data = qemu_plugin_tb_n_insns(block) << 2;

	(void)id;
	if (address == entry)
		data |= 2;
	else if (address < KERNEL_START)
		data |= 1;
	qemu_plugin_register_vcpu_tb_exec_cb(block, block_executed, 0, (void *)data);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	const char *output = NULL;
	int fd;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "entry=", 6) == 0)
			entry = strtoull(argv[i] + 6, NULL, 0);
		else if (strncmp(argv[i], "output=", 7) == 0)
			output = argv[i] + 7;
	}
	if (!output)
		return -1;
	fd = open(output, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || ftruncate(fd, sizeof(*counters)) < 0)
		return -1;
	counters = mmap(NULL, sizeof(*counters), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (counters == MAP_FAILED)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	return 0;
}

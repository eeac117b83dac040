/*
 * What sysfs shows: /sys/devices/system/cpu, by which C libraries, htop and others count the
 * processors; the disks in /sys/block, and where they stand by device number. Nothing is
 * here that this kernel does not know to be true.
 */
#include "arch/smp.h"
#include "block/block_device.h"
#include "fs/sysfs/internal.h"
#include "lib/format.h"

enum { CPUS_MAX = 8 };	/* as a boot can have; kernel_max is one less */

/* ---- processors ----------------------------------------------------------------------------- */

/* A mask as Linux lists CPUs: "0-2,4" and a newline. */
static int print_cpu_list(uint32_t mask, char *text, size_t size)
{
	int length = 0;

	text[0] = '\0';
	for (unsigned int first = 0; first < CPUS_MAX; first++) {
		unsigned int last = first;

		if (!(mask & 1u << first))
			continue;
		while (last + 1 < CPUS_MAX && mask & 1u << (last + 1))
			last++;
		length += snprintf(text + length, size - (size_t)length,
				   last > first ? "%s%u-%u" : "%s%u", length ? "," : "", first,
				   last);
		first = last;
	}
	return length + snprintf(text + length, size - (size_t)length, "\n");
}

static uint32_t present_mask(void)
{
	return (1u << smp_cpu_count()) - 1;
}

static int show_online(unsigned int index, char *text, size_t size)
{
	(void)index;
	return print_cpu_list(smp_online_mask(), text, size);
}

static int show_offline(unsigned int index, char *text, size_t size)
{
	(void)index;
	return print_cpu_list(present_mask() & ~smp_online_mask(), text, size);
}

static int show_present(unsigned int index, char *text, size_t size)
{
	(void)index;
	return print_cpu_list(present_mask(), text, size);
}

static int show_kernel_max(unsigned int index, char *text, size_t size)
{
	(void)index;
	return snprintf(text, size, "%d\n", CPUS_MAX - 1);
}

static bool nth_cpu(unsigned int index, char *name, size_t size)
{
	if (index >= smp_cpu_count())
		return false;
	snprintf(name, size, "cpu%u", index);
	return true;
}

static const struct sysfs_entry one_cpu_entries[] = { { .name = NULL } };

static const struct sysfs_entry cpu_entries[] = {
	{ .nth = nth_cpu, .children = one_cpu_entries },
	{ .name = "kernel_max", .show = show_kernel_max },
	{ .name = "offline", .show = show_offline },
	{ .name = "online", .show = show_online },
	{ .name = "possible", .show = show_present },
	{ .name = "present", .show = show_present },
	{ .name = NULL },
};

static const struct sysfs_entry system_entries[] = {
	{ .name = "cpu", .children = cpu_entries },
	{ .name = NULL },
};

static const struct sysfs_entry devices_entries[] = {
	{ .name = "system", .children = system_entries },
	{ .name = NULL },
};

/* ---- disks ---------------------------------------------------------------------------------- */

/* Whole disk number `index`. Known devices live for ever. */
static struct block_device *disk_at(unsigned int index)
{
	struct block_device *device = NULL;

	while ((device = block_device_next(device)) != NULL) {
		if (device->whole != device)
			continue;
		if (index-- == 0)
			break;
	}
	return device;
}

static bool nth_disk(unsigned int index, char *name, size_t size)
{
	struct block_device *disk = disk_at(index);

	if (disk)
		snprintf(name, size, "%s", disk->name);
	return disk != NULL;
}

static int show_device(unsigned int index, char *text, size_t size)
{
	struct block_device *disk = disk_at(index);

	return snprintf(text, size, "%u:%u\n", DEV_MAJOR(disk->number), DEV_MINOR(disk->number));
}

static int show_size(unsigned int index, char *text, size_t size)
{
	return snprintf(text, size, "%llu\n",
			(unsigned long long)disk_at(index)->sector_count);
}

static int show_read_only(unsigned int index, char *text, size_t size)
{
	return snprintf(text, size, "%d\n", block_device_is_read_only(disk_at(index)));
}

/* Linux's columns; times are not kept. */
static int show_disk_stat(unsigned int index, char *text, size_t size)
{
	struct block_device *disk = disk_at(index);

	return snprintf(text, size, "%8u %8u %8u %8u %8u %8u %8u %8u %8u %8u %8u\n",
			atomic_load(&disk->reads), 0u, atomic_load(&disk->sectors_read), 0u,
			atomic_load(&disk->writes), 0u, atomic_load(&disk->sectors_written), 0u,
			disk->queue.in_flight, 0u, 0u);
}

static const struct sysfs_entry one_disk_entries[] = {
	{ .name = "dev", .show = show_device },
	{ .name = "ro", .show = show_read_only },
	{ .name = "size", .show = show_size },
	{ .name = "stat", .show = show_disk_stat },
	{ .name = NULL },
};

static const struct sysfs_entry disks_entries[] = {
	{ .nth = nth_disk, .children = one_disk_entries },
	{ .name = NULL },
};

static bool nth_disk_number(unsigned int index, char *name, size_t size)
{
	struct block_device *disk = disk_at(index);

	if (disk)
		snprintf(name, size, "%u:%u", DEV_MAJOR(disk->number), DEV_MINOR(disk->number));
	return disk != NULL;
}

static int link_disk(unsigned int index, char *target, size_t size)
{
	return snprintf(target, size, "../../block/%s", disk_at(index)->name);
}

static const struct sysfs_entry disk_number_entries[] = {
	{ .nth = nth_disk_number, .link = link_disk },
	{ .name = NULL },
};

static const struct sysfs_entry number_entries[] = {
	{ .name = "block", .children = disk_number_entries },
	{ .name = NULL },
};

/* ---- the root ------------------------------------------------------------------------------- */

static const struct sysfs_entry root_entries[] = {
	{ .name = "block", .children = disks_entries },
	{ .name = "dev", .children = number_entries },
	{ .name = "devices", .children = devices_entries },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_root_entry = { .name = "sys", .children = root_entries };

/*
 * What sysfs shows: /sys/devices/system/cpu, by which C libraries, htop and others count the
 * processors; disks and partitions, and the devices that programs read as bytes, by kind and by
 * device number. Nothing is here that this kernel does not know to be true.
 */
#include "arch/smp.h"
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

static int show_online(const void *object, char *text, size_t size)
{
	(void)object;
	return print_cpu_list(smp_online_mask(), text, size);
}

static int show_offline(const void *object, char *text, size_t size)
{
	(void)object;
	return print_cpu_list(present_mask() & ~smp_online_mask(), text, size);
}

static int show_present(const void *object, char *text, size_t size)
{
	(void)object;
	return print_cpu_list(present_mask(), text, size);
}

static int show_kernel_max(const void *object, char *text, size_t size)
{
	(void)object;
	return snprintf(text, size, "%d\n", CPUS_MAX - 1);
}

static bool nth_cpu(const void *of, unsigned int index, char *name, const void **object)
{
	*object = of;
	if (index >= smp_cpu_count())
		return false;
	snprintf(name, SYSFS_NAME_SIZE, "cpu%u", index);
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
	{ .name = "virtual", .children = sysfs_classes },
	{ .name = NULL },
};

/* ---- the root ------------------------------------------------------------------------------- */

static const struct sysfs_entry number_entries[] = {
	{ .name = "block", .children = sysfs_disk_numbers },
	{ .name = "char", .children = sysfs_device_numbers },
	{ .name = NULL },
};

static const struct sysfs_entry root_entries[] = {
	{ .name = "block", .children = sysfs_disks },
	{ .name = "class", .children = sysfs_class_links },
	{ .name = "dev", .children = number_entries },
	{ .name = "devices", .children = devices_entries },
	{ .name = NULL },
};

const struct sysfs_entry sysfs_root_entry = { .name = "sys", .children = root_entries };

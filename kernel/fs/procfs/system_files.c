/*
 * The files in /proc itself.
 */
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/smp.h"
#include "block/block_device.h"
#include "core/boot_args.h"
#include "core/irq.h"
#include "core/printk.h"
#include "fs/procfs/internal.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/char_device.h"
#include "vfs/dentry.h"
#include "vfs/fs_context.h"
#include "mem/kmalloc.h"
#include "arch/clock.h"

enum { NS_PER_TICK = 10000000, NS_PER_SECOND = 1000000000 };

static uint64_t ticks(uint64_t ns)
{
	return div64_u32(ns, NS_PER_TICK, NULL);
}

static void print_seconds(struct procfs_text *text, uint64_t ns)
{
	uint32_t rest;
	uint64_t seconds = div64_u32(ns, NS_PER_SECOND, &rest);

	procfs_print(text, "%llu.%02u", (unsigned long long)seconds, rest / NS_PER_TICK);
}

static int show_uptime(const struct procfs_subject *subject, struct procfs_text *text)
{
	uint64_t idle = 0;

	(void)subject;
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		struct cpu_times times;

		schedule_cpu_times(cpu, &times);
		idle += times.idle_ns;
	}
	print_seconds(text, clock_monotonic_ns());
	procfs_print(text, " ");
	print_seconds(text, idle);
	procfs_print(text, "\n");
	return 0;
}

static int show_loadavg(const struct procfs_subject *subject, struct procfs_text *text)
{
	uint32_t loads[3];

	(void)subject;
	schedule_load_averages(loads);
	for (unsigned int i = 0; i < 3; i++)
		procfs_print(text, "%u.%02u ", loads[i] / 2048, loads[i] % 2048 * 100 / 2048);
	procfs_print(text, "%u/%u %d\n", schedule_runnable_count(), user_thread_count(),
		     process_current()->id);
	return 0;
}

static void print_cpu_times(struct procfs_text *text, const char *name,
			    const struct cpu_times *times)
{
	procfs_print(text, "%s %llu 0 %llu %llu 0 %llu 0 0 0 0\n", name,
		     (unsigned long long)ticks(times->user_ns),
		     (unsigned long long)ticks(times->system_ns),
		     (unsigned long long)ticks(times->idle_ns),
		     (unsigned long long)ticks(times->irq_ns));
}

static int show_stat(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct cpu_times sum = { 0 }, one;
	uint64_t interrupts = 0;
	char name[8];

	(void)subject;
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		schedule_cpu_times(cpu, &one);
		sum.user_ns += one.user_ns;
		sum.system_ns += one.system_ns;
		sum.idle_ns += one.idle_ns;
		sum.irq_ns += one.irq_ns;
		sum.switches += one.switches;
	}
	print_cpu_times(text, "cpu ", &sum);
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		schedule_cpu_times(cpu, &one);
		snprintf(name, sizeof(name), "cpu%u", cpu);
		print_cpu_times(text, name, &one);
	}
	for (unsigned int irq = 0; irq < IRQ_LINES; irq++) {
		const char *handler;

		interrupts += irq_count(irq, &handler);
	}
	procfs_print(text, "intr %llu\nctxt %llu\nbtime %lld\nprocesses %u\n",
		     (unsigned long long)interrupts, (unsigned long long)sum.switches,
		     (long long)div64_s64(clock_realtime_ns() - (int64_t)clock_monotonic_ns(),
					  NS_PER_SECOND),
		     process_made_count());
	procfs_print(text, "procs_running %u\nprocs_blocked 0\n", schedule_runnable_count());
	return 0;
}

static int show_version(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "Linux version 6.1.0-quartet (Quartet) #1 SMP PREEMPT Quartet\n");
	return 0;
}

static int show_command_line(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%s\n", boot_args_line());
	return 0;
}

static int show_cpuinfo(const struct procfs_subject *subject, struct procfs_text *text)
{
	const struct cpu_features *features = cpu_features();
	uint32_t khz = arch_clock_khz();
	char flags[512];

	(void)subject;
	cpu_format_flags(flags, sizeof(flags));
	for (unsigned int cpu = 0; cpu < smp_cpu_count(); cpu++) {
		if (!(smp_online_mask() & 1u << cpu))
			continue;
		procfs_print(text,
			     "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n",
			     cpu, features->vendor, features->family, features->model);
		procfs_print(text, "model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %u.%03u\n",
			     features->model_name, features->stepping, khz / 1000, khz % 1000);
		procfs_print(text, "flags\t\t: %s\nbogomips\t: %u.00\n\n", flags, khz / 500);
	}
	return 0;
}

static int show_filesystems(const struct procfs_subject *subject, struct procfs_text *text)
{
	const struct file_system_type *type = NULL;

	(void)subject;
	while ((type = file_system_next(type)) != NULL)
		procfs_print(text, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
	return 0;
}

/* In the order of their numbers: the device with the least one above `number`, or NULL. */
static const struct char_device *next_char_device(dev_number number)
{
	const struct char_device *device = NULL, *next = NULL;

	while ((device = char_device_next(device)) != NULL) {
		if (device->first > number && (!next || device->first < next->first))
			next = device;
	}
	return next;
}

/* The same of majors: the number of a whole disk, or 0; its name in `name`, of 16 bytes. */
static dev_number next_disk(unsigned int major, char *name)
{
	struct block_device *disk = NULL;
	dev_number next = 0;

	while ((disk = block_device_next(disk)) != NULL) {
		if (disk->whole != disk || DEV_MAJOR(disk->number) <= major ||
		    (next && disk->number >= next))
			continue;
		next = disk->number;
		strlcpy(name, disk->name, sizeof(disk->name));
	}
	return next;
}

static int show_devices(const struct procfs_subject *subject, struct procfs_text *text)
{
	const struct char_device *device;
	unsigned int major = 0;
	dev_number number = 0;
	char name[16];

	(void)subject;
	procfs_print(text, "Character devices:\n");
	while ((device = next_char_device(number)) != NULL) {
		number = device->first;
		procfs_print(text, "%3u %s\n", DEV_MAJOR(number), device->name);
	}
	procfs_print(text, "\nBlock devices:\n");
	while ((number = next_disk(major, name)) != 0) {
		major = DEV_MAJOR(number);
		for (size_t i = strlen(name); i > 0 && name[i - 1] <= '9'; i--)
			name[i - 1] = '\0';
		procfs_print(text, "%3u %s\n", major, name);
	}
	/* Always there, as on Linux, and the greatest: other majors have eight bits. */
	procfs_print(text, "%3u blkext\n", BLOCK_MAJOR_EXTENDED);
	return 0;
}

static int show_partitions(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct block_device *disk = NULL;

	(void)subject;
	procfs_print(text, "major minor  #blocks  name\n\n");
	while ((disk = block_device_next(disk)) != NULL) {
		uint64_t sectors = block_device_sectors(disk);

		if (sectors > 0) /* not a loop device without a file */
			procfs_print(text, "%4u  %7u %10llu %s\n", DEV_MAJOR(disk->number),
				     DEV_MINOR(disk->number), (unsigned long long)sectors / 2,
				     disk->name);
	}
	return 0;
}

static int show_diskstats(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct block_device *disk = NULL;

	(void)subject;
	while ((disk = block_device_next(disk)) != NULL)
		procfs_print(text, "%4u %7u %s %u 0 %u 0 %u 0 %u 0 %u 0 0\n",
			     DEV_MAJOR(disk->number), DEV_MINOR(disk->number), disk->name,
			     atomic_load(&disk->reads), atomic_load(&disk->sectors_read),
			     atomic_load(&disk->writes), atomic_load(&disk->sectors_written),
			     disk->queue.in_flight);
	return 0;
}

static int show_interrupts(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	for (unsigned int irq = 0; irq < IRQ_LINES; irq++) {
		const char *name;
		uint64_t count = irq_count(irq, &name);

		if (name)
			procfs_print(text, "%3u: %10llu   %s\n", irq, (unsigned long long)count,
				     name);
	}
	return 0;
}

static int show_slabinfo(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct slab_cache *cache = NULL;

	(void)subject;
	procfs_print(
		text,
		"slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> "
		"<objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : "
		"slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	while ((cache = slab_cache_next(cache)) != NULL) {
		const char *name;
		size_t size, in_use, frames, per_frame;
		char word[32];

		slab_cache_count(cache, &name, &size, &in_use, &frames);
		/* Programs read the name as one word. */
		strlcpy(word, name, sizeof(word));
		for (char *space = strchr(word, ' '); space; space = strchr(space, ' '))
			*space = '_';
		per_frame = max_t(size_t, PAGE_SIZE / size, 1);
		procfs_print(text, "%-17s %6zu %6zu %6zu %4zu %4u", word, in_use,
			     max_t(size_t, frames * per_frame, in_use), size, per_frame, 1u);
		procfs_print(text, " : tunables    0    0    0 : slabdata %6zu %6zu      0\n",
			     frames, frames);
	}
	return 0;
}

/* One mount in /proc/mounts or mountinfo form, as seen from the reader's root. */
struct mount_walk {
	struct procfs_text *text;
	struct path root;
	char *buffer;
	bool info;
};

static const char *mount_options(uint32_t flags, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s%s%s%s%s", flags & MOUNT_READ_ONLY ? "ro" : "rw",
		 flags & MOUNT_NO_SUID ? ",nosuid" : "", flags & MOUNT_NO_DEVICES ? ",nodev" : "",
		 flags & MOUNT_NO_EXECUTE ? ",noexec" : "",
		 flags & MOUNT_NO_ACCESS_TIME ? ",noatime" : "",
		 flags & MOUNT_NO_ACCESS_TIME ? "" : ",relatime");
	return buffer;
}

static bool show_mount(struct mount *mount, void *argument)
{
	struct mount_walk *walk = argument;
	const struct path path = { mount, mount->root };
	struct super_block *super = mount->super;
	struct mount *parent = atomic_load(&mount->parent);
	char options[64], own[64] = "", *name;
	ssize_t length = path_format_marked(&path, &walk->root, walk->buffer, PATH_MAX, &name);

	if (length < 0 || name[0] != '/')
		return true; /* not below the reader's root */
	mount_options(atomic_load(&mount->flags) |
			      (atomic_load(&super->read_only) ? MOUNT_READ_ONLY : 0),
		      options, sizeof(options));
	if (super->ops->show_options)
		super->ops->show_options(super, own, sizeof(own));
	if (!walk->info) {
		procfs_print(walk->text, "%s %s %s %s%s 0 0\n", mount->source, name,
			     super->type->name, options, own);
		return true;
	}
	procfs_print(walk->text, "%u %u %u:%u / %s %s - %s %s %s%s\n", mount->id, parent->id,
		     DEV_MAJOR(super->device_number), DEV_MINOR(super->device_number), name,
		     options, super->type->name, mount->source,
		     atomic_load(&super->read_only) ? "ro" : "rw", own);
	return true;
}

static int show_mounts(struct procfs_text *text, bool info)
{
	struct mount_walk walk = { .text = text, .info = info };
	struct path cwd;

	walk.buffer = kmalloc(PATH_MAX, 0);
	if (!walk.buffer)
		return -ENOMEM;
	fs_context_get_paths(user_thread_current()->fs, &walk.root, &cwd);
	mount_for_each(show_mount, &walk);
	path_put(&walk.root);
	path_put(&cwd);
	kfree(walk.buffer);
	return 0;
}

int procfs_show_mounts(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_mounts(text, false);
}

int procfs_show_mountinfo(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_mounts(text, true);
}

static ssize_t copy_text(char *buffer, size_t size, const char *text)
{
	size_t length = min_t(size_t, strlen(text), size);

	memcpy(buffer, text, length);
	return (ssize_t)length;
}

static ssize_t read_self(const struct procfs_subject *subject, char *buffer, size_t size)
{
	char text[12];

	(void)subject;
	snprintf(text, sizeof(text), "%d", process_current()->id);
	return copy_text(buffer, size, text);
}

static ssize_t read_thread_self(const struct procfs_subject *subject, char *buffer, size_t size)
{
	char text[32];

	(void)subject;
	snprintf(text, sizeof(text), "%d/task/%d", process_current()->id,
		 user_thread_current()->id);
	return copy_text(buffer, size, text);
}

static ssize_t read_mounts_link(const struct procfs_subject *subject, char *buffer, size_t size)
{
	(void)subject;
	return copy_text(buffer, size, "self/mounts");
}

static ssize_t read_net_link(const struct procfs_subject *subject, char *buffer, size_t size)
{
	(void)subject;
	return copy_text(buffer, size, "self/net");
}

#define TEXT(entry_name, number, function)                                                      \
	{                                                                                       \
		.name = entry_name, .mode = MODE_REGULAR | 0444, .id = number, .show = function \
	}
#define LINK(entry_name, number, function)                                                        \
	{                                                                                         \
		.name = entry_name, .mode = MODE_LINK | 0777, .id = number, .read_link = function \
	}

const struct procfs_entry procfs_system_entries[] = {
	TEXT("cmdline", 64, show_command_line),
	TEXT("cpuinfo", 65, show_cpuinfo),
	TEXT("devices", 66, show_devices),
	TEXT("diskstats", 67, show_diskstats),
	TEXT("filesystems", 68, show_filesystems),
	TEXT("interrupts", 69, show_interrupts),
	{ .name = "kmsg",
	  .mode = MODE_REGULAR | 0400,
	  .id = 87,
	  .file_ops = &procfs_kmsg_ops },
	{ .name = "kpagecount",
	  .mode = MODE_REGULAR | 0400,
	  .id = 70,
	  .file_ops = &procfs_kpagecount_ops },
	TEXT("loadavg", 71, show_loadavg),
	TEXT("locks", 85, procfs_show_locks),
	TEXT("meminfo", 72, procfs_show_meminfo),
	LINK("mounts", 73, read_mounts_link),
	LINK("net", 84, read_net_link),
	TEXT("partitions", 74, show_partitions),
	{ .name = "quartet",
	  .mode = MODE_DIRECTORY | 0555,
	  .id = 75,
	  .children = procfs_quartet_entries },
	LINK("self", 76, read_self),
	{ .name = "slabinfo", .mode = MODE_REGULAR | 0400, .id = 77, .show = show_slabinfo },
	TEXT("stat", 78, show_stat),
	{ .name = "sys", .mode = MODE_DIRECTORY | 0555, .id = 79, .children = procfs_sys_entries },
	LINK("thread-self", 80, read_thread_self),
	{ .name = "sysvipc",
	  .mode = MODE_DIRECTORY | 0555,
	  .id = 190,
	  .children = procfs_sysvipc_entries },
	TEXT("swaps", 86, procfs_show_swaps),
	TEXT("uptime", 81, show_uptime),
	TEXT("version", 82, show_version),
	TEXT("vmstat", 83, procfs_show_vmstat),
	{ .name = NULL },
};

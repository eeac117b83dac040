/*
 * /proc/sys: the few settings that programs read.
 */
#include <stdatomic.h>
#include "core/random.h"
#include "fs/procfs/internal.h"
#include "lib/min_max.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "proc/core_name.h"
#include "proc/core_pipe.h"
#include "proc/directory_notice.h"
#include "proc/randomize.h"
#include "proc/system_names.h"
#include "sched/run_queue.h"
#include "uapi/linux/errno.h"
#include "vfs/inotify.h"
#include "vfs/mount.h"
#include "vfs/pipe.h"
#include "vfs/sticky.h"
#include "vm/address_space.h"
#include "vm/commit.h"

/* ---- what the system calls itself ------------------------------------------------------------ */

static int show_ostype(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, SYSTEM_NAME "\n");
	return 0;
}

static int show_osrelease(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, SYSTEM_RELEASE "\n");
	return 0;
}

static int show_version(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, SYSTEM_VERSION "\n");
	return 0;
}

static int show_name(enum system_name which, struct procfs_text *text)
{
	char name[SYSTEM_NAME_SIZE];

	system_name_get(which, name);
	procfs_print(text, "%s\n", name);
	return 0;
}

static int show_hostname(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_name(SYSTEM_HOST, text);
}

static int show_domainname(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_name(SYSTEM_DOMAIN, text);
}

/* The first line, and as much of it as there is room for. */
static ssize_t store_name(enum system_name which, const char *line, size_t size)
{
	const char *newline = memchr(line, '\n', size);
	size_t length = newline ? (size_t)(newline - line) : size;

	system_name_set(which, line, min(length, (size_t)SYSTEM_NAME_SIZE - 1));
	return (ssize_t)size;
}

static ssize_t store_hostname(const struct procfs_subject *subject, char *line, size_t size)
{
	(void)subject;
	return store_name(SYSTEM_HOST, line, size);
}

static ssize_t store_domainname(const struct procfs_subject *subject, char *line, size_t size)
{
	(void)subject;
	return store_name(SYSTEM_DOMAIN, line, size);
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int show_pid_max(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "32768\n");
	return 0;
}

static int show_core_pattern(const struct procfs_subject *subject, struct procfs_text *text)
{
	char pattern[CORE_PATTERN_SIZE];

	(void)subject;
	core_name_get_pattern(pattern);
	procfs_print(text, "%s\n", pattern);
	return 0;
}

static ssize_t store_core_pattern(const struct procfs_subject *subject, char *line, size_t size)
{
	int error = core_name_set_pattern(line);

	(void)subject;
	return error ? error : (ssize_t)size;
}

static int get_core_pipe_limit(void)
{
	return (int)core_pipe_limit();
}

static int set_core_pipe_limit(int value)
{
	core_pipe_set_limit((unsigned int)value);
	return 0;
}

static int get_core_uses_pid(void)
{
	return core_name_uses_pid();
}

static int set_core_uses_pid(int value)
{
	core_name_set_uses_pid(value != 0);
	return 0;
}

static int get_directory_notices(void)
{
	return directory_notice_is_enabled();
}

static int set_directory_notices(int value)
{
	directory_notice_enable(value != 0);
	return 0;
}

static int get_map_count(void)
{
	return (int)vm_region_limit();
}

static int set_map_count(int value)
{
	if (value < 0)
		return -EINVAL;
	vm_set_region_limit((unsigned int)value);
	return 0;
}

static int show_mmap_min_addr(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "65536\n");
	return 0;
}

static int show_file_nr(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%zu\t0\t2147483647\n", file_open_count());
	return 0;
}

static int show_pipe_max_size(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "1048576\n");
	return 0;
}

static int get_pipe_user_pages(void)
{
	return (int)pipe_user_pages();
}

static int set_pipe_user_pages(int value)
{
	if (value < 0)
		return -EINVAL;
	pipe_set_user_pages((unsigned int)value);
	return 0;
}

static int set_randomize_level(int value)
{
	randomize_set_level(value);
	return 0;
}

static int get_mmap_bits(void)
{
	return (int)randomize_mmap_bits();
}

static int set_mmap_bits(int value)
{
	return randomize_set_mmap_bits((unsigned int)value);
}

static int get_overcommit_mode(void)
{
	return (int)overcommit_mode();
}

static int set_overcommit_mode(int value)
{
	if (value < OVERCOMMIT_GUESS || value > OVERCOMMIT_NEVER)
		return -EINVAL;
	overcommit_set_mode((enum overcommit_mode)value);
	return 0;
}

/* A negative one was never meant, and would make the limit one beyond all memory. */
static int set_overcommit_ratio(int value)
{
	if (value < 0)
		return -EINVAL;
	overcommit_set_ratio(value);
	return 0;
}

static int get_overcommit_kib(void)
{
	return (int)overcommit_kib();
}

static int set_overcommit_kib(int value)
{
	if (value < 0)
		return -EINVAL;
	overcommit_set_kib((size_t)value);
	return 0;
}

/* How readily pages of programs go to swap areas. There are none: it is kept for who sets it. */
static atomic_int swappiness = 60;

static int get_swappiness(void)
{
	return atomic_load_explicit(&swappiness, memory_order_relaxed);
}

static int set_swappiness(int value)
{
	if (value < 0 || value > 200)
		return -EINVAL;
	atomic_store_explicit(&swappiness, value, memory_order_relaxed);
	return 0;
}

static int set_realtime_runtime(int value)
{
	return run_queue_set_realtime_share(value, run_queue_realtime_period());
}

static int set_realtime_period(int value)
{
	return run_queue_set_realtime_share(run_queue_realtime_runtime(), value);
}

static const struct procfs_setting swappiness_setting = { get_swappiness, set_swappiness };
static const struct procfs_setting realtime_runtime_setting = { run_queue_realtime_runtime,
								set_realtime_runtime };
static const struct procfs_setting realtime_period_setting = { run_queue_realtime_period,
							       set_realtime_period };
static const struct procfs_setting overcommit_mode_setting = { get_overcommit_mode,
							       set_overcommit_mode };
static const struct procfs_setting overcommit_ratio_setting = { overcommit_ratio,
								set_overcommit_ratio };
static const struct procfs_setting overcommit_kib_setting = { get_overcommit_kib,
							      set_overcommit_kib };
static const struct procfs_setting core_pipe_limit_setting = { get_core_pipe_limit,
							       set_core_pipe_limit };
static const struct procfs_setting core_uses_pid_setting = { get_core_uses_pid,
							     set_core_uses_pid };
static const struct procfs_setting directory_notice_setting = { get_directory_notices,
								set_directory_notices };
static const struct procfs_setting map_count_setting = { get_map_count, set_map_count };
static const struct procfs_setting randomize_setting = { randomize_level, set_randomize_level };
static const struct procfs_setting mmap_bits_setting = { get_mmap_bits, set_mmap_bits };
static const struct procfs_setting mount_max_setting = { mount_max, mount_set_max };
static const struct procfs_setting pipe_user_pages_setting = { get_pipe_user_pages,
							       set_pipe_user_pages };

/* ---- inotify's limits ------------------------------------------------------------------------ */

static int show_limit(enum inotify_limit which, struct procfs_text *text)
{
	procfs_print(text, "%u\n", inotify_limit(which));
	return 0;
}

static int show_max_queued_events(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_limit(INOTIFY_EVENTS, text);
}

static int show_max_user_instances(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_limit(INOTIFY_INSTANCES, text);
}

static int show_max_user_watches(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_limit(INOTIFY_WATCHES, text);
}

static ssize_t store_limit(enum inotify_limit which, const char *line, size_t size)
{
	int32_t value;

	if (parse_i32(line, size, 10, &value) || value < 0)
		return -EINVAL;
	inotify_set_limit(which, (unsigned int)value);
	return (ssize_t)size;
}

static ssize_t store_max_queued_events(const struct procfs_subject *subject, char *line,
				       size_t size)
{
	(void)subject;
	return store_limit(INOTIFY_EVENTS, line, size);
}

static ssize_t store_max_user_instances(const struct procfs_subject *subject, char *line,
					size_t size)
{
	(void)subject;
	return store_limit(INOTIFY_INSTANCES, line, size);
}

static ssize_t store_max_user_watches(const struct procfs_subject *subject, char *line,
				      size_t size)
{
	(void)subject;
	return store_limit(INOTIFY_WATCHES, line, size);
}

/* ---- what strangers lay out in shared directories -------------------------------------------- */

static int show_sticky(enum sticky_rule rule, struct procfs_text *text)
{
	procfs_print(text, "%u\n", sticky_setting(rule));
	return 0;
}

static ssize_t store_sticky(enum sticky_rule rule, const char *line, size_t size)
{
	uint32_t value;

	if (parse_u32(line, strlen(line), 10, &value) || !sticky_set(rule, value))
		return -EINVAL;
	return (ssize_t)size;
}

static int show_protected_symlinks(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_sticky(STICKY_SYMLINKS, text);
}

static ssize_t store_protected_symlinks(const struct procfs_subject *subject, char *line,
				       size_t size)
{
	(void)subject;
	return store_sticky(STICKY_SYMLINKS, line, size);
}

static int show_protected_hardlinks(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_sticky(STICKY_HARDLINKS, text);
}

static ssize_t store_protected_hardlinks(const struct procfs_subject *subject, char *line,
					size_t size)
{
	(void)subject;
	return store_sticky(STICKY_HARDLINKS, line, size);
}

static int show_protected_fifos(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_sticky(STICKY_FIFOS, text);
}

static ssize_t store_protected_fifos(const struct procfs_subject *subject, char *line,
				    size_t size)
{
	(void)subject;
	return store_sticky(STICKY_FIFOS, line, size);
}

static int show_protected_regular(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return show_sticky(STICKY_REGULAR, text);
}

static ssize_t store_protected_regular(const struct procfs_subject *subject, char *line,
				      size_t size)
{
	(void)subject;
	return store_sticky(STICKY_REGULAR, line, size);
}

/* A version-4 UUID, new at each read. */
static int show_uuid(const struct procfs_subject *subject, struct procfs_text *text)
{
	uint8_t b[16];

	(void)subject;
	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (unsigned int i = 0; i < sizeof(b); i++)
		procfs_print(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			     b[i]);
	procfs_print(text, "\n");
	return 0;
}

/* The pool that keys the generator: it is always full. */
static int show_pool_bits(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", RANDOM_POOL_BITS);
	return 0;
}

#define TEXT(entry_name, number, function)                                                      \
	{                                                                                       \
		.name = entry_name, .mode = MODE_REGULAR | 0444, .id = number, .show = function \
	}
#define SETTING(entry_name, number, permissions, numbers)                             \
	{                                                                             \
		.name = entry_name, .mode = MODE_REGULAR | permissions, .id = number, \
		.setting = numbers                                                    \
	}
#define LIMIT(entry_name, number)                                              \
	{                                                                      \
		.name = #entry_name, .mode = MODE_REGULAR | 0644, .id = number, \
		.show = show_##entry_name, .store = store_##entry_name         \
	}
#define TABLE(entry_name, number, table)                                                           \
	{                                                                                          \
		.name = entry_name, .mode = MODE_DIRECTORY | 0555, .id = number, .children = table \
	}

static const struct procfs_entry random_entries[] = {
	TEXT("entropy_avail", 156, show_pool_bits),
	TEXT("poolsize", 157, show_pool_bits),
	TEXT("uuid", 128, show_uuid),
	{ .name = NULL },
};

static const struct procfs_entry kernel_entries[] = {
	LIMIT(core_pattern, 140),
	SETTING("core_pipe_limit", 151, 0644, &core_pipe_limit_setting),
	SETTING("core_uses_pid", 141, 0644, &core_uses_pid_setting),
	LIMIT(domainname, 152),
	LIMIT(hostname, 153),
	TEXT("msgmax", 194, procfs_show_msg_max),
	TEXT("msgmnb", 195, procfs_show_msg_queue_bytes),
	TEXT("msgmni", 196, procfs_show_msg_queues),
	TEXT("osrelease", 129, show_osrelease),
	TEXT("ostype", 130, show_ostype),
	TEXT("pid_max", 131, show_pid_max),
	TABLE("random", 132, random_entries),
	SETTING("randomize_va_space", 142, 0644, &randomize_setting),
	SETTING("sched_rt_period_us", 148, 0644, &realtime_period_setting),
	SETTING("sched_rt_runtime_us", 149, 0644, &realtime_runtime_setting),
	TEXT("sem", 197, procfs_show_sem_limits),
	TEXT("shmall", 198, procfs_show_shm_max),
	TEXT("shmmax", 199, procfs_show_shm_max),
	TEXT("shmmni", 200, procfs_show_shm_count),
	TEXT("version", 154, show_version),
	{ .name = NULL },
};

static const struct procfs_entry vm_entries[] = {
	SETTING("max_map_count", 147, 0644, &map_count_setting),
	TEXT("mmap_min_addr", 133, show_mmap_min_addr),
	SETTING("mmap_rnd_bits", 143, 0600, &mmap_bits_setting),
	SETTING("overcommit_kbytes", 145, 0644, &overcommit_kib_setting),
	SETTING("overcommit_memory", 134, 0644, &overcommit_mode_setting),
	SETTING("overcommit_ratio", 146, 0644, &overcommit_ratio_setting),
	SETTING("swappiness", 155, 0644, &swappiness_setting),
	{ .name = NULL },
};

static const struct procfs_entry mqueue_entries[] = {
	TEXT("msg_default", 260, procfs_show_mqueue_messages),
	TEXT("msg_max", 261, procfs_show_mqueue_messages),
	TEXT("msgsize_default", 262, procfs_show_mqueue_size),
	TEXT("msgsize_max", 263, procfs_show_mqueue_size),
	TEXT("queues_max", 264, procfs_show_mqueue_count),
	{ .name = NULL },
};

static const struct procfs_entry inotify_entries[] = {
	LIMIT(max_queued_events, 210),
	LIMIT(max_user_instances, 211),
	LIMIT(max_user_watches, 212),
	{ .name = NULL },
};

static const struct procfs_entry fs_entries[] = {
	SETTING("dir-notify-enable", 290, 0644, &directory_notice_setting),
	TEXT("file-nr", 135, show_file_nr),
	TABLE("inotify", 213, inotify_entries),
	TEXT("pipe-max-size", 136, show_pipe_max_size),
	SETTING("mount-max", 316, 0644, &mount_max_setting),
	SETTING("pipe-user-pages-soft", 216, 0644, &pipe_user_pages_setting),
	TABLE("mqueue", 265, mqueue_entries),
	LIMIT(protected_fifos, 270),
	LIMIT(protected_hardlinks, 271),
	LIMIT(protected_regular, 272),
	LIMIT(protected_symlinks, 273),
	{ .name = NULL },
};

const struct procfs_entry procfs_sys_entries[] = {
	TABLE("fs", 137, fs_entries),
	TABLE("kernel", 138, kernel_entries),
	TABLE("net", 308, procfs_sys_net_entries),
	TABLE("vm", 139, vm_entries),
	{ .name = NULL },
};

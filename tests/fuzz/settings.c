/*
 * What programs write to files of /proc, and options of mounts.
 *
 * All settings of sys_files.c are there, and oom_score_adj, in a /proc of nothing else. What a file shows after a write
 * that it took may be written to it again and says the same; so do the options that a tmpfs shows.
 * The names that a pattern for core files makes are names, whatever the thread calls itself.
 * Numbers are compared with what a plain reading of them gives.
 *
 * test: with=vfs/anonymous.c,vfs/attributes.c,vfs/block_file.c,vfs/block_ioctl.c,vfs/cached_file.c
 * test: with=vfs/char_device.c,vfs/credentials.c,vfs/dentry.c,vfs/dentry_cache.c,vfs/directory.c
 * test: with=vfs/fd_table.c,vfs/fifo.c,vfs/file.c,vfs/file_capability.c
 * test: with=vfs/file_lock.c,vfs/file_lock_wait.c,vfs/lock_table.c
 * test: with=vfs/file_map.c,vfs/file_open.c,vfs/file_system.c,vfs/fs_context.c,vfs/user_count.c
 * test: with=vfs/initramfs.c,vfs/inode.c,vfs/inode_table.c,vfs/mount.c,vfs/mount_tree.c
 * test: with=vfs/freeze.c,vfs/mount_table.c,vfs/namespace_ops.c,vfs/notify.c,vfs/path_format.c
 * test: with=vfs/path_walk.c,vfs/path_walk_fast.c,vfs/permission.c,vfs/pipe.c
 * test: with=vfs/pipe_tray.c,vfs/poll.c
 * test: with=vfs/read_write.c,vfs/rename.c,vfs/seals.c,vfs/sticky.c,vfs/super_block.c,vfs/vfs.c
 * test: with=vfs/net_limits.c,vfs/report.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c
 * test: with=vm/readahead.c,vm/io_buffer.c,vm/commit.c,core/random.c
 * test: with=fs/tmpfs/tmpfs.c,fs/tmpfs/inode.c,fs/tmpfs/attributes.c,fs/tmpfs/directory.c
 * test: with=fs/tmpfs/file.c,fs/devfs/devfs.c,block/block_fail.c
 * test: with=fs/procfs/text.c,fs/procfs/sys_files.c,fs/procfs/super.c,fs/procfs/directory.c
 * test: with=fs/procfs/net_files.c,fs/procfs/pid_out_of_memory.c,proc/core_name.c
 * test: with=proc/exec_layout.c,proc/system_names.c,vfs/pipe_size.c
 */
#include "core/assert.h"
#include "core/stack_header.h"
#include "fs/procfs/internal.h"
#include "fs/procfs/procfs.h"
#include "fuzz.h"
#include "lib/min_max.h"
#include "lib/parse.h"
#include "proc/core_name.h"
#include "proc/core_pipe.h"
#include "proc/directory_notice.h"
#include "sched/run_queue.h"
#include "vfs/inotify.h"
#include "vfs_over_tmpfs.h"

enum { FILES_MAX = 100, LINE_SIZE = 300, STEPS_MAX = 30, SLEEPS_MAX = 10000 };

/* ---- what the settings set, where that is elsewhere ------------------------------------------ */

static unsigned int pipe_limit, region_limit = 65530, inotify_limits[3] = { 16384, 128, 8192 };
static bool notices = true;
static int runtime_us = 950000, period_us = 1000000;

unsigned int core_pipe_limit(void)
{
	return pipe_limit;
}

void core_pipe_set_limit(unsigned int limit)
{
	pipe_limit = limit;
}

bool directory_notice_is_enabled(void)
{
	return notices;
}

void directory_notice_enable(bool enable)
{
	notices = enable;
}

unsigned int vm_region_limit(void)
{
	return region_limit;
}

void vm_set_region_limit(unsigned int limit)
{
	region_limit = limit;
}

unsigned int inotify_limit(enum inotify_limit which)
{
	return inotify_limits[which];
}

void inotify_set_limit(enum inotify_limit which, unsigned int limit)
{
	inotify_limits[which] = limit;
}

int run_queue_realtime_runtime(void)
{
	return runtime_us;
}

int run_queue_realtime_period(void)
{
	return period_us;
}

int run_queue_set_realtime_share(int runtime, int period)
{
	if (period <= 0 || runtime < -1 || runtime > period)
		return -EINVAL;
	runtime_us = runtime;
	period_us = period;
	return 0;
}

/* ---- what processes have, and lists that nobody writes --------------------------------------- */

int procfs_memory_serial(struct process *process, uint64_t *out)
{
	(void)process, (void)out;
	return -EACCES;
}

struct address_space *procfs_memory_get(struct process *process, uint64_t serial)
{
	(void)process, (void)serial;
	return NULL;
}

void address_space_put(struct address_space *space)
{
	panic("address space %p of no process", (void *)space);
}

void process_put(struct process *process)
{
	panic("process %p is put", (void *)process);
}

const struct credentials *process_credentials_get(struct process *process)
{
	panic("credentials of process %p", (void *)process);
}

#define SHOWS_NOTHING(function)								\
	int function(const struct procfs_subject *subject, struct procfs_text *text)	\
	{										\
		(void)subject, (void)text;						\
		return 0;								\
	}
SHOWS_NOTHING(procfs_show_mqueue_messages)
SHOWS_NOTHING(procfs_show_mqueue_size)
SHOWS_NOTHING(procfs_show_mqueue_count)
SHOWS_NOTHING(procfs_show_shm_max)
SHOWS_NOTHING(procfs_show_shm_count)
SHOWS_NOTHING(procfs_show_sem_limits)
SHOWS_NOTHING(procfs_show_msg_max)
SHOWS_NOTHING(procfs_show_msg_queue_bytes)
SHOWS_NOTHING(procfs_show_msg_queues)

/* The sectors that fail, which /proc/quartet takes in the same way. */
static ssize_t store_block_fail(const struct procfs_subject *subject, char *line, size_t size)
{
	int error = block_fail_set(line);

	(void)subject;
	return error ? error : (ssize_t)size;
}

static struct process process = { .id = 4711 };
static struct user_thread self = { .process = &process, .id = 4712 };
static const struct procfs_subject own = { .process = &process, .fd = -1 };

unsigned int process_out_of_memory_score(struct process *of)
{
	(void)of;
	return 0;
}

static int show_oom_adjust(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	return procfs_show_oom_adjust(&own, text);
}

/* Only root goes below what root has set. */
static ssize_t store_oom_adjust(const struct procfs_subject *subject, char *line, size_t size)
{
	int minimum = process.out_of_memory_minimum;
	ssize_t stored = procfs_store_oom_adjust(&own, line, size);

	(void)subject;
	assert(process.out_of_memory_adjust >= OUT_OF_MEMORY_SPARED &&
	       process.out_of_memory_adjust <= 1000);
	assert(process.out_of_memory_adjust >= process.out_of_memory_minimum);
	assert(credentials_current() == &credentials_root ||
	       process.out_of_memory_minimum == minimum);
	return stored;
}

static const struct procfs_entry root_entries[] = {
	{ .name = "block_fail", .mode = MODE_REGULAR | 0200, .id = 1, .store = store_block_fail },
	{ .name = "oom_score_adj", .mode = MODE_REGULAR | 0644, .id = 4,
	  .show = show_oom_adjust, .store = store_oom_adjust },
	{ .name = "sys", .mode = MODE_DIRECTORY | 0555, .id = 2, .children = procfs_sys_entries },
	{ .name = NULL },
};

const struct procfs_entry procfs_root_entry = {
	.name = "", .mode = MODE_DIRECTORY | 0555, .id = 3, .children = root_entries,
};

/* ---- files of /proc -------------------------------------------------------------------------- */

static struct {
	char name[64];
	const struct procfs_entry *entry;
} files[FILES_MAX];
static unsigned int file_count, sleeps;

/* The tables are few levels deep. */
static void list_files(const char *directory, const struct procfs_entry *table)
{
	for (const struct procfs_entry *entry = table; entry->name; entry++) {
		char name[64];

		snprintf(name, sizeof(name), "%s/%s", directory, entry->name);
		if (entry->children) {
			list_files(name, entry->children);
		} else if (entry->store || entry->setting) {
			assert(file_count < FILES_MAX);
			strlcpy(files[file_count].name, name, sizeof(files[0].name));
			files[file_count++].entry = entry;
		}
	}
}

static struct file *open_file(unsigned int which, uint32_t flags)
{
	struct file *file;

	if (file_open(&at_root, files[which].name, flags, 0, &file))
		panic("%s cannot be opened", files[which].name);
	return file;
}

static ssize_t write_line(unsigned int which, const char *line, size_t size)
{
	struct file *file = open_file(which, O_WRONLY);
	ssize_t written = write_bytes(file, line, size);

	file_put(file);
	return written;
}

static size_t read_line(unsigned int which, char *line, size_t room)
{
	struct file *file = open_file(which, O_RDONLY);
	ssize_t size = read_into(file, line, room);

	file_put(file);
	assert(size > 0 && (size_t)size < room && line[size - 1] == '\n');
	return (size_t)size;
}

static void write_file(unsigned int which, const char *line, size_t size)
{
	char shown[LINE_SIZE], again[LINE_SIZE];
	ssize_t written = write_line(which, line, size);
	size_t length;

	assert(written < 0 || (size_t)written == size);
	if (written < 0 || !(files[which].entry->mode & 0400))
		return;
	length = read_line(which, shown, sizeof(shown));
	if (write_line(which, shown, length) != (ssize_t)length)
		panic("%s does not take what it shows", files[which].name);
	assert(read_line(which, again, sizeof(again)) == length);
	assert(memcmp(shown, again, length) == 0);
}

/* ---- names of core files --------------------------------------------------------------------- */

static void check_core_name(struct fuzz_input *input)
{
	static const char *words[CORE_WORDS_MAX];
	char pattern[CORE_PATTERN_SIZE], text[CORE_NAME_SIZE];
	size_t slashes = 0;

	for (unsigned int i = 0; i < sizeof(self.thread.name) - 1; i++)
		self.thread.name[i] = (char)fuzz_byte(input);
	core_name_get_pattern(pattern);
	for (const char *at = strchr(pattern, '/'); at; at = strchr(at + 1, '/'))
		slashes++;
	assert(core_name_is_program() == (pattern[0] == '|'));
	if (core_name_make(text, 11) == 0) {
		assert(strnlen(text, sizeof(text)) < sizeof(text));
		for (const char *at = strchr(text, '/'); at; at = strchr(at + 1, '/'))
			assert(slashes-- > 0);
	}
	if (core_name_make_command(text, words, 11) == 0) {
		unsigned int count = 0;

		for (; words[count]; count++) {
			assert(count + 1 < CORE_WORDS_MAX);
			assert(words[count] >= text && words[count] < text + sizeof(text));
			assert(memchr(words[count], 0, (size_t)(text + sizeof(text) - words[count])));
		}
		assert(count > 0);
	}
}

/* ---- mount options --------------------------------------------------------------------------- */

static bool show_options(const struct path *at, char *options, size_t size)
{
	struct super_block *super = at->mount->super;

	memset(options, 'x', size);
	super->ops->show_options(super, options, size);
	assert(memchr(options, 0, size));
	return options[0];
}

static void mount_with(struct fuzz_input *input, char *options)
{
	char shown[64], again[64];
	struct path at;
	struct inode *inode;

	if (mount_at("/t", "tmpfs", options))
		return;
	if (path_walk(&at_root, "/t", WALK_FOLLOW, &at))
		panic("a mount cannot be found");
	inode = dentry_inode(at.dentry);
	assert(inode_is(inode, MODE_DIRECTORY) && !(inode->mode & ~(MODE_DIRECTORY | 07777u)));
	assert(inode->uid != UINT32_MAX && inode->gid != UINT32_MAX);
	if (fuzz_byte(input) % 2)
		(void)!namespace_make_directory(&at_root, "/t/a", 0755);
	show_options(&at, shown, sizeof(shown));
	if (mount_remount(&at, 0, shown))
		panic("%s: not taken again", shown);
	show_options(&at, again, sizeof(again));
	if (strcmp(shown, again) != 0)
		panic("%s becomes %s", shown, again);
	path_put(&at);
	if (unmount("/t", false))
		panic("a mount cannot be taken away");
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* A plain reading of a decimal number with a sign; false: it is none, or has more than 18 digits. */
static bool read_plainly(const char *text, int64_t *value)
{
	const char *at = text + (*text == '-' || *text == '+');
	const char *first = at;

	*value = 0;
	for (; *at >= '0' && *at <= '9' && at - first < 18; at++)
		*value = *value * 10 + (*at - '0');
	if (*text == '-')
		*value = -*value;
	return at > first && !*at;
}

static void check_numbers(const char *text)
{
	size_t size = strlen(text);
	uint64_t wide = 1;
	int32_t narrow = 1;
	int64_t right;
	bool is_number = read_plainly(text, &right);
	int error = parse_i32(text, size, 10, &narrow);

	assert(error == 0 || narrow == 1);
	if (is_number)
		assert(error == (right == (int32_t)right ? 0 : -ERANGE));
	assert(error || !is_number || narrow == right);
	error = parse_u64(text, size, 10, &wide);
	assert(error == 0 || wide == 1);
	if (is_number && *text != '-' && *text != '+')
		assert(error == 0 && wide == (uint64_t)right);
	(void)!parse_size(text, size, &wide);
	(void)!procfs_parse_setting(text, size, &narrow);
}

/* ---- one input ------------------------------------------------------------------------------- */

static size_t take_line(struct fuzz_input *input, char line[LINE_SIZE])
{
	size_t size = min_t(size_t, fuzz_byte(input), (size_t)(input->end - input->next));

	size = min_t(size_t, size, LINE_SIZE - 1);
	memcpy(line, input->next, size);
	line[size] = 0;
	input->next += size;
	return size;
}

static void step(struct fuzz_input *input)
{
	char line[LINE_SIZE];
	uint8_t what = fuzz_byte(input);
	size_t size = take_line(input, line);

	atomic_store(&self.credentials, what & 0x80 ? &user : &credentials_root);
	switch (what % 4) {
	case 0:
		mount_with(input, line);
		break;
	case 1:
		check_numbers(line);
		break;
	case 2:
		if (core_name_set_pattern(line) == 0)
			check_core_name(input);
		break;
	case 3:
		write_file((what & 0x7f) / 4 % file_count, line, size);
	}
}

/* A name that was used is spared once; what it held goes after it. */
static void forget_all(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		forget_unused();
		test_run_deferred();
	}
}

/* Who sleeps may hold the mount mutex, which other work would want. */
static bool let_grace_period_pass(void)
{
	rcu_synchronize();
	return sleeps++ < SLEEPS_MAX;
}

void fuzz_start(void)
{
	init_once();
	test_set_idle(let_grace_period_pass);
	procfs_init();
	atomic_store(&self.credentials, &credentials_root);
	if (namespace_make_directory(&at_root, "/p", 0755) || mount_at("/p", "proc", NULL))
		panic("no /proc for the fuzzer");
	list_files("/p", root_entries);
	assert(file_count > 10);
	stack_header()->thread = &self.thread;
	forget_all();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	stack_header()->thread = &self.thread;
	sleeps = 0;
	process.out_of_memory_adjust = process.out_of_memory_minimum = 0;
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_has_more(&input); i++)
		step(&input);
	if (block_fail_set(""))
		panic("sectors go on failing");
	forget_all();
}

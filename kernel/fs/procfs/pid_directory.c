/*
 * /proc itself, /proc/PID, its task directory, and the links in them.
 */
#include "fs/procfs/internal.h"
#include "fs/procfs/procfs.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/dentry.h"
#include "vfs/fd_table.h"
#include "vfs/fs_context.h"

enum { NUMBERS_START = 256 }; /* positions from here on are numbers: table places lie below */

/* ---- the root -------------------------------------------------------------------------------- */

static int root_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	int id = procfs_parse_number(name, length);
	struct procfs_subject subject = { .fd = -1 };
	struct user_thread *thread;
	int error;

	if (id < 0)
		return procfs_lookup_in(dir, procfs_system_entries, name, length, out);
	subject.process = process_find_get(id);
	if (!subject.process) {
		/* A thread's id leads to its process too, though it is not listed. */
		thread = user_thread_find_get(id);
		if (!thread)
			return -ENOENT;
		subject.process = thread->process;
		process_get(subject.process);
		user_thread_put(thread);
	}
	error = procfs_inode_create(dir->super, &procfs_process_entry, &subject, out);
	process_put(subject.process);
	return error;
}

static int root_read(struct file *file, struct directory_sink *sink)
{
	struct process *process;
	char name[12];

	if (!procfs_emit_dots(file, sink) || !procfs_emit_table(file, sink, procfs_system_entries))
		return 0;
	if (file->position < NUMBERS_START)
		file->position = NUMBERS_START;
	while ((process = process_next_get((process_id)(file->position - NUMBERS_START))) != NULL) {
		struct procfs_subject subject = { .process = process, .fd = -1 };
		size_t length = (size_t)snprintf(name, sizeof(name), "%d", process->id);
		file_offset next = NUMBERS_START + (file_offset)process->id + 1;
		bool added = sink->add(sink, name, length,
				       procfs_inode_number(&procfs_process_entry, &subject), next,
				       DT_DIR);

		process_put(process);
		if (!added)
			return 0;
		file->position = next;
	}
	return 0;
}

static const struct inode_ops root_inode_ops = { .lookup = root_lookup, .has_fixed_names = true };
static const struct file_ops root_file_ops = { .read_directory = root_read };

const struct procfs_entry procfs_root_entry = {
	.name = "proc",
	.mode = MODE_DIRECTORY | 0555,
	.id = 1,
	.inode_ops = &root_inode_ops,
	.directory_ops = &root_file_ops,
};

/* ---- task ------------------------------------------------------------------------------------ */

bool procfs_subject_revalidate(struct inode *inode)
{
	const struct procfs_subject *subject = &procfs_inode(inode)->subject;

	procfs_refresh_owner(inode);
	return !subject->thread && subject->process->state != PROCESS_FORGIVEN;
}

static const struct procfs_entry thread_directory = {
	.name = "task/TID",
	.mode = MODE_DIRECTORY | 0555,
	.id = 3,
	.children = procfs_thread_entries,
};

static int task_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	int id = procfs_parse_number(name, length);
	struct procfs_subject subject = procfs_inode(dir)->subject;
	struct user_thread *thread = id > 0 ? user_thread_find_get(id) : NULL;
	int error;

	if (!thread)
		return -ENOENT;
	error = -ENOENT;
	if (thread->process == subject.process) {
		subject.thread = id;
		error = procfs_inode_create(dir->super, &thread_directory, &subject, out);
	}
	user_thread_put(thread);
	return error;
}

enum { THREAD_BATCH = 64 };

/* Sorted into `ids`, of which there are `count`; the highest falls out when there is no room. */
static unsigned int sort_in(process_id *ids, unsigned int count, process_id id)
{
	unsigned int place = count;

	while (place > 0 && ids[place - 1] > id)
		place--;
	if (place == THREAD_BATCH)
		return count;
	count = min(count + 1, (unsigned int)THREAD_BATCH);
	for (unsigned int i = count - 1; i > place; i--)
		ids[i] = ids[i - 1];
	ids[place] = id;
	return count;
}

/* The lowest thread ids of `process` that are at least `first`, in order; how many. */
static unsigned int next_threads(struct process *process, process_id first, process_id *ids)
{
	unsigned int count = 0;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread;

	list_for_each_entry(thread, &process->threads, process_node) {
		if (!thread->ended && thread->id >= first)
			count = sort_in(ids, count, thread->id);
	}
	spin_unlock_irq(&process->signal_lock, flags);
	return count;
}

static bool add_thread(struct file *file, struct directory_sink *sink, process_id id)
{
	struct procfs_subject subject = *procfs_subject(file);
	char name[12];
	size_t length = (size_t)snprintf(name, sizeof(name), "%d", id);

	subject.thread = id;
	if (!sink->add(sink, name, length, procfs_inode_number(&thread_directory, &subject),
		       (file_offset)id + 2, DT_DIR))
		return false;
	file->position = (file_offset)id + 2;
	return true;
}

static int task_read(struct file *file, struct directory_sink *sink)
{
	struct process *process = procfs_subject(file)->process;
	process_id ids[THREAD_BATCH];
	unsigned int count;

	if (!procfs_emit_dots(file, sink))
		return 0;
	while ((count = next_threads(process, (process_id)(file->position - 1), ids)) > 0) {
		for (unsigned int i = 0; i < count; i++) {
			if (!add_thread(file, sink, ids[i]))
				return 0;
		}
	}
	return 0;
}

static const struct inode_ops task_inode_ops = { .lookup = task_lookup,
						 .has_fixed_names = true,
						 .revalidate = procfs_subject_revalidate };
static const struct file_ops task_file_ops = { .read_directory = task_read };

/* ---- /proc/PID ------------------------------------------------------------------------------- */

ssize_t procfs_format_path(const struct path *path, char *buffer, size_t size)
{
	struct path root, cwd;
	ssize_t length;
	char *text, *whole = kmalloc(PATH_MAX, 0);

	if (!whole)
		return -ENOMEM;
	fs_context_get_paths(user_thread_current()->fs, &root, &cwd);
	length = path_format(path, &root, whole, PATH_MAX, &text);
	path_put(&root);
	path_put(&cwd);
	if (length > 0) {
		length = min_t(ssize_t, length - 1, (ssize_t)size);
		memcpy(buffer, text, (size_t)length);
	}
	kfree(whole);
	return length;
}

static int executable_path(const struct procfs_subject *subject, struct path *out)
{
	struct process *process = subject->process;
	struct file *file;
	irq_flags flags;

	if (!process_may_inspect(process))
		return -EACCES;
	flags = spin_lock_irq(&process->signal_lock);
	file = process->executable;
	if (file)
		file_get(file);
	spin_unlock_irq(&process->signal_lock, flags);
	if (!file)
		return -ENOENT;
	*out = file->path;
	path_get(out);
	file_put(file);
	return 0;
}

static int directory_path(const struct procfs_subject *subject, bool root, struct path *out)
{
	struct fs_context *fs;
	struct path other;

	if (!process_may_inspect(subject->process))
		return -EACCES;
	fs = process_fs_get(subject->process);
	if (!fs)
		return -ENOENT;
	fs_context_get_paths(fs, root ? out : &other, root ? &other : out);
	path_put(&other);
	fs_context_put(fs);
	return 0;
}

static int cwd_path(const struct procfs_subject *subject, struct path *out)
{
	return directory_path(subject, false, out);
}

static int root_path(const struct procfs_subject *subject, struct path *out)
{
	return directory_path(subject, true, out);
}

static ssize_t read_place(const struct procfs_subject *subject, char *buffer, size_t size,
			  int (*place)(const struct procfs_subject *, struct path *))
{
	struct path path;
	ssize_t length = place(subject, &path);

	if (length)
		return length;
	length = procfs_format_path(&path, buffer, size);
	path_put(&path);
	return length;
}

static ssize_t read_executable(const struct procfs_subject *subject, char *buffer, size_t size)
{
	return read_place(subject, buffer, size, executable_path);
}

static ssize_t read_cwd(const struct procfs_subject *subject, char *buffer, size_t size)
{
	return read_place(subject, buffer, size, cwd_path);
}

static ssize_t read_root(const struct procfs_subject *subject, char *buffer, size_t size)
{
	return read_place(subject, buffer, size, root_path);
}

#define DIRECTORY(entry_name, number, inode, directory)                          \
	{                                                                        \
		.name = entry_name, .mode = MODE_DIRECTORY | 0555, .id = number, \
		.inode_ops = inode, .directory_ops = directory                   \
	}
#define TEXT(entry_name, number, function)                                                      \
	{                                                                                       \
		.name = entry_name, .mode = MODE_REGULAR | 0444, .id = number, .show = function \
	}
#define PLACE(entry_name, number, reader, follower)                                              \
	{                                                                                        \
		.name = entry_name, .mode = MODE_LINK | 0777, .id = number, .read_link = reader, \
		.follow_link = follower                                                          \
	}

#define COMMON_ENTRIES                                                                    \
	{ .name = "auxv",                                                                 \
	  .mode = MODE_REGULAR | 0400,                                                    \
	  .id = 16,                                                                       \
	  .show = procfs_show_auxv,                                                       \
	  .private_to_owner = true },                                                     \
		{ .name = "cmdline",                                                      \
		  .mode = MODE_REGULAR | 0444,                                            \
		  .id = 17,                                                               \
		  .file_ops = &procfs_arguments_ops },                                    \
		{ .name = "comm",                                                         \
		  .mode = MODE_REGULAR | 0644,                                            \
		  .id = 18,                                                               \
		  .show = procfs_show_comm,                                               \
		  .store = procfs_store_comm },                                           \
		PLACE("cwd", 19, read_cwd, cwd_path),                                     \
		{ .name = "environ",                                                      \
		  .mode = MODE_REGULAR | 0400,                                            \
		  .id = 20,                                                               \
		  .file_ops = &procfs_environment_ops },                                  \
		PLACE("exe", 21, read_executable, executable_path),                       \
		{ .name = "fd",                                                           \
		  .mode = MODE_DIRECTORY | 0500,                                          \
		  .id = 22,                                                               \
		  .inode_ops = &procfs_fd_inode_ops,                                      \
		  .directory_ops = &procfs_fd_file_ops },                                 \
		{ .name = "fdinfo",                                                       \
		  .mode = MODE_DIRECTORY | 0555,                                          \
		  .id = 41,                                                               \
		  .inode_ops = &procfs_fdinfo_inode_ops,                                  \
		  .directory_ops = &procfs_fdinfo_file_ops },                             \
		{ .name = "io",                                                           \
		  .mode = MODE_REGULAR | 0400,                                            \
		  .id = 42,                                                               \
		  .show = procfs_show_io },                                               \
		TEXT("limits", 23, procfs_show_limits),                                   \
		{ .name = "loginuid",                                                     \
		  .mode = MODE_REGULAR | 0644,                                            \
		  .id = 43,                                                               \
		  .show = procfs_show_login_user,                                         \
		  .store = procfs_store_login_user },                                     \
		{ .name = "maps",                                                         \
		  .mode = MODE_REGULAR | 0444,                                            \
		  .id = 24,                                                               \
		  .show = procfs_show_maps,                                               \
		  .private_to_owner = true },                                             \
		{ .name = "mem",                                                          \
		  .mode = MODE_REGULAR | 0600,                                            \
		  .id = 25,                                                               \
		  .file_ops = &procfs_memory_ops },                                       \
		TEXT("mountinfo", 26, procfs_show_mountinfo),                             \
		TEXT("mounts", 27, procfs_show_mounts),                                   \
		{ .name = "net",                                                          \
		  .mode = MODE_DIRECTORY | 0555,                                          \
		  .id = 36,                                                               \
		  .children = procfs_net_entries },                                       \
		TEXT("oom_score", 40, procfs_show_oom_score),                             \
		{ .name = "oom_score_adj",                                                \
		  .mode = MODE_REGULAR | 0644,                                            \
		  .id = 28,                                                               \
		  .show = procfs_show_oom_adjust,                                         \
		  .store = procfs_store_oom_adjust },                                     \
		{ .name = "pagemap",                                                      \
		  .mode = MODE_REGULAR | 0400,                                            \
		  .id = 29,                                                               \
		  .file_ops = &procfs_pagemap_ops },                                      \
		PLACE("root", 30, read_root, root_path),                                  \
		TEXT("sessionid", 44, procfs_show_login_session),                         \
		{ .name = "smaps",                                                        \
		  .mode = MODE_REGULAR | 0444,                                            \
		  .id = 31,                                                               \
		  .show = procfs_show_smaps,                                              \
		  .private_to_owner = true },                                             \
		{ .name = "smaps_rollup",                                                 \
		  .mode = MODE_REGULAR | 0444,                                            \
		  .id = 38,                                                               \
		  .show = procfs_show_smaps_rollup,                                       \
		  .private_to_owner = true },                                             \
		TEXT("stat", 32, procfs_show_stat), TEXT("statm", 33, procfs_show_statm), \
		TEXT("status", 34, procfs_show_status),                                   \
		TEXT("wchan", 39, procfs_show_wait_channel)

const struct procfs_entry procfs_thread_entries[] = { COMMON_ENTRIES, { .name = NULL } };

static const struct procfs_entry process_entries[] = {
	COMMON_ENTRIES,
	DIRECTORY("task", 35, &task_inode_ops, &task_file_ops),
	{ .name = NULL },
};

const struct procfs_entry procfs_process_entry = {
	.name = "PID",
	.mode = MODE_DIRECTORY | 0555,
	.id = 2,
	.children = process_entries,
};

struct process *procfs_process(const struct file *file)
{
	if (file->ops != &procfs_static_directory_file_ops ||
	    procfs_inode(file->inode)->entry != &procfs_process_entry)
		return NULL;
	return procfs_subject(file)->process;
}

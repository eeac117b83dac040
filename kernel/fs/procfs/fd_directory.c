/*
 * /proc/PID/fd and fdinfo: what a process has open.
 *
 * fd/N is a link to the file itself; fdinfo/N is text about it, to which each kind of file adds
 * lines of its own (file_ops.describe). fd/ is listed by whom its mode lets in; who may not inspect
 * the process follows none of the links, and sees nothing of fdinfo/.
 */
#include "fs/procfs/internal.h"
#include "lib/format.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/fd_table.h"

static struct file *subject_file(const struct procfs_subject *subject)
{
	struct fd_table *fds = process_fds_get(subject->process);
	struct file *file;

	if (!fds)
		return NULL;
	file = fd_table_get_shared(fds, (unsigned int)subject->fd);
	fd_table_put(fds);
	return file;
}

static ssize_t fd_read_link(const struct procfs_subject *subject, char *buffer, size_t size)
{
	struct file *file;
	ssize_t length;

	if (!process_may_inspect(subject->process))
		return -EACCES;
	file = subject_file(subject);
	if (!file)
		return -ENOENT;
	length = procfs_format_path(&file->path, buffer, size);
	file_put(file);
	return length;
}

static int fd_follow_link(const struct procfs_subject *subject, struct path *out)
{
	struct file *file;

	if (!process_may_inspect(subject->process))
		return -EACCES;
	file = subject_file(subject);
	if (!file)
		return -ENOENT;
	*out = file->path;
	path_get(out);
	file_put(file);
	return 0;
}

static const struct procfs_entry fd_entry = {
	.name = "fd/N",
	.mode = MODE_LINK | 0700,
	.id = 4,
	.read_link = fd_read_link,
	.follow_link = fd_follow_link,
};

/* The file behind entry `name` of a directory, and its number. Errors: -ENOENT. */
static int find(struct procfs_subject *subject, const char *name, size_t length, struct file **out)
{
	subject->fd = procfs_parse_number(name, length);
	if (subject->fd < 0)
		return -ENOENT;
	*out = subject_file(subject);
	return *out ? 0 : -ENOENT;
}

static int fd_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	struct procfs_subject subject = procfs_inode(dir)->subject;
	struct file *file;
	uint32_t access;
	int error = find(&subject, name, length, &file);

	if (error)
		return error;
	access = file->mode;
	file_put(file);
	error = procfs_inode_create(dir->super, &fd_entry, &subject, out);
	if (error)
		return error;
	/* The link's permissions tell how the file is open, which lsof shows. */
	(*out)->mode = MODE_LINK | (access & FILE_READ ? 0500 : 0) |
		       (access & FILE_WRITE ? 0300 : 0);
	return 0;
}

/* Every descriptor of the directory's process, as `entry`. */
static int read_numbers(struct file *file, struct directory_sink *sink,
			const struct procfs_entry *entry, unsigned int type)
{
	struct procfs_subject subject = *procfs_subject(file);
	struct fd_table *fds;
	char name[12];
	int fd;

	if (!procfs_emit_dots(file, sink))
		return 0;
	fds = process_fds_get(subject.process);
	if (!fds)
		return 0;
	while ((fd = fd_table_next(fds, (int)(file->position - 2))) >= 0) {
		size_t length = (size_t)snprintf(name, sizeof(name), "%d", fd);

		subject.fd = fd;
		if (!sink->add(sink, name, length, procfs_inode_number(entry, &subject),
			       (file_offset)fd + 3, type))
			break;
		file->position = (file_offset)fd + 3;
	}
	fd_table_put(fds);
	return 0;
}

static int fd_read(struct file *file, struct directory_sink *sink)
{
	return read_numbers(file, sink, &fd_entry, DT_LNK);
}

/* Whatever it acts as and whatever may be known of it: a process may look at its own. */
static bool fd_admits(struct inode *inode)
{
	return procfs_inode(inode)->subject.process == process_current();
}

const struct inode_ops procfs_fd_inode_ops = {
	.lookup = fd_lookup,
	.admits = fd_admits,
	.has_fixed_names = true,
	.revalidate = procfs_subject_revalidate,
};
const struct file_ops procfs_fd_file_ops = { .read_directory = fd_read };

/* ---- fdinfo ---------------------------------------------------------------------------------- */

struct text_sink {
	struct description_sink sink;
	struct procfs_text *text;
};

static void put_text(struct description_sink *sink, const char *bytes, size_t length)
{
	procfs_put_bytes(container_of(sink, struct text_sink, sink)->text, bytes, length);
}

/* The position is read without its lock, which a reader may hold for long: it is a hint at best. */
static void show_file(struct file *file, bool close_on_exec, const struct fd_table *fds,
		      struct procfs_text *text)
{
	struct text_sink sink = { .sink.put = put_text, .text = text };
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);

	procfs_print(text, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
		     (long long)file->position,
		     (flags & ~(uint32_t)O_CLOEXEC) | (close_on_exec ? O_CLOEXEC : 0),
		     (unsigned int)file->path.mount->id, (unsigned long long)file->inode->number);
	procfs_print_locks(file, fds, text);
	if (file->ops && file->ops->describe && !(file->mode & FILE_PATH_ONLY))
		file->ops->describe(file, &sink.sink);
}

static int fdinfo_show(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct fd_table *fds;
	struct file *file;

	if (!process_may_inspect(subject->process))
		return -EACCES;
	fds = process_fds_get(subject->process);
	file = fds ? fd_table_get_shared(fds, (unsigned int)subject->fd) : NULL;
	if (file) {
		show_file(file, fd_table_get_close_on_exec(fds, subject->fd) == 1, fds, text);
		file_put(file);
	}
	if (fds)
		fd_table_put(fds);
	return file ? 0 : -ENOENT;
}

static const struct procfs_entry fdinfo_entry = {
	.name = "fdinfo/N",
	.mode = MODE_REGULAR | 0444,
	.id = 5,
	.show = fdinfo_show,
};

static int fdinfo_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	struct procfs_subject subject = procfs_inode(dir)->subject;
	struct file *file;
	int error;

	if (!process_may_inspect(subject.process))
		return -EACCES;
	error = find(&subject, name, length, &file);
	if (error)
		return error;
	file_put(file);
	return procfs_inode_create(dir->super, &fdinfo_entry, &subject, out);
}

static int fdinfo_read(struct file *file, struct directory_sink *sink)
{
	if (!process_may_inspect(procfs_subject(file)->process))
		return -EACCES;
	return read_numbers(file, sink, &fdinfo_entry, DT_REG);
}

const struct inode_ops procfs_fdinfo_inode_ops = {
	.lookup = fdinfo_lookup,
	.has_fixed_names = true,
	.revalidate = procfs_subject_revalidate,
};
const struct file_ops procfs_fdinfo_file_ops = { .read_directory = fdinfo_read };

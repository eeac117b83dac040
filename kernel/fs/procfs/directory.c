/*
 * Directories with a constant table of entries, and the pieces that the dynamic ones are made
 * of.
 *
 * Positions in a directory: 0 and 1 are the dots, then the table's places, then (root, task, fd)
 * numbers.
 */
#include "fs/procfs/internal.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"

static unsigned int entry_type(const struct procfs_entry *entry)
{
	switch (entry->mode & MODE_TYPE_MASK) {
	case MODE_DIRECTORY:
		return DT_DIR;
	case MODE_LINK:
		return DT_LNK;
	default:
		return DT_REG;
	}
}

int procfs_parse_number(const char *name, size_t length)
{
	int number = 0;

	if (length == 0 || length > 9 || (name[0] == '0' && length > 1))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		number = number * 10 + (name[i] - '0');
	}
	return number;
}

int procfs_lookup_in(struct inode *dir, const struct procfs_entry *table, const char *name,
		     size_t length, struct inode **out)
{
	const struct process *process = procfs_inode(dir)->subject.process;

	if (process && process->state == PROCESS_FORGIVEN)
		return -ENOENT;
	for (const struct procfs_entry *entry = table; entry->name; entry++) {
		if (strlen(entry->name) == length && memcmp(entry->name, name, length) == 0)
			return procfs_inode_create(dir->super, entry, &procfs_inode(dir)->subject,
						   out);
	}
	return -ENOENT;
}

bool procfs_emit_dots(struct file *file, struct directory_sink *sink)
{
	uint64_t number = file->inode->number;

	if (file->position == 0) {
		if (!sink->add(sink, ".", 1, number, 1, DT_DIR))
			return false;
		file->position = 1;
	}
	if (file->position == 1) {
		if (!sink->add(sink, "..", 2, number, 2, DT_DIR))
			return false;
		file->position = 2;
	}
	return true;
}

bool procfs_emit_table(struct file *file, struct directory_sink *sink,
		       const struct procfs_entry *table)
{
	const struct procfs_subject *subject = procfs_subject(file);
	file_offset place = 2;

	for (const struct procfs_entry *entry = table; entry->name; entry++, place++) {
		if (place < file->position)
			continue;
		if (!sink->add(sink, entry->name, strlen(entry->name),
			       procfs_inode_number(entry, subject), place + 1, entry_type(entry)))
			return false;
		file->position = place + 1;
	}
	return true;
}

static int static_lookup(struct inode *dir, const char *name, size_t length, struct inode **out)
{
	return procfs_lookup_in(dir, procfs_inode(dir)->entry->children, name, length, out);
}

static int static_read(struct file *file, struct directory_sink *sink)
{
	if (procfs_emit_dots(file, sink))
		(void)procfs_emit_table(file, sink, procfs_inode(file->inode)->entry->children);
	return 0;
}

static bool static_revalidate(struct inode *inode)
{
	const struct procfs_subject *subject = &procfs_inode(inode)->subject;

	procfs_refresh_owner(inode);
	return !subject->process || subject->process->state != PROCESS_FORGIVEN;
}

const struct inode_ops procfs_static_directory_inode_ops = {
	.lookup = static_lookup,
	.has_fixed_names = true,
	.revalidate = static_revalidate,
};

const struct file_ops procfs_static_directory_file_ops = { .read_directory = static_read };

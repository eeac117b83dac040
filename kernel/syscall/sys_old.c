/*
 * Calls that only very old programs make: one directory entry at a time, figures of a file system
 * by its device's number, kinds of file systems by number, and the first uname.
 */
#include "arch/user_copy.h"
#include "core/assert.h"
#include "lib/string.h"
#include "proc/system_names.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

int sys_oldolduname(user_addr to)
{
	enum { NAME_SIZE = 8, FIELDS = 5 };
	char host[SYSTEM_NAME_SIZE];
	const char *const texts[FIELDS] = { SYSTEM_NAME, host, system_release(), SYSTEM_VERSION,
					    SYSTEM_MACHINE };
	char out[FIELDS][NAME_SIZE + 1];

	system_name_get(SYSTEM_HOST, host);
	memset(out, 0, sizeof(out));
	for (unsigned int i = 0; i < FIELDS; i++)
		strlcpy(out[i], texts[i], sizeof(out[i]));
	return copy_to_user(to, out, sizeof(out));
}

/* ---- readdir --------------------------------------------------------------------------------- */

struct linux_old_dirent {
	uint32_t inode;
	uint32_t position;	/* of this entry */
	uint16_t length;
	char name[256];
} __attribute__((__packed__));

struct one_entry {
	struct directory_sink sink;
	const struct file *file;
	struct linux_old_dirent entry;
	bool is_filled;
};

static bool take_one(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
		     file_offset next, unsigned int type)
{
	struct one_entry *out = container_of(sink, struct one_entry, sink);

	(void)next;
	(void)type;
	if (out->is_filled || length >= sizeof(out->entry.name))
		return false;
	out->entry.inode = (uint32_t)inode;
	out->entry.position = (uint32_t)out->file->position;
	out->entry.length = (uint16_t)length;
	memcpy(out->entry.name, name, length);
	out->entry.name[length] = '\0';
	out->is_filled = true;
	return true;
}

/* 1: an entry; 0: the end. `count` is not looked at. */
int sys_readdir(int fd, user_addr to, unsigned int count)
{
	struct one_entry out = { .sink.add = take_one };
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int error;

	(void)count;
	if (!file)
		return -EBADF;
	out.file = file;
	if (file->mode & FILE_PATH_ONLY)
		error = -EBADF;
	else if (!file->ops->read_directory)
		error = -ENOTDIR;
	else
		error = file_read_directory(file, &out.sink);
	fd_table_return(file, needs_put);
	if (error || !out.is_filled)
		return error;
	error = copy_to_user(to, &out.entry,
			     offsetof(struct linux_old_dirent, name) + out.entry.length + 1u);
	return error ? error : 1;
}

/* ---- ustat ----------------------------------------------------------------------------------- */

struct linux_ustat {
	int32_t blocks_free;
	uint32_t inodes_free;
	char name[6];
	char pack[6];
};
_Static_assert(sizeof(struct linux_ustat) == 20, "struct ustat is 20 bytes");

struct device_search {
	dev_number device;
	struct mount *found;	/* reference */
};

static bool has_device(struct mount *mount, void *argument)
{
	struct device_search *search = argument;

	if (mount->super->device_number != search->device || !mount->super->ops->statistics)
		return true;
	mount_get(mount);
	search->found = mount;
	return false;
}

int sys_ustat(uint32_t device, user_addr to)
{
	struct device_search search = { .device = abi_device_from_32(device) };
	struct fs_statistics statistics = { 0 };
	struct linux_ustat out = { 0 };
	int error;

	mount_for_each(has_device, &search);
	if (!search.found)
		return -EINVAL;
	error = search.found->super->ops->statistics(search.found->super, &statistics);
	mount_put(search.found);
	if (error)
		return error;
	out.blocks_free = (int32_t)statistics.blocks_free;
	out.inodes_free = (uint32_t)statistics.inodes_free;
	return copy_to_user(to, &out, sizeof(out));
}

/* ---- sysfs, the call ------------------------------------------------------------------------- */

static int index_of_type(user_addr name)
{
	const struct file_system_type *type = NULL;
	char text[64];
	ssize_t length = string_from_user(text, name, sizeof(text));

	if (length < 0)
		return (int)length;
	if (length == 0)
		return -ENOENT;
	if (length == sizeof(text))
		return -EINVAL;	/* nothing is called that */
	for (int index = 0; (type = file_system_next(type)) != NULL; index++) {
		if (strcmp(type->name, text) == 0)
			return index;
	}
	return -EINVAL;
}

static int name_of_type(uint32_t wanted, user_addr to)
{
	const struct file_system_type *type = file_system_next(NULL);

	while (type && wanted-- > 0)
		type = file_system_next(type);
	return type ? copy_to_user(to, type->name, strlen(type->name) + 1) : -EINVAL;
}

static int type_count(void)
{
	int count = 0;

	for (const struct file_system_type *type = NULL; (type = file_system_next(type)) != NULL;)
		count++;
	return count;
}

int sys_sysfs(int option, uintptr_t first, uintptr_t second)
{
	switch (option) {
	case 1:
		return index_of_type(user_addr_from(first));
	case 2:
		return name_of_type(first, user_addr_from(second));
	case 3:
		return type_count();
	default:
		return -EINVAL;
	}
}

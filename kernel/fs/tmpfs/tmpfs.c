/*
 * Mounting tmpfs. Options, as on Linux: size=N[k|m|g|%], nr_blocks=N, nr_inodes=N, mode=OCTAL,
 * uid=N, gid=N. Without a size, half of the memory is the limit, and as many inodes as that has
 * pages; 0 takes a limit away.
 */
#include "fs/tmpfs/tmpfs.h"

#include "fs/tmpfs/internal.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "vfs/file.h"

struct options {
	size_t page_limit, inode_limit;
	file_mode mode;
	user_id uid;
	group_id gid;
};

static size_t memory_pages(void)
{
	struct frame_counts counts;

	page_frame_count(&counts);
	return counts.total;
}

/* "0" means without limit, and so does what no memory will ever have. */
static size_t limit_from(uint64_t value)
{
	if (value == 0 || value >= UINT32_MAX)
		return SIZE_MAX;
	return (size_t)value;
}

static int parse_size_limit(const char *value, size_t length, size_t *out)
{
	uint64_t bytes;
	uint32_t percent;
	int error;

	if (length > 0 && value[length - 1] == '%') {
		error = parse_u32(value, length - 1, 10, &percent);
		if (!error)
			*out = limit_from(div64_u32((uint64_t)memory_pages() * percent, 100, NULL));
		return error;
	}
	error = parse_size(value, length, &bytes);
	if (!error)
		*out = limit_from(bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0));
	return error;
}

/* The highest number is nobody's. */
static int parse_id(const char *value, size_t length, uint32_t *out)
{
	uint32_t id;

	if (parse_u32(value, length, 10, &id) || id == UINT32_MAX)
		return -EINVAL;
	*out = id;
	return 0;
}

/* Is `word` of the form key=value for this `key`? Then its value. */
static bool has_key(const char *word, size_t length, const char *key, const char **value,
		    size_t *value_length)
{
	size_t key_length = strlen(key);

	if (length <= key_length || memcmp(word, key, key_length) != 0 || word[key_length] != '=')
		return false;
	*value = word + key_length + 1;
	*value_length = length - key_length - 1;
	return true;
}

static int parse_option(const char *word, size_t length, struct options *options)
{
	const char *value;
	size_t value_length;
	uint64_t number;
	int error;

	if (has_key(word, length, "size", &value, &value_length))
		return parse_size_limit(value, value_length, &options->page_limit);
	if (has_key(word, length, "mode", &value, &value_length)) {
		error = parse_u32(value, value_length, 8, &options->mode);
		options->mode &= 07777;
		return error;
	}
	if (has_key(word, length, "uid", &value, &value_length))
		return parse_id(value, value_length, &options->uid);
	if (has_key(word, length, "gid", &value, &value_length))
		return parse_id(value, value_length, &options->gid);
	if (has_key(word, length, "nr_blocks", &value, &value_length)) {
		error = parse_size(value, value_length, &number);
		options->page_limit = error ? options->page_limit : limit_from(number);
		return error;
	}
	if (has_key(word, length, "nr_inodes", &value, &value_length)) {
		error = parse_size(value, value_length, &number);
		options->inode_limit = error ? options->inode_limit : limit_from(number);
		return error;
	}
	return -EINVAL;
}

static int parse_options(const char *text, struct options *options)
{
	while (text && *text) {
		const char *comma = strchr(text, ',');
		size_t length = comma ? (size_t)(comma - text) : strlen(text);

		if (length > 0 && parse_option(text, length, options) != 0)
			return -EINVAL;
		text += length + (comma ? 1 : 0);
	}
	return 0;
}

static int tmpfs_mount(struct super_block *super, const char *text, struct inode **root)
{
	struct options options = { .page_limit = memory_pages() / 2,
				   .inode_limit = memory_pages() / 2,
				   .mode = 01777 };
	struct tmpfs *tmpfs;
	int error = parse_options(text, &options);

	if (error)
		return error;
	tmpfs = kzalloc(sizeof(*tmpfs), 0);
	if (!tmpfs)
		return -ENOMEM;
	tmpfs->page_limit = options.page_limit;
	tmpfs->inode_limit = options.inode_limit;
	super->private = tmpfs;
	super->ops = &tmpfs_super_ops;
	super->block_size = PAGE_SIZE;
	super->max_file_size = (uint64_t)UINT32_MAX << PAGE_SHIFT;
	error = tmpfs_inode_create(super, MODE_DIRECTORY | options.mode, 0, options.uid,
				   options.gid, root);
	if (error) {
		kfree(tmpfs);
		return error;
	}
	(*root)->link_count = 2;
	return 0;
}

int tmpfs_remount(struct super_block *super, bool read_only, const char *text)
{
	struct tmpfs *tmpfs = super->private;
	struct options options = { .page_limit = tmpfs->page_limit,
				   .inode_limit = tmpfs->inode_limit };
	int error = parse_options(text, &options);

	(void)read_only;
	if (error)
		return error;
	if (options.page_limit < tmpfs->used_pages || options.inode_limit < tmpfs->inode_count)
		return -EINVAL;
	tmpfs->page_limit = options.page_limit;
	tmpfs->inode_limit = options.inode_limit;
	return 0;
}

void tmpfs_unmount(struct super_block *super)
{
	kfree(super->private);
}

void tmpfs_show_options(struct super_block *super, char *buffer, size_t size)
{
	const struct tmpfs *tmpfs = super->private;

	if (tmpfs->page_limit == SIZE_MAX)
		buffer[0] = 0;
	else
		(void)snprintf(buffer, size, ",size=%lluk",
			       (unsigned long long)tmpfs->page_limit * (PAGE_SIZE / 1024));
}


static struct file_system_type tmpfs_type = { .name = "tmpfs", .mount = tmpfs_mount };

void tmpfs_init(void)
{
	tmpfs_inode_init();
	file_system_register(&tmpfs_type);
}

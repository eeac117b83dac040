/*
 * Text files: the whole text is made at the first read, and again at each read from the start.
 *
 * So a program that reads piece by piece sees one state, and one that rewinds sees the present
 * one (as seq_file on Linux).
 */
#include "arch/user_copy.h"
#include "fs/procfs/internal.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vm/address_space.h"

enum { TEXT_FIRST_SIZE = 512, LINE_MAX = 256 };

/* Room for `more` bytes and a NUL. */
static bool reserve(struct procfs_text *text, size_t more)
{
	size_t capacity = text->capacity ? text->capacity : TEXT_FIRST_SIZE;
	char *buffer;

	if (text->error)
		return false;
	if (text->buffer && text->length + more < text->capacity)
		return true;
	while (capacity <= text->length + more)
		capacity *= 2;
	buffer = kmalloc(capacity, 0);
	if (!buffer) {
		text->error = -ENOMEM;
		return false;
	}
	if (text->buffer)
		memcpy(buffer, text->buffer, text->length);
	kfree(text->buffer);
	text->buffer = buffer;
	text->capacity = capacity;
	return true;
}

void procfs_put_bytes(struct procfs_text *text, const char *bytes, size_t size)
{
	if (!reserve(text, size))
		return;
	memcpy(text->buffer + text->length, bytes, size);
	text->length += size;
}

void procfs_print(struct procfs_text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length <= 0 || !reserve(text, (size_t)length))
		return;
	va_start(arguments, format);
	vsnprintf(text->buffer + text->length, text->capacity - text->length, format, arguments);
	va_end(arguments);
	text->length += (size_t)length;
}

static bool is_about_memory(const struct procfs_inode *inode)
{
	return inode->entry->private_to_owner && inode->subject.process;
}

static bool may_be_written(const struct procfs_entry *entry)
{
	return entry->store || (entry->setting && entry->setting->set);
}

static int text_open(struct file *file)
{
	struct procfs_inode *inode = procfs_inode(file->inode);
	struct procfs_text *text;
	uint64_t serial = 0;
	int error = 0;

	if (is_about_memory(inode))
		error = procfs_memory_serial(inode->subject.process, &serial);
	if (error)
		return error;
	if ((file->mode & FILE_WRITE) && !may_be_written(inode->entry))
		return -EACCES;
	text = kzalloc(sizeof(*text), 0);
	if (!text)
		return -ENOMEM;
	mutex_init(&text->lock, LOCK_RANK_FILE_TEXT, "text of /proc");
	text->memory_serial = serial;
	file->private = text;
	return 0;
}

static void text_release(struct file *file)
{
	struct procfs_text *text = file->private;

	if (!text)
		return;
	kfree(text->buffer);
	kfree(text);
}

static int show(const struct procfs_inode *inode, struct procfs_text *text)
{
	const struct procfs_entry *entry = inode->entry;

	if (entry->show)
		return entry->show(&inode->subject, text);
	if (!entry->setting)
		return -EINVAL;
	procfs_print(text, "%d\n", entry->setting->get());
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int procfs_parse_setting(const char *line, size_t size, int32_t *out)
{
	while (size && is_blank(*line)) {
		line++;
		size--;
	}
	while (size && is_blank(line[size - 1]))
		size--;
	return parse_i32(line, size, 0, out) ? -EINVAL : 0;
}

static ssize_t store(const struct procfs_inode *inode, char *line, size_t size)
{
	const struct procfs_setting *setting = inode->entry->setting;
	int32_t value;
	int error;

	if (inode->entry->store)
		return inode->entry->store(&inode->subject, line, size);
	if (!setting || !setting->set)
		return -EIO;
	error = procfs_parse_setting(line, size, &value);
	if (!error)
		error = setting->set(value);
	return error ? error : (ssize_t)size;
}

static int make_text(struct file *file, struct procfs_text *text)
{
	struct procfs_inode *inode = procfs_inode(file->inode);
	struct address_space *space;
	int error;

	text->length = 0;
	text->error = 0;
	error = show(inode, text);
	if (error || text->error)
		return error ? error : text->error;
	/* Afterwards: what is still so now was so all the time. */
	if (is_about_memory(inode)) {
		space = procfs_memory_get(inode->subject.process, text->memory_serial);
		if (space)
			address_space_put(space);
		else
			text->length = 0;
	}
	return 0;
}

static ssize_t text_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct procfs_text *text = file->private;
	size_t size = 0, before = buffer->remaining;
	int error = 0;

	/* pread() takes no lock of the file's position. */
	mutex_lock(&text->lock);
	if (*position == 0 || !text->buffer)
		error = make_text(file, text);
	if (error || *position < 0 || (uint64_t)*position >= text->length)
		goto unlock;
	size = min_t(size_t, text->length - (size_t)*position, buffer->remaining);
	error = io_buffer_put(buffer, text->buffer + *position, size);
	size = before - buffer->remaining;
	*position += (file_offset)size;
unlock:
	mutex_unlock(&text->lock);
	return size ? (ssize_t)size : error;
}

static ssize_t text_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct procfs_inode *inode = procfs_inode(file->inode);
	char line[LINE_MAX];
	size_t size = buffer->remaining;
	ssize_t result;

	if (!may_be_written(inode->entry))
		return -EIO;
	if (size >= sizeof(line))
		return -EINVAL;
	if (io_buffer_get(buffer, line, size))
		return -EFAULT;
	line[size] = '\0';
	if (size && line[size - 1] == '\n')
		line[size - 1] = '\0';
	result = store(inode, line, strlen(line));
	if (result < 0)
		return result;
	*position += (file_offset)size;
	return (ssize_t)size;
}

const struct file_ops procfs_text_file_ops = {
	.open = text_open,
	.release = text_release,
	.read = text_read,
	.write = text_write,
};

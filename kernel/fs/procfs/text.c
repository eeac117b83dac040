/*
 * Text files: the whole text is made at the first read, and again at each read from the start.
 *
 * So a program that reads piece by piece sees one state, and one that rewinds sees the present
 * one (as seq_file on Linux).
 *
 * Texts without a bound (maps) are made in pieces: `show` stops after PROCFS_PIECE_SIZE bytes or
 * so, and notes in the cursor where it goes on. Pieces are made one after the other, from the first
 * on; a reader that goes back begins anew.
 *
 * Between two reads a text lies in the kernel's memory, which nobody is charged for, as long as
 * somebody holds the file open. So one that was read to its end goes at once; of the others only
 * short ones are always kept, and longer ones while all of them are few bytes. One that was not
 * kept is made again by the next read.
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

enum {
	TEXT_FIRST_SIZE = 512,
	LINE_MAX = 256,
	KEPT_SIZE = 2 * PROCFS_PIECE_SIZE,	/* what any open file may keep */
	KEPT_TOTAL = 4 << 20,			/* all texts that are longer */
};

static atomic_size_t kept_total;	/* [a] bytes of longer texts that are kept */

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

static void uncount_kept(struct procfs_text *text)
{
	atomic_fetch_sub_explicit(&kept_total, text->counted, memory_order_relaxed);
	text->counted = 0;
}

static void drop_buffer(struct procfs_text *text)
{
	uncount_kept(text);
	kfree(text->buffer);
	text->buffer = NULL;
	text->capacity = 0;
}

/* After a read up to `position`: does the buffer stay for the next one? */
static void keep_or_drop(struct procfs_text *text, file_offset position)
{
	size_t all;

	if (!text->has_more && (uint64_t)position >= text->start + text->length) {
		drop_buffer(text);
		return;
	}
	if (text->counted || text->capacity <= KEPT_SIZE)
		return;
	all = atomic_fetch_add_explicit(&kept_total, text->capacity, memory_order_relaxed);
	text->counted = text->capacity;
	if (all + text->capacity > KEPT_TOTAL)
		drop_buffer(text);
}

static void text_release(struct file *file)
{
	struct procfs_text *text = file->private;

	if (!text)
		return;
	drop_buffer(text);
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

/* The piece from the cursor on: all of it, where `show` knows no pieces. */
static int make_piece(struct file *file, struct procfs_text *text)
{
	struct procfs_inode *inode = procfs_inode(file->inode);
	struct address_space *space;
	int error;

	uncount_kept(text);
	text->length = 0;
	text->has_more = false;
	text->error = 0;
	error = show(inode, text);
	if (!error)
		error = text->error;
	if (error) {
		text->has_more = text->is_begun = false;
		return error;
	}
	/* Afterwards: what is still so now was so all the time. */
	if (is_about_memory(inode)) {
		space = procfs_memory_get(inode->subject.process, text->memory_serial);
		if (space) {
			address_space_put(space);
		} else {
			text->length = 0;
			text->has_more = false;
		}
	}
	return 0;
}

/* Have the piece that `position` lies in, or the last one. */
static int find_piece(struct file *file, struct procfs_text *text, uint64_t position)
{
	bool is_behind = position >= text->start + text->length;
	int error = 0;

	if (position == 0 || !text->is_begun || position < text->start ||
	    (!is_behind && !text->buffer)) {
		text->start = text->cursor = 0;
		text->is_begun = true;
		error = make_piece(file, text);
	}
	while (!error && text->has_more && position >= text->start + text->length) {
		text->start += text->length;
		error = make_piece(file, text);
	}
	return error;
}

static ssize_t text_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct procfs_text *text = file->private;
	size_t size = 0, before = buffer->remaining, place;
	int error;

	if (*position < 0)
		return 0;
	/* pread() takes no lock of the file's position. */
	mutex_lock(&text->lock);
	error = find_piece(file, text, (uint64_t)*position);
	if (error || (uint64_t)*position >= text->start + text->length)
		goto keep;
	place = (size_t)((uint64_t)*position - text->start);
	size = min(text->length - place, buffer->remaining);
	error = io_buffer_put(buffer, text->buffer + place, size);
	size = before - buffer->remaining;
	*position += (file_offset)size;
keep:
	keep_or_drop(text, *position);
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

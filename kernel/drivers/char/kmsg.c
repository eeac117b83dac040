/*
 * /dev/kmsg, as Linux has it: each read gives one line, "priority,sequence,microseconds,-;text\n";
 * each write is one line, with an optional "<priority>" before it. A priority is a facility times
 * eight and a level; the facility 0 is the kernel's, which a program cannot claim. The sequence
 * number is the line's position in the log. The log keeps lines as
 * "<priority>[seconds.microseconds] text\n" (core/printk.c); here they are taken apart again. Who
 * was so slow that his next line is gone is told once, by -EPIPE, and goes on with the oldest.
 */
#include "drivers/char/kmsg.h"

#include "core/printk.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/kernel_log.h"
#include "vfs/poll.h"

enum {
	HEADER_SIZE = 64,
	FACILITY_USER = 1,
};

/* What is no plain ASCII is told as \xNN, and so is the backslash. */
static bool is_plain(char byte)
{
	return byte >= ' ' && byte < 0x7f && byte != '\\';
}

static size_t escaped_length(const char *text, size_t length)
{
	size_t result = length;

	for (size_t i = 0; i < length; i++)
		result += is_plain(text[i]) ? 0 : 3;
	return result;
}

static int put_escaped(struct io_buffer *buffer, const char *text, size_t length)
{
	char out[256];
	size_t done = 0;
	int error = 0;

	for (size_t i = 0; i < length && !error; i++) {
		done += scnprintf(out + done, sizeof(out) - done,
				  is_plain(text[i]) ? "%c" : "\\x%02x", (unsigned char)text[i]);
		if (done < sizeof(out) - 4)
			continue;
		error = io_buffer_put(buffer, out, done);
		done = 0;
	}
	if (!error && done > 0)
		error = io_buffer_put(buffer, out, done);
	return error;
}

/*
 * Of "<6>[   12.345678] text\n" makes "6,position,12345678,-;" in `out`; returns its length, and
 * where the text begins.
 */
static size_t make_header(const char *line, size_t length, uint64_t position,
			  char out[HEADER_SIZE], const char **text)
{
	const char *bracket = memchr(line, ']', min(length, (size_t)32));
	const char *digit = line + 1;
	uint32_t priority = 0, seconds = 0, microseconds = 0;

	*text = line;
	if (bracket && bracket + 2 < line + length)
		*text = bracket + 2;
	if (parse_scan_u32(&digit, &priority))
		digit += strlen(">[");
	while (*digit == ' ')
		digit++;
	if (parse_scan_u32(&digit, &seconds) && *digit++ == '.')
		(void)parse_scan_u32(&digit, &microseconds);
	return scnprintf(out, HEADER_SIZE, "%u,%llu,%llu,-;", priority,
			 (unsigned long long)position,
			 (unsigned long long)seconds * 1000000 + microseconds);
}

/*
 * How far an open file has read. It is apart from the file's position, which stays 0: seeking says
 * so. [p] position_lock, except for those who only ask whether there is news.
 */
struct reader {
	uint64_t position;		/* [p] of a line's beginning */
	char line[PRINTK_LINE_MAX];	/* [p] that is being read */
};

/* The oldest line from `position` on that is still there. */
static uint64_t oldest_from(uint64_t position)
{
	(void)printk_read(&position, NULL, 0);
	return position;
}

static int kmsg_open(struct file *file)
{
	struct reader *reader = kzalloc(sizeof(*reader), 0);

	if (!reader)
		return -ENOMEM;
	reader->position = oldest_from(0);
	file->private = reader;
	return 0;
}

static void kmsg_release(struct file *file)
{
	kfree(file->private);
}

/* The next record, if there is one: its length, 0, or an error. */
static ssize_t read_record(struct reader *reader, struct io_buffer *buffer)
{
	char header[HEADER_SIZE], *line = reader->line;
	uint64_t next = reader->position;
	const char *text;
	size_t length, header_size, text_size, size;
	int error;

	if (next >= printk_end_position())
		return 0;
	length = printk_read_line(&next, line);
	if (next - length != reader->position) {
		reader->position = next - length;
		return -EPIPE;
	}
	header_size = make_header(line, length, next - length, header, &text);
	text_size = (size_t)(line + length - 1 - text);
	size = header_size + escaped_length(text, text_size) + 1;
	if (size > buffer->remaining)
		return -EINVAL;
	error = io_buffer_put(buffer, header, header_size);
	if (!error)
		error = put_escaped(buffer, text, text_size);
	if (!error)
		error = io_buffer_put(buffer, "\n", 1);
	if (error)
		return error;
	reader->position = next;
	return (ssize_t)size;
}

/* The position's lock is not held while we wait: only a signal or news ends that. */
static ssize_t kmsg_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct reader *reader = file->private;

	(void)position;
	for (;;) {
		ssize_t result;

		mutex_lock(&file->position_lock);
		result = read_record(reader, buffer);
		mutex_unlock(&file->position_lock);
		if (result)
			return result;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(kernel_log_queue(),
					     reader->position < printk_end_position()))
			return -ERESTARTSYS;
	}
}

/* `line` ends with a 0, and there may be one before. */
static void write_line(const char *line)
{
	enum log_level level = LOG_WARNING;
	unsigned int facility = FACILITY_USER;

	if (line[0] == '<') {
		const char *digit = line + 1;
		uint32_t priority = 0;

		(void)parse_scan_u32(&digit, &priority);
		if (*digit == '>') {
			line = digit + 1;
			level = (enum log_level)(priority & 7);
			if ((priority >> 3 & 0xff) != 0)
				facility = priority >> 3 & 0xff;
		}
	}
	printk_text(facility, level, line, strlen(line));
}

static ssize_t kmsg_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	size_t size = buffer->remaining;
	char *line;
	int error;

	(void)file;
	(void)position;
	if (size > PRINTK_TEXT_MAX + 1)
		return -EINVAL;
	line = kmalloc(size + 1, 0);
	if (!line)
		return -ENOMEM;
	error = io_buffer_get(buffer, line, size);
	if (!error) {
		line[size] = 0;
		write_line(line);
	}
	kfree(line);
	return error ? error : (ssize_t)size;
}

/* SEEK_DATA is for what syslog(2) has not cleared. */
static int kmsg_seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	struct reader *reader = file->private;
	uint64_t position;

	if (offset != 0)
		return -ESPIPE;
	if (whence == SEEK_END)
		position = printk_end_position();
	else if (whence == SEEK_SET || whence == SEEK_DATA)
		position = oldest_from(whence == SEEK_SET ? 0 : kernel_log_cleared());
	else
		return -EINVAL;
	mutex_lock(&file->position_lock);
	reader->position = position;
	mutex_unlock(&file->position_lock);
	*out = 0;
	return 0;
}

/* As on Linux nobody hears that it can be written, which it always can. */
static uint32_t kmsg_poll(struct file *file, struct poll_table *table)
{
	const struct reader *reader = file->private;

	poll_register(table, kernel_log_queue());
	if (reader->position >= printk_end_position())
		return 0;
	if (reader->position != oldest_from(reader->position))
		return POLL_IN | POLL_READ_NORMAL | POLL_ERROR | POLL_PRI;
	return POLL_IN | POLL_READ_NORMAL;
}

const struct file_ops kmsg_ops = {
	.open = kmsg_open,
	.release = kmsg_release,
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
};

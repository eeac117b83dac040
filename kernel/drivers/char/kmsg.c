/*
 * /dev/kmsg, as Linux has it: each read gives one line, "level,sequence,microseconds,-;text\n";
 * each write is one line, with an optional "<level>" before it. The sequence number is the line's
 * position in the log. The log keeps lines as "<level>[seconds.microseconds] text\n"
 * (core/printk.c); here they are taken apart again.
 */
#include "drivers/char/kmsg.h"

#include "core/printk.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/kernel_log.h"
#include "vfs/poll.h"

enum { LINE_SIZE = 400, RECORD_SIZE = LINE_SIZE + 64 };	/* LINE_SIZE: as core/printk.c */

/*
 * The line at *position or the next one still there; its length with the newline. *position is then
 * behind it.
 */
static size_t read_line(uint64_t *position, char line[LINE_SIZE])
{
	size_t size = printk_read(position, line, LINE_SIZE);
	char *newline = memchr(line, '\n', size);
	size_t length = newline ? (size_t)(newline - line) + 1 : size;

	*position -= size - length;
	return length;
}

/* "<6>[   12.345678] text\n" becomes "6,position,12345678,-;text\n". */
static size_t translate(const char *line, size_t length, uint64_t position, char *out, size_t size)
{
	const char *text = memchr(line, ']', min(length, (size_t)32));
	const char *digit = line + 4;
	uint32_t seconds = 0, microseconds = 0;

	if (length < 5 || !text || text + 2 > line + length)
		return 0;
	while (*digit == ' ')
		digit++;
	if (parse_scan_u32(&digit, &seconds) && *digit == '.') {
		digit++;
		(void)parse_scan_u32(&digit, &microseconds);
	}
	text += 2;
	return scnprintf(out, size, "%c,%llu,%llu,-;%.*s", line[1], (unsigned long long)position,
			 (unsigned long long)seconds * 1000000 + microseconds,
			 (int)(line + length - text), text);
}

static int kmsg_open(struct file *file)
{
	file->position = 0;
	return 0;
}

/* The next record, if there is one: its length, 0, or an error. */
static ssize_t read_record(struct io_buffer *buffer, file_offset *position)
{
	char line[LINE_SIZE], record[RECORD_SIZE];
	uint64_t start, next = (uint64_t)*position;
	size_t length;
	int error;

	if (next >= printk_end_position())
		return 0;
	length = read_line(&next, line);
	start = next - length;
	length = translate(line, length, start, record, sizeof(record));
	if (length > buffer->remaining)
		return -EINVAL;
	error = io_buffer_put(buffer, record, length);
	if (error)
		return error;
	*position = (file_offset)next;
	return (ssize_t)length;
}

/* The position's lock is not held while we wait: only a signal or news ends that. */
static ssize_t kmsg_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	for (;;) {
		ssize_t result;

		mutex_lock(&file->position_lock);
		result = read_record(buffer, position);
		mutex_unlock(&file->position_lock);
		if (result)
			return result;
		if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(kernel_log_queue(),
					     (uint64_t)*position < printk_end_position()))
			return -ERESTARTSYS;
	}
}

static ssize_t kmsg_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	char line[LINE_SIZE];
	size_t size = buffer->remaining;
	const char *text = line;
	uint32_t level = LOG_WARNING;
	int error;

	(void)file;
	(void)position;
	if (size >= sizeof(line))
		return -EINVAL;
	error = io_buffer_get(buffer, line, size);
	if (error)
		return error;
	line[size] = 0;
	if (line[0] == '<') {
		const char *digit = line + 1;

		/* The facility, above the three bits of the level, is not kept. */
		if (parse_scan_u32(&digit, &level) && *digit == '>')
			text = digit + 1;
		else
			level = LOG_WARNING;
	}
	printk((enum log_level)(level & 7), "%s", text);
	return (ssize_t)size;
}

static int kmsg_seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	(void)file;
	if (offset != 0)
		return -ESPIPE;
	if (whence == SEEK_END)
		*out = (file_offset)printk_end_position();
	else if (whence == SEEK_SET || whence == SEEK_DATA)
		*out = 0;
	else
		return -EINVAL;
	return 0;
}

static uint32_t kmsg_poll(struct file *file, struct poll_table *table)
{
	poll_register(table, kernel_log_queue());
	if ((uint64_t)file->position < printk_end_position())
		return POLL_IN | POLL_READ_NORMAL | POLL_OUT | POLL_WRITE_NORMAL;
	return POLL_OUT | POLL_WRITE_NORMAL;
}

const struct file_ops kmsg_ops = {
	.open = kmsg_open,
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
	.stream = true,	/* we lock the position ourselves */
};

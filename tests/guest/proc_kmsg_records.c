/*
 * /dev/kmsg: what a program writes has the user facility unless it names one; the kernel's own
 * cannot be claimed. A line reads back as "facility * 8 + level,sequence,microseconds,-;text".
 */
#include "check.h"
#include <sys/klog.h>

static int reader, writer;

/*
 * Write one line and read it back, with the numbers of the record. Without its newline Linux keeps
 * the record back for what may follow.
 */
static void check_record(const char *line, unsigned int priority, const char *text)
{
	static unsigned long long last_sequence, last_time;
	unsigned long long sequence, microseconds;
	char record[2048], *newline;
	unsigned int found;
	int start = 0;
	ssize_t got;

	CHECK(write(writer, line, strlen(line)) == (ssize_t)strlen(line));
	got = read(reader, record, sizeof(record) - 1);
	if (got <= 0)
		FAIL("nothing of \"%s\"", line);
	record[got] = '\0';
	newline = strchr(record, '\n');
	CHECK(newline != NULL);
	newline[0] = '\0';
	CHECK(sscanf(record, "%u,%llu,%llu,-;%n", &found, &sequence, &microseconds, &start) == 3);
	CHECK(start > 0);
	CHECK_EQ(found, priority);
	if (strcmp(record + start, text) != 0)
		FAIL("\"%s\" for \"%s\"", record + start, text);
	CHECK(sequence > last_sequence && microseconds >= last_time);
	last_sequence = sequence;
	last_time = microseconds;
}

/* The last line as dmesg sees it. */
static void check_log_text(const char *prefix, const char *text)
{
	static char log[1 << 18];
	int size = klogctl(3, log, sizeof(log) - 1);
	char *line;

	CHECK(size > 0);
	log[size] = '\0';
	if (log[size - 1] == '\n')
		log[size - 1] = '\0';
	line = strrchr(log, '\n');
	line = line ? line + 1 : log;
	CHECK(strncmp(line, prefix, strlen(prefix)) == 0);
	CHECK(strcmp(line + strlen(line) - strlen(text), text) == 0);
}

int main(void)
{
	int ratelimit = open("/proc/sys/kernel/printk_devkmsg", O_WRONLY);
	char byte;

	/* Linux takes only some lines a second unless it is told to take all. */
	if (ratelimit >= 0)
		CHECK(write(ratelimit, "on\n", 3) == 3);
	writer = open("/dev/kmsg", O_WRONLY);
	reader = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	CHECK(writer >= 0 && reader >= 0);
	CHECK(lseek(reader, 0, SEEK_END) == 0);
	CHECK_ERRNO(read(reader, &byte, 1), EAGAIN);
	check_record("plain\n", 12, "plain");
	check_record("with an end\n", 12, "with an end");
	check_record("<5>notice\n", 13, "notice");
	check_record("<0>emergency\n", 8, "emergency");
	check_record("<7>debug\n", 15, "debug");
	check_record("<13>user's own\n", 13, "user's own");
	check_record("<30>a daemon's\n", 30, "a daemon's");
	check_record("<191>local7\n", 191, "local7");
	check_log_text("<191>[", "] local7");
	check_record("<5>last\n", 13, "last");
	check_log_text("<13>[", "] last");
	check_record("<x>no number\n", 12, "<x>no number");
	check_record("<5 not closed\n", 12, "<5 not closed");
	check_record("<>none\n", 8, "none");
	check_record("<2047>most\n", 2047, "most");
	check_record("<2048>more is cut\n", 8, "more is cut");
	check_record("\n", 12, "");
	check_record("a\x01z\n", 12, "a\\x01z");
	check_record("back\\slash\n", 12, "back\\x5cslash");
	check_record("caf\xc3\xa9\n", 12, "caf\\xc3\\xa9");
	CHECK(write(writer, "<4>long enough\n", 15) == 15);
	CHECK_ERRNO(read(reader, &byte, 1), EINVAL);
	return 0;
}

/*
 * /dev/kmsg: what a program writes has the user facility unless it names one; the kernel's own
 * cannot be claimed. A line reads back as "facility * 8 + level,sequence,microseconds,-;text".
 */
#include "kernel_log.h"
#include <sys/klog.h>

/* With its newline: how long a line may be on every Linux; and what none takes. */
enum { LONG = 976, TOO_LONG = 1025 };

static int reader, writer;

/*
 * Write one line and read it back, with the numbers of the record. Without its newline Linux keeps
 * the record back for what may follow.
 */
static void check_record(const char *line, unsigned int priority, const char *text)
{
	static unsigned long long last_sequence, last_time;
	unsigned long long sequence, microseconds;
	char record[8192], *newline;
	unsigned int found;
	int start = 0;
	ssize_t got;

	CHECK(write(writer, line, strlen(line)) == (ssize_t)strlen(line));
	do {
		got = read(reader, record, sizeof(record) - 1);
		if (got <= 0)
			FAIL("nothing of \"%s\"", line);
		record[got] = '\0';
	} while (atoi(record) < FIRST_OF_USERS);	/* the kernel said something just now */
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

/* The last line of a user's as dmesg sees it: the kernel may have said something since. */
static void check_log_text(const char *prefix, const char *text)
{
	static char log[1 << 18];
	int size = klogctl(3, log, sizeof(log) - 1);
	char *last = NULL;

	CHECK(size > 0);
	log[size] = '\0';
	for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
		if (line[0] == '<' && atoi(line + 1) >= FIRST_OF_USERS)
			last = line;
	}
	CHECK(last != NULL);
	CHECK(strncmp(last, prefix, strlen(prefix)) == 0);
	CHECK(strcmp(last + strlen(last) - strlen(text), text) == 0);
}

/* Go behind all records. The kernel may say something just then. */
static void skip_all(void)
{
	char record[2048];
	int tries = 0;

	CHECK(lseek(reader, 0, SEEK_END) == 0);
	while (read(reader, record, sizeof(record)) > 0)
		CHECK(tries++ < 10);
	CHECK_EQ(errno, EAGAIN);
}

/* What is told by several bytes for one may be longer still. */
static void long_records(void)
{
	static char line[TOO_LONG], text[4 * LONG];
	char *end = text;

	memset(line, 'y', TOO_LONG);
	CHECK_ERRNO(write(writer, line, TOO_LONG), EINVAL);
	memcpy(line, "<5>", 3);
	line[LONG - 1] = '\n';
	line[LONG] = '\0';
	snprintf(text, sizeof(text), "%.*s", LONG - 4, line + 3);
	check_record(line, 13, text);
	memset(line, 1, LONG - 2);
	line[LONG - 2] = '\n';
	line[LONG - 1] = '\0';
	for (int i = 0; i < LONG - 2; i++)
		end += sprintf(end, "\\x01");
	check_record(line, 12, text);
}

/* There are no positions, and whoever names one is not told so. */
static void at_a_position(void)
{
	char record[2048];

	skip_all();
	CHECK_EQ(pwrite(writer, "<5>anywhere\n", 12, 1000), 12);
	do
		CHECK(pread(reader, record, sizeof(record), 5) > 0);
	while (atoi(record) < FIRST_OF_USERS);
	CHECK(strncmp(record, "13,", 3) == 0 && strstr(record, ";anywhere\n"));
	CHECK_EQ(lseek(reader, 0, SEEK_CUR), -1);
}

int main(void)
{
	char byte;

	log_take_all();
	writer = open("/dev/kmsg", O_WRONLY);
	reader = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	CHECK(writer >= 0 && reader >= 0);
	skip_all();
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
	long_records();
	at_a_position();
	CHECK(write(writer, "<4>long enough\n", 15) == 15);
	CHECK_ERRNO(read(reader, &byte, 1), EINVAL);
	return 0;
}

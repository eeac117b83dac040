/* /proc/locks and the lock lines of fdinfo: each lock and who waits, as Linux writes them. */
#include "check.h"
#include <sys/file.h>
#include <sys/sysmacros.h>

static char place[64];

/* The lines of /proc/locks about our file, without their numbers. */
static void read_locks(char *text, size_t room)
{
	char line[256];
	FILE *locks = fopen("/proc/locks", "r");
	size_t used = 0;

	CHECK(locks);
	text[0] = '\0';
	while (fgets(line, sizeof(line), locks)) {
		char *rest = strchr(line, ':');

		CHECK(rest && rest[1] == ' ');
		if (strstr(line, place))
			used += snprintf(text + used, room - used, "%s", rest + 2);
		CHECK(used < room);
	}
	CHECK(fclose(locks) == 0);
}

static void expect_locks(const char *format, ...)
{
	char expected[512], text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	read_locks(text, sizeof(text));
	if (strcmp(text, expected) != 0)
		FAIL("/proc/locks has\n%snot\n%s", text, expected);
}

static void expect_info(int fd, const char *format, ...)
{
	char expected[256], text[1024], path[64], *found;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text[read_text(path, text, sizeof(text) - 1)] = '\0';
	found = strstr(text, "lock:");
	if (strcmp(found ? found : "", expected) != 0)
		FAIL("fdinfo has\n%snot\n%s", found ? found : "", expected);
}

int main(void)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct flock part = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5 };
	int file = MUST(open("locked", O_RDWR | O_CREAT, 0644));
	int second = MUST(open("locked", O_RDWR)), third;
	int self = getpid();
	struct stat status;
	pid_t waiter;

	CHECK(fstat(file, &status) == 0);
	snprintf(place, sizeof(place), " %02x:%02x:%lu ", major(status.st_dev),
		 minor(status.st_dev), (unsigned long)status.st_ino);
	expect_locks("");
	expect_info(file, "");

	CHECK(fcntl(file, F_SETLK, &part) == 0);
	expect_locks("POSIX  ADVISORY  READ %d%s10 14\n", self, place);
	expect_info(file, "lock:\t1: POSIX  ADVISORY  READ %d%s10 14\n", self, place);
	expect_info(second, "");

	CHECK(fcntl(file, F_SETLK, &all) == 0);
	waiter = FORK();
	if (waiter == 0) {
		part.l_type = F_WRLCK;
		CHECK(fcntl(second, F_SETLKW, &part) == 0);
		_exit(0);
	}
	wait_until_blocked(waiter);
	expect_locks("POSIX  ADVISORY  WRITE %d%s0 EOF\n-> POSIX  ADVISORY  WRITE %d%s10 14\n",
		     self, place, waiter, place);
	expect_info(file, "lock:\t1: POSIX  ADVISORY  WRITE %d%s0 EOF\n", self, place);
	all.l_type = F_UNLCK;
	CHECK(fcntl(file, F_SETLK, &all) == 0);
	CHECK_EQ(wait_exit_status(waiter), 0);
	expect_locks("");

	CHECK(flock(second, LOCK_SH) == 0);
	expect_locks("FLOCK  ADVISORY  READ %d%s0 EOF\n", self, place);
	expect_info(second, "lock:\t1: FLOCK  ADVISORY  READ %d%s0 EOF\n", self, place);
	waiter = FORK();
	if (waiter == 0) {
		third = MUST(open("locked", O_RDWR));
		CHECK(flock(third, LOCK_EX) == 0);
		_exit(0);
	}
	wait_until_blocked(waiter);
	expect_locks("FLOCK  ADVISORY  READ %d%s0 EOF\n-> FLOCK  ADVISORY  WRITE %d%s0 EOF\n", self,
		     place, waiter, place);
	CHECK(flock(second, LOCK_UN) == 0);
	CHECK_EQ(wait_exit_status(waiter), 0);

	/* The owner of these is a description, not a process. */
	all = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 3 };
	CHECK(fcntl(second, F_OFD_SETLK, &all) == 0);
	expect_locks("OFDLCK ADVISORY  WRITE -1%s3 EOF\n", place);
	expect_info(second, "lock:\t1: OFDLCK ADVISORY  WRITE -1%s3 EOF\n", place);
	CHECK(flock(second, LOCK_EX) == 0);
	expect_info(second,
		    "lock:\t1: FLOCK  ADVISORY  WRITE %d%s0 EOF\n"
		    "lock:\t2: OFDLCK ADVISORY  WRITE -1%s3 EOF\n",
		    self, place, place);
	CHECK(close(second) == 0 && close(file) == 0);
	expect_locks("");
	return 0;
}

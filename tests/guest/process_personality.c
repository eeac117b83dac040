/*
 * A personality is inherited by fork and kept by exec of an ordinary program; a set-user-id one
 * chooses itself where its memory lies. Every value is taken. UNAME26 makes the release one of 2.6,
 * STICKY_TIMEOUTS leaves select's timeout alone; the machine stays the same under PER_LINUX32,
 * which is what this kernel runs anyway.
 */
#include "check.h"
#include <sys/personality.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/utsname.h>

#define ASK 0xffffffff

static void inherit(unsigned int chosen, const char *expected)
{
	pid_t child;

	CHECK(personality(chosen) >= 0);
	child = FORK();
	if (child == 0) {
		CHECK_EQ(personality(ASK), chosen);
		execl("/proc/self/exe", "again", "again", expected, NULL);
		_exit(1);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(personality(0), chosen);
}

static void privileged(void)
{
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open("program", O_CREAT | O_WRONLY, 0755));
	pid_t child;

	while (MUST(sendfile(to, from, NULL, 1 << 20)) > 0)
		;
	CHECK(close(from) == 0 && close(to) == 0);
	CHECK(chmod("program", 04755) == 0);
	child = FORK();
	if (child == 0) {
		CHECK(setuid(OTHER_UID) == 0);
		CHECK(personality(PER_LINUX32 | STICKY_TIMEOUTS | UNAME26 | ADDR_NO_RANDOMIZE |
				  READ_IMPLIES_EXEC | ADDR_COMPAT_LAYOUT | MMAP_PAGE_ZERO) == 0);
		execl("program", "again", "again", "4020008", NULL);
		_exit(1);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static void names(void)
{
	struct utsname before, after;
	int minor;

	CHECK(uname(&before) == 0);
	CHECK(sscanf(before.release, "%*d.%d", &minor) == 1);
	CHECK_EQ(personality(PER_LINUX32 | UNAME26), 0);
	CHECK(uname(&after) == 0);
	CHECK(strcmp(before.machine, after.machine) == 0);
	CHECK(strcmp(before.version, after.version) == 0);
	CHECK(strncmp(after.release, "2.6.", 4) == 0);
	CHECK_EQ(atoi(after.release + 4), 60 + minor);
	CHECK(strcmp(strchr(before.release, '-'), strchr(after.release, '-')) == 0);
	CHECK(personality(PER_LINUX32) >= 0);
	CHECK(uname(&after) == 0);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK_EQ(personality(0), PER_LINUX32);
}

static void timeouts(void)
{
	struct timeval time = { 0, 1000 };

	CHECK_EQ(personality(STICKY_TIMEOUTS), 0);
	CHECK_EQ(raw_syscall(SYS__newselect, 0, 0, 0, 0, &time), 0);
	CHECK_EQ(time.tv_usec, 1000);
	CHECK_EQ(personality(0), STICKY_TIMEOUTS);
	CHECK_EQ(raw_syscall(SYS__newselect, 0, 0, 0, 0, &time), 0);
	CHECK_EQ(time.tv_usec, 0);
}

int main(int count, char **arguments)
{
	if (count > 2) {
		CHECK_EQ(personality(ASK), strtol(arguments[2], NULL, 16));
		return 0;
	}
	CHECK_EQ(personality(ASK), 0);
	inherit(ADDR_NO_RANDOMIZE, "40000");
	inherit(PER_LINUX32 | ADDR_NO_RANDOMIZE, "40008");
	inherit(PER_BSD | STICKY_TIMEOUTS | WHOLE_SECONDS | ADDR_LIMIT_3GB, "e000006");
	inherit(PER_LINUX32, "8");
	inherit(0x77 | 0x10000000, "10000077");
	privileged();
	names();
	timeouts();
	return 0;
}

/* /proc/PID/oom_score and oom_score_adj: read, set, inherited, and lowered only by who may. */
#include "check.h"

static int read_number(const char *path)
{
	char text[32];

	read_text(path, text, sizeof(text));
	return atoi(text);
}

static int store(const char *text)
{
	int file = MUST(open("/proc/self/oom_score_adj", O_WRONLY));
	int result = write(file, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;

	CHECK(close(file) == 0);
	return result;
}

#define ADJUSTMENT read_number("/proc/self/oom_score_adj")
#define SCORE read_number("/proc/self/oom_score")

int main(void)
{
	int plain;

	CHECK_EQ(ADJUSTMENT, 0);
	plain = SCORE;
	CHECK(plain >= 660 && plain < 800);
	CHECK_EQ(store("500\n"), 0);
	CHECK(SCORE >= plain + 320 && SCORE <= plain + 345);
	CHECK_EQ(store("-1000"), 0);
	CHECK_EQ(SCORE, 0);
	CHECK_EQ(store("1001"), EINVAL);
	CHECK_EQ(store("-1001"), EINVAL);
	CHECK_EQ(store("x"), EINVAL);
	CHECK_EQ(store("100"), 0);
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(ADJUSTMENT, 100);
		/* Without the right, down to what was set with it, no further. */
		int file = MUST(open("/proc/self/oom_score_adj", O_WRONLY));

		CHECK(setresuid(1000, 1000, 1000) == 0);
		CHECK_EQ(write(file, "300", 3), 3);
		CHECK_EQ(write(file, "200", 3), 3);
		CHECK_EQ(write(file, "100", 3), 3);
		CHECK_ERRNO(write(file, "99", 2), EACCES);
		CHECK_EQ(ADJUSTMENT, 100);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}

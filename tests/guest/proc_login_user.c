/*
 * /proc/PID/loginuid and sessionid: not set until written once, which anybody may do for himself;
 * to change it then needs CAP_AUDIT_CONTROL. Children and threads have their maker's.
 */
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

#define LOGIN "/proc/self/loginuid"
#define SESSION "/proc/self/sessionid"
#define UNSET "4294967295"

static const char *content(const char *path)
{
	static char text[32];
	int fd = open(path, O_RDONLY);
	ssize_t got;

	CHECK(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	CHECK(got > 0);
	text[got] = '\0';
	CHECK(close(fd) == 0);
	return text;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int result, error;

	if (fd < 0)
		return -1;
	result = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	error = errno;
	close(fd);
	errno = error;
	return result;
}

#define CHECK_CONTENT(path, text) CHECK(strcmp(content(path), text) == 0)

static void become_other(void)
{
	CHECK(setgid(OTHER_GID) == 0);
	CHECK(setuid(OTHER_UID) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);	/* its files in /proc are its own */
}

static void check_modes(void)
{
	struct stat status;

	CHECK(stat(LOGIN, &status) == 0);
	CHECK((status.st_mode & 07777) == 0644);
	CHECK(stat(SESSION, &status) == 0);
	CHECK((status.st_mode & 07777) == 0444);
	CHECK_ERRNO(mkdir(SESSION, 0700), EEXIST);
	CHECK(access("/proc/thread-self/loginuid", F_OK) == 0);
	CHECK(access("/proc/thread-self/sessionid", F_OK) == 0);
}

static void check_forms(void)
{
	CHECK_ERRNO(put(LOGIN, "x"), EINVAL);
	CHECK_ERRNO(put(LOGIN, "-1"), EINVAL);
	CHECK_ERRNO(put(LOGIN, " 5"), EINVAL);
	CHECK_ERRNO(put(LOGIN, "5 "), EINVAL);
	CHECK_ERRNO(put(LOGIN, "\n"), EINVAL);
	CHECK_ERRNO(put(LOGIN, "4294967296"), ERANGE);
	CHECK_CONTENT(LOGIN, UNSET);
	CHECK_CONTENT(SESSION, UNSET);
	CHECK(put(LOGIN, "7\n") == 0);
	CHECK_CONTENT(LOGIN, "7");
	CHECK(put(LOGIN, "+8") == 0);
	CHECK_CONTENT(LOGIN, "8");
}

/* Whom it is set for, and who hears of it. */
static void check_inherited(void)
{
	char path[64], session[32];
	pid_t child;
	int gate[2];
	char byte;

	CHECK(put(LOGIN, "1000") == 0);
	strcpy(session, content(SESSION));
	CHECK(strcmp(session, UNSET) != 0);
	CHECK(pipe(gate) == 0);
	child = fork();
	if (child == 0) {
		CHECK_CONTENT(LOGIN, "1000");
		CHECK_CONTENT(SESSION, session);
		CHECK(read(gate[0], &byte, 1) == 1);
		CHECK_CONTENT(LOGIN, "1000");
		CHECK(put(LOGIN, "1001") == 0);		/* root may */
		CHECK_CONTENT(LOGIN, "1001");
		CHECK(strcmp(content(SESSION), session) != 0);
		CHECK(put(LOGIN, UNSET) == 0);
		CHECK_CONTENT(LOGIN, UNSET);
		CHECK_CONTENT(SESSION, UNSET);
		_exit(0);
	}
	/* Of others it may be read and not set. */
	snprintf(path, sizeof(path), "/proc/%d/loginuid", child);
	CHECK_CONTENT(path, "1000");
	CHECK_ERRNO(put(path, "5"), EPERM);
	CHECK(write(gate[1], "", 1) == 1);
	CHECK(wait_exit_status(child) == 0);
	CHECK_CONTENT(LOGIN, "1000");
	CHECK_CONTENT(SESSION, session);
}

static void check_user(void)
{
	become_other();
	CHECK_CONTENT(LOGIN, UNSET);
	CHECK(put(LOGIN, "1234") == 0);
	CHECK_CONTENT(LOGIN, "1234");
	CHECK_ERRNO(put(LOGIN, "1234"), EPERM);
	CHECK_ERRNO(put(LOGIN, UNSET), EPERM);
	CHECK_CONTENT(LOGIN, "1234");
	CHECK_ERRNO(open("/proc/1/loginuid", O_WRONLY), EACCES);
	CHECK_CONTENT("/proc/1/loginuid", UNSET);
	CHECK_ERRNO(open(SESSION, O_WRONLY), EACCES);
}

static void *check_thread(void *unused)
{
	(void)unused;
	CHECK_CONTENT("/proc/thread-self/loginuid", "77");
	/* A thread is not the process: only its own file is for it. */
	CHECK_ERRNO(put(LOGIN, "78"), EPERM);
	CHECK(put("/proc/thread-self/loginuid", "79") == 0);
	CHECK_CONTENT("/proc/thread-self/loginuid", "79");
	CHECK_CONTENT(LOGIN, "77");
	return NULL;
}

static void check_threads(void)
{
	pthread_t thread;

	CHECK(put(LOGIN, "77") == 0);
	CHECK(pthread_create(&thread, NULL, check_thread, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_CONTENT(LOGIN, "77");
}

int main(void)
{
	check_modes();
	CHECK_CONTENT(LOGIN, UNSET);
	CHECK_CONTENT(SESSION, UNSET);
	in_child(check_forms);
	in_child(check_inherited);
	in_child(check_user);
	in_child(check_threads);
	return 0;
}

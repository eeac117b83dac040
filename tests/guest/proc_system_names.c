/*
 * The host's name and its domain's: sethostname, setdomainname, uname and /proc/sys/kernel agree.
 * The other names of uname can be read there, too. And settings of /proc/sys/vm.
 */
#include "check.h"
#include <sys/utsname.h>

#define KERNEL "/proc/sys/kernel/"

static const char *content(const char *path)
{
	static char text[128];
	int fd = open(path, O_RDONLY);
	ssize_t got;

	CHECK(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	CHECK(got >= 1 && text[got - 1] == '\n');
	text[got - 1] = '\0';
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

static void check_names(const char *host, const char *domain)
{
	struct utsname names;

	CHECK(uname(&names) == 0);
	CHECK(strcmp(names.nodename, host) == 0);
	CHECK(strcmp(names.domainname, domain) == 0);
	CHECK(strcmp(content(KERNEL "hostname"), host) == 0);
	CHECK(strcmp(content(KERNEL "domainname"), domain) == 0);
}

static void check_fixed_names(void)
{
	struct utsname names;

	CHECK(uname(&names) == 0);
	CHECK(strcmp(content(KERNEL "ostype"), names.sysname) == 0);
	CHECK(strcmp(content(KERNEL "osrelease"), names.release) == 0);
	CHECK(strcmp(content(KERNEL "version"), names.version) == 0);
	CHECK_ERRNO(open(KERNEL "version", O_WRONLY), EACCES);
}

static void check_setting(const struct utsname *before)
{
	char longest[66];

	check_names(before->nodename, before->domainname);
	CHECK(setdomainname("example.org", 11) == 0);
	CHECK(sethostname("host", 4) == 0);
	check_names("host", "example.org");
	CHECK(put(KERNEL "domainname", "other.example\n") == 0);
	CHECK(put(KERNEL "hostname", "another") == 0);
	check_names("another", "other.example");
	/* Up to the end of the line, and as much as there is room for. */
	CHECK(put(KERNEL "hostname", "first\nsecond\n") == 0);
	CHECK(put(KERNEL "domainname", "two words") == 0);
	check_names("first", "two words");
	memset(longest, 'x', sizeof(longest));
	longest[65] = '\0';
	CHECK(put(KERNEL "domainname", longest) == 0);
	longest[64] = '\0';
	check_names("first", longest);
	CHECK(setdomainname(longest, 64) == 0);
	CHECK_ERRNO(setdomainname(longest, 65), EINVAL);
	CHECK(put(KERNEL "domainname", "\n") == 0);
	check_names("first", "");
	CHECK(setdomainname("", 0) == 0);
	check_names("first", "");
}

static void check_swappiness(void)
{
	CHECK(strcmp(content("/proc/sys/vm/swappiness"), "60") == 0);
	CHECK(put("/proc/sys/vm/swappiness", "200\n") == 0);
	CHECK(strcmp(content("/proc/sys/vm/swappiness"), "200") == 0);
	CHECK_ERRNO(put("/proc/sys/vm/swappiness", "201\n"), EINVAL);
	CHECK_ERRNO(put("/proc/sys/vm/swappiness", "-1\n"), EINVAL);
	CHECK_ERRNO(put("/proc/sys/vm/swappiness", "much\n"), EINVAL);
	CHECK(put("/proc/sys/vm/swappiness", "0\n") == 0);
	CHECK(strcmp(content("/proc/sys/vm/swappiness"), "0") == 0);
	CHECK(put("/proc/sys/vm/swappiness", "60\n") == 0);
}

static void check_user(void)
{
	CHECK(setgid(OTHER_GID) == 0);
	CHECK(setuid(OTHER_UID) == 0);
	CHECK_ERRNO(open(KERNEL "domainname", O_WRONLY), EACCES);
	CHECK_ERRNO(open("/proc/sys/vm/swappiness", O_WRONLY), EACCES);
	CHECK_ERRNO(setdomainname("x", 1), EPERM);
	CHECK(access(KERNEL "domainname", R_OK) == 0);
}

int main(void)
{
	struct utsname before;
	pid_t child;

	CHECK(uname(&before) == 0);
	check_fixed_names();
	check_setting(&before);
	check_swappiness();
	CHECK(sethostname(before.nodename, strlen(before.nodename)) == 0);
	CHECK(setdomainname(before.domainname, strlen(before.domainname)) == 0);
	check_names(before.nodename, before.domainname);
	child = fork();
	if (child == 0) {
		check_user();
		_exit(0);
	}
	CHECK(wait_exit_status(child) == 0);
	return 0;
}

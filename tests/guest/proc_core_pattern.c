/* core_pattern, core_uses_pid: what core files are called. vm.max_map_count: how many mappings. */
#include "check.h"
#include <sys/prctl.h>

#define PATTERN "/proc/sys/kernel/core_pattern"
#define USES_PID "/proc/sys/kernel/core_uses_pid"
#define MAP_COUNT "/proc/sys/vm/max_map_count"

static char old_pattern[256], old_uses[16], old_count[32];

static void put(const char *path, const char *value)
{
	int fd = MUST(open(path, O_WRONLY));

	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	CHECK(close(fd) == 0);
}

static pid_t crash(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t child = FORK();
	int status;

	if (child == 0) {
		CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
		CHECK(prctl(PR_SET_NAME, "a/b") == 0);
		raise(SIGSEGV);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WCOREDUMP(status));
	return child;
}

static void expect_core(const char *format, ...)
{
	char name[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	if (unlink(name) != 0)
		FAIL("no core file %s", name);
}

static void patterns(void)
{
	char here[256], text[512];
	pid_t child;

	CHECK(getcwd(here, sizeof(here)));
	put(USES_PID, "0");
	put(PATTERN, "dump.%e.%s.%u.%p.%%.%y");
	child = crash();
	expect_core("dump.a!b.%d.0.%d.%%.", SIGSEGV, child);

	put(USES_PID, "1\n");
	child = crash();
	expect_core("dump.a!b.%d.0.%d.%%.", SIGSEGV, child);
	put(PATTERN, "core\n");
	CHECK(file_has_text(PATTERN, "core\n"));
	child = crash();
	expect_core("core.%d", child);
	put(USES_PID, "0");
	crash();
	expect_core("core");

	snprintf(text, sizeof(text), "%s/elsewhere-%%i%%", here);
	CHECK(mkdir("sub", 0755) == 0 && chdir("sub") == 0);
	put(PATTERN, text);
	child = crash();
	CHECK(chdir("..") == 0 && rmdir("sub") == 0);
	expect_core("elsewhere-%d", child);
}

static void map_count(void)
{
	void *pages[2000];
	int count = 0;

	put(MAP_COUNT, "1000");
	while (count < 2000) {
		pages[count] = mmap(NULL, PAGE, count & 1 ? PROT_READ : PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pages[count] == MAP_FAILED)
			break;
		count++;
	}
	CHECK(count > 900 && count <= 1000);
	CHECK_EQ(errno, ENOMEM);
	while (count > 0)
		CHECK(munmap(pages[--count], PAGE) == 0);
	CHECK_ERRNO(write(MUST(open(MAP_COUNT, O_WRONLY)), "-1", 2), EINVAL);
}

int main(void)
{
	pid_t child;
	int status;

	read_text(PATTERN, old_pattern, sizeof(old_pattern));
	read_text(USES_PID, old_uses, sizeof(old_uses));
	read_text(MAP_COUNT, old_count, sizeof(old_count));
	CHECK_EQ(atoi(old_count), 65530);
	child = FORK();
	if (child == 0) {
		patterns();
		map_count();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	put(MAP_COUNT, old_count);
	put(USES_PID, old_uses);
	put(PATTERN, old_pattern);
	CHECK_EQ(status, 0);
	return 0;
}

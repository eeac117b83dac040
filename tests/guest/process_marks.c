/*
 * prctl(PR_SET_MM): a program says where its arguments and its other parts are, one by one or all
 * together; /proc shows it. What is out of order, out of range or not mapped is refused, and so are
 * single marks to who has no privilege.
 */
#include "check.h"
#include <sys/prctl.h>

/* In anonymous memory: Linux shows nothing of what a file is mapped to. */
enum { TITLE_SIZE = 19 };
static char *title;

static void expect_text(const char *path, const char *expected, size_t size)
{
	char text[256];
	int fd = MUST(open(path, O_RDONLY));

	CHECK_EQ(read(fd, text, sizeof(text)), (ssize_t)size);
	CHECK(memcmp(text, expected, size) == 0);
	close(fd);
}

static int set(int which, const void *address)
{
	return prctl(PR_SET_MM, which, address, 0, 0);
}

static void arguments(void)
{
	/* The new place is above the old one or below it: first the mark that may go there. */
	bool is_below = set(PR_SET_MM_ARG_START, title) == 0;

	CHECK(set(PR_SET_MM_ARG_END, title + TITLE_SIZE) == 0);
	CHECK(is_below || set(PR_SET_MM_ARG_START, title) == 0);
	expect_text("/proc/self/cmdline", title, TITLE_SIZE);
	CHECK_ERRNO(set(PR_SET_MM_ARG_START, title + TITLE_SIZE + 1), EINVAL);
	CHECK_ERRNO(set(PR_SET_MM_ARG_START, (void *)0x1000), EINVAL);
	CHECK_ERRNO(set(PR_SET_MM_ARG_END, (void *)0xfffff000), EINVAL);
	CHECK_ERRNO(set(99, title), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_ARG_END, title, 1, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_ARG_END, title, 0, 1), EINVAL);
	expect_text("/proc/self/cmdline", title, TITLE_SIZE);
}

static void auxiliary_vector(void)
{
	unsigned long words[4] = { 6, 4096, 0, 0 };

	CHECK(prctl(PR_SET_MM, PR_SET_MM_AUXV, words, sizeof(words), 0) == 0);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_AUXV, words, 4096, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_AUXV, 16, sizeof(words), 0), EFAULT);

	unsigned long shown[4];
	int fd = MUST(open("/proc/self/auxv", O_RDONLY));

	CHECK(read(fd, shown, sizeof(shown)) > 0);
	CHECK(shown[0] == 6 && shown[1] == 4096);
	close(fd);
}

/* All at once, by anybody. */
static void as_user(void)
{
	unsigned int size = 0;
	uintptr_t code = (uintptr_t)&expect_text & -4096u, data = (uintptr_t)title & -4096u;
	uintptr_t heap = (uintptr_t)sbrk(0);
	struct prctl_mm_map map = {
		.start_code = code, .end_code = code + 4096, .start_data = data,
		.end_data = data + 4096, .start_brk = heap, .brk = heap,
		.start_stack = (uintptr_t)&size, .arg_start = (uintptr_t)title + 2,
		.arg_end = (uintptr_t)title + TITLE_SIZE, .env_start = (uintptr_t)title,
		.env_end = (uintptr_t)title + 2, .exe_fd = -1,
	};

	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);	/* its files in /proc are its own again */
	CHECK_ERRNO(set(PR_SET_MM_ARG_START, title), EPERM);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_ARG_END, title, 1, 0), EINVAL);
	CHECK(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0);
	CHECK_EQ(size, sizeof(map));
	CHECK(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0);
	expect_text("/proc/self/cmdline", title + 2, TITLE_SIZE - 2);
	expect_text("/proc/self/environ", title, 2);
	CHECK_EQ((uintptr_t)sbrk(4096), heap);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map) - 4, 0), EINVAL);
	map.start_code = map.end_code;
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), EINVAL);
	map.start_code = code;
	map.env_end = 1ULL << 32;
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), EINVAL);
	map.env_end = map.env_start;
	map.exe_fd = 0;
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0), EPERM);
	CHECK_ERRNO(prctl(PR_SET_MM, PR_SET_MM_MAP, 16, sizeof(map), 0), EFAULT);
}

int main(void)
{
	title = map_pages(1);
	memcpy(title, "a title\0of its own", TITLE_SIZE);
	arguments();
	auxiliary_vector();
	run_as(OTHER_UID, as_user);
	return 0;
}

/*
 * Extended attributes, changed at random by several processes at once: each of a file of its own,
 * compared with a model, and all of one that they share, whose values are never mixed.
 */
#include "check.h"
#include <sys/xattr.h>

enum { WORKERS = 4, NAMES = 12, SIZE_MAX_TRIED = 300, STEPS = 400 };

static unsigned int seed;

static unsigned int draw(unsigned int limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % limit;
}

/* What a file should have. size -1: nothing. */
static struct {
	int size;
	char value[SIZE_MAX_TRIED];
} model[NAMES];

static void name_of(char name[32], unsigned int number)
{
	snprintf(name, 32, number % 3 ? "user.%u" : "trusted.with a long name %u", number);
}

static void check_one(const char *path, unsigned int number)
{
	char name[32], value[SIZE_MAX_TRIED];

	name_of(name, number);
	if (model[number].size < 0) {
		CHECK_ERRNO(getxattr(path, name, value, sizeof(value)), ENODATA);
		return;
	}
	CHECK_EQ(getxattr(path, name, value, sizeof(value)), model[number].size);
	CHECK(memcmp(value, model[number].value, model[number].size) == 0);
}

static void change_one(const char *path)
{
	unsigned int number = draw(NAMES), size = draw(3) ? draw(40) : draw(SIZE_MAX_TRIED);
	char name[32], value[SIZE_MAX_TRIED];

	name_of(name, number);
	if (draw(4) == 0) {
		if (model[number].size < 0)
			CHECK_ERRNO(removexattr(path, name), ENODATA);
		else
			CHECK(removexattr(path, name) == 0);
		model[number].size = -1;
		return;
	}
	for (unsigned int i = 0; i < size; i++)
		value[i] = (char)draw(256);
	if (setxattr(path, name, value, size, 0) < 0) {
		CHECK_EQ(errno, ENOSPC); /* the old value stays */
		return;
	}
	model[number].size = (int)size;
	memcpy(model[number].value, value, size);
}

/* Values of one letter alone. */
static void use_shared(void)
{
	char value[SIZE_MAX_TRIED];
	ssize_t size;

	memset(value, 'a' + (int)draw(26), sizeof(value));
	size = draw(2) ? setxattr("shared", "user.x", value, 1 + draw(SIZE_MAX_TRIED - 1), 0) : 0;
	if (size < 0)
		CHECK_EQ(errno, ENOSPC);
	size = getxattr("shared", "user.x", value, sizeof(value));
	if (size < 0)
		CHECK_EQ(errno, ENODATA);
	for (ssize_t i = 1; i < size; i++)
		CHECK_EQ(value[i], value[0]);
	if (draw(8) == 0 && removexattr("shared", "user.x") < 0)
		CHECK_EQ(errno, ENODATA);
}

static void work(int number)
{
	char path[16];

	seed = 1000u + (unsigned int)number;
	snprintf(path, sizeof(path), "file%d", number);
	for (unsigned int i = 0; i < NAMES; i++)
		model[i].size = -1;
	close(MUST(open(path, O_RDWR | O_CREAT, 0644)));
	for (int step = 0; step < scaled(STEPS); step++) {
		change_one(path);
		check_one(path, draw(NAMES));
		use_shared();
		if (draw(50) == 0) {
			CHECK(unlink(path) == 0);
			close(MUST(open(path, O_RDWR | O_CREAT, 0644)));
			for (unsigned int i = 0; i < NAMES; i++)
				model[i].size = -1;
		}
	}
	for (unsigned int i = 0; i < NAMES; i++)
		check_one(path, i);
}

int main(void)
{
	const char *disk = getenv("TEST_DISK_DIR");
	pid_t workers[WORKERS];
	int status;

	if (!disk)
		SKIP("no TEST_DISK_DIR");
	CHECK(chdir(disk) == 0);
	close(MUST(open("shared", O_RDWR | O_CREAT, 0644)));
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = MUST(fork());
		if (workers[i] == 0) {
			work(i);
			_exit(0);
		}
	}
	for (int i = 0; i < WORKERS; i++) {
		MUST(waitpid(workers[i], &status, 0));
		CHECK_EQ(status, 0);
	}
	return 0;
}

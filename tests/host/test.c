/* The runner: main() of every host test program, and its expectations. */
#include "test.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"

static bool report(struct test *t, bool condition, const char *file, int line)
{
	if (!condition) {
		t->failure_count++;
		printf("%s:%d: in %s: ", file, line, t->name);
	}
	return condition;
}

void test_expect(struct test *t, bool condition, const char *file, int line, const char *what)
{
	if (!report(t, condition, file, line))
		printf("expected %s\n", what);
}

void test_expect_equal(struct test *t, long long actual, long long expected, const char *file,
		       int line, const char *what)
{
	if (!report(t, actual == expected, file, line))
		printf("expected %s, but %lld (%#llx) is not %lld (%#llx)\n", what, actual,
		       (unsigned long long)actual, expected, (unsigned long long)expected);
}

void test_expect_pointer(struct test *t, const void *actual, const void *expected,
			 const char *file, int line, const char *what)
{
	if (!report(t, actual == expected, file, line))
		printf("expected %s, but %p is not %p\n", what, actual, expected);
}

void test_expect_text(struct test *t, const char *actual, const char *expected, const char *file,
		      int line, const char *what)
{
	bool same = actual && strcmp(actual, expected) == 0;

	if (!report(t, same, file, line))
		printf("%s is \"%s\", not \"%s\"\n", what, actual ? actual : "(null)", expected);
}

void test_expect_bytes(struct test *t, const void *actual, const void *expected, size_t size,
		       const char *file, int line, const char *what)
{
	const uint8_t *a = actual;
	const uint8_t *b = expected;
	size_t i = 0;

	while (i < size && a[i] == b[i])
		i++;
	if (!report(t, i == size, file, line))
		printf("%s: byte %zu is %#x, not %#x\n", what, i, a[i], b[i]);
}

uint32_t test_setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

/* xorshift (Marsaglia); the state is never 0. */
uint32_t test_random(uint32_t *state)
{
	uint32_t x = *state ? *state : 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

/* Returns the number of expectations that failed. */
static unsigned int run(const struct test_case *test_case)
{
	struct test t = { .name = test_case->name };
	long before = test_allocations_in_use();

	host_thread_reset();
	test_case->run(&t);
	test_fail_allocation(0);
	test_run_deferred();
	EXPECT_EQ(&t, test_allocations_in_use(), before);
	printf("%s %s\n", t.failure_count ? "FAIL" : "ok", t.name);
	return t.failure_count;
}

int main(int argc, char **argv)
{
	unsigned int passed = 0;
	unsigned int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	host_init();
	for (const struct test_case *test_case = test_cases; test_case->name; test_case++) {
		if (argc > 1 && !strstr(test_case->name, argv[1]))
			continue;
		if (run(test_case))
			failed++;
		else
			passed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}

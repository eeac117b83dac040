/*
 * Host unit tests: what a NAME_test.c beside kernel code is written with.
 *
 * Each NAME_test.c is one program. It ends with the list of its tests:
 *
 *	const struct test_case test_cases[] = {
 *		TEST(split_keeps_both_halves),
 *		TEST_END
 *	};
 *
 * An expectation that fails is reported and counted, and the test goes on. A panic that was not
 * expected, and anything the sanitizers find, ends the program.
 */
#pragma once
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test {
	const char *name;
	unsigned int failure_count;
};

struct test_case {
	const char *name;
	void (*run)(struct test *t);
};

extern const struct test_case test_cases[];

#define TEST(function) { #function, function }
#define TEST_END { NULL, NULL }

#define EXPECT(t, condition) test_expect((t), (condition), __FILE__, __LINE__, #condition)

/* Integers of any type; both are shown. */
#define EXPECT_EQ(t, actual, expected)							\
	test_expect_equal((t), (long long)(actual), (long long)(expected), __FILE__, __LINE__,	\
			  #actual " == " #expected)

#define EXPECT_POINTER(t, actual, expected)						\
	test_expect_pointer((t), (actual), (expected), __FILE__, __LINE__, #actual " == " #expected)

/* Text ended by a 0; and `size` bytes. */
#define EXPECT_STR(t, actual, expected)							\
	test_expect_text((t), (actual), (expected), __FILE__, __LINE__, #actual)
#define EXPECT_BYTES(t, actual, expected, size)						\
	test_expect_bytes((t), (actual), (expected), (size), __FILE__, __LINE__, #actual)

/* `statement` must panic; what it did until then stays done. */
#define EXPECT_PANIC(t, statement)							\
	do {										\
		if (setjmp(*test_panic_begin()) == 0) {					\
			statement;							\
		}									\
		test_expect((t), test_panic_end(), __FILE__, __LINE__, "panics: " #statement);	\
	} while (0)

void test_expect(struct test *t, bool condition, const char *file, int line, const char *what);
void test_expect_equal(struct test *t, long long actual, long long expected, const char *file,
		       int line, const char *what);
void test_expect_pointer(struct test *t, const void *actual, const void *expected,
			 const char *file, int line, const char *what);
void test_expect_text(struct test *t, const char *actual, const char *expected, const char *file,
		      int line, const char *what);
void test_expect_bytes(struct test *t, const void *actual, const void *expected, size_t size,
		       const char *file, int line, const char *what);

/* The number that the environment's variable `name` holds, such as a seed; `otherwise` if none. */
uint32_t test_setting(const char *name, uint32_t otherwise);

jmp_buf *test_panic_begin(void);
bool test_panic_end(void);
const char *test_panic_reason(void);	/* of the last panic */

/*
 * Make the `nth` allocation from now on fail, once (1 is the next; 0 disarms): kmalloc, slabs and
 * frames count together, those of the fakes as well as those of the real mem/.
 */
void test_fail_allocation(unsigned int nth);

/* Has it struck? Disarms. */
bool test_allocation_failed(void);

/* Objects and frames from the fakes that were not given back. Checked after each test too. */
long test_allocations_in_use(void);

/* What vm/ told mem/ to call when frames run short; mem's fakes never call it themselves. */
const struct reclaim_ops *test_reclaim_ops(void);

/* A generator with the same numbers every time. */
uint32_t test_random(uint32_t *state);

/* The machine's clock stands still unless a test moves it. */
void test_clock_set(uint64_t ns);

/*
 * What the rest of the machine does while a thread sleeps: called, with no lock held by it,
 * whenever one would. True: something happened, the thread looks again. NULL: nothing ever does.
 */
void test_set_idle(bool (*function)(void));

/*
 * Run what rcu_call and work_schedule have put off; also done by rcu_synchronize and after each
 * test.
 */
void test_run_deferred(void);

/* User memory (any memory of the test) that is not there until it is faulted in, or never is. */
void test_user_absent(const void *start, size_t size, bool for_ever);

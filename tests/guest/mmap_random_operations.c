/*
 * Thousands of random maps, unmaps, protections and moves in one window, from a fixed seed, beside
 * a model of what each page must be: absent, readable or writable, and with which contents.
 */
#include "faults.h"

#define WINDOW 64

enum page_kind { ABSENT, READABLE, WRITABLE };

static struct {
	enum page_kind kind;
	char value;
} model[WINDOW];
static char *window;
static uint32_t random_state = 20260101;

static int random_below(int limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 16) % limit;
}

static void check_page(int page)
{
	char *at = window + page * PAGE;
	struct fault fault = fault_try(touch_read, at);

	if (model[page].kind == ABSENT) {
		CHECK_EQ(fault.signal, SIGSEGV);
		CHECK_EQ(fault.code, SEGV_MAPERR);
		return;
	}
	CHECK_EQ(fault.signal, 0);
	CHECK_EQ(*at, model[page].value);
	if (model[page].kind == READABLE) {
		CHECK_FAULT(touch_write, at, SIGSEGV, SEGV_ACCERR);
	} else {
		*at = ++model[page].value;
	}
}

static void map_range(int first, int count, bool writable)
{
	CHECK(mmap(window + first * PAGE, count * PAGE, PROT_READ | (writable ? PROT_WRITE : 0),
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == window + first * PAGE);
	for (int page = first; page < first + count; page++) {
		model[page].kind = writable ? WRITABLE : READABLE;
		model[page].value = 0;
	}
}

static void protect_range(int first, int count, bool writable)
{
	int result = mprotect(window + first * PAGE, count * PAGE,
			      PROT_READ | (writable ? PROT_WRITE : 0));
	int page;

	for (page = first; page < first + count && model[page].kind != ABSENT; page++)
		model[page].kind = writable ? WRITABLE : READABLE;
	CHECK_EQ(result, page == first + count ? 0 : -1);
}

static void unmap_range(int first, int count)
{
	CHECK(munmap(window + first * PAGE, count * PAGE) == 0);
	for (int page = first; page < first + count; page++)
		model[page].kind = ABSENT;
}

/* In a child after fork(), that writes everywhere it may: nothing of it is seen here. */
static void check_all_pages(void)
{
	for (int page = 0; page < WINDOW; page++)
		check_page(page);
}

/* Only within the lower half to the upper half, so that the ranges never overlap. */
static void move_page(int from, int to)
{
	long result = (long)mremap(window + from * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   window + to * PAGE);

	if (model[from].kind == ABSENT) {
		CHECK_EQ(result, -1);
		return;
	}
	CHECK_EQ(result, (long)(window + to * PAGE));
	model[to] = model[from];
	model[from].kind = ABSENT;
}

int main(void)
{
	int rounds = scaled(3000);

	window = mmap(NULL, (WINDOW + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(window != MAP_FAILED);
	window += PAGE;
	unmap_range(0, WINDOW);
	for (int round = 0; round < rounds; round++) {
		int first = random_below(WINDOW);
		int count = 1 + random_below(WINDOW - first < 12 ? WINDOW - first : 12);

		switch (random_below(8)) {
		case 0: case 1: case 2:
			map_range(first, count, random_below(2));
			break;
		case 3: case 4:
			protect_range(first, count, random_below(2));
			break;
		case 5:
			unmap_range(first, count);
			break;
		case 6:
			move_page(random_below(WINDOW / 2), WINDOW / 2 + random_below(WINDOW / 2));
			break;
		case 7:
			if (round % 16 == 0)
				in_child(check_all_pages);
			break;
		}
		check_page(random_below(WINDOW));
		check_page(first);
	}
	check_all_pages();
	return 0;
}

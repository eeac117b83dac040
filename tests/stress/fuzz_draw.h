/*
 * A worker of syscall_fuzz: its state, its way into the kernel, and how it draws numbers,
 * addresses, descriptors and processes.
 */
#pragma once
#include "fuzz_calls.h"

/* ---- a worker's state ----------------------------------------------------------------------- */

/* Newest first in effect: a new value replaces a random old one. */
struct pool {
	unsigned int values[POOL_SIZE];
	unsigned int count;
};

struct worker {
	uint64_t random;
	int depth; /* forks between the first worker and this one */
	bool is_root;
	bool has_failpoints;
	pid_t tid; /* whose `restart` is */
	sigjmp_buf restart;
	struct pool fds, pids, addresses, objects;
};

static struct worker first_worker;

/* What the supervisor wants to know afterwards; shared by all. */
static struct statistics {
	unsigned int made[ARRAY_SIZE(calls)], done[ARRAY_SIZE(calls)];
} * statistics;

static const char *program;
static pid_t supervisor;
static void *vdso_entry;

static uint32_t draw(struct worker *worker)
{
	worker->random = worker->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(worker->random >> 32) ^ (uint32_t)(worker->random >> 11);
}

static uint32_t below(struct worker *worker, uint32_t limit)
{
	return draw(worker) % limit;
}

static bool one_in(struct worker *worker, uint32_t times)
{
	return below(worker, times) == 0;
}

static void pool_add(struct worker *worker, struct pool *pool, unsigned int value)
{
	if (pool->count < POOL_SIZE)
		pool->values[pool->count++] = value;
	else
		pool->values[below(worker, POOL_SIZE)] = value;
}

static unsigned int pool_draw(struct worker *worker, const struct pool *pool,
			      unsigned int otherwise)
{
	return pool->count ? pool->values[below(worker, pool->count)] : otherwise;
}

/* ---- the gate to the kernel ------------------------------------------------------------------ */

long call_int80(long number, const unsigned int *arguments);
long call_vdso(long number, const unsigned int *arguments, void *entry);
__asm__(".text\n"
	".type call_int80, @function\n"
	"call_int80:\n"
	"	push %ebp; push %edi; push %esi; push %ebx\n"
	"	mov 20(%esp), %eax\n"
	"	mov 24(%esp), %ebp\n"
	"	mov 0(%ebp), %ebx; mov 4(%ebp), %ecx; mov 8(%ebp), %edx\n"
	"	mov 12(%ebp), %esi; mov 16(%ebp), %edi; mov 20(%ebp), %ebp\n"
	"	int $0x80\n"
	"	pop %ebx; pop %esi; pop %edi; pop %ebp\n"
	"	ret\n"
	".size call_int80, . - call_int80\n"
	".type call_vdso, @function\n"
	"call_vdso:\n"
	"	push %ebp; push %edi; push %esi; push %ebx\n"
	"	mov 20(%esp), %eax\n"
	"	mov 24(%esp), %ebp\n"
	"	pushl 28(%esp)\n"
	"	mov 0(%ebp), %ebx; mov 4(%ebp), %ecx; mov 8(%ebp), %edx\n"
	"	mov 12(%ebp), %esi; mov 16(%ebp), %edi; mov 20(%ebp), %ebp\n"
	"	call *(%esp)\n"
	"	add $4, %esp\n"
	"	pop %ebx; pop %esi; pop %edi; pop %ebp\n"
	"	ret\n"
	".size call_vdso, . - call_vdso\n");

static long enter(struct worker *worker, long number, const unsigned int *arguments)
{
	if (vdso_entry && one_in(worker, 2))
		return call_vdso(number, arguments, vdso_entry);
	return call_int80(number, arguments);
}

/* Without the C library, whose state threads of clone() do not have. */
static long raw(long number, unsigned int a, unsigned int b, unsigned int c, unsigned int d)
{
	unsigned int arguments[6] = { a, b, c, d, 0, 0 };

	return call_int80(number, arguments);
}

/* ---- drawing arguments ----------------------------------------------------------------------- */

static unsigned int draw_number(struct worker *worker)
{
	static const unsigned int corners[] = {
		0,	    1,		2,	    7,		8,	    16,
		127,	    128,	255,	    256,	511,	    512,
		1023,	    1024,	4095,	    4096,	4097,	    8192,
		65535,	    65536,	0xfffff,    0x100000,	0x7ffffffe, 0x7fffffff,
		0x80000000, 0x80000001, 0xfffff000, 0xfffffffe, 0xffffffff
	};

	switch (below(worker, 6)) {
	case 0:
		return draw(worker);
	case 1:
		return 1u << below(worker, 32);
	case 2:
	case 3:
		return below(worker, 20);
	default:
		return corners[below(worker, ARRAY_SIZE(corners))];
	}
}

static unsigned int draw_flags(struct worker *worker)
{
	unsigned int flags = 0;

	for (unsigned int bits = below(worker, 4); bits > 0; bits--)
		flags |= 1u << below(worker, one_in(worker, 4) ? 32 : 12);
	return flags;
}

static unsigned int draw_address(struct worker *worker)
{
	unsigned int page = (unsigned int)(uintptr_t)ARENA + below(worker, ARENA_PAGES) * PAGE;

	switch (below(worker, 24)) {
	case 0:
		return 0;
	case 1:
		return draw(worker);
	case 2:
		return 0xc0000000u - below(worker, 3) * PAGE;
	case 3:
		return 0xc0000000u + below(worker, 0x1000000);
	case 4:
		return 0xffffffffu - below(worker, 9000);
	case 5:
		return page + PAGE - below(worker, 40); /* across a boundary */
	case 6:
		return page + below(worker, PAGE);
	case 7:
	case 8:
		return pool_draw(worker, &worker->addresses, page);
	case 9:
		return pool_draw(worker, &worker->addresses, page) + below(worker, 8) * PAGE;
	default:
		return page;
	}
}

static unsigned int draw_size(struct worker *worker)
{
	switch (below(worker, 8)) {
	case 0:
		return draw_number(worker);
	case 1:
		return below(worker, 64) * PAGE;
	case 2:
		return below(worker, 16);
	case 3:
		return below(worker, 1 << 20);
	default:
		return one_in(worker, 2) ? below(worker, 3 * PAGE) : (1 + below(worker, 4)) * PAGE;
	}
}

static unsigned int draw_fd(struct worker *worker)
{
	switch (below(worker, 12)) {
	case 0:
		return draw_number(worker);
	case 1:
		return (unsigned int)AT_FDCWD;
	case 2:
		return below(worker, 32);
	default:
		return pool_draw(worker, &worker->fds, below(worker, 8));
	}
}

/* Root may signal anyone, so it gets only its own: never the supervisor, init, or "all". */
static unsigned int draw_pid(struct worker *worker)
{
	switch (below(worker, worker->is_root ? 6 : 9)) {
	case 0:
		return 0;
	case 1:
		return (unsigned int)raw(SYS_gettid, 0, 0, 0, 0);
	case 2:
		return (unsigned int)raw(SYS_getpid, 0, 0, 0, 0);
	case 3:
		return 0x3fffffff + below(worker, 3);
	case 6:
		return draw_number(worker);
	case 7:
		return -pool_draw(worker, &worker->pids, 1);
	default:
		return pool_draw(worker, &worker->pids, 0x3fffffff);
	}
}

static unsigned int draw_open_flags(struct worker *worker)
{
	static const unsigned int bits[] = { O_CREAT,	  O_EXCL,     O_NOCTTY,	 O_TRUNC,
					     O_APPEND,	  O_NONBLOCK, O_DSYNC,	 O_SYNC,
					     O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC, O_PATH,
					     O_LARGEFILE, O_DIRECT,   O_NOATIME, __O_TMPFILE };
	unsigned int flags = below(worker, one_in(worker, 16) ? 4 : 3);

	if (one_in(worker, 3))
		flags |= O_CREAT;
	for (unsigned int count = below(worker, 3); count > 0; count--)
		flags |= bits[below(worker, ARRAY_SIZE(bits))];
	return flags;
}

/* Memory for what an argument points to; mostly inside the arena. */
static char *draw_place(struct worker *worker, unsigned int size)
{
	unsigned int room = ARENA_PAGES * PAGE - size;

	return ARENA + (one_in(worker, 3) ? below(worker, room) : below(worker, room) / 16 * 16);
}

/*
 * Whether the arena's page may be written; a store into it may fault otherwise, which ends this
 * call.
 */
static void fill(struct worker *worker, char *place, unsigned int size)
{
	unsigned int *words = (unsigned int *)((uintptr_t)place & ~3u);

	for (unsigned int i = 0; i < size / 4; i++) {
		switch (below(worker, 8)) {
		case 0:
			words[i] = draw_number(worker);
			break;
		case 1:
			words[i] = draw_address(worker);
			break;
		case 2:
			words[i] = draw_fd(worker);
			break;
		case 3:
			words[i] = draw_size(worker);
			break;
		case 4:
			words[i] = draw_flags(worker);
			break;
		case 5:
			words[i] = below(worker, 1000000);
			break;
		default:
			words[i] = 0;
		}
	}
}

/*
 * What address spaces must look like: a model of all memory that programs see, and the workloads
 * that are played on both.
 *
 * A program uses the pages of one arena, which has whole page tables and the border of two page
 * directories in it. Of each page it writes 16 bytes only, SLOT_STEP apart; all others are zeros,
 * always, whatever the page shows.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_START	0x3fc00000u
#define ARENA_END	(ARENA_START + ARENA_PAGES * 4096u)

enum {
	ARENA_PAGES = 2048,
	SPACES = 4,		/* processes at a time */
	THREADS = 2,		/* of each */
	ACTORS = SPACES * THREADS,
	SLOTS = 16, SLOT_STEP = 273,
	FILES = 4,
	OBJECTS = FILES + 12,	/* files, and shared memory without a name */
	OBJECT_PAGES = 48,
};

enum space_operation_kind {
	SPACE_LOAD,
	SPACE_STORE,
	SPACE_MAP,
	SPACE_UNMAP,
	SPACE_PROTECT,
	SPACE_FORGET,
	SPACE_FORK,
	SPACE_THREAD,		/* a second one in the same space */
	SPACE_EXIT,		/* ends both */
	SPACE_SLEEP,
	SPACE_KINDS
};

/* One operation; `actor` does it: process actor / THREADS, thread actor % THREADS. */
struct space_operation {
	uint8_t kind;			/* enum space_operation_kind */
	uint8_t actor;
	uint8_t protection;		/* PAGE_READ | PAGE_WRITE | PAGE_EXECUTE */
	uint8_t object;			/* 0: private memory; else an object's number and 1 */
	uint8_t target;			/* of a fork: the new process */
	bool is_fixed, is_shared;
	uint16_t page, count;
	uint16_t byte;			/* of the page */
	uint8_t value;
	uint32_t offset, size;		/* of a file, in bytes; milliseconds to sleep */
};

void space_operation_format(const struct space_operation *operation, char *buffer, size_t size);

/* ---- what there is ---- */

enum page_flags {
	PAGE_READ = 1 << 0,		/* with the values of PROT_ and REGION_ */
	PAGE_WRITE = 1 << 1,
	PAGE_EXECUTE = 1 << 2,
	PAGE_ACCESS = PAGE_READ | PAGE_WRITE | PAGE_EXECUTE,
	PAGE_MAPPED = 1 << 3,
	PAGE_SHARED = 1 << 4,
	PAGE_MAY_WRITE = 1 << 5,
};

/* How a page may look while a call changes it. */
enum page_busy {
	PAGE_IDLE,
	PAGE_KEEPS,			/* there or not, but its bytes stay */
	PAGE_CHANGES,			/* anything */
};

/* Before the first page is touched. */
void space_model_init(void);
/* The first process has an empty space. */
void space_model_begin(unsigned int space);

/*
 * Calls under way. What they concern is claimed, so that no other call changes it meanwhile; loads
 * and stores go on. False: it is somebody else's, wait and ask again.
 */
bool space_claim(unsigned int space, unsigned int page, unsigned int count, enum page_busy busy);
bool space_claim_all(unsigned int space);
void space_release_all(unsigned int space);
/* Claims all, and where `count` pages without a wish come to lie; *page -1: not in the arena. */
bool space_claim_room(unsigned int space, unsigned int count, int *page);

/* The end of calls: what they have done, and the claim is given back. */
struct page_identity {
	uint8_t flags;			/* enum page_flags; 0: nothing is mapped */
	uint8_t object;			/* 0, or its number and 1 */
	uint16_t index;			/* of the first page */
};
void space_mapped(unsigned int space, unsigned int page, unsigned int count,
		  struct page_identity what);
/* The result that mprotect must have; then, what it has done. */
int space_protect_result(unsigned int space, unsigned int page, unsigned int count,
			 unsigned int protection);
void space_protected(unsigned int space, unsigned int page, unsigned int count,
		     unsigned int protection);
int space_forget_result(unsigned int space, unsigned int page, unsigned int count);
void space_forgotten(unsigned int space, unsigned int page, unsigned int count);
/* Fork: what the child gets is what is there now, and stores from now on may or may not be. */
void space_fork_begin(unsigned int parent, unsigned int child);
void space_fork_end(unsigned int parent, unsigned int child, bool was_made);
void space_exit(unsigned int space);

/* ---- loads and stores ---- */

struct space_access {
	unsigned int space, page, byte;
	bool write;
	uint8_t value;			/* that is stored */
	/* The model's own: */
	uint64_t started, fault_started;
	bool is_doubtful;		/* the page was busy when the fault began */
	bool is_counted;		/* among the page's writers */
};

enum space_refusal { REFUSED_NOTHING_THERE, REFUSED_FORBIDDEN, REFUSED_BEYOND_END };

void space_access_begin(struct space_access *access);
/* The kernel is asked for the page; it refuses it. NULL, or what is wrong with that. */
void space_access_fault(struct space_access *access);
const char *space_access_refused(struct space_access *access, enum space_refusal refusal);
/* It may be done: `byte` is loaded from or stored to here. NULL, or what is wrong with that. */
const char *space_access_done(struct space_access *access, uint8_t *byte);

/* The next page from `page` on that holds something, or ARENA_PAGES. */
unsigned int space_next_used(unsigned int space, unsigned int page);

/*
 * What address spaces must look like: a model of all memory that programs see, and the workloads
 * that are played on both.
 *
 * A program uses the pages of one arena, which has whole page tables and the border of two page
 * directories in it. Of each page it writes 16 bytes only, SLOT_STEP apart; all others are zeros,
 * always, whatever the page shows. So it is with files.
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
	OBJECT_PAGES = 40,
	OBJECT_SIZE_MAX = OBJECT_PAGES * 4096,
};

enum space_operation_kind {
	SPACE_LOAD,
	SPACE_STORE,
	SPACE_MAP,
	SPACE_UNMAP,
	SPACE_PROTECT,
	SPACE_ADVISE,
	SPACE_REMAP,
	SPACE_BRK,
	SPACE_FORK,
	SPACE_THREAD,		/* a second one in the same space */
	SPACE_EXIT,		/* ends both */
	SPACE_READ,
	SPACE_WRITE,
	SPACE_USER_READ,		/* into memory, and from memory */
	SPACE_USER_WRITE,
	SPACE_TRUNCATE,
	SPACE_MSYNC,
	SPACE_FSYNC,
	SPACE_DROP_CACHES,
	SPACE_RECLAIM,			/* as if memory were short */
	SPACE_SLEEP,
	SPACE_KINDS
};

enum space_advice {
	ADVICE_DONTNEED, ADVICE_FREE, ADVICE_DONTFORK, ADVICE_DOFORK, ADVICE_WIPEONFORK,
	ADVICE_KEEPONFORK, ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE, ADVICE_KINDS
};

/* One operation; `actor` does it: process actor / THREADS, thread actor % THREADS. */
struct space_operation {
	uint8_t kind;			/* enum space_operation_kind */
	uint8_t actor;
	uint8_t protection;		/* PAGE_READ | PAGE_WRITE | PAGE_EXECUTE */
	uint8_t file;			/* of maps: FILES is memory without a name */
	uint8_t advice;			/* enum space_advice */
	uint8_t target;			/* of a fork: the new process */
	bool is_fixed, is_shared, may_move;
	bool is_read_only;		/* the file was opened so */
	uint16_t page, count;
	uint16_t to, new_count;		/* of mremap */
	uint16_t index;			/* of the file's first page that is mapped */
	uint16_t byte;			/* of the page */
	uint8_t value;
	uint32_t offset, size;		/* of a file, in bytes; milliseconds to sleep */
	uint32_t seed;			/* of what is written */
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
	PAGE_ACCOUNTED = 1 << 6,	/* counts as promised memory */
	PAGE_READ_ONLY_FILE = 1 << 7,
	PAGE_HEAP = 1 << 8,
	PAGE_DONT_FORK = 1 << 9,
	PAGE_WIPE = 1 << 10,		/* on fork */
};

struct page_identity {
	uint16_t flags;			/* enum page_flags; 0: nothing is mapped */
	uint8_t object;			/* 0, or its number and 1 */
	uint16_t index;			/* of the object's page */
};

/* How a page may look while a call changes it. */
enum page_busy {
	PAGE_IDLE,
	PAGE_KEEPS,			/* there or not, but its bytes stay */
	PAGE_CHANGES,			/* anything */
};

/* ---- calls: space_calls.c ---- */

/*
 * What a call concerns is claimed, so that no other call changes it meanwhile; loads and stores go
 * on. False: it is somebody else's, wait and ask again. What tells the call's results, below, is
 * asked after the claim; what says that it is over gives the claim back.
 */
bool space_claim(unsigned int space, unsigned int page, unsigned int count, enum page_busy busy);
/* Pages that become `what`. */
bool space_claim_map(unsigned int space, unsigned int page, unsigned int count,
		     struct page_identity what);
bool space_claim_all(unsigned int space);
void space_release_all(unsigned int space);
/* More pages, by who has claimed all. */
void space_claim_more(unsigned int space, unsigned int page, unsigned int count,
		      struct page_identity what);
void space_release(unsigned int space, unsigned int page, unsigned int count);

/* The highest gap, where a map without a wish comes to lie; -1: not in the arena. */
int space_find_room(unsigned int space, unsigned int count);
void space_mapped(unsigned int space, unsigned int page, unsigned int count,
		  struct page_identity what);
/* It fails, or does it as far as it goes. */
int space_protect_result(unsigned int space, unsigned int page, unsigned int count,
			 unsigned int protection);
void space_protected(unsigned int space, unsigned int page, unsigned int count,
		     unsigned int protection);
int space_advise_result(unsigned int space, unsigned int page, unsigned int count,
			enum space_advice advice);
void space_advised(unsigned int space, unsigned int page, unsigned int count,
		   enum space_advice advice);
bool space_has_hole(unsigned int space, unsigned int page, unsigned int count);

/* What mremap does, found out by who has claimed all. */
enum remap_plan {
	REMAP_NOWHERE,			/* out of the arena: leave it */
	REMAP_FAULT,			/* -EFAULT: not one region */
	REMAP_INVALID,			/* -EINVAL: the places overlap */
	REMAP_NO_ROOM,			/* -ENOMEM: it may not move */
	REMAP_IN_PLACE,
	REMAP_MOVES,
};
enum remap_plan space_plan_remap(unsigned int space, const struct space_operation *operation,
				 unsigned int *to);
/* The pages of both places are claimed, and after the call they are what they are then. */
void space_claim_remap(unsigned int space, const struct space_operation *operation,
		       enum remap_plan plan, unsigned int to);
void space_remapped(unsigned int space, const struct space_operation *operation,
		    enum remap_plan plan, unsigned int to);

/* The heap's end, in pages of the arena, after brk to `pages`; by who has claimed all. */
unsigned int space_heap_pages(unsigned int space);
bool space_can_set_heap(unsigned int space, unsigned int pages);
void space_set_heap(unsigned int space, unsigned int pages);

/* Fork: what the child gets is what is there now, and stores from now on may or may not be. */
void space_fork_begin(unsigned int parent, unsigned int child);
void space_fork_end(unsigned int parent);
void space_exit(unsigned int space);

/* ---- files and shared memory: space_objects.c ---- */

/* One without a name, of so many pages; 0: there are too many, else its number and 1. */
unsigned int object_create(unsigned int pages);
bool object_claim(unsigned int object);
void object_release(unsigned int object);
uint32_t object_size(unsigned int object);
void object_set_size(unsigned int object, uint32_t size);	/* before all */
void object_truncate_begin(unsigned int object);
void object_truncate_end(unsigned int object, uint32_t size);
/* What a write writes; then it is under way; then so many bytes were written. */
void object_fill(uint8_t *bytes, uint32_t offset, uint32_t size, uint32_t seed);
void object_write_begin(unsigned int object, uint32_t offset, uint32_t size);
void object_write_end(unsigned int object, uint32_t offset, uint32_t size, const uint8_t *bytes,
		      uint32_t written);
/* What was read since `started`. NULL, or what is wrong with it. */
uint64_t object_read_begin(void);
const char *object_read_end(unsigned int object, uint32_t offset, const uint8_t *bytes,
			    uint32_t size, uint64_t started);

/* ---- read() into memory and write() from it: space_copies.c ---- */

/*
 * Of `size` bytes at `page` and the offset's place in it, those that may be read, or written; all
 * pages claimed. *may_change: the answer is not certain, for a file may become shorter.
 */
uint32_t space_count_reachable(unsigned int space, unsigned int page, uint32_t offset,
			       uint32_t size, bool write, bool *may_change);
/* Is there a shared page among those that a read would fill? */
bool space_is_shared(unsigned int space, unsigned int page, uint32_t offset, uint32_t size);
void space_read_end(unsigned int space, unsigned int page, unsigned int object, uint32_t offset,
		    uint32_t size, uint32_t done, uint64_t started);
/*
 * What memory has now, for object_write_end; which of it, a byte each, was not certain since
 * `started`; and what a file has of it, after object_write_end.
 */
void space_write_bytes(unsigned int space, unsigned int page, uint32_t offset, uint32_t size,
		       uint8_t *bytes);
void space_find_uncertain(unsigned int space, unsigned int page, uint32_t offset, uint32_t size,
			  uint64_t started, uint8_t *uncertain);
void object_blur(unsigned int object, uint32_t offset, uint32_t size, const uint8_t *uncertain);

/* ---- loads and stores: space_access.c ---- */

struct space_access {
	unsigned int space, page, byte;
	bool write;
	uint8_t value;			/* that is stored */
	/* The model's own: */
	uint64_t started, fault_started;
	bool is_plain;			/* when it began the page was certain to have no copy */
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

/* The next page from `page` on that may be loaded from and holds something, or ARENA_PAGES. */
unsigned int space_next_used(unsigned int space, unsigned int page);

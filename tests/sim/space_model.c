/*
 * The model of memory.
 *
 * Between two points of the simulated machine nothing else happens, so a load or store and its
 * note in the model are one step, and what a load must see is known to the byte, however many
 * programs share the page. Two things are not one step:
 *
 * Calls. While one changes a page the page is busy. Programs go on loading and storing there, and
 * may see what was before or what comes then; once the call is over all is certain again, but for
 * bytes stored meanwhile ("raced"), which may or may not have survived. Such a byte is vague: the
 * next load may see anything, and what it sees is what must be there from then on. Calls do not
 * overlap where it matters: they claim the pages first.
 *
 * Faults. The kernel decides while it handles one, and the program tries again later. So a refusal
 * is right if it would have been so at any moment since it was asked. And a private page of a file
 * is copied at some moment before the store: if the file has changed meanwhile the copy is vague,
 * and where the store never came to its end nobody knows whether there is a copy (UNSURE).
 *
 * Bytes behind the end of a file in its last page are what was stored there, or zeros.
 */
#include "space_model.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct content {
	uint8_t values[SLOTS];
	uint16_t vague;			/* a bit each */
};

enum copy_state { COPY_NONE, COPY_UNSURE, COPY_MADE };

struct page {
	struct page_identity is;
	uint8_t copy;			/* enum copy_state, of private pages of an object */
	uint8_t busy;			/* enum page_busy; then a call has it */
	uint8_t writers;		/* stores whose faults are under way */
	uint16_t raced;			/* slots stored to while PAGE_CHANGES */
	uint64_t changed;		/* when a call began or ended last */
	struct content content;		/* unless it shows an object */
};

struct space {
	bool is_claimed;		/* all of it */
	unsigned int claims;		/* pages claimed one by one */
	struct space *child;		/* being made */
	struct page pages[ARENA_PAGES];
};

static struct space spaces[SPACES];
static uint64_t now = 1;

static const char *complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *complain(const char *format, ...)
{
	static char text[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

void space_model_init(void)
{
	memset(spaces, 0, sizeof(spaces));
}

void space_model_begin(unsigned int space)
{
	memset(&spaces[space], 0, sizeof(spaces[space]));
}

/* ---- claims ---- */

bool space_claim(unsigned int number, unsigned int page, unsigned int count, enum page_busy busy)
{
	struct space *space = &spaces[number];

	if (space->is_claimed)
		return false;
	for (unsigned int i = page; i < page + count; i++) {
		if (space->pages[i].busy)
			return false;
	}
	now++;
	for (unsigned int i = page; i < page + count; i++) {
		space->pages[i].busy = busy;
		space->pages[i].changed = now;
	}
	space->claims += count;
	return true;
}

/* As mmap does: the highest gap. -1: there is none. */
static int find_room(const struct space *space, unsigned int count)
{
	unsigned int free = 0;

	for (int i = ARENA_PAGES - 1; i >= 0; i--) {
		free = space->pages[i].is.flags & PAGE_MAPPED ? 0 : free + 1;
		if (free == count)
			return i;
	}
	return -1;
}

bool space_claim_room(unsigned int number, unsigned int count, int *page)
{
	struct space *space = &spaces[number];

	if (space->is_claimed || space->claims)
		return false;
	*page = find_room(space, count);
	if (*page < 0)
		return true;
	(void)space_claim(number, (unsigned int)*page, count, PAGE_CHANGES);
	space->is_claimed = true;
	return true;
}

static void release(struct space *space, struct page *page)
{
	page->busy = PAGE_IDLE;
	page->raced = 0;
	page->changed = now;
	space->claims--;
}

bool space_claim_all(unsigned int space)
{
	if (spaces[space].is_claimed || spaces[space].claims)
		return false;
	spaces[space].is_claimed = true;
	return true;
}

void space_release_all(unsigned int space)
{
	spaces[space].is_claimed = false;
}

/* ---- what calls do ---- */

static bool is_private_of_object(const struct page *page)
{
	return page->is.object && !(page->is.flags & PAGE_SHARED);
}

/* A page begins anew: zeros, or what its object has. */
static void begin_page(struct page *page)
{
	memset(&page->content, 0, sizeof(page->content));
	page->copy = page->writers ? COPY_UNSURE : COPY_NONE;
	page->content.vague = page->raced;
	if (page->raced && is_private_of_object(page))
		page->copy = COPY_UNSURE;
}

void space_mapped(unsigned int number, unsigned int first, unsigned int count,
		  struct page_identity what)
{
	struct space *space = &spaces[number];

	now++;
	for (unsigned int i = first; i < first + count; i++) {
		struct page *page = &space->pages[i];

		page->is = what;
		begin_page(page);
		release(space, page);
		what.index++;
	}
}

int space_protect_result(unsigned int number, unsigned int first, unsigned int count,
			 unsigned int protection)
{
	for (unsigned int i = first; i < first + count; i++) {
		const struct page *page = &spaces[number].pages[i];

		if (!(page->is.flags & PAGE_MAPPED))
			return -ENOMEM;
		if ((protection & PAGE_WRITE) && !(page->is.flags & PAGE_MAY_WRITE))
			return -EACCES;
	}
	return 0;
}

void space_protected(unsigned int number, unsigned int first, unsigned int count,
		     unsigned int protection)
{
	struct space *space = &spaces[number];
	unsigned int end = first;

	now++;
	while (end < first + count && space_protect_result(number, end, 1, protection) == 0)
		end++;
	for (unsigned int i = first; i < first + count; i++) {
		struct page *page = &space->pages[i];

		if (i < end)
			page->is.flags = (uint8_t)((page->is.flags & ~PAGE_ACCESS) | protection);
		release(space, page);
	}
}

int space_forget_result(unsigned int number, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		if (!(spaces[number].pages[i].is.flags & PAGE_MAPPED))
			return -ENOMEM;
	}
	return 0;
}

void space_forgotten(unsigned int number, unsigned int first, unsigned int count)
{
	struct space *space = &spaces[number];

	now++;
	for (unsigned int i = first; i < first + count; i++) {
		struct page *page = &space->pages[i];

		if (page->is.flags & PAGE_MAPPED)
			begin_page(page);
		release(space, page);
	}
}

/* ---- fork and exit ---- */

void space_fork_begin(unsigned int parent, unsigned int child)
{
	struct space *to = &spaces[child];

	*to = spaces[parent];
	to->is_claimed = false;
	to->child = NULL;
	for (unsigned int i = 0; i < ARENA_PAGES; i++)
		to->pages[i].writers = 0;
	spaces[parent].child = to;
}

void space_fork_end(unsigned int parent, unsigned int child, bool was_made)
{
	spaces[parent].child = NULL;
	if (!was_made)
		space_exit(child);
}

void space_exit(unsigned int space)
{
	memset(&spaces[space], 0, sizeof(spaces[space]));
}

/* ---- loads and stores ---- */

static struct page *page_of(const struct space_access *access)
{
	return &spaces[access->space].pages[access->page];
}

static const char *what_of(const struct space_access *access)
{
	static char text[80];

	snprintf(text, sizeof(text), "process %u: a %s at page %u, byte %u", access->space,
		 access->write ? "store" : "load", access->page, access->byte);
	return text;
}

void space_access_begin(struct space_access *access)
{
	access->started = now;
	access->fault_started = now;
	access->is_counted = false;
}

void space_access_fault(struct space_access *access)
{
	struct page *page = page_of(access);

	access->fault_started = now;
	access->is_doubtful = page->busy;
	if (!access->write)
		return;
	page->writers += !access->is_counted;
	access->is_counted = true;
	if (is_private_of_object(page) && page->copy == COPY_NONE)
		page->copy = COPY_UNSURE;
	if (spaces[access->space].child && is_private_of_object(page))
		spaces[access->space].child->pages[access->page].copy = COPY_UNSURE;
}

static void end_access(struct space_access *access)
{
	page_of(access)->writers -= access->is_counted;
	access->is_counted = false;
}

/* NULL, or why the access must not be done now. */
static const char *reason_to_refuse(const struct space_access *access, enum space_refusal *refusal)
{
	const struct page *page = page_of(access);

	*refusal = REFUSED_NOTHING_THERE;
	if (!(page->is.flags & PAGE_MAPPED))
		return "nothing is mapped";
	*refusal = REFUSED_FORBIDDEN;
	if (!(page->is.flags & (access->write ? PAGE_WRITE : PAGE_ACCESS)))
		return "it is forbidden";
	return NULL;
}

const char *space_access_refused(struct space_access *access, enum space_refusal refusal)
{
	static const char *const answers[] = { "nothing there", "forbidden", "beyond the end" };
	const struct page *page = page_of(access);
	enum space_refusal right;
	const char *reason = reason_to_refuse(access, &right);

	end_access(access);
	if (page->busy || access->is_doubtful || page->changed > access->fault_started ||
	    (reason && right == refusal))
		return NULL;
	return complain("%s is refused (%s), though %s", what_of(access), answers[refusal],
			reason ? reason : "it is allowed");
}

static const char *check_value(const struct space_access *access, struct content *content,
			       uint8_t value)
{
	unsigned int slot = access->byte / SLOT_STEP;

	if (content->vague >> slot & 1) {
		content->vague &= (uint16_t)~(1u << slot);
		content->values[slot] = value;
	}
	if (content->values[slot] == value)
		return NULL;
	return complain("%s gives %#x, not %#x", what_of(access), value, content->values[slot]);
}

static void store(struct space_access *access, struct page *page)
{
	unsigned int slot = access->byte / SLOT_STEP;
	uint16_t bit = (uint16_t)(1u << slot);
	struct space *child = spaces[access->space].child;

	page->content.values[slot] = access->value;
	page->content.vague &= (uint16_t)~bit;
	if (page->busy == PAGE_CHANGES)
		page->raced |= bit;
	if (child)
		child->pages[access->page].content.vague |= bit;
}

const char *space_access_done(struct space_access *access, uint8_t *byte)
{
	struct page *page = page_of(access);
	enum space_refusal refusal;
	const char *reason = page->busy ? NULL : reason_to_refuse(access, &refusal);

	end_access(access);
	if (reason)
		return complain("%s is done, though %s", what_of(access), reason);
	if (access->byte % SLOT_STEP != 0)
		return *byte ? complain("%s gives %#x, and nobody ever stored there",
					what_of(access), *byte) :
			       NULL;
	if (access->write) {
		*byte = access->value;
		store(access, page);
		return NULL;
	}
	return page->busy == PAGE_CHANGES ? NULL : check_value(access, &page->content, *byte);
}

unsigned int space_next_used(unsigned int space, unsigned int page)
{
	static const struct content nothing;

	for (; page < ARENA_PAGES; page++) {
		const struct page *at = &spaces[space].pages[page];

		if ((at->is.flags & PAGE_ACCESS) &&
		    (at->is.object || memcmp(&at->content, &nothing, sizeof(nothing)) != 0))
			return page;
	}
	return page;
}

/* ---- telling ---- */

void space_operation_format(const struct space_operation *o, char *buffer, size_t size)
{
	static const char *const names[] = {
		"load", "store", "map", "unmap", "protect", "forget", "fork",
		"thread", "exit", "sleep",
	};
	char who[24];

	snprintf(who, sizeof(who), "%u%s %s", o->actor / THREADS, o->actor % THREADS ? "'" : "",
		 names[o->kind]);
	switch (o->kind) {
	case SPACE_LOAD: snprintf(buffer, size, "%s %u:%u", who, o->page, o->byte); return;
	case SPACE_STORE:
		snprintf(buffer, size, "%s %u:%u %#x", who, o->page, o->byte, o->value);
		return;
	case SPACE_FORK: snprintf(buffer, size, "%s %u", who, o->target); return;
	case SPACE_SLEEP: snprintf(buffer, size, "%s %u", who, o->size); return;
	case SPACE_THREAD:
	case SPACE_EXIT: snprintf(buffer, size, "%s", who); return;
	default:
		snprintf(buffer, size, "%s %s%u+%u %s%s%s%s", who, o->is_fixed ? "at " : "",
			 o->page, o->count, o->protection & PAGE_READ ? "r" : "-",
			 o->protection & PAGE_WRITE ? "w" : "-",
			 o->protection & PAGE_EXECUTE ? "x" : "-", o->is_shared ? " shared" : "");
	}
}

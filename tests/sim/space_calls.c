/*
 * The model of memory: what calls do to address spaces. (Theory: space_access.c.)
 *
 * Pages that belong to one region of the kernel are those that are alike and side by side, since
 * it joins regions wherever it can: mremap asks for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "space_state.h"

struct space space_models[SPACES];
uint64_t model_now = 1;

/* ---- claims ---- */

static void claim(struct space *space, unsigned int first, unsigned int count,
		  enum page_busy busy, struct page_identity next)
{
	model_now++;
	for (unsigned int i = first; i < first + count; i++) {
		space->claims += !space->pages[i].busy;
		space->pages[i].busy = busy;
		space->pages[i].changed = model_now;
		space->pages[i].next = next;
		next.index += next.object != 0;
	}
}

static bool is_claimed(const struct space *space, unsigned int first, unsigned int count)
{
	if (space->is_claimed)
		return true;
	for (unsigned int i = first; i < first + count; i++) {
		if (space->pages[i].busy)
			return true;
	}
	return false;
}

bool space_claim(unsigned int number, unsigned int first, unsigned int count, enum page_busy busy)
{
	struct space *space = &space_models[number];

	if (is_claimed(space, first, count))
		return false;
	for (unsigned int i = first; i < first + count; i++)
		claim(space, i, 1, busy, space->pages[i].is);
	return true;
}

bool space_claim_map(unsigned int space, unsigned int first, unsigned int count,
		     struct page_identity what)
{
	if (is_claimed(&space_models[space], first, count))
		return false;
	claim(&space_models[space], first, count, PAGE_CHANGES, what);
	return true;
}

bool space_claim_all(unsigned int space)
{
	if (space_models[space].is_claimed || space_models[space].claims)
		return false;
	space_models[space].is_claimed = true;
	return true;
}

void space_release_all(unsigned int space)
{
	space_models[space].is_claimed = false;
}

void space_claim_more(unsigned int space, unsigned int first, unsigned int count,
		      struct page_identity what)
{
	claim(&space_models[space], first, count, PAGE_CHANGES, what);
}

static void release(struct space *space, struct page *page)
{
	space->claims -= page->busy != PAGE_IDLE;
	page->busy = PAGE_IDLE;
	page->raced = 0;
	page->changed = model_now;
}

void space_release(unsigned int space, unsigned int first, unsigned int count)
{
	model_now++;
	for (unsigned int i = first; i < first + count; i++)
		release(&space_models[space], &space_models[space].pages[i]);
}

/* ---- mapping ---- */

void page_begin(struct page *page)
{
	memset(&page->content, 0, sizeof(page->content));
	page->copy = page->writers ? COPY_UNSURE : COPY_NONE;
	page->content.vague = page->raced;
	if (page->raced && is_private_of_object(page))
		page->copy = COPY_UNSURE;
}

static void set_identity(struct page *page, struct page_identity what)
{
	struct object *object = object_of(page->is);

	if (object)
		object->references--;
	page->is = what;
	object = object_of(what);
	if (object)
		object->references++;
}

static void set_page(struct space *space, unsigned int number, struct page_identity what)
{
	struct page *page = &space->pages[number];

	space->used |= 1u << number / CHUNK_PAGES;
	set_identity(page, what);
	page_begin(page);
	release(space, page);
}

int space_find_room(unsigned int number, unsigned int count)
{
	const struct space *space = &space_models[number];
	unsigned int free = 0;

	for (int i = ARENA_PAGES - 1; i >= 0; i--) {
		free = space->pages[i].is.flags & PAGE_MAPPED ? 0 : free + 1;
		if (free == count)
			return i;
	}
	return -1;
}

void space_mapped(unsigned int space, unsigned int first, unsigned int count,
		  struct page_identity what)
{
	model_now++;
	for (unsigned int i = first; i < first + count; i++) {
		set_page(&space_models[space], i, what);
		what.index += what.object != 0;
	}
}

bool space_has_hole(unsigned int space, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		if (!(space_models[space].pages[i].is.flags & PAGE_MAPPED))
			return true;
	}
	return false;
}

/* ---- mprotect ---- */

int space_protect_result(unsigned int space, unsigned int first, unsigned int count,
			 unsigned int protection)
{
	for (unsigned int i = first; i < first + count; i++) {
		const struct page *page = &space_models[space].pages[i];

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
	struct space *space = &space_models[number];
	unsigned int end = first;

	while (end < first + count && space_protect_result(number, end, 1, protection) == 0)
		end++;
	for (unsigned int i = first; i < end; i++) {
		struct page_identity *is = &space->pages[i].is;

		is->flags = (uint16_t)((is->flags & ~PAGE_ACCESS) | protection);
		if ((is->flags & (PAGE_WRITE | PAGE_SHARED)) == PAGE_WRITE)
			is->flags |= PAGE_ACCOUNTED;
	}
	space_release(number, first, count);
}

/* ---- madvise ---- */

static bool is_anonymous(const struct page *page)
{
	return !page->is.object;
}

/* What one page answers, where the call ends with it. */
static int populate_result(const struct page *page, bool write)
{
	if (!(page->is.flags & PAGE_MAPPED))
		return -ENOMEM;
	if (!(page->is.flags & (write ? PAGE_WRITE : PAGE_READ)))
		return -EINVAL;
	if (page->is.object && page->is.index >= object_end(object_of(page->is)))
		return -EFAULT;
	return 0;
}

static int page_advise_result(const struct page *page, enum space_advice advice)
{
	if (advice >= ADVICE_POPULATE_READ)
		return populate_result(page, advice == ADVICE_POPULATE_WRITE);
	if ((advice == ADVICE_FREE || advice == ADVICE_WIPEONFORK) &&
	    (page->is.flags & PAGE_MAPPED) && !is_anonymous(page))
		return -EINVAL;
	return 0;
}

int space_advise_result(unsigned int space, unsigned int first, unsigned int count,
			enum space_advice advice)
{
	for (unsigned int i = first; i < first + count; i++) {
		int result = page_advise_result(&space_models[space].pages[i], advice);

		if (result)
			return result;
	}
	return space_has_hole(space, first, count) ? -ENOMEM : 0;
}

static void advise_page(struct page *page, enum space_advice advice)
{
	switch (advice) {
	case ADVICE_DONTNEED:
	case ADVICE_FREE:
		if (page->is.flags & PAGE_SHARED)
			break;
		page_begin(page);
		break;
	case ADVICE_DONTFORK: page->is.flags |= PAGE_DONT_FORK; break;
	case ADVICE_DOFORK: page->is.flags &= (uint16_t)~PAGE_DONT_FORK; break;
	case ADVICE_WIPEONFORK: page->is.flags |= PAGE_WIPE; break;
	case ADVICE_KEEPONFORK: page->is.flags &= (uint16_t)~PAGE_WIPE; break;
	case ADVICE_POPULATE_WRITE:
		/* A copy was made at some time of the call, if the file was long enough then. */
		if (is_private_of_object(page) && page->copy == COPY_NONE)
			page->copy = COPY_UNSURE;
		break;
	default: break;
	}
}

void space_advised(unsigned int number, unsigned int first, unsigned int count,
		   enum space_advice advice)
{
	struct space *space = &space_models[number];

	for (unsigned int i = first; i < first + count; i++) {
		struct page *page = &space->pages[i];

		if (page_advise_result(page, advice))
			break;
		if (page->is.flags & PAGE_MAPPED)
			advise_page(page, advice);
	}
	space_release(number, first, count);
}

/* ---- mremap ---- */

/* Is the page of the same region as the one before it? */
static bool continues(const struct space *space, unsigned int number)
{
	const struct page_identity *is = &space->pages[number].is;
	const struct page_identity *before = &space->pages[number - 1].is;

	return is->flags == before->flags && is->object == before->object &&
	       (!is->object || is->index == before->index + 1);
}

static bool is_one_region(const struct space *space, unsigned int first, unsigned int count)
{
	for (unsigned int i = first + 1; i < first + count; i++) {
		if (!continues(space, i))
			return false;
	}
	return space->pages[first].is.flags & PAGE_MAPPED;
}

static bool is_free(const struct space *space, unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++) {
		if (space->pages[i].is.flags & PAGE_MAPPED)
			return false;
	}
	return true;
}

enum remap_plan space_plan_remap(unsigned int number, const struct space_operation *o,
				 unsigned int *to)
{
	const struct space *space = &space_models[number];
	unsigned int end = o->page + o->count;
	int room;

	*to = o->is_fixed ? o->to : o->page;
	if (!(space->pages[o->page].is.flags & PAGE_MAPPED))
		return REMAP_FAULT;
	if (o->is_fixed && end > o->to && o->to + o->new_count > o->page)
		return REMAP_INVALID;
	if (!o->is_fixed && o->new_count <= o->count)
		return REMAP_IN_PLACE;
	if (!is_one_region(space, o->page, o->count))
		return REMAP_FAULT;
	if (o->is_fixed)
		return REMAP_MOVES;
	if (o->page + o->new_count > ARENA_PAGES)
		return REMAP_NOWHERE;
	if (is_free(space, end, o->page + o->new_count))
		return REMAP_IN_PLACE;
	if (!o->may_move)
		return REMAP_NO_ROOM;
	room = space_find_room(number, o->new_count);
	*to = (unsigned int)room;
	return room < 0 ? REMAP_NOWHERE : REMAP_MOVES;
}

static unsigned int larger(unsigned int a, unsigned int b)
{
	return a > b ? a : b;
}

void space_claim_remap(unsigned int number, const struct space_operation *o, enum remap_plan plan,
		       unsigned int to)
{
	struct space *space = &space_models[number];
	struct page_identity grown = space->pages[o->page].is;

	if (plan == REMAP_IN_PLACE && o->new_count > o->count) {
		grown.index += grown.object ? o->count : 0;
		claim(space, o->page + o->count, o->new_count - o->count, PAGE_CHANGES, grown);
	} else {
		for (unsigned int i = o->page; i < o->page + o->count; i++)
			claim(space, i, 1, PAGE_KEEPS, (struct page_identity){ 0 });
	}
	if (plan == REMAP_MOVES)
		claim(space, to, o->new_count, PAGE_CHANGES, grown);
}

static void move_page(struct space *space, struct page *from, struct page *to)
{
	set_identity(to, from->is);
	to->content = from->content;
	to->copy = from->copy;
	if ((to->writers && to->copy == COPY_NONE) || (to->raced && to->copy == COPY_NONE))
		to->copy = is_private_of_object(to) ? COPY_UNSURE : COPY_NONE;
	to->content.vague |= to->raced;
	release(space, to);
}

void space_remapped(unsigned int number, const struct space_operation *o, enum remap_plan plan,
		    unsigned int to)
{
	struct space *space = &space_models[number];
	struct page_identity last = space->pages[o->page + o->count - 1].is;
	struct page_identity nothing = { 0 };

	model_now++;
	if (plan == REMAP_MOVES) {
		for (unsigned int i = 0; i < o->count && i < o->new_count; i++) {
			space->used |= 1u << (to + i) / CHUNK_PAGES;
			move_page(space, &space->pages[o->page + i], &space->pages[to + i]);
		}
	}
	for (unsigned int i = o->count; i < o->new_count; i++) {
		last.index += last.object != 0;
		set_page(space, to + i, last);
	}
	for (unsigned int i = plan == REMAP_MOVES ? 0 : o->new_count; i < o->count; i++)
		set_page(space, o->page + i, nothing);
	space_release(number, o->page, larger(o->count, plan == REMAP_MOVES ? 0 : o->new_count));
}

/* ---- brk ---- */

unsigned int space_heap_pages(unsigned int space)
{
	return space_models[space].heap_pages;
}

/* What grows keeps a page of distance to what comes next. */
bool space_can_set_heap(unsigned int number, unsigned int pages)
{
	const struct space *space = &space_models[number];

	return pages <= space->heap_pages || is_free(space, space->heap_pages, pages + 1);
}

void space_set_heap(unsigned int number, unsigned int pages)
{
	struct space *space = &space_models[number];
	struct page_identity heap = { .flags = PAGE_MAPPED | PAGE_READ | PAGE_WRITE |
					       PAGE_MAY_WRITE | PAGE_ACCOUNTED | PAGE_HEAP };
	unsigned int old = space->heap_pages;

	space->heap_pages = pages;
	if (pages > old)
		space_mapped(number, old, pages - old, heap);
	else
		space_mapped(number, pages, old - pages, (struct page_identity){ 0 });
}

/* ---- fork and exit ---- */

static void copy_to_child(struct page *page)
{
	struct object *object = object_of(page->is);

	page->writers = 0;
	if (page->is.flags & PAGE_DONT_FORK)
		page->is = (struct page_identity){ 0 };
	else if (object)
		object->references++;
	if (page->is.flags & PAGE_WIPE)
		page_begin(page);
}

void space_fork_begin(unsigned int parent, unsigned int child)
{
	struct space *to = &space_models[child];

	*to = space_models[parent];
	to->is_claimed = false;
	to->child = NULL;
	for (unsigned int i = 0; i < ARENA_PAGES; i++) {
		if (is_used(to, i) && to->pages[i].is.flags)
			copy_to_child(&to->pages[i]);
	}
	space_models[parent].child = to;
}

void space_fork_end(unsigned int parent)
{
	space_models[parent].child = NULL;
}

void space_exit(unsigned int space)
{
	for (unsigned int i = 0; i < ARENA_PAGES; i++) {
		if (is_used(&space_models[space], i))
			set_identity(&space_models[space].pages[i], (struct page_identity){ 0 });
	}
	memset(&space_models[space], 0, sizeof(space_models[space]));
}

/* ---- telling ---- */

static const char *const names[SPACE_KINDS] = {
	"load", "store", "map", "unmap", "protect", "advise", "remap", "brk", "fork", "thread",
	"exit", "read", "write", "user-read", "user-write", "truncate", "msync", "fsync",
	"drop-caches", "reclaim", "sleep",
};
static const char *const advices[ADVICE_KINDS] = {
	"dontneed", "free", "dontfork", "dofork", "wipeonfork", "keeponfork", "populate-read",
	"populate-write",
};

static void format_map(const struct space_operation *o, char *buffer, size_t size)
{
	int used = snprintf(buffer, size, "%s%u+%u %s%s%s %s", o->is_fixed ? "at " : "", o->page,
			    o->count, o->protection & PAGE_READ ? "r" : "-",
			    o->protection & PAGE_WRITE ? "w" : "-",
			    o->protection & PAGE_EXECUTE ? "x" : "-",
			    o->is_shared ? "shared" : "private");

	if (o->file < FILES)
		snprintf(buffer + used, size - (size_t)used, " file %u%s from %u", o->file,
			 o->is_read_only ? " (read-only)" : "", o->index);
}

void space_operation_format(const struct space_operation *o, char *buffer, size_t size)
{
	int used = snprintf(buffer, size, "%u%s %s ", o->actor / THREADS,
			    o->actor % THREADS ? "'" : "", names[o->kind]);

	buffer += used;
	size -= (size_t)used;
	switch (o->kind) {
	case SPACE_LOAD: snprintf(buffer, size, "%u:%u", o->page, o->byte); break;
	case SPACE_STORE: snprintf(buffer, size, "%u:%u %#x", o->page, o->byte, o->value); break;
	case SPACE_MAP: format_map(o, buffer, size); break;
	case SPACE_PROTECT:
		snprintf(buffer, size, "%u+%u %u", o->page, o->count, o->protection);
		break;
	case SPACE_ADVISE:
		snprintf(buffer, size, "%u+%u %s", o->page, o->count, advices[o->advice]);
		break;
	case SPACE_REMAP:
		snprintf(buffer, size, "%u+%u %s", o->page, o->count, o->may_move ? "" : "stay ");
		used = (int)strlen(buffer);
		if (o->is_fixed)
			snprintf(buffer + used, size - (size_t)used, "to %u", o->to);
		used = (int)strlen(buffer);
		snprintf(buffer + used, size - (size_t)used, "+%u", o->new_count);
		break;
	case SPACE_BRK: snprintf(buffer, size, "%u", o->new_count); break;
	case SPACE_FORK: snprintf(buffer, size, "%u", o->target); break;
	case SPACE_READ:
	case SPACE_WRITE:
		snprintf(buffer, size, "file %u at %u %u", o->file, o->offset, o->size);
		break;
	case SPACE_USER_READ:
	case SPACE_USER_WRITE:
		snprintf(buffer, size, "file %u at %u %u, memory at %u", o->file, o->offset,
			 o->size, o->page);
		break;
	case SPACE_TRUNCATE: snprintf(buffer, size, "file %u to %u", o->file, o->offset); break;
	case SPACE_FSYNC: snprintf(buffer, size, "file %u", o->file); break;
	case SPACE_SLEEP: snprintf(buffer, size, "%u us", o->size); break;
	case SPACE_UNMAP:
	case SPACE_MSYNC: snprintf(buffer, size, "%u+%u", o->page, o->count); break;
	default: break;
	}
}

/*
 * The model of memory: loads and stores.
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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "space_state.h"

const char *complain(const char *format, ...)
{
	static char text[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return text;
}

static struct page *page_of(const struct space_access *access)
{
	return &space_models[access->space].pages[access->page];
}

static const char *what_of(const struct space_access *access)
{
	static char text[180];
	const struct page *page = page_of(access);

	snprintf(text, sizeof(text),
		 "process %u: a %s at page %u (flags %#x, object %u page %u%s), byte %u",
		 access->space, access->write ? "store" : "load", access->page, page->is.flags,
		 page->is.object, page->is.index, page->copy == COPY_MADE ? ", copied" : "",
		 access->byte);
	return text;
}

static bool is_being_resized(const struct page *page)
{
	return page->is.object && object_of(page->is)->is_resized;
}

void space_access_begin(struct space_access *access)
{
	const struct page *page = page_of(access);

	access->started = model_now;
	access->is_plain = page->copy == COPY_NONE && !page->busy && !is_being_resized(page);
	access->fault_started = model_now;
	access->is_doubtful = access->is_counted = false;
}

void space_access_fault(struct space_access *access)
{
	struct page *page = page_of(access);
	struct space *child = space_models[access->space].child;

	access->fault_started = model_now;
	access->is_doubtful = page->busy || is_being_resized(page);
	if (!access->write)
		return;
	page->writers += !access->is_counted;
	access->is_counted = true;
	if (is_private_of_object(page) && page->copy == COPY_NONE)
		page->copy = COPY_UNSURE;
	if (child && is_private_of_object(page))
		child->pages[access->page].copy = COPY_UNSURE;
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
	*refusal = REFUSED_BEYOND_END;
	if (page->is.object && page->is.index >= object_end(object_of(page->is)))
		return "the file is shorter";
	return NULL;
}

const char *space_access_refused(struct space_access *access, enum space_refusal refusal)
{
	static const char *const answers[] = { "nothing there", "forbidden", "beyond the end" };
	const struct page *page = page_of(access);
	const struct object *object = object_of(page->is);
	enum space_refusal right;
	const char *reason = reason_to_refuse(access, &right);

	end_access(access);
	if (page->busy || access->is_doubtful || page->changed > access->fault_started ||
	    (object && (object->is_resized || object->changed > access->fault_started)) ||
	    (reason && right == refusal))
		return NULL;
	return complain("%s is refused (%s), though %s", what_of(access), answers[refusal],
			reason ? reason : "it is allowed");
}

/* ---- loads ---- */

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

static const char *load(const struct space_access *access, struct page *page, uint8_t value)
{
	struct object *object = object_of(page->is);
	struct object_page *shown = object_page_of(page->is);

	if (page->busy == PAGE_CHANGES || page->copy == COPY_UNSURE || is_being_resized(page))
		return NULL;
	if (!object || page->copy == COPY_MADE)
		return check_value(access, &page->content, value);
	if (!shown || shown->is_busy)
		return NULL;
	if (value == 0 && page->is.index * 4096u + access->byte >= object->size)
		return NULL;
	return check_value(access, &shown->content, value);
}

/* ---- stores ---- */

static void set_value(struct content *content, unsigned int slot, uint8_t value)
{
	content->values[slot] = value;
	content->vague &= (uint16_t)~(1u << slot);
}

static void store_shared(struct page *page, unsigned int slot, uint8_t value)
{
	struct object *object = object_of(page->is);
	struct object_page *shown = object_page_of(page->is);

	if (!shown)
		return;
	set_value(&shown->content, slot, value);
	shown->changed = ++model_now;
	if (object->is_resized || shown->is_busy)
		shown->raced |= (uint16_t)(1u << slot);
	if (page->busy == PAGE_CHANGES)
		shown->content.vague |= (uint16_t)(1u << slot);
}

/* A private page of an object has a copy from now on. */
static void make_copy(const struct space_access *access, struct page *page)
{
	struct object *object = object_of(page->is);
	struct object_page *shown = object_page_of(page->is);

	if (page->copy == COPY_MADE)
		return;
	page->copy = COPY_MADE;
	memset(&page->content, 0, sizeof(page->content));
	page->content.vague = UINT16_MAX;
	if (!access->is_plain || page->busy || !shown || shown->is_busy || object->is_resized ||
	    page->changed > access->started || object->changed > access->started ||
	    shown->changed > access->started)
		return;
	page->content = shown->content;
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		if (page->is.index * 4096u + slot * SLOT_STEP >= object->size)
			page->content.vague |= (uint16_t)(1u << slot);
	}
}

static void store(struct space_access *access, struct page *page)
{
	unsigned int slot = access->byte / SLOT_STEP;
	uint16_t bit = (uint16_t)(1u << slot);
	struct space *child = space_models[access->space].child;

	if (page->busy == PAGE_CHANGES) {
		struct object_page *next = object_page_of(page->next);

		page->raced |= bit;
		if (next && (page->next.flags & PAGE_SHARED)) {
			next->content.vague |= bit;
			next->changed = ++model_now;
		}
	}
	if (page->is.flags & PAGE_SHARED) {
		store_shared(page, slot, access->value);
		return;
	}
	if (page->is.object)
		make_copy(access, page);
	set_value(&page->content, slot, access->value);
	if (child) {
		child->pages[access->page].content.vague |= bit;
		if (page->is.object)
			child->pages[access->page].copy = COPY_UNSURE;
	}
}

const char *space_access_done(struct space_access *access, uint8_t *byte)
{
	struct page *page = page_of(access);
	enum space_refusal refusal;
	const char *reason = NULL;

	if (!page->busy && !is_being_resized(page))
		reason = reason_to_refuse(access, &refusal);
	end_access(access);
	if (reason)
		return complain("%s is done, though %s", what_of(access), reason);
	if (access->byte % SLOT_STEP != 0)
		return *byte ? complain("%s gives %#x, and nobody ever stored there",
					what_of(access), *byte) :
			       NULL;
	if (!access->write)
		return load(access, page, *byte);
	*byte = access->value;
	store(access, page);
	return NULL;
}

unsigned int space_next_used(unsigned int space, unsigned int page)
{
	static const struct content nothing;

	for (; page < ARENA_PAGES; page++) {
		const struct page *at = &space_models[space].pages[page];

		if (!is_used(&space_models[space], page))
			continue;
		if ((at->is.flags & PAGE_ACCESS) &&
		    (at->is.object || memcmp(&at->content, &nothing, sizeof(nothing)) != 0))
			return page;
	}
	return page;
}

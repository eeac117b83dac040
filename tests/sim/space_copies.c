/*
 * The model of memory: read() that fills memory, and write() of what is there. (Theory:
 * space_access.c.)
 *
 * The memory's place in its page is the file's place in its own, so that what is written at all
 * lies at the same places in both. The pages of memory are claimed as pages that change, and the
 * file is claimed; but others store to either meanwhile, and then what was copied is vague.
 */
#include <string.h>
#include "space_state.h"

static struct page *page_at(unsigned int space, unsigned int page, uint32_t offset, uint32_t at)
{
	return &space_models[space].pages[page + at / 4096 - offset / 4096];
}

uint32_t space_count_reachable(unsigned int space, unsigned int page, uint32_t offset,
			       uint32_t size, bool write, bool *may_change)
{
	unsigned int needed = write ? PAGE_WRITE : PAGE_ACCESS;

	*may_change = false;
	for (uint32_t at = offset; at < offset + size; at = at / 4096 * 4096 + 4096) {
		const struct page *there = page_at(space, page, offset, at);
		const struct object *object = object_of(there->is);

		*may_change |= object != NULL;
		if (!(there->is.flags & PAGE_MAPPED) || !(there->is.flags & needed) ||
		    (object && there->is.index >= object_end(object)))
			return at - offset;
	}
	return size;
}

bool space_is_shared(unsigned int space, unsigned int page, uint32_t offset, uint32_t size)
{
	for (uint32_t at = offset; at < offset + size; at = at / 4096 * 4096 + 4096) {
		if (page_at(space, page, offset, at)->is.flags & PAGE_SHARED)
			return true;
	}
	return false;
}

/* Does the file's page have this slot's value since `started`, for certain? */
static bool peek_object(const struct object *object, const struct object_page *page,
			uint32_t offset, uint64_t started, uint8_t *value)
{
	unsigned int slot = offset % 4096 / SLOT_STEP;

	*value = page->content.values[slot];
	return !(page->content.vague >> slot & 1) && page->changed <= started &&
	       object->changed <= started && !object->is_resized && !page->is_busy &&
	       offset < object->size;
}

static bool peek(const struct page *page, unsigned int slot, uint64_t started, uint8_t *value)
{
	const struct object *object = object_of(page->is);

	*value = page->content.values[slot];
	if ((page->raced >> slot & 1) || page->copy == COPY_UNSURE)
		return false;
	if (object && (object->is_resized || object->changed > started))
		return false;
	if (!object || page->copy == COPY_MADE)
		return !(page->content.vague >> slot & 1);
	return page->is.index < OBJECT_PAGES &&
	       peek_object(object, object_page_of(page->is),
			   page->is.index * 4096u + slot * SLOT_STEP, started, value);
}

/* A private page has got a byte, or may have. */
static void poke(struct page *page, unsigned int slot, bool is_certain, uint8_t value)
{
	uint16_t bit = (uint16_t)(1u << slot);

	page->content.values[slot] = value;
	if (is_certain && !(page->raced & bit))
		page->content.vague &= (uint16_t)~bit;
	else
		page->content.vague |= bit;
}

void space_read_end(unsigned int space, unsigned int first, unsigned int object, uint32_t offset,
		    uint32_t size, uint32_t done, uint64_t started)
{
	const struct object *from = &object_models[object];

	model_now++;
	for (uint32_t at = offset; at < offset + size; at++) {
		struct page *page = page_at(space, first, offset, at);
		const struct object *under = object_of(page->is);
		/* Cut meanwhile, a file takes private copies away, with what was read into them. */
		bool is_cut = under && (under->is_resized || under->changed > started);
		bool is_done = at < offset + done && !is_cut;
		uint8_t value;

		if (is_private_of_object(page) && (page->copy != COPY_MADE || is_cut)) {
			page->copy = is_done ? COPY_MADE : COPY_UNSURE;
			page->content.vague = UINT16_MAX;
		}
		if (at % 4096 % SLOT_STEP == 0 && (page->is.flags & PAGE_MAPPED)) {
			is_done &= peek_object(from, &from->pages[at / 4096], at, started, &value);
			poke(page, at % 4096 / SLOT_STEP, is_done, value);
		}
	}
}

void space_write_bytes(unsigned int space, unsigned int first, uint32_t offset, uint32_t size,
		       uint8_t *bytes)
{
	memset(bytes, 0, size);
	for (uint32_t at = offset; at < offset + size; at++) {
		if (at % 4096 % SLOT_STEP == 0)
			(void)peek(page_at(space, first, offset, at), at % 4096 / SLOT_STEP,
				   model_now, &bytes[at - offset]);
	}
}

void space_find_uncertain(unsigned int space, unsigned int first, uint32_t offset, uint32_t size,
			  uint64_t started, uint8_t *uncertain)
{
	uint8_t value;

	for (uint32_t at = offset; at < offset + size; at++) {
		if (at % 4096 % SLOT_STEP == 0)
			uncertain[at - offset] = !peek(page_at(space, first, offset, at),
						       at % 4096 / SLOT_STEP, started, &value);
	}
}

void object_blur(unsigned int object, uint32_t offset, uint32_t size, const uint8_t *uncertain)
{
	for (uint32_t at = offset; at < offset + size; at++) {
		if (at % 4096 % SLOT_STEP == 0 && uncertain[at - offset])
			object_models[object].pages[at / 4096].content.vague |=
				(uint16_t)(1u << at % 4096 / SLOT_STEP);
	}
}

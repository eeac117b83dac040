/*
 * The model of memory: files, and shared memory without a name. (Theory: space_access.c.)
 */
#include <string.h>
#include "space_state.h"

struct object object_models[OBJECTS];

static uint32_t offset_of(unsigned int page, unsigned int slot)
{
	return page * 4096u + slot * SLOT_STEP;
}

unsigned int object_create(unsigned int pages)
{
	for (unsigned int i = FILES; i < OBJECTS; i++) {
		if (object_models[i].references || object_models[i].is_claimed)
			continue;
		memset(&object_models[i], 0, sizeof(object_models[i]));
		object_models[i].size = pages * 4096u;
		object_models[i].is_claimed = true;
		return i + 1;
	}
	return 0;
}

bool object_claim(unsigned int object)
{
	if (object_models[object].is_claimed)
		return false;
	return object_models[object].is_claimed = true;
}

void object_release(unsigned int object)
{
	object_models[object].is_claimed = false;
}

uint32_t object_size(unsigned int object)
{
	return object_models[object].size;
}

void object_set_size(unsigned int object, uint32_t size)
{
	object_models[object].size = size;
}

/* ---- truncation ---- */

static void begin_resizing(struct object *object)
{
	object->is_resized = true;
	object->changed = ++model_now;
}

/* Slots of [start, end) are zeros, but for what was stored meanwhile. */
static void clear(struct object *object, uint32_t start, uint32_t end)
{
	for (unsigned int page = start / 4096; page < OBJECT_PAGES; page++) {
		struct object_page *at = &object->pages[page];

		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			uint16_t bit = (uint16_t)(1u << slot);

			if (offset_of(page, slot) < start || offset_of(page, slot) >= end)
				continue;
			at->content.values[slot] = 0;
			at->content.vague &= (uint16_t)~bit;
			at->content.vague |= at->raced & bit;
		}
	}
}

/* Private copies of what lies behind the end go, too. */
static void drop_copies(unsigned int number)
{
	for (unsigned int i = 0; i < SPACES * ARENA_PAGES; i++) {
		struct space *space = &space_models[i / ARENA_PAGES];
		struct page *page = &space->pages[i % ARENA_PAGES];

		if (is_used(space, i % ARENA_PAGES) && page->is.object == number + 1 &&
		    is_private_of_object(page) &&
		    page->is.index >= object_end(&object_models[number]))
			page_begin(page);
	}
}

static void end_resizing(struct object *object)
{
	for (unsigned int page = 0; page < OBJECT_PAGES; page++) {
		object->pages[page].raced = 0;
		object->pages[page].changed = model_now;
	}
	object->is_resized = false;
	object->changed = ++model_now;
}

void object_truncate_begin(unsigned int object)
{
	begin_resizing(&object_models[object]);
}

void object_truncate_end(unsigned int number, uint32_t size)
{
	struct object *object = &object_models[number];
	uint32_t old = object->size;

	model_now++;
	object->size = size;
	clear(object, old < size ? old : size, UINT32_MAX);
	drop_copies(number);
	end_resizing(object);
}

/* ---- write ---- */

void object_fill(uint8_t *bytes, uint32_t offset, uint32_t size, uint32_t seed)
{
	memset(bytes, 0, size);
	for (uint32_t i = 0; i < size; i++) {
		if ((offset + i) % 4096 % SLOT_STEP == 0)
			bytes[i] = (uint8_t)(1 + (seed + (offset + i) * 7) % 255);
	}
}

void object_write_begin(unsigned int number, uint32_t offset, uint32_t size)
{
	struct object *object = &object_models[number];

	model_now++;
	if (offset + size > object->size)
		begin_resizing(object);
	for (unsigned int page = offset / 4096; page <= (offset + size - 1) / 4096; page++) {
		object->pages[page].is_busy = true;
		object->pages[page].changed = model_now;
	}
}

void object_write_end(unsigned int number, uint32_t offset, uint32_t size, const uint8_t *bytes,
		      uint32_t written)
{
	struct object *object = &object_models[number];

	model_now++;
	if (written && offset > object->size)
		clear(object, object->size, offset);
	if (written && offset + written > object->size)
		object->size = offset + written;
	for (unsigned int page = offset / 4096; page <= (offset + size - 1) / 4096; page++) {
		struct object_page *at = &object->pages[page];

		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			uint32_t place = offset_of(page, slot) - offset;

			if (offset_of(page, slot) < offset || place >= written)
				continue;
			at->content.values[slot] = bytes[place];
			at->content.vague &= (uint16_t)~(1u << slot);
			at->content.vague |= at->raced & (uint16_t)(1u << slot);
		}
		at->is_busy = false;
		at->raced = 0;
		at->changed = model_now;
	}
	if (object->is_resized)
		end_resizing(object);
}

/* ---- read ---- */

uint64_t object_read_begin(void)
{
	return model_now;
}

const char *object_read_end(unsigned int number, uint32_t offset, const uint8_t *bytes,
			    uint32_t size, uint64_t started)
{
	for (uint32_t i = 0; i < size; i++) {
		uint32_t at = offset + i, slot = at % 4096 / SLOT_STEP;
		struct object_page *page = &object_models[number].pages[at / 4096];

		if (at % 4096 % SLOT_STEP != 0) {
			if (bytes[i])
				return complain("file %u, byte %u is %#x, and nobody ever stored "
						"there", number, at, bytes[i]);
			continue;
		}
		if (page->changed > started)
			continue;
		if (page->content.vague >> slot & 1) {
			page->content.vague &= (uint16_t)~(1u << slot);
			page->content.values[slot] = bytes[i];
		}
		if (page->content.values[slot] != bytes[i])
			return complain("file %u, byte %u is %#x, not %#x", number, at, bytes[i],
					page->content.values[slot]);
	}
	return NULL;
}

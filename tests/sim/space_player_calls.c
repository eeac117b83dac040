/*
 * Playing a workload on address spaces: the calls.
 *
 * Each goes the same way: claim in the model what it concerns, ask the model what it must answer,
 * do it, compare, and tell the model that it is done.
 */
#include "lib/format.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/mman.h"
#include "vfs/file.h"
#include "vm/mmap.h"
#include "vm/writeback.h"
#include "kernel.h"
#include "space_player.h"

_Static_assert((int)PAGE_READ == REGION_READ && (int)PAGE_WRITE == REGION_WRITE &&
	       (int)PAGE_EXECUTE == REGION_EXECUTE, "the model's bits are the regions'");

static struct file *files[FILES][2];	/* for both, and for reading */

static uintptr_t address_of(unsigned int page)
{
	return ARENA_START + page * PAGE_SIZE;
}

static const char *text_of(const struct space_operation *o)
{
	static char text[120];

	space_operation_format(o, text, sizeof(text));
	return text;
}

void check_result(const struct space_operation *o, int result, int expected)
{
	if (result != expected)
		sim_fail("%s: the answer is %d, not %d", text_of(o), result, expected);
}

/* ---- mmap ---- */

/* What the pages of a new map are; shared memory without a name is made, in *file. */
static struct page_identity identity_of(const struct space_operation *o, struct file **file)
{
	struct page_identity is = {
		.flags = (uint16_t)(o->protection | PAGE_MAPPED | PAGE_MAY_WRITE),
	};

	*file = NULL;
	if (o->file < FILES) {
		*file = files[o->file][o->is_read_only];
		is.object = (uint8_t)(o->file + 1);
		is.index = o->index;
		is.flags |= o->is_read_only ? PAGE_READ_ONLY_FILE : 0;
		if (o->is_read_only && o->is_shared)
			is.flags &= (uint16_t)~PAGE_MAY_WRITE;
	} else if (o->is_shared) {
		is.object = (uint8_t)object_create(o->count);
	}
	if (o->is_shared && is.object)
		is.flags |= PAGE_SHARED;
	else if (o->protection & PAGE_WRITE)
		is.flags |= PAGE_ACCOUNTED;
	return is;
}

static int do_map(struct actor *actor, struct file *file, struct vm_map_request *request,
		  uintptr_t *at)
{
	const struct vm_map_request wanted = *request;
	int error = file ? file_map(file, request) : 0;

	if (error)
		return error;
	error = vm_map(actor->process->space, request, NULL, at);
	file_map_end(request);
	*request = wanted;	/* it may be done again */
	return error;
}

/* Claims the place, too. -1: there is none. */
static int choose_place(struct actor *actor, const struct space_operation *o,
			struct page_identity is)
{
	unsigned int number = actor->process->number;
	int page;

	if (o->is_fixed) {
		wait_event(&changes, space_claim_map(number, o->page, o->count, is));
		return o->page;
	}
	wait_event(&changes, space_claim_all(number));
	page = space_find_room(number, o->count);
	if (page >= 0)
		space_claim_more(number, (unsigned int)page, o->count, is);
	else
		space_release_all(number);
	return page;
}

static int map_at(struct actor *actor, const struct space_operation *o, struct page_identity is,
		  struct file *file, int page)
{
	unsigned int number = actor->process->number;
	bool is_refused = (o->protection & PAGE_WRITE) && !(is.flags & PAGE_MAY_WRITE);
	struct vm_map_request request = {
		.address = o->is_fixed ? address_of((unsigned int)page) : 0,
		.size = o->count * PAGE_SIZE,
		.flags = o->protection | REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE |
			 (is.flags & PAGE_SHARED ? REGION_SHARED : 0),
		.fixed = o->is_fixed,
		.page_offset = is.index,
	};
	uintptr_t at = 0;
	int result;

	TRY_CALL(actor, result, do_map(actor, file, &request, &at));
	check_result(o, result, is_refused ? -EACCES : 0);
	if (is_refused) {
		space_release(number, (unsigned int)page, o->count);
	} else {
		if (at != address_of((unsigned int)page))
			sim_fail("%s: it is at %#zx, not %#zx", text_of(o), at,
				 address_of((unsigned int)page));
		space_mapped(number, (unsigned int)page, o->count, is);
	}
	if (!o->is_fixed)
		space_release_all(number);
	return result;
}

static int map(struct actor *actor, const struct space_operation *o)
{
	struct file *file;
	struct page_identity is = identity_of(o, &file);
	bool is_nameless = is.object > FILES;
	int page, result = 0;

	if (is_nameless)
		TRY_CALL(actor, result, anonymous_file_create("sim", o->count * PAGE_SIZE, O_RDWR,
							      &file));
	check_result(o, result, 0);
	page = choose_place(actor, o, is);
	if (page >= 0)
		result = map_at(actor, o, is, file, page);
	if (is_nameless) {
		file_put(file);
		object_release(is.object - 1u);
	}
	return result;
}

static int unmap(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	int result;

	wait_event(&changes, space_claim(number, o->page, o->count, PAGE_KEEPS));
	TRY_CALL(actor, result,
		 vm_unmap(actor->process->space, address_of(o->page), o->count * PAGE_SIZE));
	check_result(o, result, 0);
	space_mapped(number, o->page, o->count, (struct page_identity){ 0 });
	return result;
}

/* ---- changes of what is mapped ---- */

static int protect(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	int result, expected;

	wait_event(&changes, space_claim(number, o->page, o->count, PAGE_KEEPS));
	expected = space_protect_result(number, o->page, o->count, o->protection);
	sim_failures_begin(actor->number);
	result = vm_protect(actor->process->space, address_of(o->page), o->count * PAGE_SIZE,
			    o->protection, false);
	/* -ENOMEM is a hole's answer, too. */
	if (sim_failures_end(actor->number))
		result = vm_protect(actor->process->space, address_of(o->page),
				    o->count * PAGE_SIZE, o->protection, false);
	check_result(o, result, expected);
	space_protected(number, o->page, o->count, o->protection);
	return result;
}

static int advise(struct actor *actor, const struct space_operation *o)
{
	static const int advices[ADVICE_KINDS] = {
		MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK,
		MADV_KEEPONFORK, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
	};
	unsigned int number = actor->process->number;
	bool keeps = o->advice >= ADVICE_DONTFORK && o->advice <= ADVICE_KEEPONFORK;
	bool may_differ = o->advice >= ADVICE_POPULATE_READ;	/* a file may change its size */
	int result, expected;

	wait_event(&changes, space_claim(number, o->page, o->count,
					 keeps ? PAGE_KEEPS : PAGE_CHANGES));
	expected = space_advise_result(number, o->page, o->count, o->advice);
	sim_failures_begin(actor->number);
	result = vm_advise(actor->process->space, address_of(o->page), o->count * PAGE_SIZE,
			   advices[o->advice]);
	if (sim_failures_end(actor->number))
		result = vm_advise(actor->process->space, address_of(o->page),
				   o->count * PAGE_SIZE, advices[o->advice]);
	if (!may_differ || (result && result != -EFAULT && expected != -EFAULT))
		check_result(o, result, expected);
	space_advised(number, o->page, o->count, o->advice);
	return result;
}

static int result_of(enum remap_plan plan)
{
	switch (plan) {
	case REMAP_FAULT: return -EFAULT;
	case REMAP_INVALID: return -EINVAL;
	case REMAP_NO_ROOM: return -ENOMEM;
	default: return 0;
	}
}

static int do_remap(struct address_space *space, const struct space_operation *o,
		    unsigned int count, uintptr_t *at)
{
	uint32_t flags = (o->is_fixed ? REMAP_FIXED : 0) |
			 (o->may_move || o->is_fixed ? REMAP_MAY_MOVE : 0);

	return vm_remap(space, address_of(o->page), count * PAGE_SIZE, o->new_count * PAGE_SIZE,
			flags, address_of(o->to), NULL, at);
}

/* A move to a place that finds no memory may have cut off what is too much: then the rest moves. */
static int try_remap(struct actor *actor, const struct space_operation *o, uintptr_t *at)
{
	bool may_be_cut = o->is_fixed && o->count > o->new_count, has_failed;
	int result;

	sim_failures_begin(actor->number);
	result = do_remap(actor->process->space, o, o->count, at);
	has_failed = sim_failures_end(actor->number) && result == -ENOMEM;
	if (has_failed)
		result = do_remap(actor->process->space, o, o->count, at);
	if (result == -EFAULT && may_be_cut && has_failed)
		result = do_remap(actor->process->space, o, o->new_count, at);
	return result;
}

static int remap(struct actor *actor, const struct space_operation *o)
{
	struct process *process = actor->process;
	enum remap_plan plan;
	uintptr_t at = 0;
	unsigned int to;
	int result = 0;

	wait_event(&changes, space_claim_all(process->number));
	plan = space_plan_remap(process->number, o, &to);
	if (plan != REMAP_NOWHERE) {
		if (plan >= REMAP_IN_PLACE)
			space_claim_remap(process->number, o, plan, to);
		result = try_remap(actor, o, &at);
		check_result(o, result, result_of(plan));
	}
	if (plan >= REMAP_IN_PLACE) {
		if (at != address_of(to))
			sim_fail("%s: it is at %#zx, not %#zx", text_of(o), at, address_of(to));
		space_remapped(process->number, o, plan, to);
	}
	space_release_all(process->number);
	return result;
}

static int set_heap(struct actor *actor, const struct space_operation *o)
{
	struct process *process = actor->process;
	unsigned int old, end, pages = o->new_count;
	bool may_be = true;

	wait_event(&changes, space_claim_all(process->number));
	old = space_heap_pages(process->number);
	may_be = space_can_set_heap(process->number, pages);
	if (may_be && pages != old)
		space_claim_more(process->number, pages < old ? pages : old,
				 pages < old ? old - pages : pages - old,
				 (struct page_identity){ 0 });
	sim_failures_begin(actor->number);
	end = (unsigned int)((vm_set_brk(process->space, address_of(pages), NULL) - ARENA_START) /
			     PAGE_SIZE);
	if (sim_failures_end(actor->number) && end != pages)
		end = (unsigned int)((vm_set_brk(process->space, address_of(pages), NULL) -
				      ARENA_START) / PAGE_SIZE);
	check_result(o, (int)end, (int)(may_be ? pages : old));
	if (may_be && pages != old)
		space_set_heap(process->number, pages);
	space_release_all(process->number);
	return (int)end;
}

static int sync_memory(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	int result, expected;

	wait_event(&changes, space_claim(number, o->page, o->count, PAGE_KEEPS));
	expected = space_has_hole(number, o->page, o->count) ? -ENOMEM : 0;
	result = vm_sync(actor->process->space, address_of(o->page), o->count * PAGE_SIZE, true,
			 false);
	check_result(o, result, expected);
	space_release(number, o->page, o->count);
	return result;
}

/* ---- calls on files ---- */

static int read_file(struct actor *actor, const struct space_operation *o)
{
	uint32_t size = object_size(o->file), failures;
	uint32_t expected = o->offset >= size ? 0 : size - o->offset;
	uint64_t started = object_read_begin();
	uint8_t *bytes = actor->buffer;
	struct io_buffer buffer;
	ssize_t result;

	if (expected > o->size)
		expected = o->size;
	sim_failures_begin(actor->number);
	io_buffer_init_kernel(&buffer, bytes, o->size);
	result = file_read_at(files[o->file][1], &buffer, o->offset);
	failures = sim_failures_end(actor->number);
	if (!failures || result > (ssize_t)expected || (result < 0 && result != -ENOMEM))
		check_result(o, (int)result, (int)expected);
	if (result > 0) {
		const char *wrong = object_read_end(o->file, o->offset, bytes, (uint32_t)result,
						    started);

		if (wrong)
			sim_fail("%s: %s", text_of(o), wrong);
	}
	return (int)result;
}

static int write_file(struct actor *actor, const struct space_operation *o)
{
	struct io_buffer buffer;
	uint32_t failures;
	ssize_t result;

	object_fill(actor->buffer, o->offset, o->size, o->seed);
	object_write_begin(o->file, o->offset, o->size);
	sim_failures_begin(actor->number);
	io_buffer_init_kernel(&buffer, actor->buffer, o->size);
	result = file_write_at(files[o->file][0], &buffer, o->offset, UINT64_MAX);
	failures = sim_failures_end(actor->number);
	if (!failures || result > (ssize_t)o->size || (result < 0 && result != -ENOMEM))
		check_result(o, (int)result, (int)o->size);
	object_write_end(o->file, o->offset, o->size, actor->buffer,
			 result > 0 ? (uint32_t)result : 0);
	return (int)result;
}

static int truncate_file(struct actor *actor, const struct space_operation *o)
{
	int result;

	object_truncate_begin(o->file);
	TRY_CALL(actor, result, file_truncate(files[o->file][0], o->offset, UINT64_MAX));
	check_result(o, result, 0);
	object_truncate_end(o->file, o->offset);
	return result;
}

static int play_file_call(struct actor *actor, const struct space_operation *o)
{
	int result;

	wait_event(&changes, object_claim(o->file));
	if (o->kind == SPACE_READ)
		result = read_file(actor, o);
	else if (o->kind == SPACE_WRITE)
		result = write_file(actor, o);
	else
		result = truncate_file(actor, o);
	object_release(o->file);
	return result;
}

/* Between the file and memory, as one call does it; the memory's pages are claimed. */
static ssize_t copy_file(struct actor *actor, const struct space_operation *o, uint32_t *failures)
{
	uintptr_t at = address_of(o->page) + o->offset % PAGE_SIZE;
	struct io_buffer buffer;
	ssize_t result;

	sim_failures_begin(actor->number);
	io_buffer_init_user(&buffer, user_addr_from(at), o->size);
	if (o->kind == SPACE_USER_READ)
		result = file_read_at(files[o->file][1], &buffer, o->offset);
	else
		result = file_write_at(files[o->file][0], &buffer, o->offset, UINT64_MAX);
	*failures = sim_failures_end(actor->number);
	return result;
}

static void check_copied(const struct space_operation *o, ssize_t result, uint32_t wanted,
			 uint32_t reachable, bool is_certain)
{
	uint32_t expected = wanted < reachable ? wanted : reachable;

	if (result > (ssize_t)wanted || (result < 0 && result != -EFAULT && result != -ENOMEM))
		check_result(o, (int)result, (int)expected);
	if (is_certain)
		check_result(o, (int)result, wanted > 0 && expected == 0 ? -EFAULT :
									   (int)expected);
}

static int read_to_memory(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	uint32_t size = object_size(o->file), wanted = o->offset >= size ? 0 : size - o->offset;
	uint64_t started = object_read_begin();
	uint32_t failures, reachable;
	ssize_t result;
	bool may_change;

	if (space_is_shared(number, o->page, o->offset, o->size))
		return 0;
	wanted = wanted < o->size ? wanted : o->size;
	reachable = space_count_reachable(number, o->page, o->offset, o->size, true, &may_change);
	result = copy_file(actor, o, &failures);
	check_copied(o, result, wanted, reachable, !may_change && !failures);
	space_read_end(number, o->page, o->file, o->offset, o->size,
		       result > 0 ? (uint32_t)result : 0, started);
	return (int)result;
}

static int write_from_memory(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	uint8_t *uncertain = actor->buffer + OBJECT_SIZE_MAX / 2;	/* it is a few pages */
	uint64_t started = object_read_begin();
	uint32_t failures, reachable, done;
	ssize_t result;
	bool may_change;

	reachable = space_count_reachable(number, o->page, o->offset, o->size, false, &may_change);
	object_write_begin(o->file, o->offset, o->size);
	result = copy_file(actor, o, &failures);
	check_copied(o, result, o->size, reachable, !may_change && !failures);
	done = result > 0 ? (uint32_t)result : 0;
	/* Asked now: what was vague before, a load may have made certain meanwhile. */
	space_write_bytes(number, o->page, o->offset, o->size, actor->buffer);
	space_find_uncertain(number, o->page, o->offset, o->size, started, uncertain);
	object_write_end(o->file, o->offset, o->size, actor->buffer, done);
	object_blur(o->file, o->offset, done, uncertain);
	return (int)result;
}

static int play_memory_call(struct actor *actor, const struct space_operation *o)
{
	unsigned int number = actor->process->number;
	unsigned int pages = (o->offset % PAGE_SIZE + o->size + PAGE_SIZE - 1) / PAGE_SIZE;
	int result;

	wait_event(&changes, object_claim(o->file));
	wait_event(&changes, space_claim(number, o->page, pages, PAGE_CHANGES));
	result = o->kind == SPACE_USER_READ ? read_to_memory(actor, o) :
					      write_from_memory(actor, o);
	space_release(number, o->page, pages);
	object_release(o->file);
	return result;
}

int play_call(struct actor *actor, const struct space_operation *o)
{
	switch ((enum space_operation_kind)o->kind) {
	case SPACE_MAP: return map(actor, o);
	case SPACE_UNMAP: return unmap(actor, o);
	case SPACE_PROTECT: return protect(actor, o);
	case SPACE_ADVISE: return advise(actor, o);
	case SPACE_REMAP: return remap(actor, o);
	case SPACE_BRK: return set_heap(actor, o);
	case SPACE_READ:
	case SPACE_WRITE:
	case SPACE_TRUNCATE: return play_file_call(actor, o);
	case SPACE_USER_READ:
	case SPACE_USER_WRITE: return play_memory_call(actor, o);
	case SPACE_MSYNC: return sync_memory(actor, o);
	case SPACE_FSYNC: return file_sync(files[o->file][0], false);
	case SPACE_DROP_CACHES: reclaim_drop_caches(); return 0;
	case SPACE_RECLAIM: return (int)sim_reclaim(o->count);
	default: return 0;
	}
}

/* ---- the files ---- */

void open_files(const struct scenario *scenario)
{
	char name[16];

	for (unsigned int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "/m/file%u", i);
		if (file_open(&sim_root, name, O_RDWR | O_CREAT, 0644, &files[i][0]) ||
		    file_open(&sim_root, name, O_RDONLY, 0, &files[i][1]) ||
		    file_truncate(files[i][0], scenario->file_sizes[i], UINT64_MAX))
			sim_fail("%s cannot be made", name);
		object_set_size(i, scenario->file_sizes[i]);
	}
}

void close_files(void)
{
	for (unsigned int i = 0; i < FILES; i++) {
		file_put(files[i][0]);
		file_put(files[i][1]);
	}
}

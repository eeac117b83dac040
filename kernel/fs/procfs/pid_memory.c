/*
 * /proc/PID/maps, smaps, pagemap, cmdline, environ and mem; and /proc/kpagecount, which needs them
 * all.
 *
 * pagemap has a 64-bit word for each page: bit 63 present, 61 file page or shared, 56 mapped
 * only here, low 55 bits the frame. kpagecount has one for each frame: how often it is mapped.
 * No count is kept for that: reading it walks the page tables of every process, which costs time
 * only then.
 */
#include "fs/procfs/internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vm/region.h"

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FILE (1ull << 61)
#define PAGEMAP_EXCLUSIVE (1ull << 56)
enum { CHUNK_WORDS = 512 };

/* Name of the region as maps shows it: a path, or [heap] and the like, or nothing. */
static void print_region_name(struct procfs_text *text, const struct region *region, char *buffer)
{
	const char *special = NULL;
	size_t length;

	if (region->backing) {
		length = region->backing_ops->name(region->backing, buffer, PATH_MAX);
		procfs_print(text, "%*s", 1, " ");
		procfs_put_bytes(text, buffer, length);
		return;
	}
	if (region->flags & REGION_SPECIAL)
		special = region->special_name;
	else if (region->flags & REGION_HEAP)
		special = "[heap]";
	else if (region->flags & REGION_STACK)
		special = "[stack]";
	if (special)
		procfs_print(text, " %s", special);
}

static void print_region(struct procfs_text *text, const struct region *region, char *buffer)
{
	dev_number device = 0;
	uint64_t inode = 0;
	size_t start = text->length, width;

	if (region->backing)
		region->backing_ops->identity(region->backing, &device, &inode);
	procfs_print(text, "%08zx-%08zx %c%c%c%c %08llx %02x:%02x %llu", (size_t)region->start,
		     (size_t)region->end, region->flags & REGION_READ ? 'r' : '-',
		     region->flags & REGION_WRITE ? 'w' : '-',
		     region->flags & REGION_EXECUTE ? 'x' : '-',
		     region->flags & REGION_SHARED ? 's' : 'p',
		     region->backing ? (unsigned long long)region->page_offset << PAGE_SHIFT : 0ull,
		     DEV_MAJOR(device), DEV_MINOR(device), (unsigned long long)inode);
	/* Names begin in column 50, as programs that cut by columns expect. */
	width = text->length - start;
	if (region->backing || (region->flags & (REGION_SPECIAL | REGION_HEAP | REGION_STACK))) {
		for (; width < 48; width++)
			procfs_put_bytes(text, " ", 1);
		print_region_name(text, region, buffer);
	} else {
		procfs_put_bytes(text, " ", 1);
	}
	procfs_put_bytes(text, "\n", 1);
}

enum { KIB_PER_PAGE = PAGE_SIZE / 1024 };

static void print_sizes(struct procfs_text *text, const struct region *region)
{
	procfs_print(text,
		     "Size:           %8zu kB\nKernelPageSize: %8u kB\nMMUPageSize:    %8u kB\n",
		     (size_t)(region->end - region->start) / 1024, 4u, 4u);
}

static void print_usage(struct procfs_text *text, const struct region_usage *usage)
{
	procfs_print(text, "Rss:            %8zu kB\nPss:            %8zu kB\n",
		     usage->resident * KIB_PER_PAGE,
		     (size_t)(usage->proportional >> (PROPORTIONAL_SHIFT + 10)));
	procfs_print(text, "Shared_Clean:   %8zu kB\nShared_Dirty:   %8zu kB\n",
		     usage->shared_clean * KIB_PER_PAGE, usage->shared_dirty * KIB_PER_PAGE);
	procfs_print(text, "Private_Clean:  %8zu kB\nPrivate_Dirty:  %8zu kB\n",
		     usage->private_clean * KIB_PER_PAGE, usage->private_dirty * KIB_PER_PAGE);
	procfs_print(text,
		     "Referenced:     %8zu kB\nAnonymous:      %8zu kB\nSwap:           %8u kB\n",
		     usage->referenced * KIB_PER_PAGE, usage->anonymous * KIB_PER_PAGE, 0u);
}

/*
 * Look for the pages in all spaces, one after another: none is kept longer than it is looked at.
 * Who is being killed does not go on.
 */
static void look_everywhere(struct page_sharing *sharing)
{
	struct process *process;
	process_id next = 1;

	while (sharing->count && !thread_is_killed(thread_current()) &&
	       (process = process_next_get(next)) != NULL) {
		struct address_space *space = process_space_get(process);

		next = process->id + 1;
		if (space) {
			page_sharing_look(sharing, space);
			address_space_put(space);
		}
		process_put(process);
	}
}

/* What is in [start, end), where regions may change meanwhile. No lock is held. */
static void collect_usage(struct address_space *space, uintptr_t start, uintptr_t end,
			  struct page_sharing *sharing, struct region_usage *out)
{
	uintptr_t address = start;

	memset(out, 0, sizeof(*out));
	while (address < end && !thread_is_killed(thread_current())) {
		struct region *region;

		rwlock_read_lock(&space->lock);
		region = region_find(space, address);
		if (region)
			region_usage(space, region, &address, sharing, out);
		rwlock_read_unlock(&space->lock);
		if (!region)
			break;
		look_everywhere(sharing);
		page_sharing_finish(sharing, out);
	}
}

/* `sharing`: NULL for the names and places alone. */
static int show_regions(const struct procfs_subject *subject, struct procfs_text *text,
			struct page_sharing *sharing)
{
	struct address_space *space = process_space_get(subject->process);
	struct region_usage usage;
	struct region *region;
	char *buffer;

	if (!space)
		return 0;
	buffer = kmalloc(PATH_MAX, 0);
	if (!buffer) {
		address_space_put(space);
		return -ENOMEM;
	}
	rwlock_read_lock(&space->lock);
	while ((region = region_find_from(space, (uintptr_t)text->cursor)) != NULL) {
		uintptr_t start = region->start, end = region->end;

		if (procfs_piece_is_full(text)) {
			text->has_more = true;
			break;
		}
		text->cursor = end;
		print_region(text, region, buffer);
		if (sharing) {
			print_sizes(text, region);
			rwlock_read_unlock(&space->lock);
			collect_usage(space, start, end, sharing, &usage);
			print_usage(text, &usage);
			rwlock_read_lock(&space->lock);
		}
	}
	rwlock_read_unlock(&space->lock);
	kfree(buffer);
	address_space_put(space);
	return 0;
}

int procfs_show_maps(const struct procfs_subject *subject, struct procfs_text *text)
{
	return show_regions(subject, text, NULL);
}

int procfs_show_smaps(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct page_sharing *sharing = kzalloc(sizeof(*sharing), 0);
	int error;

	if (!sharing)
		return -ENOMEM;
	error = show_regions(subject, text, sharing);
	kfree(sharing);
	return error;
}

static void add_usage(struct region_usage *sum, const struct region_usage *one)
{
	sum->resident += one->resident;
	sum->shared_clean += one->shared_clean;
	sum->shared_dirty += one->shared_dirty;
	sum->private_clean += one->private_clean;
	sum->private_dirty += one->private_dirty;
	sum->referenced += one->referenced;
	sum->anonymous += one->anonymous;
	sum->proportional += one->proportional;
}

/* The next region at `start` or behind it: its bounds. False: there is none. */
static bool next_bounds(struct address_space *space, uintptr_t *start, uintptr_t *end)
{
	struct region *region;

	rwlock_read_lock(&space->lock);
	region = region_find_from(space, *start);
	if (region) {
		*start = region->start;
		*end = region->end;
	}
	rwlock_read_unlock(&space->lock);
	return region;
}

/* The sums of smaps, without its many lines. */
int procfs_show_smaps_rollup(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct address_space *space = process_space_get(subject->process);
	struct page_sharing *sharing = kzalloc(sizeof(*sharing), 0);
	uintptr_t first = 0, start = 0, end = 0;
	struct region_usage sum = { 0 }, one;
	int error = space ? 0 : -ESRCH;

	if (!error && !sharing)
		error = -ENOMEM;
	while (!error && next_bounds(space, &start, &end)) {
		collect_usage(space, start, end, sharing, &one);
		add_usage(&sum, &one);
		first = first ? first : start;
		start = end;
	}
	if (!error) {
		procfs_print(text, "%08zx-%08zx ---p 00000000 00:00 0 %*s[rollup]\n", (size_t)first,
			     (size_t)end, 25, "");
		print_usage(text, &sum);
	}
	kfree(sharing);
	if (space)
		address_space_put(space);
	return error;
}

/* Positions and sizes of word files are multiples of 8. */
static int check_words(const struct io_buffer *buffer, file_offset position)
{
	return position < 0 || position % 8 || buffer->remaining % 8 ? -EINVAL : 0;
}

static uint64_t pagemap_word(const struct pagemap_entry *entry, bool show_frames)
{
	uint64_t word = 0;

	if (!entry->present)
		return 0;
	word = PAGEMAP_PRESENT;
	if (entry->file_or_shared)
		word |= PAGEMAP_FILE;
	if (entry->exclusive)
		word |= PAGEMAP_EXCLUSIVE;
	/* As on Linux since 4.2: who could use frame numbers to attack must not learn them. */
	return show_frames ? word | entry->frame : word;
}

int procfs_memory_serial(struct process *process, uint64_t *out)
{
	struct address_space *space;

	if (process_access_space(process, PROCESS_ACCESS_FILE, &space))
		return -EACCES;
	*out = space ? space->serial : 0;
	if (space)
		address_space_put(space);
	return 0;
}

struct address_space *procfs_memory_get(struct process *process, uint64_t serial)
{
	struct address_space *space = process_space_get(process);

	if (space && space->serial != serial) {
		address_space_put(space);
		space = NULL;
	}
	return space;
}

/* Only the serial number is kept, so that an open file keeps no memory. */
static int memory_open(struct file *file)
{
	uint64_t serial, *kept;
	int error = procfs_memory_serial(procfs_subject(file)->process, &serial);

	if (error)
		return error;
	kept = kmalloc(sizeof(*kept), 0);
	if (!kept)
		return -ENOMEM;
	*kept = serial;
	file->private = kept;
	return 0;
}

static void memory_release(struct file *file)
{
	kfree(file->private);
}

static struct address_space *opened_memory(struct file *file)
{
	return procfs_memory_get(procfs_subject(file)->process, *(const uint64_t *)file->private);
}

static ssize_t pagemap_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct address_space *space = opened_memory(file);
	bool show_frames = credentials_capable(file->credentials, CAP_SYS_ADMIN);
	uint64_t page, limit = USER_END / PAGE_SIZE;
	struct pagemap_entry *entries;
	size_t before = buffer->remaining;
	int error;

	if (!space)
		return 0;
	entries = kmalloc_array(CHUNK_WORDS, sizeof(*entries), 0);
	error = entries ? check_words(buffer, *position) : -ENOMEM;
	while (!error && buffer->remaining) {
		size_t count = min_t(size_t, buffer->remaining / 8, CHUNK_WORDS);

		page = (uint64_t)*position / 8;
		if (page >= limit)
			break;
		count = min_t(size_t, count, (size_t)(limit - page));
		address_space_pagemap(space, (uintptr_t)page << PAGE_SHIFT, count, entries);
		for (size_t i = 0; i < count && !error; i++) {
			uint64_t word = pagemap_word(&entries[i], show_frames);

			error = io_buffer_put(buffer, &word, sizeof(word));
			*position += error ? 0 : 8;
		}
	}
	kfree(entries);
	address_space_put(space);
	return before - buffer->remaining ? (ssize_t)(before - buffer->remaining) : error;
}

const struct file_ops procfs_pagemap_ops = { .open = memory_open,
					     .release = memory_release,
					     .read = pagemap_read };

static ssize_t kpagecount_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	uint64_t limit = page_frame_limit();
	uint32_t *counts = kmalloc_array(CHUNK_WORDS, sizeof(*counts), 0);
	size_t before = buffer->remaining;
	int error = counts ? check_words(buffer, *position) : -ENOMEM;

	(void)file;
	while (!error && buffer->remaining) {
		uint64_t first = (uint64_t)*position / 8;
		size_t count = min_t(size_t, buffer->remaining / 8, CHUNK_WORDS);
		struct process *process;
		process_id next = 1;

		if (first >= limit)
			break;
		count = min_t(size_t, count, (size_t)(limit - first));
		memset(counts, 0, count * sizeof(*counts));
		while ((process = process_next_get(next)) != NULL) {
			struct address_space *space = process_space_get(process);

			next = process->id + 1;
			if (space) {
				address_space_count_mappings(space, (frame_number)first, count,
							     counts);
				address_space_put(space);
			}
			process_put(process);
		}
		for (size_t i = 0; i < count && !error; i++) {
			uint64_t word = counts[i];

			error = io_buffer_put(buffer, &word, sizeof(word));
			*position += error ? 0 : 8;
		}
	}
	kfree(counts);
	return before - buffer->remaining ? (ssize_t)(before - buffer->remaining) : error;
}

const struct file_ops procfs_kpagecount_ops = { .read = kpagecount_read };

/* ---- arguments and environment --------------------------------------------------------------- */

/* What the program has at [start, end), as far as it can be read. */
static ssize_t read_range(struct address_space *space, uintptr_t start, uintptr_t end,
			  struct io_buffer *buffer, file_offset *position)
{
	file_offset size = end > start ? (file_offset)(end - start) : 0;
	ssize_t moved = 0;
	int error = 0;
	char *chunk;

	if (*position < 0 || *position >= size)
		return 0;
	chunk = kmalloc(PAGE_SIZE, 0);
	if (!chunk)
		return -ENOMEM;
	while (!error && buffer->remaining && *position < size) {
		uintptr_t address = start + (uintptr_t)*position;
		size_t count = min_t(size_t, buffer->remaining, PAGE_SIZE - address % PAGE_SIZE);
		ssize_t got;

		count = min_t(size_t, count, end - address);
		got = address_space_access(space, address, chunk, count, false, false);
		if (got <= 0)
			break;
		error = io_buffer_put(buffer, chunk, (size_t)got);
		moved += error ? 0 : got;
		*position += error ? 0 : got;
	}
	kfree(chunk);
	return moved ? moved : error;
}

static ssize_t arguments_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct address_space *space = process_space_get(procfs_subject(file)->process);
	ssize_t result;

	if (!space)
		return 0;
	result = read_range(space, space->arguments_start, space->arguments_end, buffer,
			    position);
	address_space_put(space);
	return result;
}

/* All may know them. */
const struct file_ops procfs_arguments_ops = { .read = arguments_read };

static ssize_t environment_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct address_space *space = opened_memory(file);
	ssize_t result;

	if (!space)
		return 0;
	result = read_range(space, space->environment_start, space->environment_end, buffer,
			    position);
	address_space_put(space);
	return result;
}

const struct file_ops procfs_environment_ops = {
	.open = memory_open,
	.release = memory_release,
	.read = environment_read,
};

/* ---- mem ------------------------------------------------------------------------------------- */

/* As a debugger: pages that the program may not touch can be read, and text be written. */
static ssize_t memory_transfer(struct file *file, struct io_buffer *buffer, file_offset *position,
			       bool write)
{
	struct address_space *space = opened_memory(file);
	ssize_t moved = 0, done = 0;
	char *chunk;

	if (!space)
		return 0;
	chunk = kmalloc(PAGE_SIZE, 0);
	if (!chunk)
		done = -ENOMEM;
	while (done >= 0 && buffer->remaining) {
		size_t size = min_t(size_t, buffer->remaining,
				    PAGE_SIZE - (size_t)(*position & (PAGE_SIZE - 1)));

		if (*position < 0 || *position >= (file_offset)USER_END) {
			done = -EIO;
			break;
		}
		if (write && io_buffer_get(buffer, chunk, size)) {
			done = -EFAULT;
			break;
		}
		done = address_space_access(space, (uintptr_t)*position, chunk, size, write, true);
		if (done <= 0) {
			done = -EIO;
			break;
		}
		if (!write && io_buffer_put(buffer, chunk, (size_t)done)) {
			done = -EFAULT;
			break;
		}
		*position += done;
		moved += done;
	}
	kfree(chunk);
	address_space_put(space);
	return moved ? moved : done;
}

static ssize_t memory_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return memory_transfer(file, buffer, position, false);
}

static ssize_t memory_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	return memory_transfer(file, buffer, position, true);
}

const struct file_ops procfs_memory_ops = {
	.open = memory_open,
	.release = memory_release,
	.read = memory_read,
	.write = memory_write,
};

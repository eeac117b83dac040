/*
 * /proc/meminfo, /proc/vmstat, /proc/swaps: where the memory is.
 */
#include "block/block_device.h"
#include "fs/procfs/internal.h"
#include "mem/frame_survey.h"
#include "mem/page_frame.h"
#include "vm/address_space.h"
#include "vm/commit.h"
#include "vm/page_cache.h"

enum { KIB_PER_PAGE = PAGE_SIZE / 1024 };

/* In pages. */
struct memory_report {
	struct frame_counts frames;
	struct frame_survey survey;
	size_t buffers; /* of the page cache: what disks have beside files */
	size_t shared;	/* the same: tmpfs and shared memory, which no disk keeps */
	struct page_cache_totals totals;
};

/* The parts are counted one after the other, so a sum may be less than one of them. */
static size_t minus(size_t all, size_t part)
{
	return all > part ? all - part : 0;
}

static void report(struct memory_report *out)
{
	struct block_device *disk = NULL;

	page_frame_count(&out->frames);
	frame_survey(&out->survey);
	out->buffers = 0;
	while ((disk = block_device_next(disk)) != NULL)
		out->buffers += disk->cache.frame_count;
	page_cache_get_totals(&out->totals);
	out->shared = out->totals.memory;
}

static void print_row(struct procfs_text *text, const char *name, size_t pages)
{
	procfs_print(text, "%-15s %8zu kB\n", name, pages * KIB_PER_PAGE);
}

/* Private memory and what no disk keeps is never judged idle: it has nowhere to go. */
int procfs_show_meminfo(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct memory_report memory;
	size_t anonymous, active, idle;

	(void)subject;
	report(&memory);
	anonymous = memory.frames.anonymous + memory.shared;
	active = minus(memory.survey.referenced, memory.shared);
	idle = minus(minus(memory.frames.page_cache, memory.shared), active);
	print_row(text, "MemTotal:", memory.frames.total);
	print_row(text, "MemFree:", memory.frames.free);
	print_row(text, "MemAvailable:",
		  memory.frames.free + minus(memory.frames.page_cache, memory.shared));
	print_row(text, "Buffers:", memory.buffers);
	print_row(text, "Cached:", minus(memory.frames.page_cache, memory.buffers));
	print_row(text, "SwapCached:", 0);
	print_row(text, "Active:", anonymous + active);
	print_row(text, "Inactive:", idle);
	print_row(text, "Active(anon):", anonymous);
	print_row(text, "Inactive(anon):", 0);
	print_row(text, "Active(file):", active);
	print_row(text, "Inactive(file):", idle);
	print_row(text, "SwapTotal:", 0);
	print_row(text, "SwapFree:", 0);
	print_row(text, "Dirty:", memory.totals.dirty);
	print_row(text, "Writeback:", memory.totals.writing);
	print_row(text, "AnonPages:", memory.frames.anonymous);
	print_row(text, "Mapped:", memory.survey.mapped);
	print_row(text, "Shmem:", memory.shared);
	print_row(text, "Slab:", memory.frames.slab);
	/* busybox's free trusts MemAvailable only where it finds how much of Slab that counts. */
	print_row(text, "SReclaimable:", 0);
	print_row(text, "SUnreclaim:", memory.frames.slab);
	print_row(text, "PageTables:", memory.frames.page_table);
	print_row(text, "CommitLimit:", overcommit_limit());
	print_row(text, "Committed_AS:", overcommit_promised());
	return 0;
}

/* KiB that went from and to whole disks since boot. */
static void disk_traffic(uint64_t *in, uint64_t *out)
{
	struct block_device *disk = NULL;

	*in = *out = 0;
	while ((disk = block_device_next(disk)) != NULL) {
		if (disk->whole != disk)
			continue;
		*in += atomic_load(&disk->sectors_read) / 2;
		*out += atomic_load(&disk->sectors_written) / 2;
	}
}

int procfs_show_vmstat(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct memory_report memory;
	uint64_t in, out;

	(void)subject;
	report(&memory);
	disk_traffic(&in, &out);
	procfs_print(text,
		     "nr_free_pages %zu\nnr_anon_pages %zu\nnr_mapped %zu\nnr_file_pages %zu\n",
		     memory.frames.free, memory.frames.anonymous, memory.survey.mapped,
		     memory.frames.page_cache);
	procfs_print(text,
		     "nr_dirty %zu\nnr_writeback %zu\nnr_shmem %zu\nnr_page_table_pages %zu\n",
		     memory.totals.dirty, memory.totals.writing, memory.shared,
		     memory.frames.page_table);
	procfs_print(text, "pgpgin %llu\npgpgout %llu\npswpin 0\npswpout 0\n",
		     (unsigned long long)in, (unsigned long long)out);
	procfs_print(text, "pgfault %u\npgmajfault %u\n", atomic_load(&vm_counters.faults),
		     atomic_load(&vm_counters.major_faults));
	return 0;
}

/* There is none. */
int procfs_show_swaps(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

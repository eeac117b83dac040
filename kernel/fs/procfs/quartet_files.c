/*
 * /proc/quartet: what tests ask of the kernel, and no Linux has.
 *
 * 	boot		how long the start took: boot_file.c
 * 	leaks		what must be the same before and after a test, once caches are dropped;
 * 			a debug kernel looks its page tables over as well
 * 	counters	faults by kind, tables shared and copied (struct vm_counters)
 * 	block_fail	write "hda:100-200:r,...": requests for these sectors of disks fail
 * 	event_mask	which events are recorded, in hexadecimal; written: from now on
 * 	failpoint	write "KIND NTH [COUNT]": the NTH allocation of the writer fails, or COUNT
 * 			from it on; read: did it
 * 			(core/failpoint.h has the kinds)
 * 	stale		write a byte: fill what the writer gets with it (core/stale.h); 0 ends it;
 * 			read: some of it, and an address
 * 	violate		write a name: the kernel breaks that rule and should panic; read: the names;
 * 			violate_file.c
 */
#include "arch/mmu.h"
#include "block/block_device.h"
#include "core/config.h"
#include "core/event_ring.h"
#include "core/failpoint.h"
#include "core/stack_header.h"
#include "core/stale.h"
#include "fs/procfs/internal.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/event_memory.h"
#include "mem/kmalloc.h"
#include "mem/page_frame.h"
#include "mem/slab.h"
#include "sched/rcu.h"
#include "uapi/linux/errno.h"
#include "vm/writeback.h"

/* Of a slab object, and of the stack, most of which calls have written before. */
enum { SHOWN_STALE = 32, SHOWN_STACK = 256 };

/*
 * Caches hold things that are not leaked: they go first, and what waits for a grace period. What
 * goes may have kept other things, so it takes a few rounds.
 */
static void settle(void)
{
	enum { ROUNDS = 3 };

	for (unsigned int i = 0; i < ROUNDS; i++) {
		mount_sync_all(true);
		reclaim_drop_caches();
		rcu_synchronize();
		thread_trim_stacks();
		slab_trim();
	}
}

/*
 * How many nodes a tree of ids or pages needs depends on the numbers in it, not only on how many
 * there are.
 */
static bool is_counted(const char *cache_name)
{
	return strcmp(cache_name, "process_id_node") != 0 &&
	       strcmp(cache_name, "page_cache_node") != 0;
}

/* One line for each kind of object, so that a leak has a name; blanks in it would end the word. */
static void show_objects(struct procfs_text *text)
{
	struct slab_cache *cache = NULL;

	while ((cache = slab_cache_next(cache)) != NULL) {
		const char *name;
		size_t size, in_use, frames;

		slab_cache_count(cache, &name, &size, &in_use, &frames);
		if (!is_counted(name))
			continue;
		procfs_print(text, "slab:");
		for (; *name; name++)
			procfs_put_bytes(text, *name == ' ' ? "_" : name, 1);
		procfs_print(text, " %zu\n", in_use);
	}
}

static int show_leaks(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct frame_counts frames;

	(void)subject;
	/* Before what was mapped for the test, as stacks are, goes. */
	if (CONFIG_INVARIANTS)
		mmu_check_kernel();
	settle();
	show_objects(text);
	page_frame_count(&frames);
	procfs_print(text, "anonymous_frames %zu\npage_table_frames %zu\nkernel_frames %zu\n",
		     frames.anonymous, frames.page_table, frames.kernel);
	procfs_print(text, "page_cache_frames %zu\nopen_files %zu\n", frames.page_cache,
		     file_open_count());
	procfs_print(text, "processes %u\nthreads %u\n", process_count(), user_thread_count());
	return 0;
}

static int show_counters(const struct procfs_subject *subject, struct procfs_text *text)
{
	const struct {
		const char *name;
		atomic_uint *count;
	} rows[] = {
		{ "faults", &vm_counters.faults },
		{ "faults_file", &vm_counters.faults_file },
		{ "faults_anonymous", &vm_counters.faults_anonymous },
		{ "faults_cow_copied", &vm_counters.faults_cow_copied },
		{ "faults_cow_reused", &vm_counters.faults_cow_reused },
		{ "tables_shared", &vm_counters.tables_shared },
		{ "tables_copied", &vm_counters.tables_copied },
		{ "table_write_enabled", &vm_counters.table_write_enabled },
		{ "pages_copied", &vm_counters.pages_copied },
		{ "major_faults", &vm_counters.major_faults },
		{ "pages_mapped_around", &vm_counters.pages_mapped_around },
		{ "regions_walked", &vm_counters.regions_walked },
	};

	(void)subject;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		procfs_print(text, "%s %u\n", rows[i].name, atomic_load(rows[i].count));
	return 0;
}

static const char *const failpoint_names[FAILPOINT_COUNT] = {
	[FAILPOINT_FRAME] = "frame",
	[FAILPOINT_SLAB] = "slab",
	[FAILPOINT_BLOCK_IO] = "block_io",
	[FAILPOINT_ANY_PATH] = "any_path",
};

static int show_failpoint(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	for (unsigned int i = 0; i < FAILPOINT_COUNT; i++) {
		unsigned int hits;
		bool struck = failpoint_has_struck((enum failpoint)i, &hits);

		procfs_print(text, "%s struck %d hits %u\n", failpoint_names[i], struck, hits);
	}
	return 0;
}

static ssize_t store_failpoint(const struct procfs_subject *subject, char *line, size_t size)
{
	char *number = strchr(line, ' '), *more;
	uint32_t nth, count = 1;

	(void)subject;
	if (!CONFIG_FAILPOINTS)
		return -EOPNOTSUPP;
	if (!number)
		return -EINVAL;
	*number++ = '\0';
	more = strchr(number, ' ');
	if (more)
		*more++ = '\0';
	if (parse_u32(number, strlen(number), 10, &nth) ||
	    (more && parse_u32(more, strlen(more), 10, &count)))
		return -EINVAL;
	for (unsigned int i = 0; i < FAILPOINT_COUNT; i++) {
		if (strcmp(line, failpoint_names[i]) == 0) {
			failpoint_arm((enum failpoint)i, thread_current(), nth, count);
			return (ssize_t)size;
		}
	}
	return -EINVAL;
}

/* On purpose what must not happen: so that a test sees that it would see it. */
static int show_stale(const struct procfs_subject *subject, struct procfs_text *text)
{
	char on_stack[SHOWN_STACK];
	char *object = kmalloc(SHOWN_STALE, 0);

	(void)subject;
	if (!object)
		return -ENOMEM;
	__asm__ volatile("" : "=m"(on_stack)); /* as if it had been written */
	procfs_put_bytes(text, on_stack, SHOWN_STACK);
	procfs_put_bytes(text, object, SHOWN_STALE);
	procfs_put_bytes(text, (const char *)&object, sizeof(object));
	kfree(object);
	return 0;
}

/* In hexadecimal; the writer's calls go by way of the tracer's entry, which fills the stack. */
static ssize_t store_stale(const struct procfs_subject *subject, char *line, size_t size)
{
	uint32_t byte;

	(void)subject;
	if (!CONFIG_POISON)
		return -EOPNOTSUPP;
	if (parse_u32(line, strlen(line), 16, &byte) || byte > UINT8_MAX)
		return -EINVAL;
	stale_arm((uint8_t)byte);
	if (byte)
		thread_add_return_work(thread_current(), RETURN_WORK_TRACE);
	return (ssize_t)size;
}

/* "hda:100-200:r,...": requests for these sectors fail from now on; an empty line ends it. */
static ssize_t store_block_fail(const struct procfs_subject *subject, char *line, size_t size)
{
	int error = block_fail_set(line);

	(void)subject;
	return error ? error : (ssize_t)size;
}

/*
 * Its threads' system calls go the way of traced ones, until they notice that nobody wants to know
 * of them any more (entry/syscall.c).
 */
static bool watch_calls(struct process *process, void *argument)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread;

	(void)argument;
	list_for_each_entry(thread, &process->threads, process_node)
		thread_add_return_work(&thread->thread, RETURN_WORK_TRACE);
	spin_unlock_irq(&process->signal_lock, flags);
	return true;
}

static int show_event_mask(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%x\n", event_mask());
	return 0;
}

static ssize_t store_event_mask(const struct procfs_subject *subject, char *line, size_t size)
{
	uint32_t mask;
	int error;

	(void)subject;
	if (parse_u32(line, strlen(line), 16, &mask))
		return -EINVAL;
	error = mask ? event_memory_attach() : 0;
	if (error)
		return error;
	event_set_mask(mask);
	if (mask & 1u << QUARTET_EVENT_SYSCALL_ENTER || mask & 1u << QUARTET_EVENT_SYSCALL_LEAVE)
		process_for_each(watch_calls, NULL);
	return (ssize_t)size;
}

const struct procfs_entry procfs_quartet_entries[] = {
	{ .name = "block_fail", .mode = MODE_REGULAR | 0200, .id = 95, .store = store_block_fail },
	{ .name = "boot",
	  .mode = MODE_REGULAR | 0644,
	  .id = 92,
	  .show = procfs_show_boot,
	  .store = procfs_store_boot },
	{ .name = "counters", .mode = MODE_REGULAR | 0444, .id = 96, .show = show_counters },
	{ .name = "event_mask",
	  .mode = MODE_REGULAR | 0600,
	  .id = 99,
	  .show = show_event_mask,
	  .store = store_event_mask },
	{ .name = "failpoint",
	  .mode = MODE_REGULAR | 0600,
	  .id = 97,
	  .show = show_failpoint,
	  .store = store_failpoint },
	{ .name = "leaks", .mode = MODE_REGULAR | 0400, .id = 98, .show = show_leaks },
	{ .name = "stale",
	  .mode = MODE_REGULAR | 0600,
	  .id = 93,
	  .show = show_stale,
	  .store = store_stale },
	{ .name = "violate",
	  .mode = MODE_REGULAR | 0600,
	  .id = 94,
	  .show = procfs_show_violations,
	  .store = procfs_violate },
	{ .name = NULL },
};

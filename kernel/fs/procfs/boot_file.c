/*
 * /proc/quartet/boot: how long the start took.
 *
 *	ticks		of the time-stamp counter, since the kernel's first instructions
 *	idle_ticks	during which the first CPU had nothing to do, such as while the disk worked
 *	milliseconds	what `ticks` are by the clock
 *
 * The first write, whatever it says, ends the start: init writes when the shells begin, and from
 * then on a reader gets what it was at that moment. Before it, it is what it is now. In QEMU with
 * -icount shift=0 a tick is an instruction, so ticks - idle_ticks are those that it took to boot.
 */
#include "core/spinlock.h"
#include "fs/procfs/internal.h"
#include "lib/math64.h"
#include "sched/clock.h"
#include "sched/schedule.h"

enum { NS_PER_MILLISECOND = 1000000 };

struct boot_time {
	uint64_t ticks, idle_ns;
};

static struct spinlock boot_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "boot time");
static struct boot_time at_end;		/* [boot_lock] ticks is 0: it has not ended */

static struct boot_time boot_time_now(void)
{
	struct cpu_times times;

	schedule_cpu_times(0, &times);
	return (struct boot_time){ arch_clock_counter() - arch_clock_first_counter(),
				   times.idle_ns };
}

/* In two steps, so that no product is too large. */
static uint64_t ns_to_ticks(uint64_t ns)
{
	uint32_t rest, khz = arch_clock_khz();
	uint64_t milliseconds = div64_u32(ns, NS_PER_MILLISECOND, &rest);

	return milliseconds * khz + div64_u32((uint64_t)rest * khz, NS_PER_MILLISECOND, NULL);
}

int procfs_show_boot(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct boot_time time, now = boot_time_now();
	irq_flags flags = spin_lock_irq(&boot_lock);

	(void)subject;
	time = at_end.ticks ? at_end : now;
	spin_unlock_irq(&boot_lock, flags);
	procfs_print(text, "ticks %llu\nidle_ticks %llu\nmilliseconds %llu\n",
		     (unsigned long long)time.ticks,
		     (unsigned long long)ns_to_ticks(time.idle_ns),
		     (unsigned long long)div64_u32(time.ticks, arch_clock_khz(), NULL));
	return 0;
}

ssize_t procfs_store_boot(const struct procfs_subject *subject, char *line, size_t size)
{
	struct boot_time now = boot_time_now();
	irq_flags flags = spin_lock_irq(&boot_lock);

	(void)subject;
	(void)line;
	if (!at_end.ticks)
		at_end = now;
	spin_unlock_irq(&boot_lock, flags);
	return (ssize_t)size;
}

/*
 * Sounds of the consoles: there is one speaker, and who asks last is heard. A tone ends when its
 * timer does; one without an end (KIOCSOUND) when a program says so.
 */
#include "sched/clock.h"
#include "sched/timer.h"
#include "tty/console_internal.h"

enum { MS_NS = 1000000 };

static const struct console_speaker *speaker;	/* [I] after boot; NULL: none */
static uint64_t end_ns;				/* [console_lock] of the tone; 0: it has none */
static struct timer end_timer;

/* It may run late, when another tone has begun. */
static void end_tone(struct timer *timer)
{
	irq_flags flags = spin_lock_irq(&console_lock);

	(void)timer;
	if (end_ns && clock_monotonic_ns() >= end_ns) {
		end_ns = 0;
		speaker->sound(0);
	}
	spin_unlock_irq(&console_lock, flags);
}

void console_set_speaker(const struct console_speaker *new_speaker)
{
	timer_init(&end_timer, end_tone);
	speaker = new_speaker;
}

void console_sound(uint32_t count, uint32_t duration_ms)
{
	irq_flags flags;

	if (!speaker)
		return;
	flags = spin_lock_irq(&console_lock);
	end_ns = 0;
	speaker->sound(count);
	if (count && duration_ms) {
		end_ns = clock_monotonic_ns() + (uint64_t)duration_ms * MS_NS;
		timer_arm(&end_timer, end_ns);
	}
	spin_unlock_irq(&console_lock, flags);
}

/*
 * Which way of clearing and copying pages is faster here is measured at boot: string instructions
 * in microcode or in one emulator (16 times faster there), SSE in another (string instructions go
 * word by word there).
 *
 * Preemption stays off while SSE registers hold kernel data: a switch would write those to the
 * thread's FPU image and might bring others back. An interrupt in between may use them too, for it
 * gives them back.
 */
#include "arch/cpu.h"
#include "core/preempt.h"
#include "core/printk.h"
#include "internal.h"
#include "lib/min_max.h"
#include "registers.h"

void page_clear_rep(void *page);
void page_clear_sse(void *page);
void page_copy_rep(void *to, const void *from);
void page_copy_sse(void *to, const void *from);

bool page_copy_prefers_sse;
static bool clear_prefers_sse;

static char trial_pages[2][PAGE_SIZE] aligned_to(4096);

/* The better of a few: the first pass fills caches, and translates in an emulator. */
static uint64_t time_copy(void (*copy)(void *to, const void *from))
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t start = read_tsc();

		copy(trial_pages[0], trial_pages[1]);
		best = min(best, read_tsc() - start);
	}
	return best;
}

static uint64_t time_clear(void (*clear)(void *page))
{
	uint64_t best = UINT64_MAX;

	for (unsigned int i = 0; i < 4; i++) {
		uint64_t start = read_tsc();

		clear(trial_pages[0]);
		best = min(best, read_tsc() - start);
	}
	return best;
}

void page_copy_init(void)
{
	if (!cpu_features()->sse)
		return;
	preempt_disable();
	clear_prefers_sse = time_clear(page_clear_sse) < time_clear(page_clear_rep);
	page_copy_prefers_sse = time_copy(page_copy_sse) < time_copy(page_copy_rep);
	preempt_enable();
	printk(LOG_INFO, "pages: cleared by %s, copied by %s", clear_prefers_sse ? "SSE" : "string",
	       page_copy_prefers_sse ? "SSE" : "string");
}

void cpu_clear_page(void *page)
{
	if (!clear_prefers_sse) {
		page_clear_rep(page);
		return;
	}
	preempt_disable();
	page_clear_sse(page);
	preempt_enable();
}

void cpu_copy_page(void *to, const void *from)
{
	if (!page_copy_prefers_sse) {
		page_copy_rep(to, from);
		return;
	}
	preempt_disable();
	page_copy_sse(to, from);
	preempt_enable();
}

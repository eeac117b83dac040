/*
 * The simulated machine: what the files of tests/sim that are built like kernel files share. The
 * host itself is behind host.h.
 *
 * The kernel's portable layers are linked with a machine of plain C: RAM is a piece of the host's
 * memory, a CPU is a kernel stack that goes on or not, an interrupt is a call. One host thread
 * does it all, so between two places where the machine may change its mind (sim_point) nothing
 * happens by itself, and all that happens follows from one number.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "host.h"
#include "scenario.h"

/* ---- machine.c: CPUs, interrupts, time ---- */

/* Start the machine and never come back: `program` runs in a kernel thread, after start-up. */
noreturn void sim_start(const struct sim_settings *settings, uint64_t seed, void (*program)(void));
const struct sim_settings *sim_settings(void);

/* Something else may happen here: an interrupt, another CPU, the end of the current. Cheap. */
void sim_point(void);
/* The CPU that runs can do nothing until another one has done something. */
void sim_relax(void);

uint64_t sim_now_ns(void);		/* without moving it */
/* The power goes after so many points more. */
void sim_power_ends_in(uint32_t points);

/* Who wants to know of locks: about to be taken; still held, but no more in a moment. */
struct sim_lock_watch {
	void (*acquires)(const void *lock, unsigned int rank);
	void (*releases)(const void *lock);
};
void sim_watch_locks(const struct sim_lock_watch *watch);

/* The machine's end. What is wrong is shown with a backtrace. */
noreturn void sim_fail(const char *format, ...) format_printf(1, 2);
noreturn void sim_finish(void);

/* Numbers of a stream: the same after the same seed. */
uint64_t sim_random(uint64_t *state);
static inline uint32_t sim_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)(sim_random(state) % limit);
}
/* The stream that decides what the machine does. */
uint32_t sim_chance(uint32_t limit);

/* ---- memory.c: RAM, and who may touch it ---- */

void sim_memory_init(const struct sim_settings *settings);
/* Allocations of the running thread may fail from now on. No more: how many did. */
void sim_failures_begin(unsigned int worker);
unsigned int sim_failures_end(unsigned int worker);
unsigned int sim_failures(unsigned int worker);	/* since it began */

/* What is done when memory is short, for so many frames. May sleep. */
size_t sim_reclaim(size_t wanted);

/* ---- disk.c ---- */

/* When the next request is done, UINT64_MAX: none; and do all that are due. Interrupts off. */
uint64_t sim_disk_next_ns(void);
void sim_disk_interrupt(void);
/* From now on, or no more: whoever writes is wrong. */
void sim_disk_stand_still(bool wanted);
/* The disk that the host keeps, as block device "sda". */
void sim_disk_init(void);
/* From now on one request in `share` fails; 0: none. `dies`: after the first, all do. */
void sim_disk_set_failures(uint32_t share, bool dies);
/* What was not safe is lost, or not. The machine must end now. */
void sim_disk_lose_power(void);

/* ---- mmu.c: user memory ---- */

void sim_mmu_init(void);
/*
 * Where the running thread's byte at `address` is now, as its CPU knows it; NULL: a page fault.
 * Good until the next point.
 */
uint8_t *sim_translate(uintptr_t address, bool write);
/* The kernel's answer to the fault. May sleep. */
enum fault_result sim_page_fault(uintptr_t address, bool write);
/* CPU `cpu` may look something up ahead of need. */
void sim_mmu_guess(unsigned int cpu);

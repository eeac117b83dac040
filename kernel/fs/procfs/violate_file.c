/*
 * /proc/quartet/violate: breaking rules on purpose, in debug builds. Whether a protection works is
 * seen only by trying what it forbids: the kernel does what is written here, one function each, in
 * a table by name, and a good machine panics.
 */
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/mmu.h"
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "core/lock_check.h"
#include "core/preempt.h"
#include "core/spinlock.h"
#include "fs/procfs/internal.h"
#include "lib/string.h"
#include "sched/clock.h"
#include "sched/mutex.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"

#define RETURN_INSTRUCTION 0xc3

static volatile uint8_t data_code[16] = { RETURN_INSTRUCTION };
static const uint8_t constant = 1;

static const struct trap_frame *user_frame(void)
{
	return arch_user_frame(arch_stack_base());
}

static void read_at(uintptr_t address)
{
	(void)*(const volatile uint8_t *)address;
}

static void write_at(uintptr_t address)
{
	volatile uint8_t *byte = (volatile uint8_t *)address;

	*byte = *byte;
}

static void run_at(uintptr_t address)
{
	void (*code)(void) = (void (*)(void))address;

	code();
}

/* ---- user memory, without saying so: SMAP, SMEP ---- */

static void read_user(void)
{
	read_at(trap_frame_instruction(user_frame()));
}

static void write_user(void)
{
	*(volatile uint8_t *)trap_frame_stack(user_frame()) = 0;
}

static void execute_user(void)
{
	run_at(trap_frame_instruction(user_frame()));
}

/* ---- the kernel's own ---- */

/* A field of what is not there; what the compiler can see it refuses. */
static void read_null(void)
{
	volatile uintptr_t field = sizeof(uint32_t);

	read_at(field);
}

static void execute_data(void)
{
	run_at((uintptr_t)data_code);
}

static void write_text(void)
{
	write_at((uintptr_t)write_text);
}

static void write_constant(void)
{
	write_at((uintptr_t)&constant);
}

/* Down through the whole stack, into the page below. */
static noinline void overflow_stack(void)
{
	volatile uint8_t *byte = (volatile uint8_t *)arch_stack_base() - 1;

	*byte = 0;
}

/* Past the end of a buffer, over the word that guards the return address. */
static noinline void overrun_buffer(void)
{
	volatile uint8_t buffer[16];
	uintptr_t end = (uintptr_t)buffer + sizeof(buffer) + 4 * sizeof(uintptr_t);

	for (uintptr_t byte = (uintptr_t)buffer; byte < end; byte++)
		*(volatile uint8_t *)byte = 0x41;
}

/* The page tables themselves are wrong: the walk over them says so. */
static void writable_text(void)
{
	mmu_break_text();
	mmu_check_kernel();
}

/* ---- locks ---- */

/* Ranks that no interrupt handler takes, so that it is the order alone that is wrong. */
static struct spinlock outer = SPINLOCK_INIT(LOCK_RANK_FD_TABLE, "violated outer");
static struct spinlock inner = SPINLOCK_INIT(LOCK_RANK_DENTRY, "violated inner");

static void lock_order(void)
{
	spin_lock(&inner);
	spin_lock(&outer);
	spin_unlock(&outer);
	spin_unlock(&inner);
}

static void lock_twice(void)
{
	spin_lock(&outer);
	spin_lock(&outer);
}

enum { SHORT_SLEEP_NS = 1000000 };

/* Whoever wants the lock meanwhile spins until this thread has slept enough. */
static void sleep_locked(void)
{
	spin_lock(&outer);
	thread_prepare_sleep(THREAD_SLEEPING);
	thread_sleep_until(clock_monotonic_ns() + SHORT_SLEEP_NS);
	spin_unlock(&outer);
}

/* The mutex is free, so nobody sleeps today: it is the call that is wrong. */
static void mutex_locked(void)
{
	static struct mutex mutex;

	mutex_init(&mutex, LOCK_RANK_SLEEPING_LEAF, "violated mutex");
	spin_lock(&outer);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&outer);
}

/* The way back to user mode sees it. */
static void leave_locked(void)
{
	spin_lock(&outer);
}

/* For the watchdog: a CPU that answers nothing, and one that never lets go. */
static noreturn void stuck_deaf(void)
{
	irq_disable();
	for (;;)
		cpu_relax();
}

static noreturn void stuck_holding(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static const struct violation {
	const char *name;
	void (*act)(void);
} violations[] = {
	{ "read_user", read_user },	      { "write_user", write_user },
	{ "execute_user", execute_user },     { "read_null", read_null },
	{ "execute_data", execute_data },     { "write_text", write_text },
	{ "write_constant", write_constant }, { "overflow_stack", overflow_stack },
	{ "overrun_buffer", overrun_buffer }, { "writable_text", writable_text },
	{ "lock_order", lock_order },	      { "lock_twice", lock_twice },
	{ "sleep_locked", sleep_locked },     { "mutex_locked", mutex_locked },
	{ "leave_locked", leave_locked },     { "stuck_deaf", stuck_deaf },
	{ "stuck_holding", stuck_holding },
};

int procfs_show_violations(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	for (size_t i = 0; i < ARRAY_SIZE(violations); i++)
		procfs_print(text, "%s\n", violations[i].name);
	return 0;
}

/* If the machine lets it happen, this returns. */
ssize_t procfs_violate(const struct procfs_subject *subject, char *line, size_t size)
{
	(void)subject;
	if (!CONFIG_VIOLATIONS)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_SIZE(violations); i++) {
		if (strcmp(violations[i].name, line) == 0) {
			violations[i].act();
			return (ssize_t)size;
		}
	}
	return -EINVAL;
}

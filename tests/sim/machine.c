/*
 * The machine itself: CPUs, their interrupts, and time.
 *
 * A CPU is a place where a kernel stack stopped. Exactly one of them runs, on the host's only
 * thread; at a point (sim_point: interrupts go on, a lock is taken or dropped) the seed decides
 * whether it goes on, takes an interrupt that waits, or stops while another one goes on. A CPU
 * that spins for another (cpu_relax) or halts always stops. When all of them halt, time jumps to
 * the next thing that happens.
 *
 * Time moves on a little at each point, and is the same for all CPUs. So is the order of
 * everything: the kernel cannot see that its CPUs take turns, except that nobody comes between two
 * points.
 */
#include "arch/boot_info.h"
#include "arch/clock.h"
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/machine.h"
#include "arch/smp.h"
#include "arch/upcall.h"
#include "arch/vdso.h"
#include "core/assert.h"
#include "core/lock_check.h"
#include "core/panic.h"
#include "core/preempt.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sched/clock.h"
#include "sched/rcu.h"
#include "sched/schedule.h"
#include "sched/thread.h"
#include "sched/work_queue.h"
#include "mem/page_frame.h"
#include "core/boot_args.h"
#include "sim.h"

#define NEVER UINT64_MAX

/* A machine that has come so far without an end never comes to one. */
#define POINTS_MAX (400ull * 1000 * 1000)

struct call_request {
	void (*function)(void *argument);
	void *argument;
	unsigned int pending;
};

static struct sim_cpu {
	void *sp;			/* where it stopped */
	bool is_online;
	bool is_halted;			/* until an interrupt comes */
	bool interrupts;		/* of a CPU that is not running */
	bool reschedule;		/* interrupts that wait: look at the run queue; */
	struct call_request *calls[CPU_MAX];	/* run a function, by who asks; */
	uint64_t alarm_ns;		/* the alarm rings */
	uint64_t stalled_until;		/* so many points are over: others go first */
} cpus[CPU_MAX];

static const struct sim_settings *settings;
static unsigned int current;
static bool is_running;			/* from start-up's first instruction on */
static uint64_t random_state;
static uint64_t now_ns = 1000000;
static uint64_t points;
static uint32_t points_to_switch = 1;
static uint32_t points_to_cut;		/* 0: the power stays */

bool sim_interrupts;

/* ---- chance ---- */

/* splitmix64 (Steele, Lea, Flood). */
uint64_t sim_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint32_t sim_chance(uint32_t limit)
{
	return sim_below(&random_state, limit);
}

const struct sim_settings *sim_settings(void)
{
	return settings;
}

/* ---- the end ---- */

static void say(const char *text, size_t size)
{
	host_say(text, size);
}

noreturn void sim_fail(const char *format, ...)
{
	char text[400];
	va_list arguments;

	is_running = false;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	host_fail(text);
}

noreturn void sim_finish(void)
{
	is_running = false;
	shared->points += points;
	host_exit();
}

noreturn void cpu_halt_forever(void)
{
	is_running = false;
	host_fail("the kernel panicked");
}

noreturn void machine_restart(void)
{
	cpu_halt_forever();
}

noreturn void machine_power_off(void)
{
	cpu_halt_forever();
}

void trap_frame_print(const struct trap_frame *frame)
{
	(void)frame;
}

/* ---- stacks ---- */

void sim_switch_stacks(void **from, void *to);
void sim_stack_begin(void);
void sim_thread_begin(void (*entry)(void *), void *argument);

/* The registers that calls keep, lowest first. */
struct switch_frame {
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t rip;
	uint64_t padding;
};

__asm__(".text\n"
	".globl sim_switch_stacks, sim_stack_begin\n"
	"sim_switch_stacks:\n"
	"	pushq %rbp\n	pushq %rbx\n	pushq %r12\n	pushq %r13\n	pushq %r14\n	"
	"pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n	popq %r14\n	popq %r13\n	popq %r12\n	popq %rbx\n	"
	"popq %rbp\n"
	"	ret\n"
	"sim_stack_begin:\n"
	"	andq $-16, %rsp\n"
	"	movq %rbx, %rdi\n"
	"	movq %r12, %rsi\n"
	"	call sim_thread_begin\n"
	"	ud2\n");

static void change_stack(void **from, void *to)
{
	uintptr_t base = (uintptr_t)to & ~(uintptr_t)(KERNEL_STACK_SIZE - 1);
	void *fake = host_stack_leave((void *)base, KERNEL_STACK_SIZE);

	sim_switch_stacks(from, to);
	host_stack_entered(fake);
}

void sim_thread_begin(void (*entry)(void *), void *argument)
{
	host_stack_entered(NULL);
	entry(argument);
}

void arch_thread_init(struct arch_thread *thread, void *stack, void (*entry)(void *),
		      void *argument)
{
	struct switch_frame *frame = (struct switch_frame *)arch_user_frame(stack) - 1;

	frame = (struct switch_frame *)((uintptr_t)frame & ~(uintptr_t)15);
	host_allow((char *)stack + sizeof(struct stack_header),
		   KERNEL_STACK_SIZE - sizeof(struct stack_header));
	*frame = (struct switch_frame){
		.rbx = (uintptr_t)entry,
		.r12 = (uintptr_t)argument,
		.rip = (uintptr_t)sim_stack_begin,
	};
	thread->sp = frame;
}

void arch_thread_fini(struct arch_thread *thread)
{
	(void)thread;
}

struct trap_frame *arch_user_frame(void *stack)
{
	return (struct trap_frame *)((char *)stack + KERNEL_STACK_SIZE) - 1;
}

void arch_switch(struct arch_thread *from, struct arch_thread *to, struct mmu_space *space)
{
	mmu_space_switch(space);
	change_stack(&from->sp, to->sp);
}

/* ---- interrupts ---- */

static bool has_calls(const struct sim_cpu *cpu)
{
	for (unsigned int i = 0; i < settings->cpus; i++) {
		if (cpu->calls[i])
			return true;
	}
	return false;
}

static bool has_interrupt(const struct sim_cpu *cpu)
{
	return cpu->reschedule || now_ns >= cpu->alarm_ns || has_calls(cpu) ||
	       now_ns >= sim_disk_next_ns();
}

static void answer_calls(struct sim_cpu *self)
{
	for (unsigned int i = 0; i < settings->cpus; i++) {
		struct call_request *request = self->calls[i];

		if (!request)
			continue;
		self->calls[i] = NULL;
		request->function(request->argument);
		request->pending--;
	}
}

/* As a machine does it when it takes one in kernel mode; they are on before and after. */
static void take_interrupts(void)
{
	struct stack_header *header = stack_header();
	struct sim_cpu *self = &cpus[current];

	sim_interrupts = false;
	header->interrupt_depth++;
	header->preempt_count++;
	self->reschedule = false;
	answer_calls(self);
	if (now_ns >= self->alarm_ns) {
		self->alarm_ns = NEVER;
		upcall_timer();
	}
	if (now_ns >= sim_disk_next_ns())
		sim_disk_interrupt();
	header->preempt_count--;
	header->interrupt_depth--;
	if (header->preempt_count == 0 &&
	    (atomic_load_explicit(&header->return_work, memory_order_relaxed) &
	     RETURN_WORK_RESCHEDULE))
		upcall_preempt();
	sim_interrupts = true;
}

/* ---- taking turns ---- */

static void go_on_with(unsigned int cpu)
{
	unsigned int previous = current;

	if (cpu == previous)
		return;
	cpus[previous].interrupts = sim_interrupts;
	current = cpu;
	sim_interrupts = cpus[cpu].interrupts;
	sim_mmu_guess(cpu);
	change_stack(&cpus[previous].sp, cpus[cpu].sp);
}

/* Any CPU but this one that can do something, or this one. Stalled ones only if need be. */
static unsigned int other_cpu(void)
{
	unsigned int able[CPU_MAX], count = 0, stalled[CPU_MAX], stalled_count = 0;

	for (unsigned int cpu = 0; cpu < settings->cpus; cpu++) {
		if (cpu == current || !cpus[cpu].is_online ||
		    (cpus[cpu].is_halted && !has_interrupt(&cpus[cpu])))
			continue;
		if (cpus[cpu].stalled_until > points)
			stalled[stalled_count++] = cpu;
		else
			able[count++] = cpu;
	}
	if (count == 0 && stalled_count > 0)
		return stalled[sim_chance(stalled_count)];
	return count ? able[sim_chance(count)] : current;
}

/* Now and then a CPU stands still, and the others go far ahead. */
static void stall(void)
{
	if (settings->stall_every == 0 || sim_chance(settings->stall_every) != 0)
		return;
	cpus[current].stalled_until = points + sim_chance(8192);
	points_to_switch = 1;
}

static void count_point(void)
{
	if (++points > POINTS_MAX)
		sim_fail("after %llu points the machine still runs", (unsigned long long)points);
	now_ns += 20 + (random_state >> 32 & 127);
	if (points_to_cut && --points_to_cut == 0) {
		sim_disk_lose_power();
		shared->has_lost_power = true;
		sim_finish();
	}
}

void sim_power_ends_in(uint32_t wanted)
{
	points_to_cut = wanted + 1;
}

void sim_point(void)
{
	if (!is_running)
		return;
	count_point();
	if (sim_interrupts && has_interrupt(&cpus[current]) && sim_chance(2))
		take_interrupts();
	stall();
	if (--points_to_switch > 0)
		return;
	points_to_switch = 1 + sim_chance(2 * settings->switch_every);
	go_on_with(other_cpu());
}

void sim_relax(void)
{
	unsigned int next;

	if (!is_running)
		return;
	count_point();
	now_ns += 200;
	if (sim_interrupts && has_interrupt(&cpus[current])) {
		take_interrupts();
		return;
	}
	next = other_cpu();
	if (next == current)
		now_ns += 100000;	/* perhaps a device will come to help */
	go_on_with(next);
}

static uint64_t next_event_ns(void)
{
	uint64_t next = sim_disk_next_ns();

	for (unsigned int cpu = 0; cpu < settings->cpus; cpu++) {
		if (cpus[cpu].is_online && cpus[cpu].alarm_ns < next)
			next = cpus[cpu].alarm_ns;
	}
	return next;
}

void cpu_idle_wait(void)
{
	struct sim_cpu *self = &cpus[current];

	sim_interrupts = true;
	self->is_halted = true;
	while (!has_interrupt(self)) {
		unsigned int next = other_cpu();

		count_point();
		if (next != current) {
			go_on_with(next);
			continue;
		}
		if (next_event_ns() == NEVER)
			sim_fail("every thread sleeps, and nothing will ever wake one");
		if (next_event_ns() > now_ns)
			now_ns = next_event_ns();
	}
	self->is_halted = false;
	take_interrupts();
}

/* ---- what the kernel asks of a machine ---- */

void smp_send_reschedule(unsigned int cpu)
{
	cpus[cpu].reschedule = true;
}

void smp_call(uint32_t mask, void (*function)(void *), void *argument)
{
	struct call_request request = { .function = function, .argument = argument };

	preempt_disable();
	mask &= smp_online_mask() & ~(1u << cpu_index());
	assert(mask == 0 || irq_is_enabled());
	for (unsigned int cpu = 0; cpu < settings->cpus; cpu++) {
		if (!(mask >> cpu & 1))
			continue;
		request.pending++;
		assert(!cpus[cpu].calls[current]);
		cpus[cpu].calls[current] = &request;
	}
	while (request.pending != 0)
		sim_relax();
	preempt_enable();
}

void smp_stop_others(void)
{
}

unsigned int smp_cpu_count(void)
{
	return settings->cpus;
}

uint32_t smp_online_mask(void)
{
	uint32_t mask = 0;

	for (unsigned int cpu = 0; cpu < settings->cpus; cpu++)
		mask |= (uint32_t)cpus[cpu].is_online << cpu;
	return mask;
}

static void start_cpu(void *unused)
{
	(void)unused;
	upcall_cpu_started();
}

void smp_start_others(void *stacks[])
{
	for (unsigned int cpu = 1; cpu < settings->cpus; cpu++) {
		struct arch_thread first;

		if (!stacks[cpu])
			continue;
		arch_thread_init(&first, stacks[cpu], start_cpu, NULL);
		cpus[cpu].sp = first.sp;
		cpus[cpu].is_online = true;
	}
}

uint64_t arch_clock_ns(void)
{
	return ++now_ns;
}

uint64_t sim_now_ns(void)
{
	return now_ns;
}

uint32_t arch_clock_khz(void)
{
	return 1000000;
}

void arch_clock_scale(uint64_t *base, uint32_t *multiplier, uint32_t *shift)
{
	*base = 0;
	*multiplier = 1;
	*shift = 0;
}

void arch_alarm_set(uint64_t deadline_ns)
{
	cpus[current].alarm_ns = deadline_ns;
}

void arch_alarm_cancel(void)
{
	cpus[current].alarm_ns = NEVER;
}

int64_t arch_rtc_read(void)
{
	return 1700000000;
}

void arch_rtc_write(int64_t seconds)
{
	(void)seconds;
}

void arch_irq_mask(unsigned int irq)
{
	(void)irq;
}

void arch_irq_unmask(unsigned int irq)
{
	(void)irq;
}

bool cpu_random_u32(uint32_t *out)
{
	*out = (uint32_t)sim_random(&random_state);
	return true;
}

uint64_t cpu_cycles(void)
{
	return now_ns;
}

void cpu_serialize(void)
{
}

void vdso_set_counter(uint64_t counter_base, uint32_t multiplier, uint32_t shift)
{
	(void)counter_base, (void)multiplier, (void)shift;
}

void vdso_set_realtime_offset(uint64_t offset_ns)
{
	(void)offset_ns;
}

/* ---- points at locks: the linker puts these before the real ones ---- */

static const struct sim_lock_watch *lock_watch;

void sim_watch_locks(const struct sim_lock_watch *watch)
{
	lock_watch = watch;
}

void __real_lock_check_acquire(const void *lock, const char *name, enum lock_rank rank,
			       bool is_shared, bool pair, const void *taken_at);
void __wrap_lock_check_acquire(const void *lock, const char *name, enum lock_rank rank,
			       bool is_shared, bool pair, const void *taken_at);
void __real_lock_check_release(const void *lock);
void __wrap_lock_check_release(const void *lock);

void __wrap_lock_check_acquire(const void *lock, const char *name, enum lock_rank rank,
			       bool is_shared, bool pair, const void *taken_at)
{
	__real_lock_check_acquire(lock, name, rank, is_shared, pair, taken_at);
	if (lock_watch)
		lock_watch->acquires(lock, rank);
	sim_point();
}

void __wrap_lock_check_release(const void *lock)
{
	if (lock_watch)
		lock_watch->releases(lock);
	sim_point();
	__real_lock_check_release(lock);
}

bool __real_thread_wake(struct thread *thread);
bool __wrap_thread_wake(struct thread *thread);

bool __wrap_thread_wake(struct thread *thread)
{
	if (settings->broken == BREAK_WAKE && sim_chance(1000) == 0)
		return true;
	return __real_thread_wake(thread);
}

/* ---- start-up ---- */

static void (*first_program)(void);
static void *host_sp;

static void run_program(void *unused)
{
	(void)unused;
	first_program();
	sim_finish();
}

static void boot(void *unused)
{
	static struct log_console console = { .name = "host", .write = say };
	struct thread *thread;

	(void)unused;
	is_running = true;
	boot_args_init("watchdog=0");
	printk_set_level(LOG_ERROR);
	printk_add_console(&console);
	page_frame_init(boot_info());
	if (schedule_init_cpu(0))
		panic("no memory for the idle thread");
	irq_enable();
	clock_init();
	work_queue_init();
	rcu_init();
	schedule_set_seed((uint32_t)sim_random(&random_state) | 1);
	thread = thread_create_kernel("program", run_program, NULL);
	if (!thread)
		panic("no memory for the first thread");
	thread_start(thread);
	schedule_idle_loop();
}

noreturn void sim_start(const struct sim_settings *wanted, uint64_t seed, void (*program)(void))
{
	static char boot_stack[KERNEL_STACK_SIZE] aligned_to(KERNEL_STACK_SIZE);
	struct arch_thread first;

	settings = wanted;
	random_state = seed;
	first_program = program;
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++)
		cpus[cpu].alarm_ns = NEVER;
	cpus[0].is_online = true;
	sim_memory_init(wanted);
	arch_thread_init(&first, boot_stack, boot, NULL);
	change_stack(&host_sp, first.sp);
	__builtin_unreachable();
}

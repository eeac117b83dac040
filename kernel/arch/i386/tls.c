/*
 * Thread-local storage: FS, GS, and the three descriptors of the running thread in its CPU's
 * descriptor table.
 *
 * They are loaded when a user thread gets the CPU, and stay when a kernel thread runs in between.
 * While loaded, the registers are the truth for FS and GS; the descriptors are always in the thread
 * too. (Intel SDM vol. 3, 3.4.5; the user structure is Linux's.)
 *
 * What FS and GS hide of a descriptor is always what the CPU's table says: whoever writes there
 * loads them again. So a thread whose descriptors and selectors equal what is there, as those of a
 * process and its child do, needs no load of a segment, which costs most of a switch.
 */
#include "arch/context.h"
#include "arch/irq_flags.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"
#include "switch_state.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ldt.h"

enum { ANY_ENTRY = 0xffffffff };

/* Bits of a descriptor's high word. */
enum descriptor_bits {
	DESCRIPTOR_WRITE = 1 << 9,
	DESCRIPTOR_CONTENTS_SHIFT = 10,
	DESCRIPTOR_USER_SEGMENT = 1 << 12,
	DESCRIPTOR_DPL_USER = 3 << 13,
	DESCRIPTOR_PRESENT = 1 << 15,
	DESCRIPTOR_LIMIT_MASK = 0xf << 16,
	DESCRIPTOR_AVAILABLE = 1 << 20,
	DESCRIPTOR_32BIT = 1 << 22,
	DESCRIPTOR_PAGES = 1 << 23,
	DESCRIPTOR_ACCESSED = 1 << 8,
};

static void load_descriptors(struct machine_cpu *self, const struct arch_thread *thread)
{
	for (unsigned int i = 0; i < TLS_SLOTS; i++)
		self->gdt[TLS_ENTRY_FIRST + i] = thread->tls[i];
	self->has_many_tls = thread->has_many_tls;
}

static bool is_loaded(const struct arch_thread *thread)
{
	return tls_is_loaded_on(&machine_cpus[cpu_index()], thread);
}

void tls_load(struct machine_cpu *self, const struct arch_thread *thread)
{
	load_descriptors(self, thread);
	segment_load_fs(thread->fs);
	segment_load_gs(thread->gs);
}

void tls_fork(struct arch_thread *child, const struct arch_thread *parent)
{
	child->fs = read_fs();
	child->gs = read_gs();
	for (unsigned int i = 0; i < TLS_SLOTS; i++)
		child->tls[i] = parent->tls[i];
	child->has_many_tls = parent->has_many_tls;
}

void tls_clear(struct arch_thread *thread)
{
	irq_flags flags = irq_disable_save();
	unsigned int cpu = cpu_index();

	for (unsigned int i = 0; i < TLS_SLOTS; i++)
		thread->tls[i] = 0;
	thread->has_many_tls = false;
	segment_load_fs(0);
	segment_load_gs(0);
	load_descriptors(&machine_cpus[cpu], thread);
	thread->segments_cpu = (uint8_t)(cpu + 1);
	machine_cpus[cpu].segments_owner = thread;
	irq_restore(flags);
}

void tls_park(struct arch_thread *thread)
{
	if (!is_loaded(thread))
		return;
	thread->fs = read_fs();
	thread->gs = read_gs();
	thread->segments_cpu = 0;
}

void tls_unpark(struct arch_thread *thread)
{
	unsigned int cpu = cpu_index();

	if (is_loaded(thread))
		return;
	tls_load(&machine_cpus[cpu], thread);
	thread->segments_cpu = (uint8_t)(cpu + 1);
	machine_cpus[cpu].segments_owner = thread;
}

/* What Linux takes for "remove the entry": all zero, or empty as modify_ldt(2) says it. */
static bool is_empty(const struct user_desc *desc)
{
	bool all_zero = !desc->seg_32bit && !desc->contents && !desc->read_exec_only &&
			!desc->limit_in_pages && !desc->seg_not_present && !desc->useable;
	bool empty = !desc->seg_32bit && !desc->contents && desc->read_exec_only &&
		     !desc->limit_in_pages && desc->seg_not_present && !desc->useable;

	return desc->base_addr == 0 && desc->limit == 0 && (all_zero || empty);
}

/*
 * Present 32-bit data segments only: a code segment or a 16-bit stack would surprise the kernel's
 * exit path.
 */
static bool is_acceptable(const struct user_desc *desc)
{
	return is_empty(desc) ||
	       (desc->seg_32bit && desc->contents <= 1 && !desc->seg_not_present);
}

/* Marked accessed, so that the processor never writes to the table. */
static uint64_t descriptor_from(const struct user_desc *desc)
{
	uint32_t high = DESCRIPTOR_ACCESSED | DESCRIPTOR_USER_SEGMENT | DESCRIPTOR_DPL_USER |
			DESCRIPTOR_PRESENT | DESCRIPTOR_32BIT;

	if (is_empty(desc))
		return 0;
	high |= desc->read_exec_only ? 0 : DESCRIPTOR_WRITE;
	high |= (uint32_t)desc->contents << DESCRIPTOR_CONTENTS_SHIFT;
	high |= desc->useable ? DESCRIPTOR_AVAILABLE : 0;
	high |= desc->limit_in_pages ? DESCRIPTOR_PAGES : 0;
	high |= desc->limit & DESCRIPTOR_LIMIT_MASK;
	high |= (desc->base_addr >> 16 & 0xff) | (desc->base_addr & 0xff000000);
	return (uint64_t)high << 32 | desc->base_addr << 16 | (desc->limit & 0xffff);
}

static int find_free_entry(const struct arch_thread *thread)
{
	for (int i = 0; i < TLS_SLOTS; i++) {
		if (thread->tls[i] == 0)
			return TLS_ENTRY_FIRST + i;
	}
	return -ESRCH;
}

/* The registers keep a copy of the descriptor: load them again if they name it. */
static void refresh_loaded(struct arch_thread *thread, unsigned int entry)
{
	irq_flags flags = irq_disable_save();

	if (is_loaded(thread)) {
		load_descriptors(&machine_cpus[cpu_index()], thread);
		if (read_fs() >> 3 == entry)
			segment_load_fs(read_fs());
		if (read_gs() >> 3 == entry)
			segment_load_gs(read_gs());
	}
	irq_restore(flags);
}

int arch_tls_set(struct arch_thread *thread, struct user_desc *desc)
{
	int entry = (int)desc->entry_number;

	if (!is_acceptable(desc))
		return -EINVAL;
	if (desc->entry_number == ANY_ENTRY) {
		entry = find_free_entry(thread);
		if (entry < 0)
			return entry;
	}
	if (entry < TLS_ENTRY_FIRST || entry >= TLS_ENTRY_FIRST + TLS_SLOTS)
		return -EINVAL;
	desc->entry_number = (uint32_t)entry;
	thread->tls[entry - TLS_ENTRY_FIRST] = descriptor_from(desc);
	thread->has_many_tls |= entry > TLS_ENTRY_FIRST;
	refresh_loaded(thread, (unsigned int)entry);
	return 0;
}

int arch_tls_get(const struct arch_thread *thread, struct user_desc *desc)
{
	uint32_t entry = desc->entry_number;
	uint32_t low, high;

	if (entry < TLS_ENTRY_FIRST || entry >= TLS_ENTRY_FIRST + TLS_SLOTS)
		return -EINVAL;
	low = (uint32_t)thread->tls[entry - TLS_ENTRY_FIRST];
	high = (uint32_t)(thread->tls[entry - TLS_ENTRY_FIRST] >> 32);
	*desc = (struct user_desc){
		.entry_number = entry,
		.base_addr = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000),
		.limit = (low & 0xffff) | (high & DESCRIPTOR_LIMIT_MASK),
		.seg_32bit = !!(high & DESCRIPTOR_32BIT),
		.contents = high >> DESCRIPTOR_CONTENTS_SHIFT & 3,
		.read_exec_only = !(high & DESCRIPTOR_WRITE),
		.limit_in_pages = !!(high & DESCRIPTOR_PAGES),
		.seg_not_present = !(high & DESCRIPTOR_PRESENT),
		.useable = !!(high & DESCRIPTOR_AVAILABLE),
	};
	return 0;
}

/*
 * Instructions that a processor with UMIP keeps from programs, since they tell where the kernel has
 * its tables: SGDT, SIDT, SLDT, STR and SMSW. Old programs use them all the same, so they get what
 * Linux makes up for them; the values are its own, and the same on every machine.
 *
 * Only what flat programs use is understood. Everything else (other segments, 16-bit addresses, an
 * operand that may not be written) stays the general protection fault that it is.
 */
#include "arch/cpu.h"
#include "arch/user_copy.h"
#include "internal.h"
#include "layout.h"
#include "lib/string.h"

enum { INSTRUCTION_MAX = 15, PREFIX_OPERAND_SIZE = 0x66 };

/* What Linux says. */
#define GDT_ADDRESS	0xfffe0000u	/* the limits of both tables are 0 */
#define IDT_ADDRESS	0xffff0000u
#define STATUS_WORD	0x80050033u	/* of CR0: PE MP ET NE WP AM PG */
#define TASK_REGISTER	0x80u

/* One such instruction, taken apart. */
struct guarded {
	uint8_t bytes[INSTRUCTION_MAX];
	size_t have, used; /* bytes of it that could be read; taken so far */
	bool is_short;	   /* operand of 16 bits */
	bool to_register;  /* number `operand`; else to memory at that address */
	uintptr_t operand;
	uint32_t size; /* of the result, which follows */
	uint8_t result[6];
};

/* By the number that instructions have for it. */
static uint32_t *general_register(struct trap_frame *frame, unsigned int number)
{
	uint32_t *const registers[] = { &frame->eax, &frame->ecx, &frame->edx, &frame->ebx,
					&frame->esp, &frame->ebp, &frame->esi, &frame->edi };

	return registers[number & 7];
}

/* `size` bytes, the lowest first. Behind the end come zeros; used > have then. */
static uint32_t take(struct guarded *it, size_t size)
{
	uint32_t value = 0;

	for (size_t i = 0; i < size; i++, it->used++) {
		if (it->used < it->have)
			value |= (uint32_t)it->bytes[it->used] << 8 * i;
	}
	return value;
}

static uint8_t take_prefixes(struct guarded *it)
{
	for (;;) {
		uint8_t byte = (uint8_t)take(it, 1);

		switch (byte) {
		case PREFIX_OPERAND_SIZE: it->is_short = true; break;
		case 0x26: case 0x2e: case 0x36: case 0x3e: break; /* ES, CS, SS, DS: all flat */
		default: return byte;
		}
		if (it->used > it->have)
			return 0;
	}
}

/* Intel SDM vol. 2, 2.1.5: the operand that the ModR/M byte names, and what follows it. */
static void take_operand(struct guarded *it, struct trap_frame *frame, uint8_t modrm)
{
	unsigned int mode = modrm >> 6, base = modrm & 7;
	uintptr_t address = 0;

	it->to_register = mode == 3;
	if (it->to_register) {
		it->operand = base;
		return;
	}
	if (base == 4) {
		uint8_t scaled = (uint8_t)take(it, 1);
		unsigned int index = scaled >> 3 & 7;

		base = scaled & 7;
		if (index != 4)
			address = *general_register(frame, index) << (scaled >> 6);
	}
	if (mode == 0 && base == 5)
		address += take(it, 4);
	else
		address += *general_register(frame, base);
	if (mode == 1)
		address += (uintptr_t)(int8_t)take(it, 1);
	else if (mode == 2)
		address += take(it, 4);
	it->operand = address;
}

static void set_word(struct guarded *it, uint32_t value)
{
	it->size = it->to_register && !it->is_short ? 4 : 2;
	memcpy(it->result, &value, sizeof(value));
}

static bool set_table(struct guarded *it, uint32_t base)
{
	it->size = sizeof(it->result);
	memset(it->result, 0, sizeof(it->result));
	memcpy(it->result + 2, &base, sizeof(base));
	return !it->to_register;
}

/* False: another instruction. */
static bool take_apart(struct guarded *it, struct trap_frame *frame)
{
	uint8_t group, modrm;

	if (take_prefixes(it) != 0x0f)
		return false;
	group = (uint8_t)take(it, 1);
	modrm = (uint8_t)take(it, 1);
	take_operand(it, frame, modrm);
	if (it->used > it->have || group > 1)
		return false;
	switch (group << 3 | (modrm >> 3 & 7)) {
	case 0: set_word(it, 0); return true; /* SLDT: there is none */
	case 1: set_word(it, TASK_REGISTER); return true;
	case 8: return set_table(it, GDT_ADDRESS);
	case 9: return set_table(it, IDT_ADDRESS);
	case 12: set_word(it, STATUS_WORD); return true;
	default: return false;
	}
}

bool umip_emulate(struct trap_frame *frame)
{
	struct guarded it = { 0 };

	if (!cpu_features()->umip || frame->cs != SELECTOR_USER_CODE || frame->segments)
		return false;
	it.have = sizeof(it.bytes) -
		  copy_from_user_partial(it.bytes, user_addr_from(frame->eip), sizeof(it.bytes));
	if (!take_apart(&it, frame))
		return false;
	if (it.to_register)
		memcpy(general_register(frame, it.operand), it.result, it.size);
	else if (copy_to_user(user_addr_from(it.operand), it.result, it.size))
		return false;
	frame->eip += it.used;
	return true;
}

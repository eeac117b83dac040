/*
 * What read() of a signalfd gives.
 */
#pragma once
#include <stdint.h>

struct linux_signalfd_siginfo {
	uint32_t signo;
	int32_t error;
	int32_t code;
	uint32_t pid;
	uint32_t uid;
	int32_t fd;
	uint32_t timer_id;
	uint32_t band;
	uint32_t overrun;
	uint32_t trap_number;
	int32_t status;
	int32_t integer;
	uint64_t pointer;
	uint64_t user_ticks;
	uint64_t system_ticks;
	uint64_t address;
	uint16_t address_lsb;
	uint16_t padding1;
	int32_t call_number;
	uint64_t call_address;
	uint32_t architecture;
	uint8_t padding2[28];
};

_Static_assert(sizeof(struct linux_signalfd_siginfo) == 128, "signalfd_siginfo is 128 bytes");

/*
 * siginfo_t between programs and the kernel: 128 bytes there, the part that signals use here.
 *
 * What a program queues with a code of its own making may have a meaning that only its receiver
 * knows. We would lose all of it behind our part, so it must be 0 there; with the codes that are
 * known, it is of no interest.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/signal.h"

enum {
	REST = LINUX_SIGINFO_SIZE - sizeof(struct linux_siginfo),
	CODE_DETHREAD = -7,	/* the lowest of the codes in use from SI_USER downwards, */
	CODE_ASYNC_NAME = -60,	/* but for glibc's */
	CODES_OF_ANY = 6,	/* the highest that POLL_... has, which any signal may carry */
};

/* The highest code with a meaning of its own for this signal. */
static int highest_code(int signal)
{
	switch (signal) {
	case SIGILL:
		return 11;
	case SIGFPE:
		return 15;
	case SIGSEGV:
		return 9;
	case SIGBUS:
		return 5;
	case SIGTRAP:
	case SIGCHLD:
		return 6;
	case SIGSYS:
		return 2;
	default:
		return CODES_OF_ANY;
	}
}

static bool is_known(const struct linux_siginfo *info)
{
	if (info->code == SI_KERNEL || info->code == CODE_ASYNC_NAME)
		return true;
	if (info->code > SI_USER)
		return info->code <= max(highest_code(info->signo), (int)CODES_OF_ANY);
	return info->code >= CODE_DETHREAD;
}

int abi_siginfo_get(struct linux_siginfo *out, user_addr from, int signal)
{
	uint32_t rest[REST / sizeof(uint32_t)], seen = 0;

	if (copy_from_user(out, from, sizeof(*out)))
		return -EFAULT;
	if (signal)
		out->signo = signal;
	if (is_known(out))
		return 0;
	if (copy_from_user(rest, user_addr_add(from, sizeof(*out)), sizeof(rest)))
		return -EFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		seen |= rest[i];
	return seen ? -E2BIG : 0;
}

int abi_siginfo_put(user_addr to, const struct linux_siginfo *info)
{
	int error = copy_to_user(to, info, sizeof(*info));

	if (!error && clear_user_partial(user_addr_add(to, sizeof(*info)), REST))
		error = -EFAULT;
	return error;
}

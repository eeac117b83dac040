/*
 * A debugger sees and changes the whole AVX registers (NT_X86_XSTATE), and is refused what the
 * processor could not load.
 */
#include "ptrace.h"
#include <cpuid.h>
#include <sys/uio.h>

#ifndef NT_X86_XSTATE
#define NT_X86_XSTATE 0x202
#endif

/* Offsets into the image (Intel SDM vol. 1, 13.4). POSSIBLE: Linux tells what there may be. */
enum { MXCSR = 24, XMM5 = 160 + 5 * 16, POSSIBLE = 464, HEADER = 512, YMM5_HIGH = 576 + 5 * 16,
	IMAGE_LEAST = 832, IMAGE_MOST = 16384, PART_AVX = 4 };

static uint8_t image[IMAGE_MOST];
static size_t image_size;

static bool has_avx(void)
{
	unsigned int a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_AVX) && (c & bit_OSXSAVE);
}

static void load(uint8_t first)
{
	uint8_t bytes[32];

	for (int i = 0; i < 32; i++)
		bytes[i] = first + i;
	__asm__ volatile("vmovdqu %0, %%ymm5" : : "m"(bytes));
}

static bool holds(uint8_t first)
{
	uint8_t bytes[32];

	__asm__ volatile("vmovdqu %%ymm5, %0" : "=m"(bytes));
	for (int i = 0; i < 32; i++) {
		if (bytes[i] != (uint8_t)(first + i))
			return false;
	}
	return true;
}

static pid_t start(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		load(1);
		raw_syscall(SYS_kill, raw_syscall(SYS_getpid), SIGSTOP);
		_exit(holds(101) ? 7 : 8);
	}
	expect_stop(pid, SIGSTOP);
	return pid;
}

static int move(int request, pid_t pid, size_t size)
{
	struct iovec piece = { image, size };

	if (ptrace(request, pid, NT_X86_XSTATE, &piece) < 0)
		return -errno;
	return piece.iov_len;
}

static void expect_refused(pid_t pid, int place, uint8_t value, int error)
{
	uint8_t old = image[place];

	image[place] = value;
	CHECK_EQ(move(PTRACE_SETREGSET, pid, image_size), -error);
	image[place] = old;
}

int main(void)
{
	pid_t pid;

	if (!has_avx())
		SKIP("this processor has no AVX");
	pid = start();
	image_size = move(PTRACE_GETREGSET, pid, sizeof(image));
	CHECK(image_size >= IMAGE_LEAST && image_size < IMAGE_MOST);
	CHECK(image[POSSIBLE] & PART_AVX);
	CHECK(image[HEADER] & PART_AVX);
	for (int i = 0; i < 16; i++) {
		CHECK_EQ(image[XMM5 + i], 1 + i);
		CHECK_EQ(image[YMM5_HIGH + i], 17 + i);
		image[XMM5 + i] = 101 + i;
		image[YMM5_HIGH + i] = 117 + i;
	}
	/* Some of it can be read, but only all of it written. */
	CHECK_EQ(move(PTRACE_SETREGSET, pid, 576), -EFAULT);
	CHECK_EQ(move(PTRACE_SETREGSET, pid, 575), -EINVAL);
	expect_refused(pid, HEADER + 7, 0x40, EINVAL);	/* a part that there is not */
	expect_refused(pid, HEADER + 15, 0x80, EINVAL); /* the compact form */
	expect_refused(pid, HEADER + 63, 1, EINVAL);
	expect_refused(pid, MXCSR + 3, 0xff, EINVAL);
	CHECK_EQ(move(PTRACE_SETREGSET, pid, image_size), image_size);
	memset(image, 0, sizeof(image));
	CHECK_EQ(move(PTRACE_GETREGSET, pid, 576), 576);
	CHECK_EQ(image[XMM5], 101);
	CHECK_EQ(image[YMM5_HIGH], 0);
	CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
	expect_exit(pid, 7);
	return 0;
}

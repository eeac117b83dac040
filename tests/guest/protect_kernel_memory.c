/* test: timeout=180
 * User mode reads, writes and executes nothing of the kernel's: every page of the last GiB is read
 * and written, and one in sixteen executed, other ones each time. With TEST_SCALE=1600 all are.
 *
 * Each touch must end in SIGSEGV at just that address, and the error code that the handler is shown
 * must not tell a mapped kernel page from an unmapped one. Then the ways round: descriptors of the
 * process's own segments, system calls, /proc/self/mem, process_vm_readv.
 */
#include "check.h"
#include <asm/ldt.h>
#include <ucontext.h>

#define KERNEL_START 0xc0000000u
#define PAGES ((uint32_t)(0u - KERNEL_START) / PAGE)
enum { PAGE_IS_THERE = 1 };	/* bit 0 of the error code */

/* Whether the touch faulted: the handler goes on at probe_end with 1 in EAX. */
int probe_read(uintptr_t address);
int probe_write(uintptr_t address);
int probe_execute(uintptr_t address);
extern const char probe_end[];
__asm__(".text\n"
	"probe_read:	mov 4(%esp), %ecx\n"
	"		xor %eax, %eax\n"
	"		movb (%ecx), %dl\n"
	"		ret\n"
	"probe_write:	mov 4(%esp), %ecx\n"
	"		xor %eax, %eax\n"
	"		movb $0x5a, (%ecx)\n"
	"		ret\n"
	"probe_execute:	mov 4(%esp), %ecx\n"
	"		xor %eax, %eax\n"
	"		jmp *%ecx\n"
	"probe_end:	ret\n");

static volatile uintptr_t fault_address;
static volatile long fault_code, fault_error;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	fault_address = (uintptr_t)info->si_addr;
	fault_code = info->si_code;
	fault_error = user->uc_mcontext.gregs[REG_ERR];
	user->uc_mcontext.gregs[REG_EIP] = (long)probe_end;
	user->uc_mcontext.gregs[REG_EAX] = 1;
}

static void probe_pages(const char *what, int (*probe)(uintptr_t), int count)
{
	uint32_t step = PAGES / scaled(count) ? PAGES / scaled(count) : 1;
	uint32_t offset = getpid() * 4097;	/* other ones each time */

	for (uint32_t page = offset % step; page < PAGES; page += step, offset += 1237) {
		uintptr_t address = KERNEL_START + page * PAGE + offset % PAGE;

		if (!probe(address))
			FAIL("user mode may %s %#lx", what, (unsigned long)address);
		if (fault_address != address || fault_code != SEGV_MAPERR)
			FAIL("%s of %#lx: fault at %#lx, code %ld", what, (unsigned long)address,
			     (unsigned long)fault_address, fault_code);
		if (!(fault_error & PAGE_IS_THERE))
			FAIL("%s of %#lx: error code %#lx tells that nothing is mapped there", what,
			     (unsigned long)address, fault_error);
	}
}

/* A segment that begins in the kernel: the page tables still say no. */
static void probe_through_segment(void)
{
	struct user_desc segment = {
		.entry_number = -1, .base_addr = KERNEL_START + 0x100000, .limit = 0xfffff,
		.seg_32bit = 1, .limit_in_pages = 1, .useable = 1,
	};
	unsigned int old;
	int faulted;

	CHECK_EQ(raw_syscall(SYS_set_thread_area, &segment), 0);
	__asm__ volatile("mov %%fs, %0" : "=r"(old));
	__asm__ volatile("mov %0, %%fs" : : "r"(segment.entry_number * 8 + 3));
	__asm__ volatile("pushl $1f\n"	/* the handler goes on at a `ret` */
			 "xor %%eax, %%eax\n"
			 "movb %%fs:0, %%dl\n"
			 "addl $4, %%esp\n"
			 "1:" : "=a"(faulted) : : "edx", "memory");
	__asm__ volatile("mov %0, %%fs" : : "r"(old));
	CHECK_EQ(faulted, 1);
}

static void refuse_calls(void)
{
	int fds[2], memory = MUST(open("/proc/self/mem", O_RDWR));
	char byte = 'x';
	uint32_t step = PAGES / scaled(1024);

	CHECK(pipe(fds) == 0);
	CHECK_EQ(write(fds[1], "abc", 3), 3);
	for (uint32_t page = 0; page < PAGES; page += step) {
		uintptr_t address = KERNEL_START + page * PAGE + page % PAGE;
		struct iovec own = { &byte, 1 }, other = { (void *)address, 1 };

		CHECK_ERRNO(write(fds[1], (void *)address, 1), EFAULT);
		CHECK_ERRNO(read(fds[0], (void *)address, 1), EFAULT);
		CHECK_ERRNO(pread64(memory, &byte, 1, address), EIO);
		CHECK_ERRNO(pwrite64(memory, &byte, 1, address), EIO);
		CHECK_ERRNO(process_vm_readv(getpid(), &own, 1, &other, 1, 0), EFAULT);
		CHECK_ERRNO(process_vm_writev(getpid(), &own, 1, &other, 1, 0), EFAULT);
	}
	/* One that begins in user memory and ends in the kernel's; one that wraps. */
	CHECK_ERRNO(write(fds[1], (void *)(KERNEL_START - 1), 2), EFAULT);
	CHECK_ERRNO(read(fds[0], (void *)0xffffffff, 2), EFAULT);
}

int main(void)
{
	handle_signal_info(SIGSEGV, on_fault, 0);
	probe_pages("read", probe_read, PAGES);
	probe_pages("write", probe_write, PAGES);
	probe_pages("execute", probe_execute, PAGES / 16);
	probe_through_segment();
	refuse_calls();
	return 0;
}

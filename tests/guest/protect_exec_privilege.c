/* test: timeout=120
 * A set-user-id program acts for its owner, and only as its owner made it.
 *
 * Not when the caller is traced, shares his directory with another process, has renounced new
 * privileges, or the mount forbids it. Not when the file is given to another owner at that moment:
 * the bit goes with the change, and whoever executes the file then sees both or neither. Not when
 * the name leads to another file meanwhile: whose program runs, his rights it has.
 */
#include "elf_builder.h"
#include "user_processes.h"
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

enum { OWNER = 77, CLONE_STACK = 16384 };

extern const uint8_t says_owner[], says_owner_end[];

/* exit(geteuid()), in a byte */
__asm__(".section .rodata\n"
	"says_owner:\n"
	"	mov $201, %eax\n"
	"	int $0x80\n"
	"	mov %eax, %ebx\n"
	"	mov $1, %eax\n"
	"	int $0x80\n"
	"says_owner_end:\n"
	".text\n");

static void make_program(const char *name, uid_t owner, mode_t mode)
{
	static struct elf_file file;

	elf_begin(&file, 2);
	elf_put(&file, 0x200, says_owner, says_owner_end - says_owner);
	elf_header(&file)->e_entry = ELF_BASE + 0x200;
	elf_load(&file, 0, 0, ELF_BASE, 0x1000, 0x1000, PF_R | PF_X);
	elf_stack(&file, 1);
	elf_save(&file, name);
	CHECK(chown(name, owner, owner) == 0 && chmod(name, mode) == 0);
}

static int run(void (*prepare)(void), const char *name)
{
	pid_t pid = FORK();

	if (pid == 0) {
		become_user(OTHER_UID, OTHER_GID);
		prepare();
		execl(name, name, (char *)NULL);
		FAIL("execl");
	}
	return wait_exit_status(pid);
}

static void plainly(void)
{
}

static void without_new_privileges(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

/* A traced one runs the program, but as himself. */
static int run_traced(void)
{
	pid_t tracer = FORK();

	if (tracer == 0) {
		pid_t pid;
		int status;

		become_user(OTHER_UID, OTHER_GID);
		pid = FORK();
		if (pid == 0) {
			CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
			execl("program", "program", (char *)NULL);
			FAIL("execl");
		}
		while (WIFSTOPPED(status = wait_status(pid)))
			CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : CHECK_FAILED);
	}
	return wait_exit_status(tracer);
}

static void run_from_mount(void)
{
	CHECK(mkdir("mounted", 0755) == 0);
	CHECK(mount("none", "mounted", "tmpfs", MS_NOSUID, "mode=755") == 0);
	make_program("mounted/program", OWNER, 04755);
	CHECK_EQ(run(plainly, "mounted/program"), OTHER_UID % 256);
	CHECK(umount("mounted") == 0);
}

/* ---- races ---- */

static volatile bool *done;
static int *seen;		/* how often the one user was met, and the other */

/* Execute `name` again and again; whoever it runs as must be one of the two. */
static void execute_until_done(const char *name, int first, int second)
{
	while (!*done) {
		pid_t pid = FORK();
		int status;

		if (pid == 0) {
			execl(name, name, (char *)NULL);
			FAIL("execl of %s", name);
		}
		status = wait_exit_status(pid);
		if (status != first && status != second)
			FAIL("%s ran as user %d", name, status);
		__atomic_add_fetch(&seen[status == second], 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static void start_runners(pid_t runners[2], const char *name, int first, int second)
{
	for (int i = 0; i < 2; i++) {
		runners[i] = FORK();
		if (runners[i] == 0) {
			become_user(OTHER_UID, OTHER_GID);
			execute_until_done(name, first, second);
		}
	}
}

/* So many times, and many more until it was met as both. */
static bool goes_on(int left)
{
	return left > 0 || (left > -20000 && !(*(volatile int *)&seen[0] &&
					       *(volatile int *)&seen[1]));
}

static void end_runners(pid_t runners[2])
{
	*done = true;
	for (int i = 0; i < 2; i++)
		CHECK_EQ(wait_exit_status(runners[i]), 0);
	*done = false;
	say("%d times as one user, %d as the other\n", seen[0], seen[1]);
	CHECK(seen[0] && seen[1]);
	seen[0] = seen[1] = 0;
}

/* An ordinary user's set-user-id program is given to root, which takes the bit away. */
static void give_away(void)
{
	pid_t runners[2];

	make_program("given", OWNER, 04755);
	start_runners(runners, "./given", OWNER, OTHER_UID % 256);
	for (int i = scaled(600); goes_on(i); i--) {
		CHECK(chown("given", 0, 0) == 0);
		sched_yield();
		CHECK(chmod("given", 0755) == 0);
		CHECK(chown("given", OWNER, OWNER) == 0);
		CHECK(chmod("given", 04755) == 0);
		sched_yield();
	}
	end_runners(runners);
}

/* The name is now the one's, now the other's: a third never runs. */
static void exchange_names(void)
{
	pid_t runners[2];

	make_program("one", OWNER, 04755);
	make_program("other", 0, 0755);
	start_runners(runners, "./one", OWNER, OTHER_UID % 256);
	for (int i = scaled(600); goes_on(i); i--) {
		CHECK_EQ(syscall(SYS_renameat2, AT_FDCWD, "one", AT_FDCWD, "other",
				 RENAME_EXCHANGE), 0);
		sched_yield();
	}
	end_runners(runners);
}

int main(void)
{
	done = shared_memory(PAGE);
	seen = shared_memory(PAGE);
	make_program("program", OWNER, 04755);
	CHECK_EQ(run(plainly, "./program"), OWNER);
	CHECK_EQ(run(without_new_privileges, "./program"), OTHER_UID % 256);
	CHECK_EQ(run(share_directories, "./program"), OTHER_UID % 256);
	CHECK_EQ(run_traced(), OTHER_UID % 256);
	run_from_mount();
	give_away();
	exchange_names();
	return 0;
}

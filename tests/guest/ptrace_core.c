/*
 * Core files: written where RLIMIT_CORE allows it, with the threads' registers and the memory that
 * the program has changed; WCOREDUMP says so. Not for secret processes.
 */
#include "check.h"
#include <elf.h>
#include <pthread.h>

static volatile int marker = 1;
static bool secret;

static void *waits(void *argument)
{
	*(volatile bool *)argument = true;
	for (;;)
		pause();
	return argument;
}

static void crashes(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	volatile bool started = false;
	pthread_t thread;

	CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
	CHECK(pthread_create(&thread, NULL, waits, (void *)&started) == 0);
	while (!started)
		sched_yield();
	marker = 0x12345678;
	if (secret)
		CHECK(syscall(SYS_prctl, 4, 0, 0, 0, 0) == 0);
	raise(SIGSEGV);
}

static bool core_says(int fd)
{
	Elf32_Ehdr header;
	Elf32_Phdr program;
	bool found = false;
	int threads = 0;

	CHECK_EQ(pread(fd, &header, sizeof(header), 0), sizeof(header));
	CHECK(memcmp(header.e_ident, ELFMAG, SELFMAG) == 0);
	CHECK_EQ(header.e_type, ET_CORE);
	CHECK_EQ(header.e_machine, EM_386);
	for (int i = 0; i < header.e_phnum; i++) {
		CHECK_EQ(pread(fd, &program, sizeof(program),
			       header.e_phoff + i * sizeof(program)), sizeof(program));
		if (program.p_type == PT_NOTE) {
			for (Elf32_Off at = 0; at < program.p_filesz;) {
				Elf32_Nhdr note;

				CHECK_EQ(pread(fd, &note, sizeof(note), program.p_offset + at),
					 sizeof(note));
				threads += note.n_type == NT_PRSTATUS;
				at += sizeof(note) + ((note.n_namesz + 3) & ~3) +
				      ((note.n_descsz + 3) & ~3);
			}
		}
		if (program.p_type == PT_LOAD && program.p_vaddr <= (uintptr_t)&marker &&
		    (uintptr_t)&marker < program.p_vaddr + program.p_filesz) {
			int value;

			CHECK_EQ(pread(fd, &value, 4,
				       program.p_offset + (uintptr_t)&marker - program.p_vaddr), 4);
			CHECK_EQ(value, 0x12345678);
			found = true;
		}
	}
	CHECK_EQ(threads, 2);
	return found;
}

static int crash(void)
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		crashes();
		_exit(0);
	}
	status = wait_status(pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	return status;
}

int main(void)
{
	struct stat status;
	int fd;

	CHECK(WCOREDUMP(crash()));
	CHECK(stat("core", &status) == 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	fd = MUST(open("core", O_RDONLY | O_CLOEXEC));
	CHECK(core_says(fd));
	close(fd);
	CHECK(unlink("core") == 0);

	secret = true;
	CHECK(!WCOREDUMP(crash()));
	CHECK_ERRNO(stat("core", &status), ENOENT);
	secret = false;
	/* Never through a link, nor into what others may have open: a new file. */
	make_file("victim", "mine");
	CHECK(symlink("victim", "core") == 0);
	CHECK(WCOREDUMP(crash()));
	CHECK(file_has_text("victim", "mine"));
	CHECK(rename("victim", "core") == 0);
	fd = MUST(open("core", O_RDONLY | O_CLOEXEC));
	CHECK(WCOREDUMP(crash()));
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_size, 4);
	close(fd);
	CHECK(unlink("core") == 0);
	/* A directory in the way. */
	CHECK(mkdir("core", 0700) == 0);
	CHECK(!WCOREDUMP(crash()));
	CHECK(rmdir("core") == 0);
	return 0;
}

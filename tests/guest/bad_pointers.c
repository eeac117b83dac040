/* test: timeout=180 linux=native
 * Every system call that takes pointers, with each of its pointers bad in every way while the
 * others are good: null, low, in the kernel, at the very end of the address space, without access,
 * read-only where the kernel would write, and reaching over into an unmapped page. The answer must
 * be what Linux gave: success, or the same errno; never a signal. Calls that are not there at all
 * (ENOSYS) are left out.
 *
 *	bad_pointers			compare with bad_pointers.expected.h
 *	bad_pointers --record		print that file
 *
 * Every call is made in a child of its own, in a directory that is set up anew, so nothing it does
 * lasts.
 */
#include "check.h"
#include "bad_pointers.h"
#include "bad_pointers.expected.h"
#include <sys/inotify.h>

/* The ways of being bad. */
enum badness { NULL_POINTER, LOW, KERNEL, TOP, NO_ACCESS, READ_ONLY, STRADDLING, BADNESS_COUNT };

static const char *const badness_names[] = {
	"null", "low", "kernel", "top", "no access", "read-only", "straddling",
};

static char *no_access, *read_only, *page_end;

static uintptr_t bad_address(enum badness badness)
{
	switch (badness) {
	case NULL_POINTER: return 0;
	case LOW: return 0x10;
	case KERNEL: return 0xc0001000;
	case TOP: return 0xfffffff0;
	case NO_ACCESS: return (uintptr_t)no_access;
	case READ_ONLY: return (uintptr_t)read_only;
	default: return (uintptr_t)page_end - 1;
	}
}

static void nothing(int signal)
{
	(void)signal;
}

static void put_at(int fd, int place)
{
	CHECK(fd >= 0);
	CHECK_EQ(dup2(fd, place), place);
	close(fd);
}

/*
 * A pair with bytes to be read, a listener with a client, a datagram socket that sends to itself.
 */
static void set_up_sockets(void)
{
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CHECK_EQ(write(fds[1], "0123456789abcdef", 16), 16);
	put_at(fds[0], SOCKET_FD);
	put_at(fds[1], PEER_FD);
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), NEW_SOCKET_FD);
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), LISTENER_FD);
	CHECK(bind(LISTENER_FD, (struct sockaddr *)&listener_address,
		   sizeof(listener_address)) == 0);
	CHECK(listen(LISTENER_FD, 5) == 0);
	int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK(connect(client, (struct sockaddr *)&listener_address,
		      sizeof(listener_address)) == 0);
	put_at(socket(AF_UNIX, SOCK_DGRAM, 0), DATAGRAM_FD);
	CHECK(bind(DATAGRAM_FD, (struct sockaddr *)&own_address, sizeof(own_address)) == 0);
}

/* A queue with a message in it, which is 16 bytes long and will be gone with its descriptor. */
static void set_up_queue(void)
{
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	int queue = raw_syscall(SYS_mq_open, "bad-pointers", O_CREAT | O_RDWR, 0600,
				queue_attributes);

	put_at(queue, QUEUE_FD);
	CHECK_EQ(raw_syscall(SYS_mq_timedsend, QUEUE_FD, "0123456789abcdef", 16, 0, NULL), 0);
}

/* The directory and the descriptors that the calls' good arguments name. */
static void set_up(const struct call *call)
{
	int fds[2];

	unlink("new");
	rmdir("new");
	unlink("link");
	CHECK(symlink("file", "link") == 0);
	mkdir("directory", 0755);
	make_file("file", "0123456789abcdef0123456789abcdef");
	CHECK_EQ(dup2(MUST(open("file", O_RDWR)), FILE_FD), FILE_FD);
	CHECK_EQ(dup2(MUST(open(".", O_RDONLY)), DIRECTORY_FD), DIRECTORY_FD);
	CHECK(pipe2(fds, O_NONBLOCK) == 0);
	CHECK_EQ(write(fds[1], "0123456789abcdef", 16), 16);
	CHECK_EQ(dup2(fds[0], PIPE_READ_FD), PIPE_READ_FD);
	CHECK_EQ(dup2(fds[1], PIPE_WRITE_FD), PIPE_WRITE_FD);
	CHECK(setgroups(2, (gid_t[]){ 3, 4 }) == 0);
	if (call->flags & NEEDS_SOCKETS)
		set_up_sockets();
	if (call->flags & NEEDS_QUEUE)
		set_up_queue();
	if (call->flags & NEEDS_INOTIFY)
		CHECK_EQ(dup2(MUST(inotify_init()), INOTIFY_FD), INOTIFY_FD);
	if (call->flags & NEEDS_ZOMBIE) {
		pid_t pid = FORK();
		siginfo_t info;

		if (pid == 0)
			_exit(0);
		CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	}
	handle_signal(SIGUSR2, nothing, 0);
	block_signal(SIGUSR2);
	CHECK(raise(SIGUSR2) == 0);
	alarm(10);
}

/* 0 for any success, else the errno. */
static int outcome_of(const struct call *call, int bad_argument, enum badness badness)
{
	long arguments[6];
	int *result = bad_pointers_result;
	pid_t pid;
	int status;

	*result = -1;
	pid = FORK();
	if (pid == 0) {
		set_up(call);
		for (int i = 0; i < 6; i++)
			arguments[i] = call->arguments[i].value;
		if (bad_argument >= 0)
			arguments[bad_argument] = bad_address(badness);
		long value = raw_syscall(call->number, arguments[0], arguments[1], arguments[2],
					 arguments[3], arguments[4], arguments[5]);

		*result = value < 0 && value > -4096 ? -value : 0;
		_exit(0);
	}
	status = wait_status(pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		FAIL("%s (%d), argument %d %s: status %#x", call->name, call->number, bad_argument,
		     badness_names[badness], status);
	/* A program that was executed says nothing: exec succeeded. */
	return *result < 0 ? 0 : *result;
}

static bool is_tried(const struct argument *argument, enum badness badness)
{
	if (argument->kind == VALUE)
		return false;
	return badness != READ_ONLY || argument->kind == OUT || argument->kind == OUT_BUFFER;
}

/* A transfer that could move some bytes may say how many, or fail. */
static bool is_right(const struct argument *argument, enum badness badness, int outcome,
		     int expected)
{
	if (outcome == expected)
		return true;
	if (badness == STRADDLING &&
	    (argument->kind == OUT_BUFFER || argument->kind == IN_BUFFER))
		return outcome == 0 || outcome == EFAULT;
	return false;
}

int main(int argc, char **argv)
{
	bool record = argc > 1 && strcmp(argv[1], "--record") == 0;
	size_t next = 0;
	int wrong = 0;

	/* Executed by one of the calls below. */
	if (argc == 0 || argv[0][0] == '\0' || (argc > 1 && strcmp(argv[1], "--exit") == 0))
		return 0;
	bad_pointers_result = shared_memory(PAGE);
	select_block[4] = (uintptr_t)zero_time;
	no_access = map_pages(1);
	CHECK(mprotect(no_access, PAGE, PROT_NONE) == 0);
	read_only = map_pages(1);
	CHECK(mprotect(read_only, PAGE, PROT_READ) == 0);
	page_end = map_page_before_hole();
	memset(page_end - PAGE, 'x', PAGE);
	if (record)
		printf("/* What Linux answers in bad_pointers.c; made by its --record. */\n"
		       "#pragma once\n\nstatic const unsigned char bad_pointers_expected[] = {\n");

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		const struct call *call = &calls[c];
		bool missing = !record && call->number != 0 &&
			       outcome_of(call, -1, NULL_POINTER) == ENOSYS;

		if (record)
			printf("\t/* %s */", call->name);
		for (int a = 0; a < 6; a++) {
			if (record && a > 0 && call->arguments[a].kind != VALUE)
				printf("\n\t\t");
			for (enum badness b = 0; b < BADNESS_COUNT; b++) {
				if (!is_tried(&call->arguments[a], b))
					continue;
				size_t index = next++;
				int outcome = missing ? 0 : outcome_of(call, a, b);

				if (record) {
					printf(" %d,", outcome);
					continue;
				}
				if (missing)
					continue;
				CHECK(index < ARRAY_SIZE(bad_pointers_expected));
				int expected = bad_pointers_expected[index];

				if (!is_right(&call->arguments[a], b, outcome, expected)) {
					printf("%s (%d), argument %d %s: errno %d, on Linux %d\n",
					       call->name, call->number, a + 1, badness_names[b],
					       outcome, expected);
					wrong++;
				}
			}
		}
		if (record)
			printf("\n");
	}
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	if (record)
		printf("};\n");
	else
		CHECK_EQ(next, ARRAY_SIZE(bad_pointers_expected));
	fflush(stdout);
	return wrong ? 1 : 0;
}

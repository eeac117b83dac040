/* test: timeout=120
 * What a call is told lies in memory that another processor changes all the time. The kernel reads
 * it once: what it has checked is what it uses.
 *
 * Paths lead to the user's own file, then to one that he may not see; the name of a program to one
 * and then another; pieces of memory are his and then the kernel's; a message's parts are one and
 * then too many, its descriptors good and then bad.
 */
#include "check.h"
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/un.h>

#define KERNEL_MEMORY 0xc0100000u	/* where its text begins */

enum { NAME_ROOM = 2 * PAGE };

/* A word that the other process gives these two values in turn. */
static struct {
	volatile uint32_t words[NAME_ROOM / 4];
	volatile uint32_t *changed;
	uint32_t values[2];
	volatile bool done;
} *shared;

static pid_t changer;
static long long race_start;

#define PATIENCE_NS 10000000000ll

static void start_changing(void *word, uint32_t first, uint32_t second)
{
	shared->changed = word;
	shared->values[0] = first;
	shared->values[1] = second;
	shared->done = false;
	*shared->changed = first;
	changer = FORK();
	if (changer)
		return;
	for (unsigned int i = 1; !shared->done; i++) {
		*shared->changed = shared->values[i % 2];
		/* On one processor the other has its turn only so. */
		if (i % 61 == 0)
			sched_yield();
	}
	_exit(0);
}

/* Whether to try once more: a number of times, and until both answers were seen. */
static bool goes_on(int done, int count, int first, int second)
{
	if (done == 0)
		race_start = now_ns();
	return done < scaled(count) ||
	       (!(first && second) && now_ns() - race_start < PATIENCE_NS);
}

/* Both of two answers must have been seen, else there was no race. */
static void stop_changing(const char *what, int first, int second)
{
	shared->done = true;
	CHECK_EQ(wait_exit_status(changer), 0);
	*shared->changed = shared->values[0];
	say("%s: %d times the one, %d the other\n", what, first, second);
	CHECK(first && second);
}

static uint32_t four_letters(const char *text)
{
	uint32_t word;

	memcpy(&word, text, 4);
	return word;
}

/* ---- paths ---- */

static void change_path(void)
{
	char *path = (char *)shared->words;
	int opened = 0, refused = 0;

	strcpy(path, "open/secret");
	start_changing(path, four_letters("open"), four_letters("shut"));
	for (int i = 0; goes_on(i, 20000, opened, refused); i++) {
		int fd = open(path, O_RDONLY);
		struct stat status;
		char byte;

		if (fd < 0) {
			CHECK_EQ(errno, EACCES);
			refused++;
		} else {
			CHECK_EQ(read(fd, &byte, 1), 1);
			CHECK_EQ(byte, 'o');
			CHECK(close(fd) == 0);
			opened++;
		}
		CHECK(stat(path, &status) == 0 ? status.st_size == 1 : errno == EACCES);
	}
	stop_changing("open", opened, refused);
}

/* The end of a name comes and goes, before and behind the most that a name may have. */
static void change_length(void)
{
	char *path = (char *)shared->words;
	int found = 0, too_long = 0;

	memset(path, '/', NAME_ROOM);
	memcpy(path, "open/", 5);
	path[NAME_ROOM - 1] = '\0';
	start_changing(path + 8, four_letters("////"), 0);
	for (int i = 0; goes_on(i, 5000, found, too_long); i++) {
		struct stat status;

		if (stat(path, &status) == 0)
			found++;
		else if (errno == ENAMETOOLONG)
			too_long++;
		else
			FAIL("stat of slashes");
	}
	stop_changing("a name's end", found, too_long);
}

/* ---- programs ---- */

/* The new program compares what it is with what it is called. */
static int look_at_self(void)
{
	const char *called = (const char *)getauxval(AT_EXECFN);
	struct stat self, named;
	char name[16];

	CHECK(called != NULL);
	CHECK(stat("/proc/self/exe", &self) == 0 && stat(called, &named) == 0);
	CHECK_EQ(self.st_ino, named.st_ino);
	read_text("/proc/self/comm", name, sizeof(name));
	CHECK_EQ(strncmp(name, called + 2, 4), 0);
	return called[2];
}

static void copy_self(const char *name)
{
	static char block[65536];
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open(name, O_CREAT | O_WRONLY, 0755));
	ssize_t got;

	while ((got = read(from, block, sizeof(block))) > 0)
		CHECK_EQ(write(to, block, got), got);
	close(from);
	close(to);
}

static void change_program(void)
{
	char *path = (char *)shared->words;
	int first = 0, second = 0;

	strcpy(path, "./aaaa");
	start_changing(path + 2, four_letters("aaaa"), four_letters("bbbb"));
	for (int i = 0; goes_on(i, 200, first, second); i++) {
		pid_t pid = FORK();
		int status;

		if (pid == 0) {
			execl(path, "self", "--look", (char *)NULL);
			FAIL("execl");
		}
		status = wait_exit_status(pid);
		first += status == 'a';
		second += status == 'b';
		CHECK(status == 'a' || status == 'b');
	}
	stop_changing("exec", first, second);
}

/* ---- pieces ---- */

static void change_pieces(void)
{
	struct iovec *pieces = (struct iovec *)shared->words;
	char bytes[64], got[64];
	int ends[2], moved = 0, refused = 0;

	CHECK(pipe2(ends, O_NONBLOCK) == 0);
	memset(bytes, 'm', sizeof(bytes));
	for (int i = 0; i < 16; i++)
		pieces[i] = (struct iovec){ bytes + 4 * i, 4 };
	start_changing(&pieces[9].iov_base, (uintptr_t)bytes, KERNEL_MEMORY);
	for (int i = 0; goes_on(i, 20000, moved, refused); i++) {
		ssize_t size = writev(ends[1], pieces, 16), read_size;

		if (size < 0) {
			CHECK_EQ(errno, EFAULT);
			refused++;
			continue;
		}
		CHECK_EQ(size, sizeof(bytes));
		/* Into the kernel's memory it would be a write. */
		read_size = readv(ends[0], pieces, 16);
		if (read_size < 0) {
			CHECK_EQ(errno, EFAULT);
			read_size = read(ends[0], got, sizeof(got));
			CHECK_EQ(read_size, sizeof(got));
			for (size_t at = 0; at < sizeof(got); at++)
				CHECK_EQ(got[at], 'm');
		}
		CHECK_EQ(read_size, sizeof(bytes));
		for (size_t at = 0; at < sizeof(bytes); at++)
			CHECK_EQ(bytes[at], 'm');
		moved++;
	}
	stop_changing("writev", moved, refused);
	close(ends[0]);
	close(ends[1]);
}

/* How long a piece is, too: so long that a sum would wrap, or just right. */
static void change_piece_sizes(void)
{
	struct iovec *pieces = (struct iovec *)shared->words;
	char byte = 'm';
	int ends[2], moved = 0, refused = 0;

	CHECK(pipe2(ends, O_NONBLOCK) == 0);
	pieces[0] = pieces[1] = (struct iovec){ &byte, 1 };
	start_changing(&pieces[1].iov_len, 1, 0xffffffff);
	for (int i = 0; goes_on(i, 20000, moved, refused); i++) {
		ssize_t size = writev(ends[1], pieces, 2);
		char got[4];

		if (size < 0) {
			CHECK_EQ(errno, EINVAL);
			refused++;
			continue;
		}
		CHECK_EQ(size, 2);
		CHECK_EQ(read(ends[0], got, sizeof(got)), 2);
		CHECK(got[0] == 'm' && got[1] == 'm');
		moved++;
	}
	stop_changing("a piece's size", moved, refused);
	close(ends[0]);
	close(ends[1]);
}

/* ---- messages ---- */

static struct {
	struct msghdr header;
	struct iovec part;
	char control[64] __attribute__((aligned(4)));
} *message;

/* A message of one byte and one descriptor, which `word` in it makes right or wrong. */
static void change_message(const char *what, volatile void *word, uint32_t right, uint32_t wrong,
			   int error)
{
	int fds[2], sent = 0, refused = 0;

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	start_changing((void *)word, right, wrong);
	for (int i = 0; goes_on(i, 10000, sent, refused); i++) {
		char byte, control[64];
		struct iovec part = { &byte, 1 };
		struct msghdr got = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				      .msg_controllen = sizeof(control) };
		struct cmsghdr *first;

		if (sendmsg(fds[0], &message->header, MSG_DONTWAIT) < 0) {
			CHECK_EQ(errno, error);
			refused++;
			continue;
		}
		CHECK_EQ(recvmsg(fds[1], &got, MSG_DONTWAIT), 1);
		CHECK_EQ(byte, 'x');
		first = CMSG_FIRSTHDR(&got);
		CHECK(first && first->cmsg_type == SCM_RIGHTS);
		CHECK_EQ(first->cmsg_len, CMSG_LEN(sizeof(int)));
		CHECK(close(*(int *)CMSG_DATA(first)) == 0);
		sent++;
	}
	stop_changing(what, sent, refused);
	close(fds[0]);
	close(fds[1]);
}

static void change_messages(void)
{
	struct cmsghdr *first;
	uint32_t *descriptor;

	message = (void *)shared->words;
	memset(message, 0, sizeof(*message));
	message->part = (struct iovec){ (char *)"x", 1 };
	message->header.msg_iov = &message->part;
	message->header.msg_iovlen = 1;
	message->header.msg_control = message->control;
	message->header.msg_controllen = CMSG_SPACE(sizeof(int));
	first = CMSG_FIRSTHDR(&message->header);
	first->cmsg_level = SOL_SOCKET;
	first->cmsg_type = SCM_RIGHTS;
	first->cmsg_len = CMSG_LEN(sizeof(int));
	descriptor = (uint32_t *)CMSG_DATA(first);
	*descriptor = 2;
	change_message("the number of parts", &message->header.msg_iovlen, 1, 4000, EMSGSIZE);
	change_message("a part's place", &message->part.iov_base, (uintptr_t)"x", KERNEL_MEMORY,
		       EFAULT);
	change_message("a control message's size", &first->cmsg_len, CMSG_LEN(sizeof(int)), 4000,
		       EINVAL);
	change_message("a descriptor", descriptor, 2, 999, EBADF);
}

static void as_user(void)
{
	change_path();
	change_length();
	change_program();
	change_pieces();
	change_piece_sizes();
	change_messages();
}

int main(int count, char **arguments)
{
	if (count > 1 && strcmp(arguments[1], "--look") == 0)
		return look_at_self();
	shared = shared_memory(sizeof(*shared));
	CHECK(mkdir("open", 0755) == 0 && mkdir("shut", 0700) == 0);
	make_file("open/secret", "o");
	make_file("shut/secret", "secret");
	copy_self("aaaa");
	copy_self("bbbb");
	CHECK(chmod(".", 0755) == 0);
	run_as(OTHER_UID, as_user);
	return 0;
}

/*
 * /proc/PID/io: what read and write calls, and the disk, have moved; by thread and by process, with
 * ended threads and with children that were waited for; who may look; getrusage's blocks.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

struct counts {
	unsigned long long read_chars, write_chars, read_calls, write_calls;
	unsigned long long read_bytes, write_bytes, cancelled;
	int text_length;	/* of the one read that asked for them */
};

static struct counts get(const char *path)
{
	struct counts counts;
	char text[512];
	int fd = MUST(open(path, O_RDONLY));
	ssize_t length = MUST(read(fd, text, sizeof(text) - 1));

	text[length] = '\0';
	close(fd);
	CHECK_EQ(sscanf(text,
			"rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\nread_bytes: %llu\n"
			"write_bytes: %llu\ncancelled_write_bytes: %llu\n",
			&counts.read_chars, &counts.write_chars, &counts.read_calls,
			&counts.write_calls, &counts.read_bytes, &counts.write_bytes,
			&counts.cancelled), 7);
	counts.text_length = (int)length;
	return counts;
}

static struct counts self(void)
{
	return get("/proc/self/io");
}

/* What was done since `before`, without having asked for it. */
static struct counts since(const struct counts *before)
{
	struct counts now = self();

	now.read_chars -= before->read_chars + (unsigned)before->text_length;
	now.read_calls -= before->read_calls + 1;
	now.write_chars -= before->write_chars;
	now.write_calls -= before->write_calls;
	now.read_bytes -= before->read_bytes;
	now.write_bytes -= before->write_bytes;
	now.cancelled -= before->cancelled;
	return now;
}

#define EXPECT(reads, read_bytes_moved, writes, write_bytes_moved) do { \
	struct counts seen = since(&before); \
	CHECK_EQ(seen.read_calls, reads); \
	CHECK_EQ(seen.read_chars, read_bytes_moved); \
	CHECK_EQ(seen.write_calls, writes); \
	CHECK_EQ(seen.write_chars, write_bytes_moved); \
	before = self(); \
} while (0)

static void calls(void)
{
	struct counts before;
	char buffer[3000] = "";
	struct iovec pieces[2] = { { buffer, 10 }, { buffer + 10, 90 } };
	int zero = MUST(open("/dev/zero", O_RDONLY)), null = MUST(open("/dev/null", O_WRONLY));
	int file, ends[2], pair[2];
	off_t offset = 0;

	file = MUST(open("counted", O_CREAT | O_TRUNC | O_RDWR, 0644));
	CHECK(pipe2(ends, O_NONBLOCK) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	before = self();
	EXPECT(0, 0, 0, 0);
	CHECK_EQ(read(zero, buffer, 1234), 1234);
	EXPECT(1, 1234, 0, 0);
	CHECK_EQ(write(null, buffer, 77), 77);
	EXPECT(0, 0, 1, 77);
	CHECK_EQ(write(file, buffer, 3000), 3000);
	CHECK_EQ(pwrite(file, buffer, 10, 100), 10);
	EXPECT(0, 0, 2, 3010);
	CHECK_EQ(pread(file, buffer, 3000, 2000), 1000);
	CHECK_EQ(read(file, buffer, 100), 0);
	EXPECT(2, 1000, 0, 0);
	CHECK_EQ(writev(null, pieces, 2), 100);
	CHECK_EQ(readv(zero, pieces, 2), 100);
	CHECK_EQ(preadv(file, pieces, 2, 0), 100);
	CHECK_EQ(pwritev(file, pieces, 2, 0), 100);
	EXPECT(2, 200, 2, 200);
	/* A failure of the file counts as a call; of the descriptor or the address it does not. */
	CHECK_ERRNO(read(ends[0], buffer, 5), EAGAIN);
	EXPECT(1, 0, 0, 0);
	CHECK_ERRNO(read(ends[1], buffer, 5), EBADF);
	CHECK_ERRNO(read(-1, buffer, 5), EBADF);
	CHECK_ERRNO(write(zero, buffer, 5), EBADF);
	CHECK_ERRNO(raw_syscall(SYS_read, ends[0], -1, 100) == -EFAULT ? (errno = EFAULT, -1) : 0,
		    EFAULT);
	EXPECT(0, 0, 0, 0);
	CHECK_EQ(write(ends[1], buffer, 20), 20);
	CHECK_EQ(read(ends[0], buffer, 100), 20);
	EXPECT(1, 20, 1, 20);
	CHECK_EQ(write(pair[0], buffer, 20), 20);
	CHECK_EQ(read(pair[1], buffer, 100), 20);
	EXPECT(1, 20, 1, 20);
	/* send and recv, splice and getdents are no reading and writing. */
	CHECK_EQ(send(pair[0], buffer, 20, 0), 20);
	CHECK_EQ(recv(pair[1], buffer, 100, 0), 20);
	CHECK_EQ(splice(file, &(loff_t){ 0 }, ends[1], NULL, 50, 0), 50);
	EXPECT(0, 0, 0, 0);
	CHECK_EQ(read(ends[0], buffer, 100), 50);
	EXPECT(1, 50, 0, 0);
	CHECK_EQ(sendfile(pair[0], file, &offset, 1000), 1000);
	EXPECT(1, 1000, 1, 1000);
	CHECK_EQ(lseek(file, 0, SEEK_SET), 0);
	CHECK_EQ(copy_file_range(file, NULL, file, &(loff_t){ 8000 }, 500, 0), 500);
	EXPECT(1, 500, 1, 500);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(pair[i]);
	}
	close(file);
	close(zero);
	close(null);
}

static void move(int count)
{
	char buffer[1000];
	int zero = MUST(open("/dev/zero", O_RDWR));

	for (int i = 0; i < count; i++) {
		CHECK_EQ(read(zero, buffer, 1000), 1000);
		CHECK_EQ(write(zero, buffer, 100), 100);
	}
	close(zero);
}

static struct gate go, moved;
static atomic_bool has_counted;	/* a byte is counted after it is there to be read */

static void *thread_body(void *unused)
{
	(void)unused;
	move(3);
	gate_open(&moved);
	has_counted = true;
	gate_pass(&go);
	return NULL;
}

/* The process's are those of its threads, ended ones too; a thread's are its own. */
static void threads(void)
{
	struct counts before, own, seen;
	pthread_t thread;
	char path[64];

	go = gate_create();
	moved = gate_create();
	before = self();
	CHECK(pthread_create(&thread, NULL, thread_body, NULL) == 0);
	gate_pass(&moved);
	while (!has_counted)
		sched_yield();
	seen = since(&before);
	/* Ours are the gate's byte; the thread has written one. */
	CHECK_EQ(seen.read_chars, 3001);
	CHECK_EQ(seen.write_chars, 301);
	snprintf(path, sizeof(path), "/proc/self/task/%d/io", getpid());
	own = get(path);
	before = self();
	CHECK_EQ(before.read_chars - own.read_chars, 3000 + (unsigned)own.text_length);
	CHECK_EQ(before.write_chars - own.write_chars, 301);
	gate_open(&go);
	CHECK(pthread_join(thread, NULL) == 0);
	seen = since(&before);
	CHECK_EQ(seen.read_chars, 1);
	CHECK_EQ(seen.write_chars, 1);
	seen = get(path);
	CHECK(self().write_chars - seen.write_chars == 301);
}

/* A child begins with none; its parent gets them with its status. */
static void children(void)
{
	struct counts before, seen;
	struct gate gate = gate_create();
	pid_t pid;
	char path[64];

	before = self();
	pid = FORK();
	if (pid == 0) {
		struct counts mine = self();

		CHECK_EQ(mine.read_chars + mine.write_chars + mine.read_calls, 0);
		move(5);
		gate_pass(&gate);
		_exit(0);
	}
	seen = since(&before);
	CHECK(seen.read_chars == 0 && seen.write_chars == 0);
	wait_until_blocked(pid);
	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	seen = get(path);
	CHECK_EQ(seen.write_chars, 500);
	CHECK_EQ(seen.write_calls, 5);
	CHECK_EQ(seen.read_calls, 6);
	before = self();
	gate_open(&gate);
	CHECK_EQ(wait_exit_status(pid), 0);
	seen = since(&before);
	CHECK_EQ(seen.write_chars, 501);
	CHECK_EQ(seen.write_calls, 6);
	CHECK_EQ(seen.read_calls, 7);
	/* One that nobody wanted to hear of is forgotten. */
	CHECK(signal(SIGCHLD, SIG_IGN) == SIG_DFL);
	before = self();
	pid = FORK();
	if (pid == 0) {
		move(5);
		_exit(0);
	}
	CHECK_ERRNO(waitpid(pid, NULL, 0), ECHILD);
	CHECK_EQ(since(&before).write_chars, 0);
	signal(SIGCHLD, SIG_DFL);
}

static void disk(void)
{
	struct counts before, seen;
	struct rusage usage_before, usage;
	static char page[PAGE];
	int fd;

	fd = MUST(open("on disk", O_CREAT | O_TRUNC | O_RDWR, 0644));
	CHECK(getrusage(RUSAGE_SELF, &usage_before) == 0);
	before = self();
	memset(page, 'x', sizeof(page));
	for (int i = 0; i < 8; i++)
		CHECK_EQ(write(fd, page, sizeof(page)), PAGE);
	/* Writing again to what is not yet on the disk is no more to write. */
	for (int i = 0; i < 8; i++)
		CHECK_EQ(pwrite(fd, page, sizeof(page), i * PAGE), PAGE);
	seen = since(&before);
	CHECK_EQ(seen.write_chars, 16 * PAGE);
	CHECK(seen.write_bytes >= 8 * PAGE && seen.write_bytes < 16 * PAGE);
	CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
	CHECK(usage.ru_oublock - usage_before.ru_oublock >= 8 * PAGE / 512);
	before = self();
	CHECK(ftruncate(fd, PAGE) == 0);
	seen = since(&before);
	CHECK_EQ(seen.cancelled, 7 * PAGE);
	CHECK(fsync(fd) == 0);
	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	before = self();
	CHECK_EQ(pread(fd, page, sizeof(page), 0), PAGE);
	seen = since(&before);
	CHECK_EQ(seen.read_chars, PAGE);
	CHECK(seen.read_bytes >= PAGE);
	before = self();
	CHECK_EQ(pread(fd, page, sizeof(page), 0), PAGE);
	CHECK_EQ(since(&before).read_bytes, 0);
	close(fd);
	CHECK(unlink("on disk") == 0);
}

static char other_path[64];

static void as_stranger(void)
{
	char byte;
	int fd;

	CHECK_ERRNO(open(other_path, O_RDONLY), EACCES);
	/* Who has changed his ids has secrets, until he says otherwise. */
	CHECK_ERRNO(open("/proc/self/io", O_RDONLY), EACCES);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	fd = MUST(open("/proc/self/io", O_RDONLY));
	CHECK_EQ(read(fd, &byte, 1), 1);
	close(fd);
}

static void who_may_look(void)
{
	struct stat status;
	int fd;

	CHECK(stat("/proc/self/io", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0400);
	snprintf(other_path, sizeof(other_path), "/proc/%d/io", getpid());
	run_as(OTHER_UID, as_stranger);
	/* Asked for when it is read. */
	fd = MUST(open(other_path, O_RDONLY));
	pid_t pid = FORK();
	if (pid == 0) {
		char byte;

		become_user(OTHER_UID, OTHER_GID);
		CHECK_ERRNO(read(fd, &byte, 1), EACCES);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	close(fd);
}

int main(void)
{
	calls();
	threads();
	children();
	who_may_look();
	if (getenv("TEST_DISK_DIR")) {
		enter_disk_directory();
		disk();
	}
	return 0;
}

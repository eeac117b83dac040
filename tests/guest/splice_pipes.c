/*
 * splice(), tee() and vmsplice(): every direction, parts of what is there, offsets, waiting,
 * what is refused, and that bytes that a file would not take stay in the pipe.
 */
#include "check.h"

static int a[2], b[2];

static void fresh_pipes(void)
{
	CHECK(pipe(a) == 0);
	CHECK(pipe(b) == 0);
}

static void close_pipes(void)
{
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void expect_text(int fd, const char *text)
{
	char buffer[256];

	CHECK_EQ(read(fd, buffer, sizeof(buffer)), strlen(text));
	CHECK(memcmp(buffer, text, strlen(text)) == 0);
}

static void refusals(void)
{
	int file = MUST(open("file", O_RDWR));
	int append = MUST(open("file", O_RDWR | O_APPEND));
	int directory = MUST(open(".", O_RDONLY));
	loff_t offset = 0;

	fresh_pipes();
	CHECK_EQ(splice(-1, NULL, -1, NULL, 0, ~0u), 0);
	CHECK_ERRNO(splice(file, NULL, a[1], NULL, 1, 0x10), EINVAL);
	CHECK_ERRNO(splice(-1, NULL, a[1], NULL, 1, 0), EBADF);
	CHECK_ERRNO(splice(file, NULL, file, NULL, 1, 0), EINVAL);
	CHECK_ERRNO(splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL);
	CHECK_ERRNO(splice(a[0], &offset, b[1], NULL, 1, 0), ESPIPE);
	CHECK_ERRNO(splice(file, NULL, a[1], &offset, 1, 0), ESPIPE);
	CHECK_ERRNO(splice(file, NULL, a[0], NULL, 1, 0), EBADF);
	CHECK_ERRNO(splice(a[1], NULL, file, NULL, 1, 0), EBADF);
	CHECK_ERRNO(splice(file, (loff_t *)1, a[1], NULL, 1, 0), EFAULT);
	CHECK_ERRNO(splice(directory, NULL, a[1], NULL, 1, 0), EINVAL);
	CHECK_ERRNO(splice(a[0], NULL, file, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO(tee(a[0], a[1], 1, 0), EINVAL);
	CHECK_ERRNO(tee(file, a[1], 1, 0), EINVAL);
	CHECK_ERRNO(tee(a[1], b[1], 1, 0), EBADF);
	CHECK_ERRNO(tee(a[0], b[1], 1, 0x10), EINVAL);
	CHECK_EQ(write(a[1], "x", 1), 1);
	CHECK_ERRNO(splice(a[0], NULL, append, NULL, 1, 0), EINVAL);
	offset = -1;
	CHECK_ERRNO(splice(a[0], NULL, file, &offset, 1, 0), EINVAL);
	expect_text(a[0], "x");
	close_pipes();
	close(file);
	close(append);
	close(directory);
}

static void file_to_pipe(void)
{
	static char buffer[16 * PAGE];
	int file = MUST(open("pattern", O_RDONLY));
	loff_t offset = 5;

	fresh_pipes();
	CHECK_EQ(splice(file, &offset, a[1], NULL, 10, 0), 10);
	CHECK_EQ(offset, 15);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 0);
	CHECK_EQ(splice(file, NULL, a[1], NULL, 10, 0), 10);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 10);
	CHECK_EQ(read(a[0], buffer, sizeof(buffer)), 20);
	for (int i = 0; i < 20; i++)
		CHECK_EQ(buffer[i], pattern_byte(i < 10 ? 5 + i : i - 10));
	/* Across pages, up to the end, and beyond. */
	offset = PAGE - 3;
	CHECK_EQ(splice(file, &offset, a[1], NULL, 3 * PAGE, 0), 2 * PAGE + 3 + 100);
	CHECK_EQ(read(a[0], buffer, sizeof(buffer)), 2 * PAGE + 103);
	for (int i = 0; i < 2 * PAGE + 103; i++)
		CHECK_EQ(buffer[i], pattern_byte(PAGE - 3 + i));
	CHECK_EQ(splice(file, &offset, a[1], NULL, 10, 0), 0);
	/* What is written to the pipe afterwards never reaches the file. */
	offset = 0;
	CHECK_EQ(splice(file, &offset, a[1], NULL, 7, 0), 7);
	CHECK_EQ(write(a[1], "behind", 6), 6);
	CHECK_EQ(pread(file, buffer, 16, 0), 16);
	for (int i = 0; i < 16; i++)
		CHECK_EQ(buffer[i], pattern_byte(i));
	CHECK_EQ(read(a[0], buffer, 13), 13);
	CHECK(memcmp(buffer + 7, "behind", 6) == 0);
	/* A hole. */
	int hole = MUST(open("hole", O_CREAT | O_RDWR, 0600));

	CHECK(ftruncate(hole, 3 * PAGE) == 0);
	CHECK_EQ(splice(hole, NULL, a[1], NULL, 100, 0), 100);
	CHECK_EQ(read(a[0], buffer, 100), 100);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(buffer[i], 0);
	/* Something that is no file of pages. */
	int version = MUST(open("/proc/version", O_RDONLY));
	char text[256];
	int length = read(version, text, sizeof(text));

	CHECK(length > 0);
	offset = 0;
	CHECK_EQ(splice(version, &offset, a[1], NULL, PAGE, 0), length);
	CHECK_EQ(read(a[0], buffer, sizeof(buffer)), length);
	CHECK(memcmp(buffer, text, length) == 0);
	close(version);
	close(hole);
	/* A full pipe. */
	while (splice(file, &(loff_t){ 0 }, a[1], NULL, PAGE, SPLICE_F_NONBLOCK) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	close_pipes();
	close(file);
}

static void pipe_to_file(void)
{
	int file = MUST(open("out", O_CREAT | O_TRUNC | O_RDWR, 0644));
	loff_t offset = 3;

	fresh_pipes();
	CHECK_EQ(write(a[1], "0123456789", 10), 10);
	CHECK_EQ(splice(a[0], NULL, file, NULL, 4, 0), 4);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), 4);
	CHECK_EQ(splice(a[0], NULL, file, &offset, 100, 0), 6);
	CHECK_EQ(offset, 9);
	CHECK(file_has_text("out", "012456789"));
	/* The end. */
	close(a[1]);
	CHECK_EQ(splice(a[0], NULL, file, NULL, 4, 0), 0);
	a[1] = dup(b[1]);
	/* What cannot be written stays. */
	struct rlimit limit;

	CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	handle_signal(SIGXFSZ, SIG_IGN, 0);
	limit.rlim_cur = 12;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	offset = 10;
	CHECK_EQ(write(b[1], "staying", 7), 7);
	CHECK_EQ(splice(b[0], NULL, file, &offset, 7, 0), 2);
	CHECK_ERRNO(splice(b[0], NULL, file, &offset, 5, 0), EFBIG);
	limit.rlim_cur = limit.rlim_max;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	expect_text(b[0], "aying");
	close_pipes();
	close(file);
}

static void between_pipes(void)
{
	fresh_pipes();
	CHECK_EQ(write(a[1], "0123456789", 10), 10);
	CHECK_EQ(tee(a[0], b[1], 4, 0), 4);
	CHECK_EQ(write(a[1], "ab", 2), 2);
	CHECK_EQ(write(b[1], "cd", 2), 2);
	expect_text(b[0], "0123cd");
	CHECK_EQ(splice(a[0], NULL, b[1], NULL, 3, 0), 3);
	CHECK_EQ(write(b[1], "!", 1), 1);
	expect_text(b[0], "012!");
	CHECK_EQ(splice(a[0], NULL, b[1], NULL, 100, 0), 9);
	expect_text(b[0], "3456789ab");
	close(b[0]);
	b[0] = dup(a[0]);
	CHECK_EQ(write(a[1], "x", 1), 1);
	handle_signal(SIGPIPE, SIG_IGN, 0);
	CHECK_ERRNO(splice(a[0], NULL, b[1], NULL, 1, 0), EPIPE);
	CHECK_ERRNO(tee(a[0], b[1], 1, 0), EPIPE);
	expect_text(a[0], "x");
	close_pipes();
}

static void user_memory(void)
{
	char in[] = "0123456789", out[16] = "";
	struct iovec parts[2] = { { in, 4 }, { in + 6, 4 } };

	fresh_pipes();
	CHECK_EQ(vmsplice(a[1], parts, 2, 0), 8);
	parts[0] = (struct iovec){ out, 3 };
	parts[1] = (struct iovec){ out + 3, 10 };
	CHECK_EQ(vmsplice(a[0], parts, 2, 0), 8);
	CHECK(memcmp(out, "01236789", 8) == 0);
	CHECK_ERRNO(vmsplice(a[0], parts, 2, SPLICE_F_NONBLOCK), EAGAIN);
	CHECK_ERRNO(vmsplice(a[0], parts, 2, 0x10), EINVAL);
	int file = MUST(open("file", O_RDWR));

	CHECK_ERRNO(vmsplice(file, parts, 2, 0), EBADF);
	CHECK_EQ(vmsplice(a[0], parts, 0, 0), 0);
	close(file);
	close_pipes();
}

/* A splice that waits is woken by a write, and by a kill. */
static void waiting(void)
{
	pid_t pid;

	fresh_pipes();
	pid = FORK();
	if (pid == 0) {
		int file = MUST(open("waited", O_CREAT | O_WRONLY, 0600));

		_exit(splice(a[0], NULL, file, NULL, 100, 0) == 5 ? 0 : CHECK_FAILED);
	}
	wait_until_blocked(pid);
	CHECK_EQ(write(a[1], "woken", 5), 5);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(file_has_text("waited", "woken"));
	pid = FORK();
	if (pid == 0)
		_exit(splice(a[0], NULL, b[1], NULL, 100, 0) == 0);
	wait_until_blocked(pid);
	kill_and_reap(pid);
	close_pipes();
}

/* A stream through three pipes and a file, in odd pieces, arrives whole. */
static void stream(void)
{
	enum { TOTAL = 300000 };
	pid_t writer, mover;
	static char buffer[5000];
	int total = scaled(TOTAL), file;

	fresh_pipes();
	writer = FORK();
	if (writer == 0) {
		int source = MUST(open("source", O_RDONLY));

		for (int done = 0; done < total;) {
			int got = splice(source, NULL, a[1], NULL, 3333, 0);

			CHECK(got > 0);
			done += got;
		}
		_exit(0);
	}
	close(a[1]);
	a[1] = dup(a[0]);
	mover = FORK();
	if (mover == 0) {
		close(b[0]);
		while (splice(a[0], NULL, b[1], NULL, 1777, 0) > 0)
			;
		_exit(0);
	}
	close(b[1]);
	b[1] = dup(b[0]);
	file = MUST(open("sink", O_CREAT | O_RDWR, 0600));
	while (splice(b[0], NULL, file, NULL, 10000, 0) > 0)
		;
	CHECK_EQ(wait_exit_status(writer), 0);
	CHECK_EQ(wait_exit_status(mover), 0);
	CHECK_EQ(lseek(file, 0, SEEK_CUR), total);
	for (int done = 0; done < total;) {
		int got = pread(file, buffer, sizeof(buffer), done);

		CHECK(got > 0);
		for (int i = 0; i < got; i++)
			CHECK_EQ(buffer[i], pattern_byte(done + i));
		done += got;
	}
	close(file);
	close_pipes();
}

int main(void)
{
	make_file("file", "text");
	make_pattern_file("pattern", 3 * PAGE + 100);
	make_pattern_file("source", scaled(300000));
	refusals();
	file_to_pipe();
	pipe_to_file();
	between_pipes();
	user_memory();
	waiting();
	stream();
	return 0;
}

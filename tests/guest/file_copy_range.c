/* copy_file_range(): offsets, ends, overlaps, and what is refused in which order. */
#include "check.h"

static ssize_t copy(int in, loff_t *in_offset, int out, loff_t *out_offset, size_t size)
{
	return copy_file_range(in, in_offset, out, out_offset, size, 0);
}

static void refusals(int in, int out)
{
	int fds[2], directory = MUST(open(".", O_RDONLY)), append, read_only;
	loff_t minus = -1, more_minus = -5, zero = 0, two = 2;

	CHECK(pipe(fds) == 0);
	append = MUST(open("out", O_WRONLY | O_APPEND));
	read_only = MUST(open("out", O_RDONLY));
	CHECK_ERRNO(copy_file_range(in, NULL, out, NULL, 1, 1), EINVAL);
	CHECK_ERRNO(copy_file_range(-1, NULL, out, NULL, 1, 1), EBADF);
	CHECK_ERRNO(copy_file_range(in, (loff_t *)1, out, NULL, 1, 1), EFAULT);
	CHECK_ERRNO(copy(directory, NULL, out, NULL, 1), EISDIR);
	CHECK_ERRNO(copy(in, NULL, directory, NULL, 1), EISDIR);
	CHECK_ERRNO(copy(fds[0], NULL, out, NULL, 1), EINVAL);
	CHECK_ERRNO(copy(in, NULL, append, NULL, 1), EBADF);
	CHECK_ERRNO(copy(in, NULL, read_only, NULL, 1), EBADF);
	CHECK_ERRNO(copy(append, NULL, out, NULL, 1), EBADF);
	CHECK_ERRNO(copy(in, &minus, out, NULL, 1), EOVERFLOW);
	CHECK_ERRNO(copy(in, &more_minus, out, NULL, 1), EINVAL);
	CHECK_ERRNO(copy(out, &zero, out, &two, 5), EINVAL);
	close(directory);
	close(append);
	close(read_only);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	int in, out;
	loff_t from = 2, to = 4;
	char buffer[300];

	make_file("in", "0123456789");
	make_file("out", "abcdefghij");
	in = MUST(open("in", O_RDONLY));
	out = MUST(open("out", O_RDWR));
	refusals(in, out);
	CHECK_EQ(copy(in, &from, out, &to, 3), 3);
	CHECK_EQ(from, 5);
	CHECK_EQ(to, 7);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 0);
	CHECK(file_has_text("out", "abcd234hij"));
	CHECK_EQ(copy(in, NULL, out, NULL, 100), 10);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 10);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 10);
	CHECK_EQ(copy(in, NULL, out, NULL, 100), 0);
	/* Within one file, beside each other, and past the end. */
	from = 0;
	to = 10;
	CHECK_EQ(copy(out, &from, out, &to, 10), 10);
	CHECK(file_has_text("out", "01234567890123456789"));
	from = 0;
	to = 100;
	CHECK_EQ(copy(in, &from, out, &to, 2), 2);
	CHECK_EQ(pread(out, buffer, sizeof(buffer), 0), 102);
	CHECK_EQ(buffer[99], 0);
	CHECK_EQ(buffer[101], '1');
	/* Large. */
	make_pattern_file("large", 200000);
	close(in);
	in = MUST(open("large", O_RDONLY));
	CHECK(ftruncate(out, 0) == 0);
	from = 0;
	to = 0;
	while (from < 200000)
		CHECK(copy(in, &from, out, &to, 1 << 20) > 0);
	for (int i = 0; i < 200000; i += 997) {
		CHECK_EQ(pread(out, buffer, 1, i), 1);
		CHECK_EQ(buffer[0], pattern_byte(i));
	}
	return 0;
}

/* sendfile and sendfile64: file to pipe and to file, with and without an offset of its own. */
#include "check.h"
#include <sys/sendfile.h>

int main(void)
{
	char buffer[64];
	off_t offset = 4;
	int in, out, fds[2];

	make_file("in", "0123456789abcdef");
	in = MUST(open("in", O_RDONLY));
	out = MUST(open("out", O_CREAT | O_RDWR, 0644));
	CHECK(pipe(fds) == 0);
	CHECK_EQ(sendfile(out, in, &offset, 6), 6);
	CHECK_EQ(offset, 10);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
	CHECK(file_has_text("out", "456789"));
	CHECK_EQ(sendfile(fds[1], in, NULL, 3), 3);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 3);
	CHECK_EQ(read(fds[0], buffer, sizeof(buffer)), 3);
	CHECK(memcmp(buffer, "012", 3) == 0);
	CHECK_EQ(sendfile(out, in, NULL, 100), 13);
	CHECK_EQ(sendfile(out, in, NULL, 100), 0);
	CHECK_ERRNO(sendfile(in, out, NULL, 1), EBADF);
	CHECK_ERRNO(sendfile(out, 999, NULL, 1), EBADF);
	off64_t far = 1;

	CHECK_EQ(sendfile64(fds[1], in, &far, 2), 2);
	CHECK_EQ(far, 3);
	return 0;
}

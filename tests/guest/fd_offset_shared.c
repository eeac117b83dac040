/*
 * The offset and the status flags belong to the open description: shared by dup and fork, not by
 * open.
 */
#include "check.h"

int main(void)
{
	make_file("file", "0123456789");
	int fd = MUST(open("file", O_RDWR));
	int again = MUST(open("file", O_RDWR));
	int copy = MUST(dup(fd));
	char byte;
	pid_t child;

	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(lseek(copy, 0, SEEK_CUR), 1);
	CHECK_EQ(lseek(again, 0, SEEK_CUR), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	CHECK_EQ(fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE),
		 O_APPEND | O_NONBLOCK | O_RDWR);
	CHECK_EQ(fcntl(again, F_GETFL) & (O_APPEND | O_NONBLOCK), 0);

	child = FORK();
	if (child == 0) {
		CHECK_EQ(lseek(fd, 5, SEEK_SET), 5);
		CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
		CHECK(close(copy) == 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(read(copy, &byte, 1), 1);
	CHECK_EQ(byte, '5');
	CHECK_EQ(fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK), 0);
	return 0;
}

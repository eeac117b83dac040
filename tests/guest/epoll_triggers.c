/* Level, edge and one-shot watches of a pipe; MOD and DEL; hang-up and error come unasked. */
#include "epoll.h"

static int fds[2], epoll;

static void level(void)
{
	ADD(epoll, fds[0], EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	put_byte(fds[1]);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	take_byte(fds[0]);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	put_byte(fds[1]);
	MODIFY(epoll, fds[0], EPOLLPRI);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	MODIFY(epoll, fds[0], EPOLLIN | EPOLLRDNORM);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN | EPOLLRDNORM);
	DELETE(epoll, fds[0]);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	take_byte(fds[0]);
}

static void edge(void)
{
	put_byte(fds[1]);
	ADD(epoll, fds[0], EPOLLIN | EPOLLET);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	put_byte(fds[1]);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	/* Changing it asks the file anew. */
	MODIFY(epoll, fds[0], EPOLLIN | EPOLLET);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	/* An edge whose bytes are gone is no event. */
	put_byte(fds[1]);
	take_byte(fds[0]);
	take_byte(fds[0]);
	take_byte(fds[0]);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	DELETE(epoll, fds[0]);
}

static void one_shot(void)
{
	ADD(epoll, fds[0], EPOLLIN | EPOLLONESHOT);
	put_byte(fds[1]);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	put_byte(fds[1]);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	CHECK_ERRNO(epoll_do(epoll, EPOLL_CTL_ADD, fds[0], EPOLLIN), EEXIST);
	MODIFY(epoll, fds[0], EPOLLIN | EPOLLONESHOT);
	CHECK_EQ(epoll_now(epoll, fds[0]), EPOLLIN);
	CHECK_EQ(epoll_now(epoll, fds[0]), 0);
	DELETE(epoll, fds[0]);
	take_byte(fds[0]);
	take_byte(fds[0]);
}

static void ends(void)
{
	int other[2];

	CHECK(pipe(other) == 0);
	ADD(epoll, other[0], 0);
	CHECK(close(other[1]) == 0);
	CHECK_EQ(epoll_now(epoll, other[0]), EPOLLHUP);
	CHECK(close(other[0]) == 0);
	CHECK_EQ(epoll_now(epoll, other[0]), 0);
	CHECK(pipe(other) == 0);
	ADD(epoll, other[1], EPOLLET);
	CHECK_EQ(epoll_now(epoll, other[1]), 0);
	CHECK(close(other[0]) == 0);
	CHECK_EQ(epoll_now(epoll, other[1]), EPOLLERR);
	CHECK(close(other[1]) == 0);
}

static void room(void)
{
	char buffer[PAGE] = { 0 };

	CHECK_EQ(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	ADD(epoll, fds[1], EPOLLOUT);
	CHECK_EQ(epoll_now(epoll, fds[1]), EPOLLOUT);
	while (write(fds[1], buffer, sizeof(buffer)) > 0)
		;
	CHECK_EQ(epoll_now(epoll, fds[1]), 0);
	CHECK_EQ(read(fds[0], buffer, sizeof(buffer)), PAGE);
	CHECK_EQ(epoll_now(epoll, fds[1]), EPOLLOUT);
}

int main(void)
{
	CHECK(pipe(fds) == 0);
	epoll = epoll_make();
	level();
	edge();
	one_shot();
	ends();
	room();
	return 0;
}

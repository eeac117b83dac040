/*
 * test: timeout=120
 * Threads write to, wait for, add, change, delete and close the same files and epolls, nested ones
 * among them, all at once: nothing is lost that stays, nothing breaks.
 */
#include "epoll.h"
#include <pthread.h>

enum { FILES = 8, EPOLLS = 3, ROUNDS = 3000 };

static int files[FILES], epolls[EPOLLS];
static volatile bool done;

static unsigned int random_below(unsigned int *state, unsigned int limit)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % limit;
}

static void *waiter(void *argument)
{
	struct epoll_event events[FILES];
	int epoll = epolls[(long)argument % EPOLLS];
	uint64_t value;

	while (!done) {
		int got = epoll_wait(epoll, events, FILES, 5);

		CHECK(got >= 0);
		for (int i = 0; i < got; i++) {
			if (read(events[i].data.fd, &value, 8) < 0)
				CHECK(errno == EAGAIN || errno == EBADF || errno == EINVAL);
		}
	}
	return NULL;
}

static void *changer(void *argument)
{
	static const uint32_t flags[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE };
	unsigned int seed = (unsigned int)(long)argument + 1;
	uint64_t one = 1;

	for (int i = 0; i < scaled(ROUNDS); i++) {
		int which = random_below(&seed, FILES);
		int epoll = epolls[random_below(&seed, EPOLLS)];

		switch (random_below(&seed, 6)) {
		case 0:
			epoll_do(epoll, EPOLL_CTL_ADD, files[which],
				 EPOLLIN | flags[random_below(&seed, 4)]);
			break;
		case 1:
			epoll_do(epoll, EPOLL_CTL_MOD, files[which],
				 EPOLLIN | flags[random_below(&seed, 3)]);
			break;
		case 2:
			epoll_do(epoll, EPOLL_CTL_DEL, files[which], 0);
			break;
		case 3: {
			/* Another file under the number: the old one goes, watched or not. */
			int fd = MUST(eventfd(0, EFD_NONBLOCK));

			CHECK_EQ(dup2(fd, files[which]), files[which]);
			CHECK(close(fd) == 0);
			break;
		}
		case 4:
			epoll_do(epolls[0], random_below(&seed, 2) ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
				 epolls[1 + random_below(&seed, EPOLLS - 1)], EPOLLIN);
			break;
		default:
			if (write(files[which], &one, 8) < 0)
				CHECK(errno == EBADF || errno == EAGAIN);
		}
		if (i % 500 == 250) {
			int fd = epoll_make();
			int number = epolls[random_below(&seed, EPOLLS)];

			CHECK_EQ(dup2(fd, number), number);
			CHECK(close(fd) == 0);
		}
	}
	return NULL;
}

int main(void)
{
	pthread_t waiters[EPOLLS + 1], changers[4];

	for (int i = 0; i < FILES; i++)
		files[i] = MUST(eventfd(0, EFD_NONBLOCK));
	for (int i = 0; i < EPOLLS; i++)
		epolls[i] = epoll_make();
	for (long i = 0; i < EPOLLS + 1; i++)
		CHECK(pthread_create(&waiters[i], NULL, waiter, (void *)i) == 0);
	for (long i = 0; i < 4; i++)
		CHECK(pthread_create(&changers[i], NULL, changer, (void *)i) == 0);
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(changers[i], NULL) == 0);
	done = true;
	for (int i = 0; i < EPOLLS + 1; i++)
		CHECK(pthread_join(waiters[i], NULL) == 0);
	return 0;
}

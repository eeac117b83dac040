/* Options: their defaults, limits and errors. */
#include "socket_util.h"

static void told_only(void)
{
	int value = 1;
	int fd = MUST(socket(AF_UNIX, SOCK_SEQPACKET, 0));

	CHECK_EQ(get_option(fd, SO_TYPE), SOCK_SEQPACKET);
	CHECK_EQ(get_option(fd, SO_DOMAIN), AF_UNIX);
	CHECK_EQ(get_option(fd, SO_PROTOCOL), 0);
	CHECK_EQ(get_option(fd, SO_ERROR), 0);
	CHECK_EQ(get_option(fd, SO_ACCEPTCONN), 0);
	CHECK_EQ(get_option(fd, SO_SNDLOWAT), 1);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_TYPE, &value, 4), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_ERROR, &value, 4), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, 4), ENOPROTOOPT);
	close(fd);
}

static void switches(void)
{
	static const int names[] = { SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, SO_KEEPALIVE,
				     SO_OOBINLINE, SO_PASSCRED, SO_NO_CHECK, SO_PASSSEC,
				     SO_RXQ_OVFL, SO_WIFI_STATUS, SO_NOFCS,
				     SO_SELECT_ERR_QUEUE, 75 /* SO_RCVMARK */ };
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_EQ(get_option(fd, names[i]), 0);
		set_option(fd, names[i], 7);
		CHECK_EQ(get_option(fd, names[i]), 1);
		set_option(fd, names[i], 0);
		CHECK_EQ(get_option(fd, names[i]), 0);
	}
	struct linger linger = { 1, 5 };
	CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	linger = (struct linger){ 0, 0 };
	socklen_t size = sizeof(linger);
	CHECK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0);
	CHECK(linger.l_onoff == 1 && linger.l_linger == 5);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4), EINVAL);
	close(fd);
}

/* Those for networks, that Linux takes, and refuses, on every socket. */
static void of_networks(void)
{
	int value = 1;
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, 4), EOPNOTSUPP);
	set_option(fd, SO_REUSEPORT, 0);
	CHECK_EQ(get_option(fd, SO_REUSEPORT), 0);
	set_option(fd, SO_BSDCOMPAT, 1);
	CHECK_EQ(get_option(fd, SO_BSDCOMPAT), 0);
	set_option(fd, SO_MARK, -7);
	CHECK_EQ(get_option(fd, SO_MARK), -7);
	close(fd);
}

static unsigned long long cookie_of(int fd)
{
	unsigned long long cookie = 0;
	socklen_t size = sizeof(cookie);

	CHECK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0);
	CHECK_EQ(size, sizeof(cookie));
	return cookie;
}

static void cookies(void)
{
	int a = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int b = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	char value[8];
	socklen_t size = 7;

	CHECK(cookie_of(a) != 0);
	CHECK_EQ(cookie_of(a), cookie_of(a));
	CHECK(cookie_of(a) != cookie_of(b));
	CHECK_ERRNO(getsockopt(a, SOL_SOCKET, SO_COOKIE, value, &size), EINVAL);
	CHECK_ERRNO(setsockopt(a, SOL_SOCKET, SO_COOKIE, value, sizeof(value)), ENOPROTOOPT);
	close(a);
	close(b);
}

static void buffers(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int limit = get_option(fd, SO_SNDBUF);

	CHECK_EQ(get_option(fd, SO_RCVBUF), limit);
	set_option(fd, SO_SNDBUF, 10000);
	CHECK_EQ(get_option(fd, SO_SNDBUF), 20000);
	set_option(fd, SO_SNDBUF, 1);
	CHECK(get_option(fd, SO_SNDBUF) >= 2048 && get_option(fd, SO_SNDBUF) <= 8192);
	set_option(fd, SO_SNDBUF, 0x7fffffff);
	int most = get_option(fd, SO_SNDBUF);
	CHECK(most >= limit && most < 0x7fffffff);
	set_option(fd, SO_RCVBUF, -1);
	CHECK(get_option(fd, SO_RCVBUF) >= limit);
	/* With privilege beyond the limit. */
	set_option(fd, SO_SNDBUFFORCE, 3 * most);
	CHECK_EQ(get_option(fd, SO_SNDBUF), 6 * most);
	close(fd);
}

static void as_user(void)
{
	int value = 1000000;
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &value, 4), EPERM);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, 4), EPERM);
	set_option(fd, SO_PRIORITY, 6);
	CHECK_EQ(get_option(fd, SO_PRIORITY), 6);
	value = 7;
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, 4), EPERM);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_MARK, &value, 4), EPERM);
	value = 1;
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_DEBUG, &value, 4), EACCES);
}

static void sizes(void)
{
	socklen_t size;
	short part = -1;
	int value = 1;
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	size = 2;
	CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &part, &size) == 0);
	CHECK_EQ(size, 2);
	CHECK_EQ(part, SOCK_STREAM);
	size = 0;
	CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &part, &size) == 0);
	size = 100;
	CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size) == 0);
	CHECK_EQ(size, 4);
	size = -1;
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, 3), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, -1), EINVAL);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, 999, &value, 4), ENOPROTOOPT);
	size = 4;
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, 999, &value, &size), ENOPROTOOPT);
	CHECK_ERRNO(setsockopt(fd, 6, 1, &value, 4), EOPNOTSUPP);
	CHECK_ERRNO(getsockopt(fd, 6, 1, &value, &size), EOPNOTSUPP);
	CHECK_ERRNO(getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &value, &size), ENODATA);
	close(fd);
}

static void timeouts(void)
{
	struct timeval time = { 3, 500000 };
	socklen_t size = sizeof(time);
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size) == 0);
	CHECK(time.tv_sec == 0 && time.tv_usec == 0);
	time = (struct timeval){ 3, 500000 };
	CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == 0);
	time = (struct timeval){ 0, 0 };
	CHECK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size) == 0);
	CHECK(time.tv_sec == 3 && time.tv_usec >= 500000 && time.tv_usec < 520000);
	time.tv_usec = 1000000;
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)), EDOM);
	CHECK_ERRNO(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time) - 1), EINVAL);
	close(fd);
}

int main(void)
{
	told_only();
	switches();
	of_networks();
	cookies();
	buffers();
	run_as(OTHER_UID, as_user);
	sizes();
	timeouts();
	return 0;
}

/*
 * Random bytes: /dev/random, /dev/urandom and getrandom with each flag give as many as asked for,
 * and never the same again; what the administrator may do to the pool, a user may not.
 */
#include "check.h"
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#ifndef GRND_INSECURE
#define GRND_INSECURE 4
#endif
#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

enum { SIZE = 256 };

/* Among this many bytes there are many different ones, in two readings none alike. */
static void check_random(const uint8_t *one, const uint8_t *other)
{
	bool seen[256] = { false };
	int different = 0;

	CHECK(memcmp(one, other, SIZE) != 0);
	for (int i = 0; i < SIZE; i++) {
		different += !seen[one[i]];
		seen[one[i]] = true;
	}
	CHECK(different > 100);
}

/* Not known to the compiler, which would see that nothing is there. */
static void *volatile bad_address = (void *)16;

static void test_device(const char *path, short ready)
{
	uint8_t one[SIZE], other[SIZE];
	int fd = MUST(open(path, O_RDONLY | O_NONBLOCK));
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };

	CHECK_EQ(read(fd, one, SIZE), SIZE);
	CHECK_EQ(read(fd, other, SIZE), SIZE);
	check_random(one, other);
	CHECK_EQ(read(fd, one, 0), 0);
	CHECK_ERRNO(read(fd, bad_address, 8), EFAULT);
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, ready);
	CHECK(close(fd) == 0);
	fd = MUST(open(path, O_RDWR));
	CHECK_EQ(read(fd, one, SIZE), SIZE);
	CHECK_EQ(write(fd, one, SIZE), SIZE);
	CHECK(close(fd) == 0);
}

static void test_call(unsigned int flags)
{
	uint8_t one[SIZE], other[SIZE];

	CHECK_EQ(getrandom(one, SIZE, flags), SIZE);
	CHECK_EQ(getrandom(other, SIZE, flags), SIZE);
	check_random(one, other);
	CHECK_EQ(getrandom(NULL, 0, flags), 0);
	CHECK_ERRNO(getrandom(bad_address, 8, flags), EFAULT);
}

static void test_sources(void)
{
	/* Full, the one wants no more. */
	test_device("/dev/random", POLLIN);
	test_device("/dev/urandom", POLLIN | POLLOUT);
	test_call(0);
	test_call(GRND_NONBLOCK);
	test_call(GRND_RANDOM);
	test_call(GRND_RANDOM | GRND_NONBLOCK);
	test_call(GRND_INSECURE);
	CHECK_ERRNO(syscall(SYS_getrandom, NULL, 0, GRND_RANDOM | GRND_INSECURE), EINVAL);
	CHECK_ERRNO(syscall(SYS_getrandom, NULL, 0, 8), EINVAL);
}

struct entropy {
	int bits, size;
	uint8_t bytes[32];
};

static int open_pool(void)
{
	return MUST(open("/dev/random", O_RDWR));
}

static void test_count(int fd)
{
	char text[32];
	int count = -1;

	CHECK(ioctl(fd, RNDGETENTCNT, &count) == 0);
	CHECK_EQ(count, 256);
	read_text("/proc/sys/kernel/random/entropy_avail", text, sizeof(text));
	CHECK_EQ(atoi(text), count);
	CHECK_ERRNO(ioctl(fd, RNDGETENTCNT, (int *)16), EFAULT);
	CHECK_ERRNO(ioctl(fd, _IO('R', 0x55)), EINVAL);
}

static void user(void)
{
	struct entropy entropy = { 8, 32, "nothing that counts" };
	int fd = open_pool(), bits = 8;

	test_sources();
	test_count(fd);
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, &entropy), EPERM);
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, (void *)16), EPERM);
	CHECK_ERRNO(ioctl(fd, RNDADDTOENTCNT, &bits), EPERM);
	CHECK_ERRNO(ioctl(fd, RNDZAPENTCNT), EPERM);
	CHECK_ERRNO(ioctl(fd, RNDCLEARPOOL), EPERM);
	CHECK_ERRNO(ioctl(fd, RNDRESEEDCRNG), EPERM);
}

static void administrator(void)
{
	struct entropy entropy = { 256, 32, "thirty-two bytes that one knows" };
	int fd = open_pool(), bits = 8;

	CHECK(ioctl(fd, RNDADDENTROPY, &entropy) == 0);
	entropy.bits = 0;
	entropy.size = 0;
	CHECK(ioctl(fd, RNDADDENTROPY, &entropy) == 0);
	entropy.bits = -1;
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, &entropy), EINVAL);
	entropy.bits = 8;
	entropy.size = -1;
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, &entropy), EFAULT);
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, (void *)16), EFAULT);
	/* Bytes that are not there. */
	int *at_hole = (int *)(map_page_before_hole() - 8);

	at_hole[0] = 8;
	at_hole[1] = 8;
	CHECK_ERRNO(ioctl(fd, RNDADDENTROPY, at_hole), EFAULT);
	CHECK(ioctl(fd, RNDADDTOENTCNT, &bits) == 0);
	bits = -1;
	CHECK_ERRNO(ioctl(fd, RNDADDTOENTCNT, &bits), EINVAL);
	CHECK_ERRNO(ioctl(fd, RNDADDTOENTCNT, (int *)16), EFAULT);
	CHECK(ioctl(fd, RNDZAPENTCNT) == 0);
	CHECK(ioctl(fd, RNDCLEARPOOL) == 0);
	CHECK(ioctl(fd, RNDRESEEDCRNG) == 0);
	/* It gives as much, and as little foreseeable, as before. */
	test_count(fd);
	test_sources();
}

int main(void)
{
	uint8_t byte;

	/* Waits until there is enough to begin with. */
	CHECK_EQ(getrandom(&byte, 1, 0), 1);
	test_sources();
	test_count(open_pool());
	run_as(OTHER_UID, user);
	administrator();
	return 0;
}

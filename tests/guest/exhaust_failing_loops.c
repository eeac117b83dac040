/* test: linux=no timeout=300
 * As exhaust_failing_allocations, for loop devices and their partitions; each child has a device
 * that was never there.
 */
#include "failing_calls.h"
#include "loop_ext2.h"

enum { FIRST_NEW_LOOP = 300 };

static int new_loop = FIRST_NEW_LOOP, control;

/* What a child has left. */
static void clean_up(void)
{
	ioctl(control, LOOP_CTL_REMOVE, new_loop);
	new_loop++;
}

static long do_make(void)
{
	return ioctl(control, LOOP_CTL_ADD, new_loop);
}

static void make_new(void)
{
	MUST(ioctl(control, LOOP_CTL_ADD, new_loop));
}

static long do_attach(void)
{
	int file = open("partitioned", O_RDWR), loop = loop_open(new_loop, O_RDWR);
	struct loop_config config = {
		.fd = (unsigned int)file,
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN },
	};

	if (file < 0 || loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config) < 0)
		return -1;
	return ioctl(loop, BLKRRPART);
}

static const struct failing_call calls[] = {
	{ "make a loop device", do_make }, { "attach a loop device", do_attach, make_new },
};

/* A disk with a table of partitions, of which there is one. */
static void make_partitioned(void)
{
	unsigned char sector[512] = { [510] = 0x55, [511] = 0xaa, [446 + 4] = 0x83 };
	int fd = loop_make_file("partitioned", 1 << 20);

	put(sector + 446 + 8, 64, 4);
	put(sector + 446 + 12, 64, 4);
	CHECK_EQ(pwrite(fd, sector, sizeof(sector), 0), sizeof(sector));
	CHECK(close(fd) == 0);
}

int main(void)
{
	loop_free();
	control = MUST(open("/dev/loop-control", O_RDWR));
	make_partitioned();
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		fail_all(&calls[c], clean_up);
	return 0;
}

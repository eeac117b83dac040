/* What one console makes of keys: its mode, Alt, locks and lights; who may change them. */
#include "check.h"
#include <linux/kd.h>
#include <linux/vt.h>
#include <sys/ioctl.h>

static int fd;

static int get(unsigned int command)
{
	int value = -1;

	MUST(ioctl(fd, command, &value));
	return value;
}

static int get_byte(unsigned int command)
{
	unsigned char value[2] = { 0xff, 0xff };

	MUST(ioctl(fd, command, value));
	CHECK_EQ(value[1], 0xff);
	return value[0];
}

static void modes(void)
{
	static const int all[] = { K_RAW, K_XLATE, K_MEDIUMRAW, K_OFF, K_UNICODE };

	CHECK_EQ(get(KDGKBMODE), K_UNICODE);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		MUST(ioctl(fd, KDSKBMODE, all[i]));
		CHECK_EQ(get(KDGKBMODE), all[i]);
	}
	CHECK_ERRNO(ioctl(fd, KDSKBMODE, 5), EINVAL);
	CHECK_ERRNO(ioctl(fd, KDSKBMODE, -1), EINVAL);
	CHECK_EQ(get(KDGKBMETA), K_ESCPREFIX);
	MUST(ioctl(fd, KDSKBMETA, K_METABIT));
	CHECK_EQ(get(KDGKBMETA), K_METABIT);
	CHECK_ERRNO(ioctl(fd, KDSKBMETA, 5), EINVAL);
	MUST(ioctl(fd, KDSKBMETA, K_ESCPREFIX));
}

static void locks_and_lights(void)
{
	CHECK_EQ(get_byte(KDGKBLED), 0);
	MUST(ioctl(fd, KDSKBLED, 0x25));
	CHECK_EQ(get_byte(KDGKBLED), 0x25);
	CHECK_ERRNO(ioctl(fd, KDSKBLED, 0x80), EINVAL);
	CHECK_ERRNO(ioctl(fd, KDSKBLED, 0x08), EINVAL);
	/* Lights are those of the console that is seen, which this is not. */
	MUST(ioctl(fd, KDSETLED, 7));
	CHECK_EQ(get_byte(KDGKBLED), 0x25);
	MUST(ioctl(fd, KDSETLED, 0xff));
	MUST(ioctl(fd, KDSKBLED, 0));
	CHECK_EQ(get_byte(KDGKBLED), 0);
	CHECK_EQ(get_byte(KDGETLED), 0);
}

static void reset(void)
{
	MUST(ioctl(fd, KDSKBLED, 0x25));
	CHECK_EQ(write(fd, "\033c", 2), 2);
	CHECK_EQ(get_byte(KDGKBLED), 0x22);
	MUST(ioctl(fd, KDSKBLED, 0x03));
	CHECK_EQ(write(fd, "\033c", 2), 2);
	CHECK_EQ(get_byte(KDGKBLED), 0);
}

static void of_the_display(void)
{
	MUST(ioctl(fd, KDSETMODE, KD_GRAPHICS));
	CHECK_EQ(get(KDGETMODE), KD_GRAPHICS);
	/* Two more names of the same. */
	MUST(ioctl(fd, KDSETMODE, KD_TEXT0));
	CHECK_EQ(get(KDGETMODE), KD_TEXT);
	MUST(ioctl(fd, KDSETMODE, KD_TEXT1));
	CHECK_EQ(get(KDGETMODE), KD_TEXT);
	CHECK_ERRNO(ioctl(fd, KDSETMODE, KD_TEXT1 + 1), EINVAL);
}

static void sounds(void)
{
	MUST(ioctl(fd, KIOCSOUND, 1193));
	MUST(ioctl(fd, KIOCSOUND, 0));
	MUST(ioctl(fd, KDMKTONE, 10 << 16 | 1000));
	MUST(ioctl(fd, KDMKTONE, 0));
	MUST(ioctl(fd, KDMKTONE, -1));
	MUST(ioctl(fd, KIOCSOUND, -1));
	MUST(ioctl(fd, KIOCSOUND, 0));
}

static void ordinary_user(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		MUST(setuid(OTHER_UID));
		CHECK_EQ(get(KDGKBMODE), K_UNICODE);
		CHECK_EQ(get_byte(KDGKBLED), 0);
		CHECK_ERRNO(ioctl(fd, KDSKBMODE, K_RAW), EPERM);
		CHECK_ERRNO(ioctl(fd, KDSKBMODE, 99), EPERM);
		CHECK_ERRNO(ioctl(fd, KDSKBLED, 0), EPERM);
		CHECK_ERRNO(ioctl(fd, KDSETLED, 0), EPERM);
		CHECK_ERRNO(ioctl(fd, KIOCSOUND, 0), EPERM);
		CHECK_ERRNO(ioctl(fd, KDMKTONE, 0), EPERM);
		MUST(ioctl(fd, KDSKBMETA, K_ESCPREFIX)); /* Linux asks for no right */
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(void)
{
	int first = open("/dev/tty1", O_RDWR | O_NOCTTY);

	fd = open("/dev/tty12", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	modes();
	locks_and_lights();
	reset();
	of_the_display();
	sounds();
	ordinary_user();
	CHECK_ERRNO(ioctl(fd, KDGKBMODE, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, KDGKBLED, NULL), EFAULT);
	MUST(close(fd));
	(void)ioctl(first, VT_DISALLOCATE, 12); /* Linux may still be at closing it */
	return 0;
}

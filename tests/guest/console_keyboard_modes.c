/* What one console makes of keys: its mode, Alt, locks and lights; who may change them. */
#include "console.h"
#include <linux/kd.h>
#include <termios.h>

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

/* What was typed in another mode is thrown away. */
static void typed_before(void)
{
	int count = -1;

	MUST(ioctl(fd, TIOCSTI, "\n"));
	MUST(ioctl(fd, FIONREAD, &count));
	CHECK_EQ(count, 1);
	MUST(ioctl(fd, KDSKBMODE, K_UNICODE));
	MUST(ioctl(fd, FIONREAD, &count));
	CHECK_EQ(count, 0);
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
	CHECK_EQ(get(KDGKBMETA), K_ESCPREFIX);
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

static void wait_lights(unsigned char expected)
{
	for (int tries = 0; get_byte(KDGETLED) != expected; tries++) {
		CHECK(tries < 1000);
		sleep_ms(10);
	}
}

/* Seen, it shows its locks, or what a program says; the console that is seen next has its own. */
static void lights_that_are_seen(void)
{
	struct vt_stat state;

	MUST(ioctl(fd, VT_GETSTATE, &state));
	console_show(fd, 12);
	MUST(ioctl(fd, KDSKBLED, 2));
	wait_lights(2);
	MUST(ioctl(fd, KDSETLED, 5));
	wait_lights(5);
	CHECK_EQ(get_byte(KDGKBLED), 2);
	MUST(ioctl(fd, KDSETLED, 7));
	wait_lights(7);
	MUST(ioctl(fd, KDSETLED, 8));
	wait_lights(2);
	console_show(fd, state.v_active);
	wait_lights(0);
	MUST(ioctl(fd, KDSKBLED, 0));
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
}

/* At one's own console it is one's own matter. */
static void user_of_the_console(void)
{
	CHECK(setsid() == getpid());
	fd = MUST(open("/dev/tty12", O_RDWR));
	CHECK(tcgetsid(fd) == getpid());
	MUST(setuid(OTHER_UID));
	MUST(ioctl(fd, KDSKBMODE, K_XLATE));
	MUST(ioctl(fd, KDSKBMODE, K_UNICODE));
	MUST(ioctl(fd, KDSKBLED, 0));
	MUST(ioctl(fd, KIOCSOUND, 0));
}

int main(void)
{
	int first = open("/dev/tty1", O_RDWR | O_NOCTTY);

	fd = open("/dev/tty12", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	modes();
	typed_before();
	locks_and_lights();
	reset();
	of_the_display();
	lights_that_are_seen();
	sounds();
	in_child(ordinary_user);
	CHECK_ERRNO(ioctl(fd, KDGKBMODE, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, KDGKBLED, NULL), EFAULT);
	in_child(user_of_the_console);	/* which hangs it up when it ends */
	MUST(close(fd));
	(void)ioctl(first, VT_DISALLOCATE, 12); /* Linux may still be at closing it */
	return 0;
}

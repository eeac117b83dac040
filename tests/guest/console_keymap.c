/*
 * Key maps, function keys and scan codes of the consoles: what they are at first, that a program
 * changes them, and what it may not.
 */
#include "capabilities.h"
#include <linux/kd.h>
#include <linux/vt.h>
#include <sys/ioctl.h>
#include <termios.h>

enum { KEY_A = 30, HOLE = 0x200, SAK = 0x20f, NO_MAP = 0x27f, SPARE_MAP = 77, SCANS = 512 };

static int fd;

static int symbol(int map, int key)
{
	struct kbentry entry = { (unsigned char)map, (unsigned char)key, 0 };

	MUST(ioctl(fd, KDGKBENT, &entry));
	return entry.kb_value;
}

static int set_symbol(int map, int key, int value)
{
	struct kbentry entry = { (unsigned char)map, (unsigned char)key, (unsigned short)value };

	return ioctl(fd, KDSKBENT, &entry);
}

static unsigned int mix(unsigned int sum, unsigned int value)
{
	return (sum ^ value) * 16777619u;
}

static unsigned int sum_of_maps(void)
{
	static const int maps[] = { 0, 1, 2, 4, 5, 8, 12 };
	unsigned int sum = 2166136261u;

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		for (int key = 0; key < 256; key++)
			sum = mix(sum, (unsigned int)symbol(maps[i], key));
	}
	return sum;
}

static void maps_at_first(void)
{
	CHECK_EQ(symbol(0, KEY_A), 0xb61);
	CHECK_EQ(symbol(8, KEY_A), 0x861);
	CHECK_EQ(symbol(3, 0), NO_MAP);
	CHECK_EQ(symbol(3, KEY_A), HOLE);
	CHECK_EQ(sum_of_maps(), 0x8b5a5275);
}

static void maps_change(void)
{
	CHECK_EQ(set_symbol(0, KEY_A, 0xb7a), 0);
	CHECK_EQ(symbol(0, KEY_A), 0xb7a);
	CHECK_EQ(set_symbol(0, KEY_A, 0xb61), 0);
	/* A map begins with its first key, and ends with a word for all of it. */
	CHECK_EQ(set_symbol(SPARE_MAP, KEY_A, 'x'), 0);
	CHECK_EQ(symbol(SPARE_MAP, KEY_A), 'x');
	CHECK_EQ(symbol(SPARE_MAP, KEY_A + 1), HOLE);
	CHECK_EQ(symbol(SPARE_MAP, 0), 0x27e);
	CHECK_EQ(set_symbol(SPARE_MAP, 0, NO_MAP), 0);
	CHECK_EQ(symbol(SPARE_MAP, 0), NO_MAP);
	CHECK_EQ(set_symbol(0, 0, NO_MAP), 0); /* but the first map never does */
	CHECK_EQ(symbol(0, KEY_A), 0xb61);
	/* Key 0 is none: only the value is looked at. */
	CHECK_EQ(set_symbol(0, 0, 'x'), 0);
	CHECK_EQ(symbol(0, 0), HOLE);
	CHECK_EQ(sum_of_maps(), 0x8b5a5275);
}

static void types_have_largest_values(void)
{
	static const int largest[] = { 255, 255, 19, 19, 26, 255, 3, 8, 255, 25, 8, 255, 8, 255,
				       10 };

	for (int type = 0; type < (int)ARRAY_SIZE(largest); type++) {
		CHECK_EQ(set_symbol(0, 0, type << 8 | largest[type]), 0);
		if (largest[type] < 255)
			CHECK_ERRNO(set_symbol(0, 0, type << 8 | (largest[type] + 1)), EINVAL);
	}
}

/* Characters of Unicode are for consoles that have it. */
static void unicode_symbols(void)
{
	CHECK_EQ(set_symbol(0, KEY_A, 0xf000 ^ 0x3b1), 0);
	CHECK_EQ(symbol(0, KEY_A), 0xf000 ^ 0x3b1);
	MUST(ioctl(fd, KDSKBMODE, K_XLATE));
	CHECK_EQ(symbol(0, KEY_A), HOLE);
	CHECK_ERRNO(set_symbol(0, KEY_A, 0xf000 ^ 0x3b1), EINVAL);
	MUST(ioctl(fd, KDSKBMODE, K_UNICODE));
	CHECK_EQ(set_symbol(0, KEY_A, 0xb61), 0);
}

static void functions(void)
{
	struct kbsentry entry = { .kb_func = 0 }, kept;

	MUST(ioctl(fd, KDGKBSENT, &entry));
	CHECK(strcmp((char *)entry.kb_string, "\033[[A") == 0);
	kept = entry;
	strcpy((char *)entry.kb_string, "help\n");
	MUST(ioctl(fd, KDSKBSENT, &entry));
	memset(entry.kb_string, 'x', sizeof(entry.kb_string));
	MUST(ioctl(fd, KDGKBSENT, &entry));
	CHECK(strcmp((char *)entry.kb_string, "help\n") == 0);
	CHECK_EQ(entry.kb_string[6], 'x');
	/* The longest that there is room for. */
	memset(entry.kb_string, 'x', sizeof(entry.kb_string) - 1);
	entry.kb_string[sizeof(entry.kb_string) - 1] = 0;
	MUST(ioctl(fd, KDSKBSENT, &entry));
	memset(entry.kb_string, 0, sizeof(entry.kb_string));
	MUST(ioctl(fd, KDGKBSENT, &entry));
	CHECK_EQ(strlen((char *)entry.kb_string), sizeof(entry.kb_string) - 1);
	memset(entry.kb_string, 'x', sizeof(entry.kb_string));
	CHECK_ERRNO(ioctl(fd, KDSKBSENT, &entry), EINVAL);
	MUST(ioctl(fd, KDSKBSENT, &kept));
	entry.kb_func = 200;
	MUST(ioctl(fd, KDGKBSENT, &entry));
	CHECK_EQ(entry.kb_string[0], 0);
}

static int key_of(unsigned int scan)
{
	struct kbkeycode code = { scan, 0 };

	MUST(ioctl(fd, KDGETKEYCODE, &code));
	return (int)code.keycode;
}

static void scan_codes(void)
{
	struct kbkeycode code = { 0x6f, 183 };
	unsigned int sum = 2166136261u;

	for (unsigned int scan = 0; scan < SCANS; scan++)
		sum = mix(sum, (unsigned int)key_of(scan));
	CHECK_EQ(key_of(0x80 | 0x48), 103);
	CHECK_EQ(sum, 0x753ae19f);
	MUST(ioctl(fd, KDSETKEYCODE, &code));
	CHECK_EQ(key_of(0x6f), 183);
	code.keycode = 0;
	MUST(ioctl(fd, KDSETKEYCODE, &code));
	CHECK_EQ(key_of(0x6f), 0);
	code.keycode = 0x2ff;
	MUST(ioctl(fd, KDSETKEYCODE, &code));
	CHECK_EQ(key_of(0x6f), 0x2ff);
	code.keycode = 0;
	MUST(ioctl(fd, KDSETKEYCODE, &code));
	code.keycode = 0x300;
	CHECK_ERRNO(ioctl(fd, KDSETKEYCODE, &code), EINVAL);
	code.scancode = SCANS;
	code.keycode = 1;
	CHECK_ERRNO(ioctl(fd, KDSETKEYCODE, &code), EINVAL);
	CHECK_ERRNO(ioctl(fd, KDGETKEYCODE, &code), EINVAL);
}

static void bad_addresses(void)
{
	static const unsigned int commands[] = { KDGKBENT, KDSKBENT, KDGKBSENT, KDSKBSENT,
						 KDGETKEYCODE, KDSETKEYCODE };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		CHECK_ERRNO(ioctl(fd, commands[i], NULL), EFAULT);
}

/* The key that kills whoever listens at a console is an administrator's, to set and to remove. */
static void attention_key(void)
{
	CHECK_EQ(set_symbol(0, KEY_A, SAK), 0);
	give_up(CAP_SYS_ADMIN);
	CHECK_ERRNO(set_symbol(0, KEY_A, 0xb61), EPERM);
	CHECK_EQ(set_symbol(0, KEY_A, SAK), 0);
	CHECK_EQ(set_symbol(0, KEY_A + 1, symbol(0, KEY_A + 1)), 0);
	CHECK_ERRNO(set_symbol(0, KEY_A + 1, SAK), EPERM);
}

/* Who may not configure terminals reads all of it and changes none. */
static void ordinary_user(void)
{
	struct kbkeycode code = { 0x6f, 0 };
	struct kbsentry entry = { .kb_func = 200 };

	MUST(setuid(OTHER_UID));
	CHECK_EQ(symbol(0, KEY_A), 0xb61);
	CHECK_ERRNO(set_symbol(0, KEY_A, 0xb7a), EPERM);
	CHECK_ERRNO(set_symbol(0, 0, 0xfff), EPERM);
	MUST(ioctl(fd, KDGKBSENT, &entry));
	CHECK_ERRNO(ioctl(fd, KDSKBSENT, &entry), EPERM);
	CHECK_EQ(key_of(1), 1);
	CHECK_ERRNO(ioctl(fd, KDSETKEYCODE, &code), EPERM);
	CHECK_ERRNO(ioctl(fd, KDSETKEYCODE, NULL), EFAULT);
}

/* Not even at his own console: the maps are those of all. */
static void user_of_the_console(void)
{
	CHECK(setsid() == getpid());
	fd = MUST(open("/dev/tty12", O_RDWR));
	CHECK(tcgetsid(fd) == getpid());
	ordinary_user();
}

int main(void)
{
	int other[2];
	int first = open("/dev/tty1", O_RDWR | O_NOCTTY);

	fd = open("/dev/tty12", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	maps_at_first();
	maps_change();
	types_have_largest_values();
	unicode_symbols();
	functions();
	scan_codes();
	bad_addresses();
	in_child(attention_key);
	CHECK_EQ(set_symbol(0, KEY_A, 0xb61), 0);
	in_child(ordinary_user);
	in_child(user_of_the_console);	/* which hangs it up when it ends */
	MUST(close(fd));
	(void)ioctl(first, VT_DISALLOCATE, 12); /* Linux may still be at closing it */
	MUST(pipe(other));
	fd = other[0];
	CHECK_ERRNO(set_symbol(0, KEY_A, 0xb7a), ENOTTY);
	return 0;
}

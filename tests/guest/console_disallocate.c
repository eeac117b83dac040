/* A console that nobody uses can be freed, one in use cannot; VT_GETSTATE and VT_OPENQRY agree. */
#include "console.h"

enum { SPARE = 11 };

static int fd;

static bool is_open(int number)
{
	struct vt_stat state;

	MUST(ioctl(fd, VT_GETSTATE, &state));
	return state.v_state >> number & 1;
}

static void open_and_freed(void)
{
	int spare = MUST(open("/dev/tty11", O_RDWR | O_NOCTTY));

	CHECK(is_open(SPARE));
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, SPARE), EBUSY);
	MUST(close(spare));
	CHECK(!is_open(SPARE));
	MUST(ioctl(fd, VT_DISALLOCATE, SPARE));
	CHECK(!is_open(SPARE));
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, SPARE), EBUSY); /* there is none, as Linux says it */
}

/* The console that is seen stays, though nobody has it open. */
static void seen(int number_before)
{
	console_show(fd, SPARE);
	CHECK(!is_open(SPARE));
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, SPARE), EBUSY);
	MUST(ioctl(fd, VT_DISALLOCATE, 0));
	console_show(fd, number_before);
	MUST(ioctl(fd, VT_DISALLOCATE, SPARE));
}

static void comes_back_empty(void)
{
	struct winsize size;

	for (int i = 0; i < 20; i++) {
		int spare = MUST(open("/dev/tty11", O_RDWR | O_NOCTTY));

		MUST(ioctl(spare, TIOCGWINSZ, &size));
		CHECK(size.ws_row > 0 && size.ws_col > 0);
		CHECK_EQ(write(spare, "text\n", 5), 5);
		MUST(close(spare));
		MUST(ioctl(fd, VT_DISALLOCATE, i % 2 ? SPARE : 0));
	}
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, SPARE), EBUSY);
}

/* Several at once open, free and ask for what they have. */
static void raced(void)
{
	pid_t children[3];

	for (int child = 0; child < 3; child++) {
		children[child] = FORK();
		if (children[child] > 0)
			continue;
		for (int i = 0; i < scaled(300); i++) {
			int spare = open("/dev/tty11", O_RDWR | O_NOCTTY);

			if (spare >= 0) {
				CHECK_EQ(write(spare, "x", 1), 1);
				close(spare);
			}
			(void)ioctl(fd, VT_DISALLOCATE, SPARE);
		}
		_exit(0);
	}
	for (int child = 0; child < 3; child++)
		CHECK_EQ(wait_exit_status(children[child]), 0);
	(void)ioctl(fd, VT_DISALLOCATE, SPARE);
}

int main(void)
{
	struct vt_stat state;
	int free_number;

	fd = open("/dev/tty1", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	state.v_signal = 77;
	MUST(ioctl(fd, VT_GETSTATE, &state));
	CHECK_EQ(state.v_signal, 77); /* nobody writes it */
	CHECK(state.v_active >= 1 && is_open(1));
	MUST(ioctl(fd, VT_OPENQRY, &free_number));
	CHECK(free_number >= 1 && !is_open(free_number));
	for (int number = 1; number < free_number; number++)
		CHECK(is_open(number));
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, (int)state.v_active), EBUSY);
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, 63), EBUSY);
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, 64), ENXIO);
	CHECK_ERRNO(ioctl(fd, VT_DISALLOCATE, -1), ENXIO);
	open_and_freed();
	seen(state.v_active);
	comes_back_empty();
	raced();
	return 0;
}

/*
 * A terminal to test the line discipline with, as the controlling terminal of a new session.
 *
 * Where there are pseudo-terminals one of them is used: what is written to the master is typed.
 * Else a virtual console serves, and TIOCSTI types; what it shows cannot be read back, so tests of
 * output have to skip (terminal->master is -1).
 */
#pragma once
#include "check.h"
#include <sys/ioctl.h>
#include <termios.h>

#define TERMINAL_CONSOLE "/dev/tty4"

struct terminal {
	int fd;
	int master;
};

/* The settings a login would leave: canonical, echo, signals. */
static inline void terminal_make_sane(int fd)
{
	struct termios settings;

	CHECK(tcgetattr(fd, &settings) == 0);
	settings.c_iflag = ICRNL | IXON;
	settings.c_oflag = OPOST | ONLCR;
	settings.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	settings.c_cc[VINTR] = 3;
	settings.c_cc[VQUIT] = 28;
	settings.c_cc[VERASE] = 127;
	settings.c_cc[VKILL] = 21;
	settings.c_cc[VEOF] = 4;
	settings.c_cc[VSUSP] = 26;
	settings.c_cc[VWERASE] = 23;
	settings.c_cc[VEOL] = 0;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	CHECK(tcsetattr(fd, TCSANOW, &settings) == 0);
}

/* In a process that leads neither group nor session: it leads both afterwards. */
static inline struct terminal terminal_open(void)
{
	struct terminal terminal = { -1, -1 };

	CHECK(setsid() == getpid());
	terminal.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal.master >= 0 && grantpt(terminal.master) == 0 &&
	    unlockpt(terminal.master) == 0) {
		terminal.fd = MUST(open(ptsname(terminal.master), O_RDWR));
	} else {
		terminal.master = -1;
		terminal.fd = open(TERMINAL_CONSOLE, O_RDWR);
		if (terminal.fd < 0)
			SKIP("neither pseudo-terminals nor %s", TERMINAL_CONSOLE);
		CHECK(ioctl(terminal.fd, TIOCSCTTY, 1) == 0);
	}
	CHECK(tcgetsid(terminal.fd) == getpid());
	terminal_make_sane(terminal.fd);
	CHECK(tcflush(terminal.fd, TCIOFLUSH) == 0);
	return terminal;
}

static inline void terminal_type_bytes(struct terminal *terminal, const char *text, size_t size)
{
	if (terminal->master >= 0) {
		CHECK_EQ(write(terminal->master, text, size), size);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		if (ioctl(terminal->fd, TIOCSTI, &text[i]) < 0)
			SKIP("cannot type at %s: %s", TERMINAL_CONSOLE, strerror(errno));
	}
}

static inline void terminal_type(struct terminal *terminal, const char *text)
{
	terminal_type_bytes(terminal, text, strlen(text));
}

/* What is typed may take a moment: wait until all of it can be read, which a newline must end. */
static inline void terminal_wait_input(struct terminal *terminal)
{
	struct pollfd poll_fd = { terminal->fd, POLLIN, 0 };

	CHECK_EQ(poll(&poll_fd, 1, GATE_PATIENCE_MS), 1);
}

/* The next read() must give exactly this. */
static inline void terminal_expect(struct terminal *terminal, const char *expected)
{
	char text[4200];
	ssize_t got = read(terminal->fd, text, sizeof(text));

	if (got != (ssize_t)strlen(expected) || memcmp(text, expected, got) != 0)
		FAIL("read %zd bytes \"%.*s\", not \"%s\"", got, got < 0 ? 0 : (int)got, text,
		     expected);
}

/* Run a test that needs a terminal in a child of its own; a skip there is a skip here. */
static inline int terminal_run(void (*body)(struct terminal *))
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct terminal terminal = terminal_open();

		handle_signal(SIGHUP, SIG_IGN, 0);
		body(&terminal);
		_exit(0);
	}
	return wait_exit_status(pid);
}

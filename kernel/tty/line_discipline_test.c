#include "tty/line_discipline.h"

#include "lib/string.h"
#include "test.h"
#include "uapi/linux/signal.h"

/* Expected texts are what Linux's N_TTY gives for the same keys. */

static uint8_t input[LINE_INPUT_SIZE];
static uint8_t output[LINE_OUTPUT_SIZE];

static void start(struct line_discipline *line)
{
	line_discipline_init(line, input, output);
}

static void type(struct line_discipline *line, const char *keys)
{
	for (; *keys; keys++)
		line_discipline_receive(line, (uint8_t)*keys);
}

/* One read of up to `size` bytes. */
static void expect_read(struct test *t, struct line_discipline *line, size_t size,
			const char *expected)
{
	char text[LINE_INPUT_SIZE + 1];
	bool is_end;
	size_t count = line_discipline_read(line, (uint8_t *)text, size, &is_end);

	text[count] = 0;
	EXPECT_STR(t, text, expected);
}

/* Everything that was sent to the terminal since the last time. */
static void expect_shown(struct test *t, struct line_discipline *line, const char *expected)
{
	char text[LINE_OUTPUT_SIZE + 1];
	size_t count = ring_buffer_read(&line->output, text, LINE_OUTPUT_SIZE);

	text[count] = 0;
	EXPECT_STR(t, text, expected);
}

static void set_local(struct line_discipline *line, uint32_t set, uint32_t clear)
{
	struct termios2 termios = line->termios;

	termios.c_lflag = (termios.c_lflag | set) & ~clear;
	line_discipline_set_termios(line, &termios);
}

static void set_input(struct line_discipline *line, uint32_t set, uint32_t clear)
{
	struct termios2 termios = line->termios;

	termios.c_iflag = (termios.c_iflag | set) & ~clear;
	line_discipline_set_termios(line, &termios);
}

static void lines_are_given_one_by_one(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "one");
	EXPECT(t, !line_discipline_is_readable(&line, true));
	EXPECT_EQ(t, line_discipline_readable(&line), 0);
	type(&line, "\rtwo\n");
	EXPECT(t, line_discipline_is_readable(&line, true));
	EXPECT_EQ(t, line_discipline_readable(&line), 8);
	expect_read(t, &line, 100, "one\n");
	expect_read(t, &line, 2, "tw");
	expect_read(t, &line, 100, "o\n");
	expect_read(t, &line, 100, "");
	expect_shown(t, &line, "one\r\ntwo\r\n");
}

static void keys_edit_the_line(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "helx\177lo\n");
	expect_shown(t, &line, "helx\b \blo\r\n");
	expect_read(t, &line, 100, "hello\n");
	type(&line, "x\177\177\177y\n");
	expect_read(t, &line, 100, "y\n");
	expect_shown(t, &line, "x\b \by\r\n");
	type(&line, "first second  \027third\n");
	expect_read(t, &line, 100, "first third\n");
	type(&line, "all of this\025that\n");
	expect_read(t, &line, 100, "that\n");
	type(&line, "a\026\003b\n");
	expect_read(t, &line, 100, "a\003b\n");
	EXPECT_EQ(t, line.signals, 0);
}

static void erasing_knows_tabs_and_control_characters(struct test *t)
{
	struct line_discipline line;

	start(&line);
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"$ ", 2), 2);
	type(&line, "ab\t\177\026\001\177\n");
	expect_shown(t, &line, "$ ab\t\b\b\b\b^\b^A\b \b\b \b\r\n");
	expect_read(t, &line, 100, "ab\n");
	type(&line, "a\tb\t\177\177\177\n");
	expect_shown(t, &line, "a\tb\t\b\b\b\b\b\b\b\b \b\b\b\b\b\b\b\b\r\n");
	expect_read(t, &line, 100, "a\n");
}

static void utf8_is_erased_whole_if_told_so(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "a\303\244\177\n");
	expect_read(t, &line, 100, "a\303\n");
	set_input(&line, IUTF8, 0);
	expect_shown(t, &line, "a\303\244\b \b\r\n");
	type(&line, "a\303\244\342\202\254\177\177\n");
	expect_shown(t, &line, "a\303\244\342\202\254\b \b\b \b\r\n");
	expect_read(t, &line, 100, "a\n");
	/* Continuation bytes alone have no beginning: they stay. */
	type(&line, "\244\177\n");
	expect_read(t, &line, 100, "\244\n");
}

static void kill_shows_what_the_flags_say(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "xyz\025");
	expect_shown(t, &line, "xyz\b \b\b \b\b \b");
	set_local(&line, 0, ECHOKE);
	type(&line, "xyz\025");
	expect_shown(t, &line, "xyz^U\r\n");
	set_local(&line, 0, ECHO);
	type(&line, "xyz\025ok\n");
	expect_shown(t, &line, "");
	expect_read(t, &line, 100, "ok\n");
	set_local(&line, ECHO | ECHOPRT, 0);
	type(&line, "xyz\177\177a\n");
	expect_shown(t, &line, "xyz\\zy/a\r\n");
	set_local(&line, 0, ECHOPRT);
	expect_read(t, &line, 100, "xa\n");
	type(&line, "ab\022c\n");
	expect_shown(t, &line, "ab^R\r\nabc\r\n");
}

static void end_of_file_is_an_empty_read(struct test *t)
{
	struct line_discipline line;
	bool is_end;
	uint8_t byte;

	start(&line);
	type(&line, "\004");
	EXPECT(t, line_discipline_is_readable(&line, true));
	EXPECT_EQ(t, line_discipline_read(&line, &byte, 1, &is_end), 0);
	EXPECT(t, is_end);
	type(&line, "part\004after\n");
	expect_read(t, &line, 100, "part");
	expect_read(t, &line, 100, "after\n");
	/* It goes with a read that takes exactly what lies before it. */
	type(&line, "abc\004next\n");
	expect_read(t, &line, 3, "abc");
	expect_read(t, &line, 100, "next\n");
	expect_shown(t, &line, "partafter\r\nabcnext\r\n");
}

static void signal_keys_flush(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "lost\003");
	EXPECT_EQ(t, line.signals, 1u << SIGINT);
	expect_shown(t, &line, "^C");
	type(&line, "kept\034\032\n");
	EXPECT_EQ(t, line.signals, 1u << SIGINT | 1u << SIGQUIT | 1u << SIGTSTP);
	expect_read(t, &line, 100, "\n");
	set_local(&line, NOFLSH, 0);
	type(&line, "kept\003\n");
	expect_read(t, &line, 100, "kept\n");
	line.signals = 0;
	set_local(&line, 0, ISIG);
	type(&line, "q\003\n");
	EXPECT_EQ(t, line.signals, 0);
	expect_read(t, &line, 100, "q\003\n");
}

static void flow_control_holds_output_back(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "\023");
	EXPECT(t, !line_discipline_is_writable(&line));
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"held", 4), 0);
	type(&line, "x\021");
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"held", 4), 4);
	expect_shown(t, &line, "xheld");
	set_input(&line, IXANY, 0);
	type(&line, "\023y");
	EXPECT(t, line_discipline_is_writable(&line));
	line_discipline_stop(&line);
	type(&line, "\021z");
	EXPECT(t, !line_discipline_is_writable(&line));
	line_discipline_start(&line);
	EXPECT(t, line_discipline_is_writable(&line));
}

static void the_sender_is_told_to_wait(struct test *t)
{
	struct line_discipline line;
	uint8_t bytes[LINE_INPUT_SIZE];
	bool is_end;

	start(&line);
	set_input(&line, IXOFF, 0);
	set_local(&line, 0, ICANON | ECHO);
	for (unsigned int i = 0; i < LINE_INPUT_SIZE && line.urgent < 0; i++)
		line_discipline_receive(&line, 'x');
	EXPECT_EQ(t, line.urgent, 19);
	EXPECT(t, line_discipline_has_room(&line));
	line.urgent = -1;
	(void)line_discipline_read(&line, bytes, sizeof(bytes), &is_end);
	EXPECT_EQ(t, line.urgent, 17);
}

static void input_is_translated(struct test *t)
{
	struct line_discipline line;

	start(&line);
	set_local(&line, 0, ICANON | ECHO);
	type(&line, "a\rb\n");
	set_input(&line, IGNCR, 0);
	type(&line, "c\rd");
	set_input(&line, INLCR, IGNCR | ICRNL);
	type(&line, "e\nf\rg");
	set_input(&line, ISTRIP, 0);
	type(&line, "\350");
	set_input(&line, PARMRK, ISTRIP);
	type(&line, "\377");
	expect_read(t, &line, 100, "a\nb\ncde\rf\rgh\377\377");
}

static void line_errors_are_marked(struct test *t)
{
	struct line_discipline line;
	uint8_t bytes[16];
	bool is_end;

	start(&line);
	set_local(&line, 0, ICANON | ECHO);
	set_input(&line, INPCK | PARMRK, 0);
	line_discipline_receive_error(&line, LINE_ERROR_PARITY, 'x');
	line_discipline_receive_error(&line, LINE_ERROR_BREAK, 0);
	EXPECT_EQ(t, line_discipline_read(&line, bytes, sizeof(bytes), &is_end), 6);
	EXPECT_BYTES(t, bytes, "\377\0x\377\0\0", 6);
	set_input(&line, IGNPAR | BRKINT, 0);
	line_discipline_receive_error(&line, LINE_ERROR_FRAME, 'x');
	line_discipline_receive_error(&line, LINE_ERROR_BREAK, 0);
	EXPECT_EQ(t, line_discipline_readable(&line), 0);
	EXPECT_EQ(t, line.signals, 1u << SIGINT);
}

static void output_is_processed(struct test *t)
{
	struct line_discipline line;

	start(&line);
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"a\nb\n", 4), 4);
	expect_shown(t, &line, "a\r\nb\r\n");
	line.termios.c_oflag = OPOST | OCRNL | ONOCR | XTABS | OLCUC;
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"\ra\tb\r", 5), 5);
	expect_shown(t, &line, "A       B\n");
	line.termios.c_oflag = 0;
	EXPECT_EQ(t, line_discipline_write(&line, (const uint8_t *)"x\n\ty", 4), 4);
	expect_shown(t, &line, "x\n\ty");
}

/* Programs leave room for echoes; echoes that find none are dropped, input is not. */
static void a_full_output_ring_loses_no_input(struct test *t)
{
	struct line_discipline line;
	uint8_t byte = 'o';
	size_t written = 0;

	start(&line);
	while (line_discipline_write(&line, &byte, 1) == 1)
		written++;
	EXPECT_EQ(t, written, LINE_OUTPUT_SIZE - LINE_ECHO_RESERVE);
	EXPECT(t, !line_discipline_is_writable(&line));
	for (unsigned int i = 0; i < 1000; i++)
		line_discipline_receive(&line, 'i');
	line_discipline_receive(&line, '\n');
	EXPECT_EQ(t, line_discipline_readable(&line), 1001);
	EXPECT_EQ(t, ring_buffer_free(&line.output), 0);
}

/* A million times a line that nobody sees: this takes minutes if each is gone through. */
static void reprinting_ends_when_nothing_is_seen(struct test *t)
{
	struct line_discipline line;
	uint8_t text[LINE_INPUT_SIZE];
	bool is_end;

	start(&line);
	for (unsigned int i = 0; i < LINE_INPUT_SIZE - 10; i++)
		line_discipline_receive(&line, 'x');
	for (unsigned int i = 0; i < 1000000; i++)
		line_discipline_receive(&line, 18);
	EXPECT_EQ(t, ring_buffer_free(&line.output), 0);
	type(&line, "\n");
	EXPECT_EQ(t, line_discipline_read(&line, text, LINE_INPUT_SIZE, &is_end),
		  LINE_INPUT_SIZE - 9);
}

static void a_line_that_is_too_long_can_still_be_ended(struct test *t)
{
	struct line_discipline line;

	start(&line);
	set_local(&line, 0, ECHO);
	set_input(&line, IMAXBEL, 0);
	for (unsigned int i = 0; i < LINE_INPUT_SIZE + 10; i++) {
		EXPECT(t, line_discipline_has_room(&line));
		line_discipline_receive(&line, 'x');
	}
	expect_shown(t, &line, "\a\a\a\a\a\a\a\a\a\a\a");
	line_discipline_receive(&line, '\n');
	EXPECT_EQ(t, line_discipline_readable(&line), LINE_INPUT_SIZE);
	EXPECT(t, !line_discipline_has_room(&line));
}

static void changing_mode_keeps_what_was_typed(struct test *t)
{
	struct line_discipline line;

	start(&line);
	type(&line, "line\nmore");
	set_local(&line, 0, ICANON);
	expect_read(t, &line, 6, "line\nm");
	set_local(&line, ICANON, 0);
	expect_read(t, &line, 100, "ore");
	type(&line, "again\n");
	set_local(&line, 0, ICANON);
	set_local(&line, ICANON, 0);
	EXPECT(t, line_discipline_is_readable(&line, true));
	expect_read(t, &line, 100, "again\n");
	set_local(&line, 0, ICANON);
	line.termios.c_cc[VMIN] = 3;
	type(&line, "ab");
	EXPECT(t, !line_discipline_is_readable(&line, true));
	EXPECT(t, line_discipline_is_readable(&line, false));
	type(&line, "c");
	EXPECT(t, line_discipline_is_readable(&line, true));
}

/* Whatever comes, the sanitizers are content, and the counters stay in order. */
static void random_bytes_are_harmless(struct test *t)
{
	struct line_discipline line;
	uint32_t state = 7;
	uint8_t bytes[64];
	bool is_end;

	start(&line);
	for (unsigned int i = 0; i < 400000; i++) {
		uint32_t random = test_random(&state);
		uint32_t mask = random & 0x100 ? 0x1f : 0xff; /* many keys */

		if (line_discipline_has_room(&line))
			line_discipline_receive(&line, (uint8_t)(random & mask));
		if (random % 97 == 0)
			(void)line_discipline_read(&line, bytes, 1 + random % 64, &is_end);
		if (random % 31 == 0)
			(void)ring_buffer_read(&line.output, bytes, sizeof(bytes));
		if (random % 53 == 0)
			(void)line_discipline_write(&line, bytes, sizeof(bytes));
		if (random % 1009 == 0) {
			struct termios2 termios = line.termios;

			termios.c_lflag ^= test_random(&state) & 0xffff;
			termios.c_iflag ^= test_random(&state) & 0x7fff;
			termios.c_oflag ^= test_random(&state) & 0x18ff;
			line_discipline_set_termios(&line, &termios);
		}
		EXPECT(t, line.input_head - line.input_tail <= LINE_INPUT_SIZE);
		EXPECT(t, (int32_t)(line.line_end - line.input_tail) >= 0 ||
				  !(line.termios.c_lflag & ICANON));
		EXPECT(t, (int32_t)(line.input_head - line.line_end) >= 0);
		if (t->failure_count)
			return;
	}
}

const struct test_case test_cases[] = {
	TEST(lines_are_given_one_by_one),
	TEST(keys_edit_the_line),
	TEST(erasing_knows_tabs_and_control_characters),
	TEST(utf8_is_erased_whole_if_told_so),
	TEST(kill_shows_what_the_flags_say),
	TEST(end_of_file_is_an_empty_read),
	TEST(signal_keys_flush),
	TEST(flow_control_holds_output_back),
	TEST(the_sender_is_told_to_wait),
	TEST(input_is_translated),
	TEST(line_errors_are_marked),
	TEST(output_is_processed),
	TEST(a_full_output_ring_loses_no_input),
	TEST(reprinting_ends_when_nothing_is_seen),
	TEST(a_line_that_is_too_long_can_still_be_ended),
	TEST(changing_mode_keeps_what_was_typed),
	TEST(random_bytes_are_harmless),
	TEST_END
};

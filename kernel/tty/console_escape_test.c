/* test: with=tty/console_screen.c,tty/console_style.c,tty/console_glyph.c */
#include "lib/string.h"
#include "test.h"
#include "tty/console_glyph.h"
#include "tty/console_screen.h"

enum { COLUMNS = 20, ROWS = 6, LINES = 16 };

static uint16_t cells[LINES * COLUMNS];

static void start(struct console_screen *screen)
{
	console_screen_init(screen, cells, LINES, COLUMNS, ROWS);
}

static void show(struct console_screen *screen, const char *text)
{
	console_screen_write(screen, (const uint8_t *)text, strlen(text));
}

/* A row's glyphs without the blanks at its end, when scrolled back by `lines`. */
static const char *row_back(const struct console_screen *screen, unsigned int lines,
			    unsigned int row)
{
	static char text[COLUMNS + 1];
	const uint16_t *line = console_screen_view(screen, lines, row);
	size_t size = 0;

	for (size_t i = 0; i < COLUMNS; i++) {
		text[i] = (char)line[i];
		if (text[i] != ' ')
			size = i + 1;
	}
	text[size] = 0;
	return text;
}

static const char *row(const struct console_screen *screen, unsigned int number)
{
	return row_back(screen, 0, number);
}

static uint8_t attribute(const struct console_screen *screen, unsigned int number,
			 unsigned int column)
{
	return (uint8_t)(console_screen_view(screen, 0, number)[column] >> 8);
}

static void expect_cursor(struct test *t, const struct console_screen *screen, unsigned int number,
			  unsigned int column)
{
	EXPECT_EQ(t, screen->row, number);
	EXPECT_EQ(t, screen->column, column);
}

static void text_wraps_only_with_the_next_character(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "12345678901234567890");
	expect_cursor(t, &screen, 0, COLUMNS);
	EXPECT_EQ(t, screen_cursor_column(&screen), COLUMNS - 1);
	show(&screen, "\r\nx\b\by\177z");
	EXPECT_STR(t, row(&screen, 0), "12345678901234567890");
	EXPECT_STR(t, row(&screen, 1), "yz");
	show(&screen, "\033[?7l\033[3H12345678901234567890abc");
	EXPECT_STR(t, row(&screen, 2), "1234567890123456789c");
	EXPECT_STR(t, row(&screen, 3), "");
}

static void the_whole_screen_scrolls_into_history(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh");
	EXPECT_STR(t, row(&screen, 0), "c");
	EXPECT_STR(t, row(&screen, 5), "h");
	EXPECT_EQ(t, screen.history, 2);
	EXPECT_STR(t, row_back(&screen, 2, 0), "a");
	for (unsigned int i = 0; i < 100; i++)
		show(&screen, "\r\nmore");
	EXPECT_EQ(t, screen.history, LINES - ROWS);
	EXPECT_STR(t, row_back(&screen, LINES - ROWS, 0), "more");
	show(&screen, "\033[3J");
	EXPECT_EQ(t, screen.history, 0);
}

static void a_region_scrolls_alone(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "a\r\nb\r\nc\r\nd\r\ne\r\nf");
	show(&screen, "\033[2;4r\033[4Hx\n\ny");
	EXPECT_STR(t, row(&screen, 0), "a");
	EXPECT_STR(t, row(&screen, 1), "x");
	EXPECT_STR(t, row(&screen, 3), " y");
	EXPECT_STR(t, row(&screen, 4), "e");
	EXPECT_EQ(t, screen.history, 0);
	show(&screen, "\033[2H\033Mz");
	EXPECT_STR(t, row(&screen, 1), "z");
	EXPECT_STR(t, row(&screen, 2), "x");
	EXPECT_STR(t, row(&screen, 4), "e");
	/* Origin mode counts from the region, and stays in it. */
	show(&screen, "\033[?6h\033[1;1Ho\033[99;99H");
	EXPECT_STR(t, row(&screen, 1), "o");
	expect_cursor(t, &screen, 3, COLUMNS - 1);
	show(&screen, "\033[6n");
	EXPECT_BYTES(t, screen.reply, "\033[3;20R", 7);
}

static void lines_and_characters_are_inserted_and_deleted(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "abcdef\033[3G\033[2@");
	EXPECT_STR(t, row(&screen, 0), "ab  cdef");
	show(&screen, "\033[3P");
	EXPECT_STR(t, row(&screen, 0), "abdef");
	show(&screen, "\033[1G\033[4hXY\033[4lZ");
	EXPECT_STR(t, row(&screen, 0), "XYZbdef");
	show(&screen, "\033[2X");
	EXPECT_STR(t, row(&screen, 0), "XYZ  ef");
	show(&screen, "\r\none\r\ntwo\r\nthree\033[2H\033[L");
	EXPECT_STR(t, row(&screen, 1), "");
	EXPECT_STR(t, row(&screen, 2), "one");
	show(&screen, "\033[2M");
	EXPECT_STR(t, row(&screen, 1), "two");
	EXPECT_STR(t, row(&screen, 2), "three");
	show(&screen, "\033[9999L\033[9999@\033[9999P\033[9999M\033[9999X");
	EXPECT_STR(t, row(&screen, 0), "XYZ  ef");
	EXPECT_STR(t, row(&screen, 1), "");
}

static void parts_are_erased(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "aaaaa\r\nbbbbb\r\nccccc\033[2;3H\033[K");
	EXPECT_STR(t, row(&screen, 1), "bb");
	show(&screen, "\033[1;3H\033[1K");
	EXPECT_STR(t, row(&screen, 0), "   aa");
	show(&screen, "\033[2;1H\033[1J");
	EXPECT_STR(t, row(&screen, 0), "");
	EXPECT_STR(t, row(&screen, 1), " b");
	EXPECT_STR(t, row(&screen, 2), "ccccc");
	show(&screen, "\033[44m\033[J");
	EXPECT_STR(t, row(&screen, 2), "");
	EXPECT_EQ(t, attribute(&screen, 2, 0), 0x17);
	show(&screen, "\033[m\033[2J");
	EXPECT_EQ(t, attribute(&screen, 2, 0), 0x07);
}

static void the_cursor_moves(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "\033[3;5H");
	expect_cursor(t, &screen, 2, 4);
	show(&screen, "\033[A\033[2C\033[B\033[D");
	expect_cursor(t, &screen, 2, 5);
	show(&screen, "\0337\033[H\0338");
	expect_cursor(t, &screen, 2, 5);
	show(&screen, "\033[99A\033[99D");
	expect_cursor(t, &screen, 0, 0);
	show(&screen, "\t");
	expect_cursor(t, &screen, 0, 8);
	show(&screen, "\r\033[4C\033H\r\t");
	expect_cursor(t, &screen, 0, 4);
	show(&screen, "\033[3g\t");
	expect_cursor(t, &screen, 0, COLUMNS - 1);
	show(&screen, "\033[2E");
	expect_cursor(t, &screen, 2, 0);
	show(&screen, "\033[5d\033[7`\033[F");
	expect_cursor(t, &screen, 3, 0);
}

static void colours_are_those_of_linux(struct test *t)
{
	static const struct {
		const char *sequence;
		uint8_t attribute;
	} cases[] = {
		{ "\033[31;44m", 0x14 }, { "\033[1;32m", 0x0a }, { "\033[7m", 0x70 },
		{ "\033[5;33m", 0x86 }, { "\033[91m", 0x0c }, { "\033[4m", 0x03 },
		{ "\033[2m", 0x08 }, { "\033[38;5;196m", 0x0c }, { "\033[38;5;21m", 0x09 },
		{ "\033[48;5;4m", 0x17 }, { "\033[38;2;0;160;0m", 0x02 },
		{ "\033[38;5;244m", 0x07 }, { "\033[31m\033[39m", 0x07 },
		{ "\033[1m\033[22m", 0x07 }, { "\033[38;5m", 0x07 }, { "\033[38;5;238m", 0x08 },
		{ "\033[?5h", 0x70 },
	};
	struct console_screen screen;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(&screen);
		show(&screen, cases[i].sequence);
		show(&screen, "x");
		EXPECT_EQ(t, attribute(&screen, 0, 0), cases[i].attribute);
		if (attribute(&screen, 0, 0) != cases[i].attribute)
			EXPECT_STR(t, cases[i].sequence + 1, "as above");
	}
}

static void characters_become_glyphs(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "\303\244\342\224\200\342\225\224\342\224\201\342\202\254\360\237\230\200");
	EXPECT_STR(t, row(&screen, 0), "\204\304\311\304E?");
	show(&screen, "\r\n\016lqx\017q\033(0q\033(Bq");
	EXPECT_STR(t, row(&screen, 1), "\332\304\263q\304q");
	/* Garbage gives one sign each and swallows nothing after it. */
	show(&screen, "\r\n\303a\377b\342\202");
	show(&screen, "\r\ne\314\201 \344\270\255!");
	EXPECT_STR(t, row(&screen, 2), "?a?b?");
	EXPECT_STR(t, row(&screen, 3), "e ? !");
	show(&screen, "\r\n\033%@\344\033%G\303\244");
	EXPECT_STR(t, row(&screen, 4), "\204\204");
}

static void every_glyph_has_a_character(struct test *t)
{
	bool is_used[256] = { false };
	unsigned int count = 0;

	for (uint32_t character = 0x20; character < 0x10000; character++)
		is_used[console_glyph_of(character)] = true;
	for (unsigned int i = 0x80; i < 0x100; i++)
		count += is_used[i];
	EXPECT_EQ(t, count, 0x80);
}

static void questions_are_answered(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "\033[2;3H\033[6n\033[c\033[5n\033Z");
	EXPECT_EQ(t, screen.reply_size, 6 + 5 + 4 + 5);
	EXPECT_BYTES(t, screen.reply, "\033[2;3R\033[?6c\033[0n\033[?6c", 20);
	for (unsigned int i = 0; i < 100; i++)
		show(&screen, "\033[6n");
	EXPECT(t, screen.reply_size <= SCREEN_REPLY_SIZE);
}

static void modes_and_unknown_sequences(struct test *t)
{
	struct console_screen screen;

	start(&screen);
	show(&screen, "\033[?1;25l\033[?1h");
	EXPECT(t, screen.application_cursor_keys);
	EXPECT(t, !screen.cursor_visible);
	show(&screen, "\033]0;title\007a\033]2;title\033\\b\033P1$x\033\\c\033[1;2;3zd\033[?2004he"
		      "\033[!pf\033 Fg\033[[Ah\033]P7ff0000i\033_apc\033\\j");
	EXPECT_STR(t, row(&screen, 0), "abcdefghij");
	EXPECT_EQ(t, screen.palette_set, 1u << 7);
	EXPECT_EQ(t, screen.palette[7], 0xff0000);
	/* A control character acts inside a sequence; CAN ends one. */
	show(&screen, "\r\nxy\033[\b1CZ\033[5\030A");
	EXPECT_STR(t, row(&screen, 1), "xyZA");
	show(&screen, "\033#8");
	EXPECT_STR(t, row(&screen, 5), "EEEEEEEEEEEEEEEEEEEE");
	show(&screen, "\033c");
	EXPECT_STR(t, row(&screen, 5), "");
	EXPECT(t, screen.cursor_visible);
}

/* Whatever comes, nothing is touched outside (the sanitizers watch); the cursor stays inside. */
static void random_bytes_are_harmless(struct test *t)
{
	static const char pieces[] = "\033[\033[?;0123456789ABCDEFGHJKLMPX"
				     "abcdefghlmnrsu@`(0)B#8%G]P";
	struct console_screen screen;
	uint32_t state = 11;

	start(&screen);
	for (unsigned int i = 0; i < 600000; i++) {
		uint32_t random = test_random(&state);
		uint8_t byte = random & 0x10000 ? (uint8_t)random :
						  (uint8_t)pieces[random % (sizeof(pieces) - 1)];

		console_screen_write(&screen, &byte, 1);
		screen.reply_size = 0;
		EXPECT(t, screen.row < ROWS && screen.column <= COLUMNS);
		EXPECT(t, screen.region_start < screen.region_end && screen.region_end <= ROWS);
		EXPECT(t, screen.history <= LINES - ROWS);
		EXPECT(t, screen.parameter_count <= SCREEN_PARAMETERS);
		if (t->failure_count)
			return;
	}
}

const struct test_case test_cases[] = {
	TEST(text_wraps_only_with_the_next_character),
	TEST(the_whole_screen_scrolls_into_history),
	TEST(a_region_scrolls_alone),
	TEST(lines_and_characters_are_inserted_and_deleted),
	TEST(parts_are_erased),
	TEST(the_cursor_moves),
	TEST(colours_are_those_of_linux),
	TEST(characters_become_glyphs),
	TEST(every_glyph_has_a_character),
	TEST(questions_are_answered),
	TEST(modes_and_unknown_sequences),
	TEST(random_bytes_are_harmless),
	TEST_END
};

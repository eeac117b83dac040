/*
 * A terminal: keys go through the line discipline, in whatever mode, and what a program writes
 * through it to the console's screen, escape sequences and all.
 *
 * test: with=tty/line_discipline.c,tty/console_screen.c,tty/console_style.c
 * test: with=tty/console_escape.c,tty/console_glyph.c
 */
#include "core/assert.h"
#include "fuzz.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "tty/console_screen.h"
#include "tty/line_discipline.h"

enum { COLUMNS = 20, ROWS = 6, LINES = 16, PIECE_MAX = 64 };

static uint8_t input_ring[LINE_INPUT_SIZE], output_ring[LINE_OUTPUT_SIZE];
static uint16_t cells[LINES * COLUMNS];
static struct line_discipline line;
static struct console_screen screen;

void fuzz_start(void)
{
}

static void show(void)
{
	uint8_t bytes[PIECE_MAX];
	size_t count = ring_buffer_read(&line.output, bytes, sizeof(bytes));

	console_screen_write(&screen, bytes, count);
	assert(screen.row < ROWS && screen.column <= COLUMNS);
}

static size_t take_piece(struct fuzz_input *input, uint8_t *bytes)
{
	size_t size = min_t(size_t, fuzz_byte(input) % PIECE_MAX,
			    (size_t)(input->end - input->next));

	memcpy(bytes, input->next, size);
	input->next += size;
	return size;
}

static void change_mode(struct fuzz_input *input)
{
	struct termios2 termios = line.termios;

	termios.c_lflag ^= fuzz_word(input);
	termios.c_iflag ^= fuzz_word(input) & 0x7fff;
	termios.c_oflag ^= fuzz_word(input) & 0x18ff;
	termios.c_cc[fuzz_byte(input) % sizeof(termios.c_cc)] = fuzz_byte(input);
	line_discipline_set_termios(&line, &termios);
}

static void step(struct fuzz_input *input)
{
	uint8_t bytes[PIECE_MAX];
	size_t size;
	bool is_end;

	switch (fuzz_byte(input) % 5) {
	case 0:
		size = take_piece(input, bytes);
		for (size_t i = 0; i < size && line_discipline_has_room(&line); i++)
			line_discipline_receive(&line, bytes[i]);
		break;
	case 1:
		size = take_piece(input, bytes);
		(void)line_discipline_write(&line, bytes, size);
		break;
	case 2:
		(void)line_discipline_read(&line, bytes, 1 + fuzz_byte(input) % PIECE_MAX, &is_end);
		break;
	case 3:
		change_mode(input);
		break;
	case 4:
		/* At once to the screen, past the line discipline. */
		size = take_piece(input, bytes);
		console_screen_write(&screen, bytes, size);
		break;
	}
	show();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	line_discipline_init(&line, input_ring, output_ring);
	console_screen_init(&screen, cells, LINES, COLUMNS, ROWS);
	while (fuzz_has_more(&input)) {
		step(&input);
		assert(line.input_head - line.input_tail <= LINE_INPUT_SIZE);
		assert((int32_t)(line.input_head - line.line_end) >= 0);
	}
	for (unsigned int row = 0; row < ROWS; row++)
		(void)console_screen_view(&screen, screen.history, row);
}

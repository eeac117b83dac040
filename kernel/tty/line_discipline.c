/*
 * N_TTY. The order of the checks below is Linux's, because programs see it: flow control before
 * signals, signals before the translation of CR, that before editing, editing before echo.
 *
 * Input lies in a ring. In canonical mode [input_tail, line_end) are finished lines, [line_end,
 * input_head) is the line being typed, which alone can be edited. The end of a line is a mark
 * beside its last byte, so the byte can be any: newline, VEOL, VEOL2, or a 0 for the end of file,
 * which is not given to the reader. In raw mode line_end means nothing.
 *
 * Echo goes into the output ring like output. Programs never fill the last LINE_ECHO_RESERVE bytes
 * of it; so an echo finds room unless the device stands still, and then echoes are dropped, input
 * never.
 */
#include "tty/line_discipline.h"

#include "lib/compiler.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/signal.h"

enum {
	TAB_WIDTH = 8,
	END_OF_FILE_MARK = 0,
	ROOM_FOR_ONE = 4,	/* a marked parity error is three bytes */
};

static inline bool has_input(const struct line_discipline *line, uint32_t flag)
{
	return line->termios.c_iflag & flag;
}

static inline bool has_output(const struct line_discipline *line, uint32_t flag)
{
	return line->termios.c_oflag & flag;
}

static inline bool has_local(const struct line_discipline *line, uint32_t flag)
{
	return line->termios.c_lflag & flag;
}

/* A control character that is 0 is none. */
static inline bool is_key(const struct line_discipline *line, unsigned int index, uint8_t byte)
{
	return byte != 0 && line->termios.c_cc[index] == byte;
}

static inline bool is_extended_key(const struct line_discipline *line, unsigned int index,
				   uint8_t byte)
{
	return has_local(line, IEXTEN) && is_key(line, index, byte);
}

static inline bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* The second or later byte of a UTF-8 character. */
static inline bool is_continuation(const struct line_discipline *line, uint8_t byte)
{
	return has_input(line, IUTF8) && (byte & 0xc0) == 0x80;
}

static inline bool is_word(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_' || byte >= 0xc0;
}

static inline uint8_t to_lower(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
}

static inline uint8_t to_upper(uint8_t byte)
{
	return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 'a' + 'A') : byte;
}

static inline uint8_t input_at(const struct line_discipline *line, uint32_t position)
{
	return line->input[position % LINE_INPUT_SIZE];
}

static inline bool ends_line(const struct line_discipline *line, uint32_t position)
{
	return bitmap_is_set(line->line_ends, position % LINE_INPUT_SIZE);
}

static inline uint32_t input_used(const struct line_discipline *line)
{
	return line->input_head - line->input_tail;
}

void line_discipline_init(struct line_discipline *line, uint8_t *input, uint8_t *output)
{
	static const uint8_t keys[NCCS] = {
		[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,
		[VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VDISCARD] = 15,
		[VWERASE] = 23, [VLNEXT] = 22,
	};

	memset(line, 0, sizeof(*line));
	line->input = input;
	ring_buffer_init(&line->output, output, LINE_OUTPUT_SIZE);
	line->urgent = -1;
	line->termios.c_iflag = ICRNL | IXON;
	line->termios.c_oflag = OPOST | ONLCR;
	line->termios.c_cflag = B38400 | CS8 | CREAD | HUPCL;
	line->termios.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
	line->termios.c_ispeed = line->termios.c_ospeed = 38400;
	memcpy(line->termios.c_cc, keys, sizeof(keys));
}

/* ---- output ---------------------------------------------------------------------------------- */

/* Each of these keeps `room` bytes of the output ring free; false: too full, nothing was done. */
static bool put_output(struct line_discipline *line, const char *bytes, size_t size, size_t room)
{
	if (ring_buffer_free(&line->output) < size + room)
		return false;
	ring_buffer_write(&line->output, bytes, size);
	return true;
}

static bool put_newline(struct line_discipline *line, size_t room)
{
	bool adds_return = has_output(line, ONLCR);

	if (!put_output(line, adds_return ? "\r\n" : "\n", adds_return ? 2 : 1, room))
		return false;
	if (adds_return || has_output(line, ONLRET))
		line->column = 0;
	line->line_column = line->column;
	return true;
}

static bool put_return(struct line_discipline *line, size_t room)
{
	if (has_output(line, ONOCR) && line->column == 0)
		return true;
	if (!put_output(line, has_output(line, OCRNL) ? "\n" : "\r", 1, room))
		return false;
	if (!has_output(line, OCRNL) || has_output(line, ONLRET))
		line->line_column = line->column = 0;
	return true;
}

static bool put_tab(struct line_discipline *line, size_t room)
{
	unsigned int width = TAB_WIDTH - line->column % TAB_WIDTH;
	bool expands = (line->termios.c_oflag & TABDLY) == XTABS;

	if (!put_output(line, expands ? "        " : "\t", expands ? width : 1, room))
		return false;
	line->column += width;
	return true;
}

/* One byte through output processing. */
static bool put_processed(struct line_discipline *line, uint8_t byte, size_t room)
{
	char shown = (char)byte;

	if (!has_output(line, OPOST))
		return put_output(line, &shown, 1, room);
	switch (byte) {
	case '\n':
		return put_newline(line, room);
	case '\r':
		return put_return(line, room);
	case '\t':
		return put_tab(line, room);
	case '\b':
		if (!put_output(line, "\b", 1, room))
			return false;
		if (line->column > 0)
			line->column--;
		return true;
	}
	if (has_output(line, OLCUC))
		shown = (char)to_upper(byte);
	if (!put_output(line, &shown, 1, room))
		return false;
	if (!is_control(byte) && !is_continuation(line, byte))
		line->column++;
	return true;
}

size_t line_discipline_write(struct line_discipline *line, const uint8_t *from, size_t size)
{
	size_t done = 0;

	if (line->is_stopped)
		return 0;
	while (done < size && put_processed(line, from[done], LINE_ECHO_RESERVE))
		done++;
	return done;
}

bool line_discipline_is_writable(const struct line_discipline *line)
{
	return !line->is_stopped && ring_buffer_free(&line->output) > LINE_ECHO_RESERVE + TAB_WIDTH;
}

void line_discipline_stop(struct line_discipline *line)
{
	line->is_stopped = line->is_stopped_by_call = true;
}

void line_discipline_start(struct line_discipline *line)
{
	line->is_stopped = line->is_stopped_by_call = false;
}

static void start_by_key(struct line_discipline *line)
{
	if (!line->is_stopped_by_call)
		line->is_stopped = false;
}

/* ---- echo ------------------------------------------------------------------------------------ */

static void echo_raw(struct line_discipline *line, uint8_t byte)
{
	(void)put_processed(line, byte, 0);
}

static void echo_text(struct line_discipline *line, const char *text)
{
	for (; *text; text++)
		echo_raw(line, (uint8_t)*text);
}

/* As a key is shown: control characters as ^X. */
static void echo_byte(struct line_discipline *line, uint8_t byte)
{
	if (has_local(line, ECHOCTL) && is_control(byte) && byte != '\t') {
		echo_raw(line, '^');
		echo_raw(line, byte ^ 0x40);
	} else {
		echo_raw(line, byte);
	}
}

static void ring_bell(struct line_discipline *line)
{
	(void)put_output(line, "\a", 1, 0);
}

static void finish_erasing(struct line_discipline *line)
{
	if (!line->is_erasing)
		return;
	echo_raw(line, '/');
	line->is_erasing = false;
}

/* The first byte of a line remembers where on the screen it stands. */
static void note_line_start(struct line_discipline *line)
{
	if (line->line_end == line->input_head)
		line->line_column = line->column;
}

/* ---- storing --------------------------------------------------------------------------------- */

static bool has_finished_line(const struct line_discipline *line)
{
	return line->line_end != line->input_tail;
}

bool line_discipline_has_room(const struct line_discipline *line)
{
	if (LINE_INPUT_SIZE - input_used(line) >= ROOM_FOR_ONE)
		return true;
	/*
	 * Nobody can make room by reading before the line ends: what is too long for it is dropped.
	 */
	return has_local(line, ICANON) && !has_finished_line(line);
}

/* IXOFF: tell the other side to wait, early enough for what is under way. */
static void throttle_peer(struct line_discipline *line)
{
	if (!has_input(line, IXOFF) || line->peer_is_stopped ||
	    input_used(line) < LINE_INPUT_SIZE - LINE_INPUT_SIZE / 4)
		return;
	line->peer_is_stopped = true;
	line->urgent = line->termios.c_cc[VSTOP];
}

static void unthrottle_peer(struct line_discipline *line)
{
	if (!line->peer_is_stopped || input_used(line) > LINE_INPUT_SIZE / 4)
		return;
	line->peer_is_stopped = false;
	line->urgent = line->termios.c_cc[VSTART];
}

/* The last byte of the ring is kept for the end of the line. */
static void store(struct line_discipline *line, uint8_t byte, bool is_line_end)
{
	uint32_t room = LINE_INPUT_SIZE - input_used(line);
	uint32_t place = line->input_head % LINE_INPUT_SIZE;

	if (room <= (has_local(line, ICANON) && !is_line_end ? 1u : 0u)) {
		if (has_input(line, IMAXBEL))
			ring_bell(line);
		return;
	}
	line->input[place] = byte;
	line->input_head++;
	if (is_line_end) {
		bitmap_set(line->line_ends, place);
		line->line_end = line->input_head;
	} else {
		bitmap_clear(line->line_ends, place);
	}
	if (is_line_end || !has_local(line, ICANON))
		line->has_news = true;
	throttle_peer(line);
}

/* With PARMRK a true 0xff is told from a mark by being doubled. */
static void store_marked(struct line_discipline *line, uint8_t byte)
{
	if (byte == 0xff && has_input(line, PARMRK))
		store(line, byte, false);
	store(line, byte, false);
}

static void finish_line(struct line_discipline *line, uint8_t byte)
{
	store(line, byte, true);
}

void line_discipline_flush_input(struct line_discipline *line)
{
	line->input_tail = line->line_end = line->input_head;
	line->literal_next = line->is_erasing = false;
	unthrottle_peer(line);
}

/* ---- editing --------------------------------------------------------------------------------- */

/* A tab is erased by going back to where it began, which what was typed before it tells. */
static void echo_erase_tab(struct line_discipline *line)
{
	unsigned int width = 0;
	bool after_tab = false;

	for (uint32_t i = line->input_head; i != line->line_end && !after_tab;) {
		uint8_t byte = input_at(line, --i);

		if (byte == '\t')
			after_tab = true;
		else if (is_control(byte))
			width += has_local(line, ECHOCTL) ? 2 : 0;
		else if (!is_continuation(line, byte))
			width++;
	}
	/* An earlier tab ended at a multiple of eight, wherever the line began. */
	if (!after_tab)
		width += line->line_column;
	for (unsigned int left = TAB_WIDTH - width % TAB_WIDTH; left > 0; left--)
		echo_raw(line, '\b');
}

/*
 * Show that the character that began with `byte` is gone; its `size` bytes still lie behind
 * input_head.
 */
static void echo_erased(struct line_discipline *line, uint8_t byte, uint32_t size, bool is_single)
{
	if (!has_local(line, ECHO))
		return;
	if (has_local(line, ECHOPRT)) {
		if (!line->is_erasing)
			echo_raw(line, '\\');
		line->is_erasing = true;
		for (uint32_t i = 0; i < size; i++)
			echo_byte(line, input_at(line, line->input_head + i));
	} else if (is_single && !has_local(line, ECHOE)) {
		echo_byte(line, line->termios.c_cc[VERASE]);
	} else if (byte == '\t') {
		echo_erase_tab(line);
	} else {
		if (is_control(byte) && has_local(line, ECHOCTL))
			echo_text(line, "\b \b");
		if (!is_control(byte) || has_local(line, ECHOCTL))
			echo_text(line, "\b \b");
	}
}

enum erase_kind { ERASE_CHARACTER, ERASE_WORD, ERASE_LINE };

/* Where the last character of the line being typed begins; false if it has no beginning. */
static bool find_last_character(const struct line_discipline *line, uint32_t *start)
{
	uint32_t at = line->input_head;

	do {
		at--;
	} while (is_continuation(line, input_at(line, at)) && at != line->line_end);
	*start = at;
	return !is_continuation(line, input_at(line, at));
}

static void erase(struct line_discipline *line, enum erase_kind kind)
{
	bool seen_word = false;
	uint32_t start;

	while (line->input_head != line->line_end && find_last_character(line, &start)) {
		uint8_t byte = input_at(line, start);
		uint32_t size = line->input_head - start;

		if (kind == ERASE_WORD && seen_word && !is_word(byte))
			break;
		seen_word |= is_word(byte);
		line->input_head = start;
		echo_erased(line, byte, size, kind == ERASE_CHARACTER);
		if (kind == ERASE_CHARACTER)
			break;
	}
	if (line->input_head == line->line_end && has_local(line, ECHO))
		finish_erasing(line);
}

static void kill_line(struct line_discipline *line)
{
	if (line->input_head == line->line_end)
		return;
	if (!has_local(line, ECHO)) {
		line->input_head = line->line_end;
	} else if (has_local(line, ECHOK) && has_local(line, ECHOKE) && has_local(line, ECHOE)) {
		erase(line, ERASE_LINE);
	} else {
		line->input_head = line->line_end;
		finish_erasing(line);
		echo_byte(line, line->termios.c_cc[VKILL]);
		if (has_local(line, ECHOK))
			echo_raw(line, '\n');
	}
}

/*
 * Ends when the output is full, for nothing more would be seen: many such keys behind a long line,
 * at a terminal that nobody watches, would keep interrupts off for as long.
 */
static void reprint(struct line_discipline *line)
{
	finish_erasing(line);
	echo_byte(line, line->termios.c_cc[VREPRINT]);
	echo_raw(line, '\n');
	for (uint32_t i = line->line_end;
	     i != line->input_head && ring_buffer_free(&line->output) > 0; i++)
		echo_byte(line, input_at(line, i));
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool receive_flow_control(struct line_discipline *line, uint8_t byte)
{
	if (!has_input(line, IXON))
		return false;
	if (is_key(line, VSTART, byte)) {
		start_by_key(line);
		return true;
	}
	if (is_key(line, VSTOP, byte)) {
		line->is_stopped = true;
		return true;
	}
	return false;
}

static void raise_signal(struct line_discipline *line, int signal)
{
	line->signals |= 1u << signal;
	if (has_local(line, NOFLSH))
		return;
	line_discipline_flush_input(line);
	ring_buffer_clear(&line->output);
	line->has_news = true;
}

static bool receive_signal_key(struct line_discipline *line, uint8_t byte)
{
	int signal;

	if (!has_local(line, ISIG))
		return false;
	if (is_key(line, VINTR, byte))
		signal = SIGINT;
	else if (is_key(line, VQUIT, byte))
		signal = SIGQUIT;
	else if (is_key(line, VSUSP, byte))
		signal = SIGTSTP;
	else
		return false;
	raise_signal(line, signal);
	if (has_input(line, IXON))
		start_by_key(line);
	if (has_local(line, ECHO))
		echo_byte(line, byte);
	return true;
}

static bool receive_editing_key(struct line_discipline *line, uint8_t byte)
{
	if (is_key(line, VERASE, byte)) {
		erase(line, ERASE_CHARACTER);
	} else if (is_key(line, VKILL, byte)) {
		kill_line(line);
	} else if (is_extended_key(line, VWERASE, byte)) {
		erase(line, ERASE_WORD);
	} else if (is_extended_key(line, VLNEXT, byte)) {
		line->literal_next = true;
		if (has_local(line, ECHO)) {
			finish_erasing(line);
			if (has_local(line, ECHOCTL))
				echo_text(line, "^\b");
		}
	} else if (has_local(line, ECHO) && is_extended_key(line, VREPRINT, byte)) {
		reprint(line);
	} else {
		return false;
	}
	return true;
}

static bool receive_line_end(struct line_discipline *line, uint8_t byte)
{
	if (byte == '\n') {
		if (has_local(line, ECHO) || has_local(line, ECHONL))
			echo_raw(line, '\n');
		finish_line(line, byte);
	} else if (is_key(line, VEOF, byte)) {
		finish_line(line, END_OF_FILE_MARK);
	} else if (is_key(line, VEOL, byte) || is_extended_key(line, VEOL2, byte)) {
		if (has_local(line, ECHO)) {
			note_line_start(line);
			echo_byte(line, byte);
		}
		if (byte == 0xff && has_input(line, PARMRK))
			store(line, byte, false);
		finish_line(line, byte);
	} else {
		return false;
	}
	return true;
}

static void receive_ordinary(struct line_discipline *line, uint8_t byte)
{
	if (line->is_stopped && has_input(line, IXON) && has_input(line, IXANY))
		start_by_key(line);
	if (has_local(line, ECHO)) {
		finish_erasing(line);
		note_line_start(line);
		if (byte == '\n')
			echo_raw(line, byte);
		else
			echo_byte(line, byte);
	}
	store_marked(line, byte);
}

/* CR and NL into each other. Returns the byte, or -1: ignored. */
static int translate(const struct line_discipline *line, uint8_t byte)
{
	if (byte == '\r') {
		if (has_input(line, IGNCR))
			return -1;
		return has_input(line, ICRNL) ? '\n' : '\r';
	}
	return byte == '\n' && has_input(line, INLCR) ? '\r' : byte;
}

static void receive_translated(struct line_discipline *line, uint8_t byte)
{
	int translated;

	if (receive_flow_control(line, byte) || receive_signal_key(line, byte))
		return;
	if (line->is_stopped && has_input(line, IXON) && has_input(line, IXANY))
		start_by_key(line);
	translated = translate(line, byte);
	if (translated < 0)
		return;
	byte = (uint8_t)translated;
	if (has_local(line, ICANON) &&
	    (receive_editing_key(line, byte) || receive_line_end(line, byte)))
		return;
	receive_ordinary(line, byte);
}

void line_discipline_receive(struct line_discipline *line, uint8_t byte)
{
	if (has_input(line, ISTRIP))
		byte &= 0x7f;
	if (has_input(line, IUCLC) && has_local(line, IEXTEN))
		byte = to_lower(byte);
	if (has_local(line, EXTPROC)) {
		store(line, byte, false);
	} else if (line->literal_next) {
		line->literal_next = false;
		receive_ordinary(line, byte);
	} else {
		receive_translated(line, byte);
	}
}

static void receive_break(struct line_discipline *line)
{
	if (has_input(line, IGNBRK))
		return;
	if (has_input(line, BRKINT)) {
		raise_signal(line, SIGINT);
		return;
	}
	if (has_input(line, PARMRK)) {
		store(line, 0xff, false);
		store(line, 0, false);
	}
	store(line, 0, false);
}

void line_discipline_receive_error(struct line_discipline *line, enum line_error error,
				   uint8_t byte)
{
	if (error == LINE_ERROR_OVERRUN) {
		/* What was lost is lost; the byte that came with the news is fine. */
		line_discipline_receive(line, byte);
	} else if (error == LINE_ERROR_BREAK) {
		receive_break(line);
	} else if (!has_input(line, INPCK)) {
		receive_ordinary(line, byte);
	} else if (!has_input(line, IGNPAR)) {
		if (has_input(line, PARMRK)) {
			store(line, 0xff, false);
			store(line, 0, false);
			store(line, byte, false);
		} else {
			store(line, 0, false);
		}
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

bool line_discipline_is_readable(const struct line_discipline *line, bool at_least_minimum)
{
	uint32_t wanted = 1;

	if (has_local(line, ICANON))
		return has_finished_line(line);
	if (at_least_minimum && line->termios.c_cc[VTIME] == 0 && line->termios.c_cc[VMIN] > 0)
		wanted = line->termios.c_cc[VMIN];
	return input_used(line) >= wanted;
}

size_t line_discipline_readable(const struct line_discipline *line)
{
	size_t count = 0;

	if (!has_local(line, ICANON))
		return input_used(line);
	for (uint32_t i = line->input_tail; i != line->line_end; i++)
		count += !(ends_line(line, i) && input_at(line, i) == END_OF_FILE_MARK);
	return count;
}

static size_t read_raw(struct line_discipline *line, uint8_t *to, size_t size)
{
	size_t count = min(size, (size_t)input_used(line));

	for (size_t i = 0; i < count; i++)
		to[i] = input_at(line, line->input_tail + (uint32_t)i);
	line->input_tail += (uint32_t)count;
	if ((int32_t)(line->line_end - line->input_tail) < 0)
		line->line_end = line->input_tail;
	return count;
}

static size_t read_line(struct line_discipline *line, uint8_t *to, size_t size, bool *is_end)
{
	size_t done = 0;

	while (!*is_end && line->input_tail != line->line_end) {
		uint8_t byte = input_at(line, line->input_tail);
		bool is_mark = ends_line(line, line->input_tail) && byte == END_OF_FILE_MARK;

		/*
		 * An end of file right behind the last byte asked for goes with it, or the next
		 * read gives 0.
		 */
		if (done == size && !is_mark)
			break;
		*is_end = ends_line(line, line->input_tail);
		line->input_tail++;
		if (!is_mark)
			to[done++] = byte;
	}
	return done;
}

size_t line_discipline_read(struct line_discipline *line, uint8_t *to, size_t size, bool *is_end)
{
	size_t done;

	*is_end = false;
	done = has_local(line, ICANON) ? read_line(line, to, size, is_end) :
					 read_raw(line, to, size);
	unthrottle_peer(line);
	return done;
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Bytes that came while lines did not matter become a line; and finished lines become bytes. */
static void canonical_changed(struct line_discipline *line)
{
	line->literal_next = line->is_erasing = false;
	if (!has_local(line, ICANON)) {
		line->has_news = true;
		return;
	}
	memset(line->line_ends, 0, sizeof(line->line_ends));
	line->line_end = line->input_head;
	if (line->input_head != line->input_tail)
		bitmap_set(line->line_ends, (line->input_head - 1) % LINE_INPUT_SIZE);
	line->has_news = true;
}

void line_discipline_set_termios(struct line_discipline *line, const struct termios2 *termios)
{
	uint32_t changed = line->termios.c_lflag ^ termios->c_lflag;

	line->termios = *termios;
	if (changed & ICANON)
		canonical_changed(line);
	if (!has_input(line, IXON) && line->is_stopped && !line->is_stopped_by_call)
		line->is_stopped = false;
	if (line->peer_is_stopped && !has_input(line, IXOFF)) {
		line->peer_is_stopped = false;
		line->urgent = line->termios.c_cc[VSTART];
	}
}

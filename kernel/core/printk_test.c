#include "core/printk.h"
#include "core/spinlock.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "test.h"

static char shown[4096];
static size_t shown_size;

static void show(const char *text, size_t size)
{
	memcpy(shown + shown_size, text, size);
	shown_size += size;
	shown[shown_size] = 0;
}

static unsigned int notified;

static void notify(void)
{
	notified++;
}

/* The console stays registered for all tests; each begins with nothing shown. */
static void begin(void)
{
	static struct log_console console = { .name = "test", .write = show };
	static bool is_added;

	if (!is_added)
		printk_add_console(&console);
	is_added = true;
	shown_size = 0;
	shown[0] = 0;
	printk_set_level(LOG_WARNING);
	test_clock_set(12345678901);
}

static void lines_carry_time_and_level(struct test *t)
{
	char text[200];
	uint64_t position;
	size_t size;

	begin();
	position = printk_end_position();
	printk(LOG_INFO, "hello %d", 5);
	size = printk_read(&position, text, sizeof(text) - 1);
	text[size] = 0;
	EXPECT_STR(t, text, "<6>[   12.345678] hello 5\n");
	EXPECT_EQ(t, printk_read(&position, text, sizeof(text)), 0);
	EXPECT_EQ(t, position, printk_end_position());
}

static void only_important_lines_are_shown(struct test *t)
{
	begin();
	printk(LOG_INFO, "quiet");
	printk(LOG_WARNING, "loud\n");
	EXPECT_STR(t, shown, "[   12.345678] loud\n");
	printk_set_level(LOG_DEBUG);
	printk(LOG_DEBUG, "all");
	EXPECT_STR(t, shown, "[   12.345678] loud\n[   12.345678] all\n");
}

static void late_consoles_get_what_they_missed(struct test *t)
{
	static struct log_console late = { .name = "late", .write = show };

	begin();
	printk_set_level(LOG_EMERGENCY);
	printk(LOG_ERROR, "before");
	EXPECT_STR(t, shown, "");
	printk_set_level(LOG_ERROR);
	printk_add_console(&late);
	EXPECT(t, strlen(shown) > 0);
	EXPECT_BYTES(t, shown + shown_size - 7, "before\n", 7);
	shown_size = 0;
}

/* A console that comes late takes the log apart by its newlines. */
static char late_text[200];
static size_t late_size;

static void show_late(const char *text, size_t size)
{
	if (size < sizeof(late_text) - late_size) {
		memcpy(late_text + late_size, text, size);
		late_size += size;
	}
}

static void a_newline_within_the_text_makes_no_line(struct test *t)
{
	static const char expected[] = "[   12.345678] one  two\n";
	static struct log_console late = { .name = "latest", .write = show_late };
	size_t size = sizeof(expected) - 1;

	begin();
	printk(LOG_ERROR, "one\n\ntwo\n");
	EXPECT_BYTES(t, shown, expected, size);
	printk_add_console(&late);
	EXPECT(t, late_size > size);
	EXPECT_BYTES(t, late_text + late_size - size, expected, size);
}

static void long_lines_are_cut_and_old_ones_go(struct test *t)
{
	static char filler[1000];
	uint64_t position = 0;
	char text[500];
	size_t size;

	begin();
	memset(filler, 'f', sizeof(filler) - 1);
	for (unsigned int i = 0; i < 400; i++)
		printk(LOG_INFO, "%u %s", i, filler);
	size = printk_read(&position, text, sizeof(text));
	EXPECT_EQ(t, size, sizeof(text));
	EXPECT(t, position > 64 * 1024);
	EXPECT_BYTES(t, text, "<6>[", 4);
	EXPECT_EQ(t, text[399], '\n');
	EXPECT_BYTES(t, text + 400, "<6>[", 4);
	while ((size = printk_read(&position, text, sizeof(text))) > 0)
		EXPECT(t, size == sizeof(text) || text[size - 1] == '\n');
}

static void a_programs_line_may_be_longer(struct test *t)
{
	static char filler[1000], line[PRINTK_LINE_MAX];
	uint64_t position;

	begin();
	position = printk_end_position();
	memset(filler, 'p', sizeof(filler));
	filler[1] = '\n';
	printk_text(1, LOG_WARNING, filler, sizeof(filler));
	printk_text(255, LOG_DEBUG, "end\n", 4);
	EXPECT_EQ(t, printk_read_line(&position, line), 19 + PRINTK_TEXT_MAX + 1);
	EXPECT_BYTES(t, line, "<12>[   12.345678] p ppp", 24);
	EXPECT_BYTES(t, line + 19 + PRINTK_TEXT_MAX - 2, "pp\n", 3);
	EXPECT_EQ(t, shown_size, 15 + PRINTK_TEXT_MAX + 1);
	EXPECT_BYTES(t, shown, line + 4, shown_size);
	EXPECT_EQ(t, printk_read_line(&position, line), 25);
	EXPECT_BYTES(t, line, "<2047>[   12.345678] end\n", 25);
	EXPECT_EQ(t, printk_read_line(&position, line), 0);
}

/* Also those that lie across the end of the ring, which comes up several times. */
static void every_line_is_shown_whole(struct test *t)
{
	char text[300];

	memset(text, 'w', sizeof(text));
	for (unsigned int i = 0; i < 3 * 65536 / (15 + sizeof(text)); i++) {
		begin();
		text[0] = (char)('a' + i % 26);
		printk_text(1, LOG_WARNING, text, sizeof(text));
		EXPECT_EQ(t, shown_size, 15 + sizeof(text) + 1);
		EXPECT_BYTES(t, shown + 15, text, sizeof(text));
		EXPECT_EQ(t, shown[15 + sizeof(text)], '\n');
	}
}

static void readers_are_told_where_no_lock_is_held(struct test *t)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "leaf");

	begin();
	printk_set_notify(notify);
	notified = 0;
	printk(LOG_INFO, "one");
	EXPECT_EQ(t, notified, 1);
	spin_lock(&lock);
	printk(LOG_INFO, "two");
	spin_unlock(&lock);
	EXPECT_EQ(t, notified, 1);
	printk_set_notify(NULL);
}

const struct test_case test_cases[] = {
	TEST(lines_carry_time_and_level),
	TEST(only_important_lines_are_shown),
	TEST(a_programs_line_may_be_longer),
	TEST(every_line_is_shown_whole),
	TEST(late_consoles_get_what_they_missed),
	TEST(a_newline_within_the_text_makes_no_line),
	TEST(long_lines_are_cut_and_old_ones_go),
	TEST(readers_are_told_where_no_lock_is_held),
	TEST_END
};

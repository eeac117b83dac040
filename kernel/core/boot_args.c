/*
 * The words of the boot line.
 */
#include "core/boot_args.h"
#include "core/printk.h"
#include "lib/parse.h"
#include "lib/string.h"

/*
 * As long as Linux's on i386 (COMMAND_LINE_SIZE): boot loaders count on it, and arch/boot_info.h
 * keeps as much. Nothing can be allocated yet.
 */
enum { LINE_SIZE = 2048 };

static char line[LINE_SIZE];		/* [I] as given */
static char words[LINE_SIZE + 1];	/* [I] each ended by a 0, the last by two */

void boot_args_init(const char *command_line)
{
	static char scratch[LINE_SIZE];
	size_t used = 0;
	char *rest = scratch;
	char *word;

	if (strlcpy(line, command_line, sizeof(line)) >= sizeof(line))
		printk(LOG_WARNING, "the command line is too long and was cut");
	strlcpy(scratch, line, sizeof(scratch));
	/* A word is never longer than the text that it was made from, so all of them fit. */
	while ((word = parse_next_word(&rest)) != NULL) {
		if (*word == 0)
			continue;
		used += strlcpy(words + used, word, sizeof(words) - used) + 1;
	}
	words[used] = 0;
}

const char *boot_args_line(void)
{
	return line;
}

const char *boot_args_get(const char *key)
{
	size_t key_size = strlen(key);
	const char *value = NULL;

	for (const char *word = words; *word; word += strlen(word) + 1) {
		if (strncmp(word, key, key_size) != 0)
			continue;
		if (word[key_size] == '=')
			value = word + key_size + 1;
		else if (word[key_size] == 0)
			value = word + key_size;
	}
	return value;
}

unsigned long boot_args_number(const char *key, unsigned long otherwise)
{
	const char *value = boot_args_get(key);
	uint32_t number;

	if (!value)
		return otherwise;
	if (parse_u32(value, strlen(value), 0, &number)) {
		printk(LOG_WARNING, "boot: %s=%s: not a number, ignored", key, value);
		return otherwise;
	}
	return number;
}

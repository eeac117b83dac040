/*
 * Names of core files, by a pattern: %p is the process's number, and so on, as core(5) has it. A
 * letter that nobody knows gives nothing.
 */
#include "proc/core_name.h"

#include "core/spinlock.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

static struct spinlock pattern_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "core pattern");
static char current_pattern[CORE_PATTERN_SIZE] = "core"; /* [pattern_lock] */
static atomic_bool uses_pid;

void core_name_get_pattern(char pattern[CORE_PATTERN_SIZE])
{
	irq_flags flags = spin_lock_irq(&pattern_lock);

	memcpy(pattern, current_pattern, CORE_PATTERN_SIZE);
	spin_unlock_irq(&pattern_lock, flags);
}

int core_name_set_pattern(const char *pattern)
{
	irq_flags flags;

	for (const char *at = strchr(pattern, '%'); at && at[1]; at = strchr(at + 2, '%')) {
		if (at[1] == 'h' || at[1] == 'f' || at[1] == 'E')
			return -EINVAL;
	}
	flags = spin_lock_irq(&pattern_lock);
	strlcpy(current_pattern, pattern, sizeof(current_pattern));
	spin_unlock_irq(&pattern_lock, flags);
	return 0;
}

bool core_name_uses_pid(void)
{
	return atomic_load(&uses_pid);
}

void core_name_set_uses_pid(bool uses)
{
	atomic_store(&uses_pid, uses);
}

/* A thread may call itself anything: its name does not lead to other directories. */
static void put_thread_name(char *out, size_t room)
{
	strlcpy(out, thread_current()->name, room);
	if (strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
		out[0] = '!';
	for (char *slash = strchr(out, '/'); slash; slash = strchr(slash, '/'))
		*slash = '!';
}

/* What stands for %letter. */
static void put_letter(char *out, size_t room, char letter, int signal)
{
	const struct credentials *credentials = credentials_current();
	struct process *process = process_current();

	out[0] = '\0';
	switch (letter) {
	case '%': snprintf(out, room, "%%"); break;
	case 'p':
	case 'P': snprintf(out, room, "%d", process->id); break;
	case 'i':
	case 'I': snprintf(out, room, "%d", user_thread_current()->id); break;
	case 'u': snprintf(out, room, "%u", credentials->uid); break;
	case 'g': snprintf(out, room, "%u", credentials->gid); break;
	case 'd': snprintf(out, room, "%d", process->dumpable); break;
	case 's': snprintf(out, room, "%d", signal); break;
	case 'e': put_thread_name(out, room); break;
	case 'c':
		snprintf(out, room, "%llu",
			 (unsigned long long)limits_current(&process->limits, LIMIT_CORE));
		break;
	case 't':
		snprintf(out, room, "%lld",
			 (long long)div64_s64(clock_realtime_ns(), 1000000000));
		break;
	}
}

/* A name that is being made. */
struct name {
	char *text;		/* of CORE_NAME_SIZE */
	size_t used;
	int signal;
	bool has_pid;
};

/* The next character of a pattern, or % and a letter, goes to the name. Errors: -ENAMETOOLONG. */
static int expand(struct name *name, const char **at)
{
	char part[32] = { **at, '\0' };
	size_t length;

	(*at)++;
	if (part[0] == '%') {
		/* One that stands alone at the end is nothing. */
		put_letter(part, sizeof(part), **at, name->signal);
		name->has_pid |= **at == 'p';
		*at += **at != '\0';
	}
	length = strlen(part);
	if (name->used + length >= CORE_NAME_SIZE)
		return -ENAMETOOLONG;
	memcpy(name->text + name->used, part, length + 1);
	name->used += length;
	return 0;
}

int core_name_make(char text[CORE_NAME_SIZE], int signal)
{
	struct name name = { .text = text, .signal = signal };
	char pattern[CORE_PATTERN_SIZE];
	int error = 0;

	core_name_get_pattern(pattern);
	if (pattern[0] == '|')
		return -EINVAL;
	text[0] = '\0';
	for (const char *at = pattern; *at && !error;)
		error = expand(&name, &at);
	if (error)
		return error;
	if (core_name_uses_pid() && !name.has_pid)
		name.used += (size_t)snprintf(text + name.used, CORE_NAME_SIZE - name.used, ".%d",
					      process_current()->id);
	return name.used < CORE_NAME_SIZE ? 0 : -ENAMETOOLONG;
}

bool core_name_is_program(void)
{
	char pattern[CORE_PATTERN_SIZE];

	core_name_get_pattern(pattern);
	return pattern[0] == '|';
}

/* What a % stands for is never divided, whatever is in it. */
int core_name_make_command(char text[CORE_NAME_SIZE], const char *words[CORE_WORDS_MAX],
			   int signal)
{
	struct name name = { .text = text, .signal = signal };
	char pattern[CORE_PATTERN_SIZE];
	const char *at = pattern + 1;
	unsigned int count = 0;
	int error = 0;

	core_name_get_pattern(pattern);
	if (pattern[0] != '|')
		return -EINVAL;
	for (;;) {
		while (*at == ' ')
			at++;
		if (!*at)
			break;
		words[count++] = text + name.used;
		text[name.used] = '\0';
		while (*at && *at != ' ' && !error)
			error = expand(&name, &at);
		if (error || ++name.used >= CORE_NAME_SIZE)
			return -ENAMETOOLONG;
	}
	words[count] = NULL;
	return count ? 0 : -EINVAL;
}

/*
 * Scripts: a first line "#!interpreter argument" names the program that runs them.
 *
 * As on Linux: only the first 256 bytes count; everything after the interpreter is one argument,
 * blanks around it cut off; a line that is cut off in the middle of the interpreter's name is
 * not a script.
 */
#include "lib/string.h"
#include "proc/exec.h"
#include "uapi/linux/errno.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int script_parse(char *header, size_t size, char **interpreter, char **argument)
{
	char *end = memchr(header, '\n', size);
	char *p;

	if (size < 2 || header[0] != '#' || header[1] != '!')
		return -ENOEXEC;
	if (!end) {
		/* No newline: the name must end before the buffer does, or it may have been cut. */
		end = header + size;
		for (p = header + 2; p < end && is_blank(*p); p++)
			;
		while (p < end && !is_blank(*p) && *p)
			p++;
		if (p == end && size == ELF_HEADER_BYTES)
			return -ENOEXEC;
	}
	while (end > header + 2 && is_blank(end[-1]))
		end--;
	if (end == header + ELF_HEADER_BYTES)
		end--; /* the last byte gives way to the NUL */
	*end = '\0';
	for (p = header + 2; is_blank(*p); p++)
		;
	if (*p == '\0')
		return -ENOEXEC;
	*interpreter = p;
	while (*p && !is_blank(*p))
		p++;
	*argument = NULL;
	if (*p) {
		*p++ = '\0';
		while (is_blank(*p))
			p++;
		if (*p)
			*argument = p;
	}
	return 0;
}

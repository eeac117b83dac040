/* A name may hold any bytes: status keeps it in one line, stat and comm say it as it is. */
#include "check.h"
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static void read_all(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length;

	CHECK(file != NULL);
	length = fread(out, 1, size - 1, file);
	out[length] = 0;
	fclose(file);
}

static void check_name(const char *name, const char *escaped)
{
	char text[4096], wanted[128];

	CHECK(prctl(PR_SET_NAME, name) == 0);
	read_all("/proc/self/comm", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%s\n", name);
	CHECK(strcmp(text, wanted) == 0);
	read_all("/proc/self/stat", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), " (%s) R ", name);
	CHECK(strstr(text, wanted) != NULL);
	read_all("/proc/self/status", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "Name:\t%s\nUmask:\t", escaped);
	CHECK(strncmp(text, wanted, strlen(wanted)) == 0);
}

int main(void)
{
	check_name("plain", "plain");
	check_name("a\nUid:\t0", "a\\nUid:\t0");
	check_name("b\\n) \r\x01\x80", "b\\\\n) \r\x01\x80");
	check_name("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
		   "\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n\\n");
	check_name("", "");
	return 0;
}

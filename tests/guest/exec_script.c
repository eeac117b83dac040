/* #! scripts: the interpreter gets its one optional argument, the script's path, and the rest. */
#include "check.h"

static void make_script(const char *path, const char *first_line, const char *argument)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s\nexit 99\n", first_line, argument);
	make_file(path, text);
	CHECK(chmod(path, 0755) == 0);
}

static int run(const char *path, const char *zero, const char *first)
{
	pid_t pid = FORK();

	if (pid == 0) {
		execl(path, zero, first, (char *)NULL);
		_exit(errno);
	}
	return wait_exit_status(pid);
}

int main(int argc, char **argv)
{
	char self[PATH_MAX], line[PATH_MAX + 8], long_line[400];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	/* As interpreter: the status says what the arguments were. */
	if (argc == 4 && strcmp(argv[1], "one two  three") == 0)
		return strcmp(argv[2], "./spaced") == 0 && strcmp(argv[3], "first") == 0 ? 11 : 1;
	if (argc == 3 && (!strcmp(argv[1], "./plain") || !strcmp(argv[1], "./unended")))
		return strcmp(argv[2], "first") == 0 ? 12 : 1;
	if (argc == 4 && strcmp(argv[1], "./plain") == 0)
		return strcmp(argv[2], "./nested") == 0 && strcmp(argv[3], "first") == 0 ? 13 : 1;
	if (argc == 4 && strcmp(argv[1], "-x") == 0)
		return strcmp(argv[2], "./crlf") == 0 ? 14 : 1;
	CHECK_EQ(argc, 1);
	CHECK(length > 0);
	self[length] = '\0';
	snprintf(line, sizeof(line), "#!%s", self);

	make_script("plain", line, "");
	CHECK_EQ(run("./plain", "ignored", "first"), 12);
	make_file("unended", line);	/* the name ends with the file */
	CHECK(chmod("unended", 0755) == 0);
	CHECK_EQ(run("./unended", "ignored", "first"), 12);
	make_script("spaced", line, " \t one two  three \t ");
	CHECK_EQ(run("./spaced", "ignored", "first"), 11);
	snprintf(line, sizeof(line), "#! \t%s", self);
	make_script("crlf", line, " -x");
	CHECK_EQ(run("./crlf", "ignored", "first"), 14);
	make_script("nested", "#!./plain", "");
	CHECK_EQ(run("./nested", "ignored", "first"), 13);

	make_script("missing", "#!/no/such/program", "");
	CHECK_EQ(run("./missing", "x", "first"), ENOENT);
	make_script("directory", "#!/", "");
	CHECK_EQ(run("./directory", "x", "first"), EACCES);
	make_script("empty", "#!", "");
	CHECK_EQ(run("./empty", "x", "first"), ENOEXEC);
	make_script("loop", "#!./loop", "");
	CHECK_EQ(run("./loop", "x", "first"), ELOOP);
	/* A first line that does not fit: the interpreter's name would be cut. */
	memset(long_line, 'a', sizeof(long_line) - 1);
	memcpy(long_line, "#!/", 3);
	long_line[sizeof(long_line) - 1] = '\0';
	make_script("long", long_line, "");
	CHECK_EQ(run("./long", "x", "first"), ENOEXEC);
	/* Not executable itself, or its interpreter is not. */
	CHECK(chmod("plain", 0644) == 0);
	CHECK_EQ(run("./plain", "x", "first"), EACCES);
	CHECK_EQ(run("./nested", "x", "first"), EACCES);
	/* No #! and no ELF. */
	make_script("text", "exit 0", "");
	CHECK_EQ(run("./text", "x", "first"), ENOEXEC);
	make_file("nothing", "");
	CHECK(chmod("nothing", 0755) == 0);
	CHECK_EQ(run("./nothing", "x", "first"), ENOEXEC);
	return 0;
}

/*
 * /sys/class has every terminal and disk under its name, with its device number, and /sys/dev leads
 * there by the number; a terminal says which one is in front, and which is the console.
 */
#include "check.h"
#include <dirent.h>
#include <linux/vt.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

/* The value of NAME=value, a line of `text`, or NULL. */
static const char *value_of(const char *text, const char *name)
{
	static char value[64];
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			line += length + 1;
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\n"), line);
			return value;
		}
	}
	return NULL;
}

/* The device called `name` of a class: what its files say, and where links lead, is the same. */
static void check_device(const char *class, const char *name)
{
	char path[PATH_MAX], text[512], target[PATH_MAX], by_class[PATH_MAX];
	unsigned int major_number, minor_number;
	const char *value;
	struct stat node;

	snprintf(path, sizeof(path), "/sys/class/%s/%s/dev", class, name);
	read_text(path, text, sizeof(text));
	CHECK(sscanf(text, "%u:%u\n", &major_number, &minor_number) == 2);
	snprintf(path, sizeof(path), "/sys/class/%s/%s/uevent", class, name);
	read_text(path, text, sizeof(text));
	value = value_of(text, "MAJOR");
	CHECK(value && (unsigned int)atoi(value) == major_number);
	value = value_of(text, "MINOR");
	CHECK(value && (unsigned int)atoi(value) == minor_number);
	value = value_of(text, "DEVNAME");
	CHECK(value && strcmp(value, name) == 0);
	snprintf(path, sizeof(path), "/dev/%s", name);
	if (stat(path, &node) == 0)	/* somebody may have removed it */
		CHECK(node.st_rdev == makedev(major_number, minor_number));

	snprintf(path, sizeof(path), "/sys/class/%s/%s", class, name);
	CHECK(realpath(path, by_class) != NULL);
	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u",
		 strcmp(class, "block") == 0 ? "block" : "char", major_number, minor_number);
	CHECK(realpath(path, target) != NULL);
	CHECK(strcmp(target, by_class) == 0);
	snprintf(path, sizeof(path), "/sys/class/%s/%s/subsystem", class, name);
	CHECK(realpath(path, target) != NULL);
	snprintf(path, sizeof(path), "/sys/class/%s", class);
	CHECK(strcmp(target, path) == 0);
}

static unsigned int check_class(const char *class)
{
	char path[PATH_MAX];
	struct dirent *entry;
	unsigned int count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/sys/class/%s", class);
	directory = opendir(path);
	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		CHECK(entry->d_type == DT_LNK);
		check_device(class, entry->d_name);
		count++;
	}
	closedir(directory);
	return count;
}

/* The last name is the console's; it and every other is a terminal of the class. */
static void check_console(void)
{
	char text[512], path[PATH_MAX], *rest, *name;

	read_text("/sys/class/tty/console/active", text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	CHECK(text[0] != '\0');
	for (name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		snprintf(path, sizeof(path), "/sys/class/tty/%s/dev", name);
		CHECK(access(path, R_OK) == 0);
	}
}

static void check_front(void)
{
	struct vt_stat state;
	char text[64], wanted[64];
	int fd = open("/dev/tty0", O_RDONLY | O_NOCTTY);

	if (fd < 0 || ioctl(fd, VT_GETSTATE, &state) != 0)
		return;		/* a machine without a screen */
	snprintf(wanted, sizeof(wanted), "tty%u\n", state.v_active);
	read_text("/sys/class/tty/tty0/active", text, sizeof(text));
	CHECK(strcmp(text, wanted) == 0);
	CHECK_ERRNO(access("/sys/class/tty/tty1/active", F_OK), ENOENT);
	close(fd);
}

int main(void)
{
	char text[512];

	check_console();
	check_front();
	CHECK(check_class("tty") >= 3);
	CHECK(check_class("block") >= 1);
	CHECK(check_class("mem") >= 5);
	check_device("misc", "loop-control");
	read_text("/sys/class/mem/null/uevent", text, sizeof(text));
	CHECK(strcmp(text, "MAJOR=1\nMINOR=3\nDEVNAME=null\nDEVMODE=0666\n") == 0);
	read_text("/sys/class/tty/console/uevent", text, sizeof(text));
	CHECK(value_of(text, "DEVMODE") == NULL);
	CHECK_ERRNO(access("/sys/class/nonsense", F_OK), ENOENT);
	CHECK_ERRNO(access("/sys/class/tty/nonsense", F_OK), ENOENT);
	CHECK_ERRNO(access("/sys/dev/char/1:300", F_OK), ENOENT);
	CHECK_ERRNO(open("/sys/class/tty/console/active", O_WRONLY), EACCES);
	CHECK_ERRNO(mkdir("/sys/class/tty/new", 0755), EPERM);
	return 0;
}

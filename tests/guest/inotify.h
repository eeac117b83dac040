/* Events of inotify as text, to be compared with what is expected. */
#pragma once
#include "check.h"
#include <sys/inotify.h>
#include <sys/ioctl.h>

static inline void event_format(char *out, size_t size, const struct inotify_event *event)
{
	static const struct { uint32_t bit; const char *name; } names[] = {
		{ IN_ACCESS, "ACCESS" }, { IN_MODIFY, "MODIFY" }, { IN_ATTRIB, "ATTRIB" },
		{ IN_CLOSE_WRITE, "CLOSE_WRITE" }, { IN_CLOSE_NOWRITE, "CLOSE" },
		{ IN_OPEN, "OPEN" },
		{ IN_MOVED_FROM, "MOVED_FROM" }, { IN_MOVED_TO, "MOVED_TO" },
		{ IN_CREATE, "CREATE" }, { IN_DELETE, "DELETE" },
		{ IN_DELETE_SELF, "DELETE_SELF" }, { IN_MOVE_SELF, "MOVE_SELF" },
		{ IN_UNMOUNT, "UNMOUNT" }, { IN_Q_OVERFLOW, "OVERFLOW" },
		{ IN_IGNORED, "IGNORED" }, { IN_ISDIR, "DIR" },
	};
	int length = snprintf(out, size, "%d", event->wd);
	uint32_t rest = event->mask;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (rest & names[i].bit)
			length += snprintf(out + length, size - length, ":%s", names[i].name);
		rest &= ~names[i].bit;
	}
	CHECK_EQ(rest, 0);
	if (event->len) {
		CHECK_EQ(event->len, (strlen(event->name) + 16) / 16 * 16);
		snprintf(out + length, size - length, ":%s", event->name);
	}
}

/* All that is in the queue now, which does not wait: "1:OPEN:file 1:CLOSE:file". */
static inline const char *events_now(int fd)
{
	static char text[4096];
	char buffer[4096] __attribute__((aligned(8)));
	size_t length = 0;
	ssize_t got;

	text[0] = 0;
	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + got;) {
			struct inotify_event *event = (struct inotify_event *)at;

			if (length)
				text[length++] = ' ';
			event_format(text + length, sizeof(text) - length, event);
			length += strlen(text + length);
			at += sizeof(*event) + event->len;
		}
	}
	CHECK_EQ(got, -1);
	CHECK_EQ(errno, EAGAIN);
	return text;
}

#define EXPECT_EVENTS(fd, expected) do { \
	const char *events_got = events_now(fd); \
	if (strcmp(events_got, expected) != 0) \
		FAIL("events\n\t%s\nshould be\n\t%s\n", events_got, expected); \
} while (0)

static inline void write_file(const char *name, const char *text)
{
	int fd = MUST(open(name, O_CREAT | O_WRONLY, 0644));

	CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	CHECK(close(fd) == 0);
}

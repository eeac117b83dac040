/*
 * /proc/PID/net: what the network says of itself. There is one network for all processes.
 */
#include "fs/procfs/internal.h"
#include "vfs/report.h"

struct text_sink {
	struct report_sink sink;
	struct procfs_text *text;
};

static void put(struct report_sink *sink, const char *text, size_t size)
{
	procfs_put_bytes(container_of(sink, struct text_sink, sink)->text, text, size);
}

static int show_unix(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct text_sink sink = { .sink = { put }, .text = text };

	(void)subject;
	report_show(REPORT_NET_UNIX, &sink.sink);
	return 0;
}

const struct procfs_entry procfs_net_entries[] = {
	{ .name = "unix", .mode = MODE_REGULAR | 0444, .id = 144, .show = show_unix },
	{ .name = NULL },
};

/*
 * /proc/PID/net: what the network says of itself, and /proc/sys/net: its limits. There is one
 * network for all processes.
 */
#include "fs/procfs/internal.h"
#include "vfs/net_limits.h"
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

/* ---- /proc/sys/net --------------------------------------------------------------------------- */

static int get_wmem_default(void)
{
	return (int)net_limit(NET_SEND_BUFFER);
}

static int set_wmem_default(int value)
{
	return net_limit_set(NET_SEND_BUFFER, value);
}

static int get_wmem_max(void)
{
	return (int)net_limit(NET_SEND_BUFFER_MOST);
}

static int set_wmem_max(int value)
{
	return net_limit_set(NET_SEND_BUFFER_MOST, value);
}

static int get_rmem_default(void)
{
	return (int)net_limit(NET_RECEIVE_BUFFER);
}

static int set_rmem_default(int value)
{
	return net_limit_set(NET_RECEIVE_BUFFER, value);
}

static int get_rmem_max(void)
{
	return (int)net_limit(NET_RECEIVE_BUFFER_MOST);
}

static int set_rmem_max(int value)
{
	return net_limit_set(NET_RECEIVE_BUFFER_MOST, value);
}

static int get_somaxconn(void)
{
	return (int)net_limit(NET_BACKLOG_MOST);
}

static int set_somaxconn(int value)
{
	return net_limit_set(NET_BACKLOG_MOST, value);
}

static int get_max_dgram_qlen(void)
{
	return (int)net_limit(NET_DATAGRAMS);
}

static int set_max_dgram_qlen(int value)
{
	return net_limit_set(NET_DATAGRAMS, value);
}

static const struct procfs_setting wmem_default_setting = { get_wmem_default, set_wmem_default };
static const struct procfs_setting wmem_max_setting = { get_wmem_max, set_wmem_max };
static const struct procfs_setting rmem_default_setting = { get_rmem_default, set_rmem_default };
static const struct procfs_setting rmem_max_setting = { get_rmem_max, set_rmem_max };
static const struct procfs_setting somaxconn_setting = { get_somaxconn, set_somaxconn };
static const struct procfs_setting max_dgram_qlen_setting = { get_max_dgram_qlen,
							      set_max_dgram_qlen };

#define LIMIT(entry_name, number)                                               \
	{                                                                       \
		.name = #entry_name, .mode = MODE_REGULAR | 0644, .id = number, \
		.setting = &entry_name##_setting                                \
	}

static const struct procfs_entry core_entries[] = {
	LIMIT(rmem_default, 300), LIMIT(rmem_max, 301),	 LIMIT(somaxconn, 302),
	LIMIT(wmem_default, 303), LIMIT(wmem_max, 304), { .name = NULL },
};

static const struct procfs_entry unix_entries[] = {
	LIMIT(max_dgram_qlen, 305),
	{ .name = NULL },
};

const struct procfs_entry procfs_sys_net_entries[] = {
	{ .name = "core", .mode = MODE_DIRECTORY | 0555, .id = 306, .children = core_entries },
	{ .name = "unix", .mode = MODE_DIRECTORY | 0555, .id = 307, .children = unix_entries },
	{ .name = NULL },
};

/*
 * What lower layers tell of themselves in /proc: who shows a report registers it here.
 */
#include "vfs/report.h"

#include <stdarg.h>
#include "lib/format.h"
#include "lib/min_max.h"

enum { LINE_MAX = 320 };

static void (*shows[REPORT_COUNT])(struct report_sink *sink); /* [I] after start-up */

void report_register(enum report report, void (*show)(struct report_sink *sink))
{
	shows[report] = show;
}

void report_show(enum report report, struct report_sink *sink)
{
	if (shows[report])
		shows[report](sink);
}

void report_print(struct report_sink *sink, const char *format, ...)
{
	char line[LINE_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	sink->put(sink, line, min((size_t)length, sizeof(line) - 1));
}

/*
 * The end of a reference count that is wrong.
 */
#include "core/refcount.h"
#include "core/config.h"
#include "core/panic.h"
#include "core/printk.h"

/*
 * A count that was used after it reached 0, or that nears its limit. The object is lost either way:
 * a count kept at the limit will never again be 0, so the object leaks instead of being freed under
 * somebody's feet.
 */
void refcount_report(struct refcount *count, const char *what)
{
	int seen = refcount_read(count);

	refcount_set(count, REFCOUNT_LIMIT);
	if (CONFIG_DEBUG)
		panic("reference count %p: wrong %s, count is %d", (void *)count, what, seen);
	printk(LOG_CRITICAL, "reference count %p: wrong %s, count is %d; its object leaks",
	       (void *)count, what, seen);
}

/*
 * Sectors that fail because a test wants it. The chosen ranges are one array, replaced as a whole
 * under RCU, so that the question costs one load while nothing is chosen.
 */
#include "block/internal.h"

#include "core/boot_args.h"
#include "core/printk.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/rcu.h"
#include "uapi/linux/errno.h"

/* Sectors [start, end) of the device called `name`. */
struct fail_range {
	char name[16];
	uint64_t start, end;
	bool reads, writes;
};

/* [I] once published */
struct fail_ranges {
	struct rcu_head rcu;
	unsigned int count;
	struct fail_range ranges[];
};

static _Atomic(struct fail_ranges *) chosen;	/* [a] NULL: none */

bool block_fail_wants(const struct block_request *request)
{
	const struct fail_ranges *ranges;
	bool wanted = false;

	if (likely(!atomic_load_explicit(&chosen, memory_order_relaxed)))
		return false;
	rcu_read_lock();
	ranges = rcu_read(chosen);
	for (unsigned int i = 0; ranges && i < ranges->count && !wanted; i++) {
		const struct fail_range *range = &ranges->ranges[i];

		wanted = (request->operation == BLOCK_READ ? range->reads : range->writes) &&
			 request->sector < range->end &&
			 request->sector + request->sector_count > range->start &&
			 strcmp(range->name, request->device->name) == 0;
	}
	rcu_read_unlock();
	return wanted;
}

static void free_ranges(struct rcu_head *head)
{
	kfree(container_of(head, struct fail_ranges, rcu));
}

/* One word, "name:first[-last][:r|:w]". Errors: -EINVAL, -ERANGE. */
static int parse_range(const char *word, size_t size, struct fail_range *out)
{
	const char *end = word + size;
	const char *colon = memchr(word, ':', size), *dash;
	size_t length = colon ? (size_t)(colon - word) : 0;
	int error;

	if (length == 0 || length >= sizeof(out->name))
		return -EINVAL;
	memcpy(out->name, word, length);
	out->name[length] = 0;
	out->reads = out->writes = true;
	if (size >= 2 && end[-2] == ':' && (end[-1] == 'r' || end[-1] == 'w')) {
		out->reads = end[-1] == 'r';
		out->writes = end[-1] == 'w';
		end -= 2;
	}
	word = colon + 1;
	if (word >= end)
		return -EINVAL;
	dash = memchr(word, '-', (size_t)(end - word));
	error = parse_u64(word, (size_t)((dash ? dash : end) - word), 0, &out->start);
	out->end = out->start;
	if (!error && dash)
		error = parse_u64(dash + 1, (size_t)(end - dash - 1), 0, &out->end);
	if (error)
		return error;
	return out->end++ < out->start ? -EINVAL : 0;
}

int block_fail_set(const char *spec)
{
	struct fail_ranges *ranges = NULL, *old;
	unsigned int count = 1;
	int error = 0;

	for (const char *p = spec; *p; p++)
		count += *p == ',';
	if (*spec) {
		ranges = kzalloc(sizeof(*ranges) + count * sizeof(ranges->ranges[0]), 0);
		if (!ranges)
			return -ENOMEM;
	}
	while (*spec && !error) {
		const char *comma = strchr(spec, ',');
		size_t size = comma ? (size_t)(comma - spec) : strlen(spec);

		error = parse_range(spec, size, &ranges->ranges[ranges->count++]);
		spec += size + (comma != NULL);
	}
	if (error) {
		kfree(ranges);
		return -EINVAL;
	}
	old = atomic_exchange_explicit(&chosen, ranges, memory_order_acq_rel);
	if (old)
		rcu_call(&old->rcu, free_ranges);
	return 0;
}

void block_fail_init(void)
{
	static bool done;
	const char *spec = boot_args_get("block_fail");

	if (!done && spec && block_fail_set(spec))
		printk(LOG_WARNING, "block_fail=%s is not understood", spec);
	done = true;
}

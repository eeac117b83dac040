/*
 * The simulated disk.
 *
 * It takes several requests at once and is done with them in any order, each after a while. It may
 * have a cache: then what was written is not safe before a flush that was asked for after it. When
 * the power goes, each sector that was not safe is there as it was at any time since, one apart
 * from the other, and so are those of writes that were under way (disk_lose_power).
 *
 * Requests may fail, and then have done nothing. The block layer repeats each once, which helps
 * half of them.
 */
#include "block/block_device.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"
#include "shared.h"
#include "sim.h"

enum { DEPTH = 8, SLOW = 40 };	/* one request in SLOW takes long */

struct in_flight {
	struct block_request *request;	/* NULL: nothing */
	uint64_t due_ns;
	uint32_t flush;			/* its number, for flushes */
};

static struct block_device device;
static struct in_flight in_flight[DEPTH];
static uint64_t next_ns = UINT64_MAX;
static uint32_t failure_share;		/* one request in so many fails; 0: none */
static bool dies;
static bool is_still;			/* nothing may be written */

void sim_disk_stand_still(bool wanted)
{
	is_still = wanted;
	for (unsigned int i = 0; i < DEPTH && is_still; i++) {
		if (in_flight[i].request && in_flight[i].request->operation == BLOCK_WRITE)
			sim_fail("a frozen disk is still being written to");
	}
}

uint64_t sim_disk_next_ns(void)
{
	return next_ns;
}

static void find_next(void)
{
	next_ns = UINT64_MAX;
	for (unsigned int i = 0; i < DEPTH; i++) {
		if (in_flight[i].request && in_flight[i].due_ns < next_ns)
			next_ns = in_flight[i].due_ns;
	}
}

static void submit(struct block_device *unused, struct block_request *request)
{
	uint64_t time = 5000 + sim_chance(150000);
	unsigned int i = 0;

	(void)unused;
	if (is_still && request->operation == BLOCK_WRITE)
		sim_fail("a frozen disk is written to, at sector %llu",
			 (unsigned long long)request->sector);
	if (sim_chance(SLOW) == 0)
		time += 20000000;
	while (in_flight[i].request)
		i++;
	in_flight[i] = (struct in_flight){ request, sim_now_ns() + time, 0 };
	if (request->operation == BLOCK_FLUSH)
		in_flight[i].flush = ++shared->disk.flushes;
	find_next();
}

static const struct block_device_ops ops = { .submit = submit };

/* ---- what a request does ---- */

/* A sector that is `bytes` from now on, and safely only after the next flush. */
static void note_unflushed(struct disk_state *disk, uint32_t sector, const void *bytes)
{
	struct unflushed *entry;

	if (disk->unflushed_count == UNFLUSHED_MAX)
		sim_fail("more than %u sectors were written without a flush", UNFLUSHED_MAX);
	entry = &disk->unflushed[disk->unflushed_count++];
	entry->sector = sector;
	entry->flush = disk->flushes;
	memcpy(entry->bytes, bytes, SECTOR);
}

static void transfer(struct block_request *request)
{
	struct disk_state *disk = &shared->disk;
	uint32_t sector = (uint32_t)request->sector;
	bool is_forced = request->force_unit_access && disk->has_forced_writes &&
			 sim_settings()->broken != BREAK_FORCE;
	bool is_safe = !disk->has_cache || is_forced;

	for (unsigned int i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];
		uint8_t *bytes =
			(uint8_t *)phys_to_virt((phys_addr)page_frame_number(segment->frame)
						<< PAGE_SHIFT) +
			segment->offset;

		for (unsigned int done = 0; done < segment->size; done += SECTOR, sector++) {
			uint8_t *newest = disk->newest + (size_t)sector * SECTOR;

			if (request->operation == BLOCK_READ) {
				memcpy(bytes + done, newest, SECTOR);
				continue;
			}
			memcpy(newest, bytes + done, SECTOR);
			disk->is_written[(size_t)sector * SECTOR / DISK_PAGE] = true;
			if (is_safe)
				memcpy(disk->medium + (size_t)sector * SECTOR, newest, SECTOR);
			else
				note_unflushed(disk, sector, newest);
		}
	}
}

/* What was done before flush `number` was asked for is safe. */
static void flush(uint32_t number)
{
	struct disk_state *disk = &shared->disk;
	uint32_t kept = 0;

	if (sim_settings()->broken == BREAK_FLUSH)
		return;
	for (uint32_t i = 0; i < disk->unflushed_count; i++) {
		struct unflushed *entry = &disk->unflushed[i];

		if (entry->flush < number)
			memcpy(disk->medium + (size_t)entry->sector * SECTOR, entry->bytes, SECTOR);
		else
			disk->unflushed[kept++] = *entry;
	}
	disk->unflushed_count = kept;
}

static bool shall_fail(const struct block_request *request)
{
	bool is_dead = dies && shared->disk_has_failed;
	bool fails = failure_share &&
		     (is_dead || sim_chance(request->retried ? 2 : failure_share) == 0);

	if (fails && request->retried) {
		shared->disk_has_failed = true;
		shared->disk_failures++;
	}
	return fails;
}

static void finish(struct in_flight *slot)
{
	struct block_request *request = slot->request;
	bool fails = shall_fail(request);
	uint32_t number = slot->flush;

	slot->request = NULL;
	shared->disk.requests++;
	if (!fails && request->operation == BLOCK_FLUSH)
		flush(number);
	else if (!fails)
		transfer(request);
	block_request_complete(request, fails ? -EIO : 0);
}

void sim_disk_interrupt(void)
{
	for (unsigned int i = 0; i < DEPTH; i++) {
		if (in_flight[i].request && in_flight[i].due_ns <= sim_now_ns())
			finish(&in_flight[i]);
	}
	find_next();
}

void sim_disk_set_failures(uint32_t share, bool wanted)
{
	failure_share = share;
	dies = wanted;
}

/* ---- the power goes ---- */

/* Of what is being written any sector has arrived, or not. */
static void land_in_flight(void)
{
	for (unsigned int i = 0; i < DEPTH; i++) {
		struct block_request *request = in_flight[i].request;

		if (request && request->operation == BLOCK_WRITE && sim_chance(2)) {
			request->force_unit_access = false;
			transfer(request);
		}
	}
}

void sim_disk_lose_power(void)
{
	struct disk_state *disk = &shared->disk;
	uint32_t quarters = sim_chance(5);	/* how much of it survives */

	land_in_flight();
	for (uint32_t i = 0; i < disk->unflushed_count; i++) {
		const struct unflushed *entry = &disk->unflushed[i];

		if (sim_chance(4) < quarters)
			memcpy(disk->medium + (size_t)entry->sector * SECTOR, entry->bytes, SECTOR);
	}
	/* Nothing else can differ. */
	for (uint32_t i = 0; i < disk->unflushed_count; i++) {
		size_t at = (size_t)disk->unflushed[i].sector * SECTOR;

		memcpy(disk->newest + at, disk->medium + at, SECTOR);
	}
	disk->unflushed_count = 0;
}

void sim_disk_init(void)
{
	strlcpy(device.name, "sda", sizeof(device.name));
	device.number = DEV_NUMBER(8, 0);
	device.sector_count = shared->disk.sector_count;
	device.ops = &ops;
	device.depth = DEPTH;
	device.has_write_cache = shared->disk.has_cache;
	device.has_forced_writes = shared->disk.has_forced_writes;
	block_device_register(&device);
}

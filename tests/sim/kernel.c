/*
 * The kernel on the simulated machine, before and after what is played on it: start-up beyond the
 * scheduler, one file system, and what is in use.
 */
#include "kernel.h"
#include "entry/machine_memory.h"
#include "fs/devfs/devfs.h"
#include "fs/ext2/ext2.h"
#include "fs/tmpfs/tmpfs.h"
#include "mem/page_frame.h"
#include "mem/slab.h"
#include "sched/rcu.h"
#include "sched/schedule.h"
#include "sched/thread.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/namespace_ops.h"
#include "vfs/vfs.h"
#include "vm/address_space.h"
#include "vm/commit.h"
#include "vm/writeback.h"
#include "sim.h"

struct walk_context sim_root;

static void start_kernel(void)
{
	machine_memory_init();
	host_allow(page_frame_address(page_frame_zero()), PAGE_SIZE);
	schedule_start_other_cpus();
	vm_init();
	writeback_init();
	vfs_init();
	tmpfs_init();
	anonymous_memory_init();
	devfs_init();
	ext2_init();
	if (mount_root_create("tmpfs", "rootfs", 0, &sim_root.root))
		sim_fail("no root");
	sim_root.start = sim_root.root;
	sim_root.credentials = &credentials_root;
	if (namespace_make_directory(&sim_root, "/m", 0755) ||
	    namespace_make_directory(&sim_root, "/dev", 0755))
		sim_fail("no place to mount");
}

void sim_mount(const char *format)
{
	struct path place;
	int error = path_walk(&sim_root, "/m", WALK_FOLLOW, &place);

	if (error)
		sim_fail("no place to mount: error %d", error);
	error = format ? mount_create("/dev/sda", &place, "ext2", 0, NULL) :
			 mount_create("none", &place, "tmpfs", 0, NULL);
	path_put(&place);
	if (error)
		sim_fail("mounting: error %d", error);
}

void sim_unmount(void)
{
	struct path place;
	int error = path_walk(&sim_root, "/m", WALK_FOLLOW, &place);

	if (!error)
		error = mount_unmount(&place, false, false);
	if (error)
		sim_fail("unmounting: error %d", error);
}

void sim_count_in_use(struct in_use *out)
{
	struct slab_cache *cache = NULL;
	struct frame_counts frames;
	const char *name;
	size_t size, pages;

	reclaim_drop_caches();
	rcu_synchronize();
	reclaim_drop_caches();
	rcu_synchronize();
	(void)thread_trim_stacks();
	page_frame_count(&frames);
	out->files = file_open_count();
	out->page_cache = frames.page_cache;
	out->anonymous = frames.anonymous;
	out->page_tables = frames.page_table;
	out->promised = overcommit_promised();
	for (unsigned int i = 0; (cache = slab_cache_next(cache)) != NULL && i < 64; i++)
		slab_cache_count(cache, &name, &size, &out->objects[i], &pages);
}

void sim_kernel_start(const char *format, struct in_use *before)
{
	start_kernel();
	if (format)
		sim_disk_init();
	sim_count_in_use(before);
	sim_mount(format);
}

void sim_check_leaks(const struct in_use *before, bool all_pages)
{
	struct in_use now;
	struct slab_cache *cache = NULL;
	const char *name;
	size_t size, count, pages;

	sim_count_in_use(&now);
	if (now.files != before->files)
		sim_fail("%zu open files are left", now.files - before->files);
	if (all_pages && now.page_cache != before->page_cache)
		sim_fail("%zu cached pages are left", now.page_cache - before->page_cache);
	if (now.anonymous != before->anonymous)
		sim_fail("%zu anonymous pages are left", now.anonymous - before->anonymous);
	if (now.page_tables != before->page_tables)
		sim_fail("%zu page tables are left", now.page_tables - before->page_tables);
	if (now.promised != before->promised)
		sim_fail("%zd pages are promised to nobody",
			 (ssize_t)(now.promised - before->promised));
	/* The first is that of the caches: a file system may have made its own. */
	cache = slab_cache_next(NULL);
	for (unsigned int i = 1; (cache = slab_cache_next(cache)) != NULL && i < 64; i++) {
		slab_cache_count(cache, &name, &size, &count, &pages);
		if (now.objects[i] > before->objects[i])
			sim_fail("%zu objects of %s are left", now.objects[i] - before->objects[i],
				 name);
	}
}

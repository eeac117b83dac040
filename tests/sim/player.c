/*
 * Playing a workload on the kernel: the side of the simulated machine.
 *
 * Each worker is a kernel thread that does its operations one after the other and compares each
 * answer with the model's. When the machine starts again on the same disk, what it finds is
 * compared with what the last one did, all of it or, after a cut of power, as far as was promised
 * (model.c).
 */
#include "lib/format.h"
#include "lib/string.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/freeze.h"
#include "vfs/namespace_ops.h"
#include "vm/writeback.h"
#include "kernel.h"
#include "sim.h"

enum { HELD = 2, FROZEN_NS = 20000000 };

/* One worker, and its folder's path. */
struct worker {
	unsigned int index;
	struct model *model;
	struct file *held[HELD];
	uint8_t buffer[FILE_SIZE_MAX + 1];
};

static const struct scenario *scenario;
static const struct scenario_start *start;
static struct worker workers[FILE_WORKERS_MAX];
static struct wait_queue finished = WAIT_QUEUE_INIT(finished);
static atomic_uint working;
static uint32_t done_count;

/* ---- what programs do ---- */

static void full_name(const struct worker *worker, const char *path, char *out, size_t size)
{
	snprintf(out, size, "/m/%u%s%s", worker->index, path[0] ? "/" : "", path);
}

static int open_file(const struct worker *worker, const char *path, uint32_t flags,
		     struct file **out)
{
	char name[32];

	full_name(worker, path, name, sizeof(name));
	return file_open(&sim_root, name, flags, 0644, out);
}

static int write_file(struct worker *worker, struct file *file, const struct operation *o)
{
	struct io_buffer buffer;

	operation_fill(worker->buffer, o->size, o->seed);
	io_buffer_init_kernel(&buffer, worker->buffer, o->size);
	if (o->kind == OP_APPEND)
		return file_write(file, &buffer, UINT64_MAX);
	return file_write_at(file, &buffer, o->offset, UINT64_MAX);
}

/* Its content, FILE_SIZE_MAX bytes at most, into worker->buffer. */
static ssize_t read_file(struct worker *worker, struct file *file)
{
	struct io_buffer buffer;

	io_buffer_init_kernel(&buffer, worker->buffer, FILE_SIZE_MAX);
	return file_read_at(file, &buffer, 0);
}

static int change_file(struct worker *worker, const struct operation *o)
{
	struct file *file;
	int result = open_file(worker, o->path,
			       o->kind == OP_APPEND ? O_WRONLY | O_APPEND : O_WRONLY, &file);

	if (result)
		return result;
	result = o->kind == OP_TRUNCATE ? file_truncate(file, o->offset, UINT64_MAX) :
					  write_file(worker, file, o);
	file_put(file);
	return result;
}

static int create_file(struct worker *worker, const char *path)
{
	struct file *file;
	int error = open_file(worker, path, O_CREAT | O_EXCL | O_WRONLY, &file);

	if (!error)
		file_put(file);
	return error;
}

static int sync_file(struct worker *worker, const char *path)
{
	struct file *file;
	int error = open_file(worker, path, O_RDONLY, &file);

	if (error)
		return error;
	error = file_sync(file, false);
	file_put(file);
	return error;
}

static int change_names(struct worker *worker, const struct operation *o)
{
	char name[32], other[32], target[LINK_SIZE + 1];
	struct path path;
	int error;

	full_name(worker, o->path, name, sizeof(name));
	full_name(worker, o->other, other, sizeof(other));
	switch (o->kind) {
	case OP_MKDIR: return namespace_make_directory(&sim_root, name, 0755);
	case OP_RMDIR: return namespace_remove_directory(&sim_root, name);
	case OP_UNLINK: return namespace_unlink(&sim_root, name);
	case OP_RENAME: return namespace_rename(&sim_root, name, &sim_root, other, 0);
	case OP_SYMLINK:
		operation_fill_text((uint8_t *)target, o->size, o->seed);
		target[o->size] = 0;
		return namespace_symlink(target, &sim_root, name);
	default:
		error = path_walk(&sim_root, name, 0, &path);
		if (error)
			return error;
		error = namespace_link(&path, &sim_root, other);
		path_put(&path);
		return error;
	}
}

/* ---- looking ---- */

static void check_bytes(struct worker *worker, const struct operation *o, ssize_t size,
			const struct seen *seen)
{
	/* For want of memory a read may end early, with what it has. */
	bool may_be_short = sim_failures(worker->index) > 0;

	/* Data that could not be written is lost. */
	if (shared->disk_has_failed)
		return;
	if (size > (ssize_t)seen->size || (size < (ssize_t)seen->size && !may_be_short))
		sim_fail("worker %u: %s %s: %ld bytes, not %u", worker->index,
			 operation_name(o->kind), o->path, size, seen->size);
	for (ssize_t i = 0; i < size; i++) {
		if (worker->buffer[i] != seen->bytes[i])
			sim_fail("worker %u: %s %s: byte %ld of %ld is %#x, not %#x", worker->index,
				 operation_name(o->kind), o->path, i, size, worker->buffer[i],
				 seen->bytes[i]);
	}
}

static int read_and_check(struct worker *worker, const struct operation *o, const struct seen *seen)
{
	struct file *file;
	ssize_t size;
	int error = open_file(worker, o->path, O_RDONLY, &file);

	if (error)
		return error;
	size = read_file(worker, file);
	file_put(file);
	if (size < 0)
		return size;
	check_bytes(worker, o, size, seen);
	return 0;
}

static int status_of(struct worker *worker, const char *path, struct file_status *out)
{
	char name[32];
	struct path place;
	int error;

	full_name(worker, path, name, sizeof(name));
	error = path_walk(&sim_root, name, 0, &place);
	if (error)
		return error;
	error = inode_status(dentry_inode(place.dentry), out);
	path_put(&place);
	return error;
}

static enum node_kind kind_of(const struct file_status *status)
{
	file_mode type = status->mode & MODE_TYPE_MASK;

	return type == MODE_DIRECTORY ? NODE_DIRECTORY : type == MODE_LINK ? NODE_LINK : NODE_FILE;
}

/*
 * Without a journal, metadata that could not be written is lost: what is read from the disk again
 * may be what was there before, of another file even.
 */
static bool names_are_lost(void)
{
	return shared->disk_has_failed && !scenario->has_journal;
}

static int status_and_check(struct worker *worker, const struct operation *o,
			    const struct seen *seen)
{
	struct file_status status;
	int error = status_of(worker, o->path, &status);

	if (error || names_are_lost())
		return error;
	if (kind_of(&status) != seen->kind)
		sim_fail("worker %u: %s is another kind of file", worker->index, o->path);
	if (status.link_count != seen->links)
		sim_fail("worker %u: %s has %u links, not %u", worker->index, o->path,
			 status.link_count, seen->links);
	if (seen->kind != NODE_DIRECTORY && status.size != seen->size && !shared->disk_has_failed)
		sim_fail("worker %u: %s has %u bytes, not %u", worker->index, o->path,
			 (unsigned int)status.size, seen->size);
	return 0;
}

static ssize_t read_link(struct worker *worker, const char *path)
{
	char name[32];
	struct path place;
	struct inode *inode;
	ssize_t size = -EINVAL;
	int error;

	full_name(worker, path, name, sizeof(name));
	error = path_walk(&sim_root, name, 0, &place);
	if (error)
		return error;
	inode = dentry_inode(place.dentry);
	if (inode_is(inode, MODE_LINK))
		size = inode->ops->read_link(inode, (char *)worker->buffer, LINK_SIZE + 1);
	path_put(&place);
	return size;
}

static int read_link_and_check(struct worker *worker, const struct operation *o,
			       const struct seen *seen)
{
	ssize_t size = read_link(worker, o->path);

	if (size < 0)
		return size;
	check_bytes(worker, o, size, seen);
	return 0;
}

struct name_sink {
	struct directory_sink sink;
	char names[16];
	unsigned int count;
	bool is_strange;
};

static bool add_name(struct directory_sink *sink, const char *name, size_t length, uint64_t inode,
		     file_offset next_position, unsigned int type)
{
	struct name_sink *names = container_of(sink, struct name_sink, sink);

	(void)inode, (void)next_position, (void)type;
	if (length <= 2 && name[0] == '.' && (length == 1 || name[1] == '.'))
		return true;
	if (length != 1 || name[0] < 'a' || name[0] > 'h' || names->count == 8)
		names->is_strange = true;
	else
		names->names[names->count++] = name[0];
	return true;
}

/* The names of a folder, sorted, ended by 0. */
static int list_names(struct worker *worker, const char *path, char *out)
{
	struct name_sink names = { .sink = { add_name } };
	struct file *file;
	unsigned int at = 0;
	int error = open_file(worker, path, O_RDONLY | O_DIRECTORY, &file);

	if (error)
		return error;
	error = file_read_directory(file, &names.sink);
	file_put(file);
	if (error < 0)
		return error;
	if (names.is_strange && !names_are_lost())
		sim_fail("worker %u: a strange name in %s", worker->index, path);
	for (char letter = 'a'; letter <= 'h'; letter++) {
		for (unsigned int i = 0; i < names.count; i++) {
			if (names.names[i] == letter)
				out[at++] = letter;
		}
	}
	out[at] = 0;
	return 0;
}

static int list_and_check(struct worker *worker, const struct operation *o, const struct seen *seen)
{
	char names[9];
	int error = list_names(worker, o->path, names);

	if (!error && !names_are_lost() &&
	    strncmp(names, seen->names, sizeof(seen->names)) != 0)
		sim_fail("worker %u: %s holds \"%s\", not \"%.8s\"", worker->index, o->path, names,
			 seen->names);
	return error;
}

/* ---- one operation ---- */

static int use_held(struct worker *worker, const struct operation *o, const struct seen *seen)
{
	struct file **slot = &worker->held[o->offset % HELD];
	ssize_t size;

	if (o->kind == OP_HOLD)
		return *slot ? -EBUSY : open_file(worker, o->path, O_RDWR, slot);
	if (!*slot)
		return -EBADF;
	if (o->kind == OP_RELEASE) {
		file_put(*slot);
		*slot = NULL;
		return 0;
	}
	if (o->kind == OP_HELD_WRITE)
		return write_file(worker, *slot, o);
	size = read_file(worker, *slot);
	if (size >= 0)
		check_bytes(worker, o, size, seen);
	return size < 0 ? size : 0;
}

/* While it lasts nothing reaches the disk. */
static void stay_frozen(struct super_block *super)
{
	sim_disk_stand_still(true);
	thread_prepare_sleep(THREAD_SLEEPING);
	(void)thread_sleep_until(clock_monotonic_ns() + FROZEN_NS);
	sim_disk_stand_still(false);
	if (super_block_thaw(super) != 0)
		sim_fail("what was frozen cannot be thawed");
}

/* sync(2), or a freeze, which does the same and more; only one worker's at a time comes to pass. */
static void sync_all(const struct operation *o)
{
	struct super_block *super = NULL;
	struct path place;

	if ((o->seed & 1) && path_walk(&sim_root, "/m", WALK_FOLLOW, &place) == 0)
		super = place.mount->super;
	if (super && super_block_freeze(super) == 0)
		stay_frozen(super);
	else
		mount_sync_all(true);
	if (super)
		path_put(&place);
}

static int play_one(struct worker *worker, const struct operation *o, const struct seen *seen)
{
	switch ((enum operation_kind)o->kind) {
	case OP_CREATE: return create_file(worker, o->path);
	case OP_WRITE:
	case OP_APPEND:
	case OP_TRUNCATE: return change_file(worker, o);
	case OP_READ: return read_and_check(worker, o, seen);
	case OP_READ_LINK: return read_link_and_check(worker, o, seen);
	case OP_STATUS: return status_and_check(worker, o, seen);
	case OP_LIST: return list_and_check(worker, o, seen);
	case OP_FSYNC: return sync_file(worker, o->path);
	case OP_HOLD:
	case OP_HELD_WRITE:
	case OP_HELD_READ:
	case OP_RELEASE: return use_held(worker, o, seen);
	case OP_SYNC: sync_all(o); return 0;
	case OP_DROP_CACHES: reclaim_drop_caches(); return 0;
	case OP_SLEEP:
		thread_prepare_sleep(THREAD_SLEEPING);
		(void)thread_sleep_until(clock_monotonic_ns() + o->size * 1000000ull);
		return 0;
	default: return change_names(worker, o);
	}
}

static bool writes(const struct operation *o)
{
	return o->kind == OP_WRITE || o->kind == OP_APPEND || o->kind == OP_HELD_WRITE;
}

/* May this be the answer although the model has another one? */
static bool is_excused(const struct operation *o, int result, int expected, unsigned int failures)
{
	/* With a journal that has failed, freed blocks stay unusable. */
	if (names_are_lost() ||
	    (shared->disk_has_failed &&
	     (result == -EIO || result == -EROFS || result == -ENOSPC ||
	      (writes(o) && result > 0 && result < expected))))
		return true;
	if (failures == 0)
		return false;
	return result == -ENOMEM || (writes(o) && result > 0 && result < expected);
}

static void do_operation(struct worker *worker, unsigned int number)
{
	struct operation o = scenario->operations[number];
	struct outcome *outcome = &shared->outcomes[number];
	struct seen seen = { 0 };
	int32_t expected = model_apply(worker->model, &o, number + 1, true, &seen);
	unsigned int failures = 0;
	int32_t result;
	char text[120];

	outcome->state = OPERATION_BEGUN;
	outcome->failures_before = shared->disk_failures;
	sim_failures_begin(worker->index);
	result = o.kind == OP_APPEND && expected == 0 ? 0 : play_one(worker, &o, &seen);
	failures = sim_failures_end(worker->index);
	/* sync(2) has no way to say that it could not. */
	if (o.kind == OP_SYNC && failures)
		result = -ENOMEM;
	operation_format(&o, text, sizeof(text));
	if (scenario->verbose) {
		char line[180];

		snprintf(line, sizeof(line), "%8llu us  %3u  %s: %d\n",
			 (unsigned long long)sim_now_ns() / 1000, number, text, result);
		host_say(line, strlen(line));
	}
	if (result != expected && !is_excused(&o, result, expected, failures))
		sim_fail("%s: the answer is %d, not %d", text, result, expected);
	if (writes(&o) && result > 0)
		o.size = (uint32_t)result;
	if (result >= 0)
		(void)model_apply(worker->model, &o, number + 1, false, NULL);
	outcome->result = result;
	outcome->disk_had_failed = shared->disk_has_failed;
	outcome->failures_after = shared->disk_failures;
	outcome->state = OPERATION_DONE;
	shared->operations++;
	if (start->loses_power && ++done_count == start->cut_operations + 1)
		sim_power_ends_in(start->cut_points);
}

static void work(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int i = start->first; i < start->end; i++) {
		if (scenario->operations[i].worker == worker->index && !scenario->left_out[i])
			do_operation(worker, i);
	}
	for (unsigned int i = 0; i < HELD; i++) {
		if (worker->held[i])
			file_put(worker->held[i]);
		worker->held[i] = NULL;
	}
	atomic_fetch_sub(&working, 1);
	wait_queue_wake_all(&finished, 0);
}

/* ---- whole trees ---- */

static void add_entry(struct worker *worker, struct tree *tree, const char *path)
{
	struct tree_entry *entry = &tree->entries[tree->count++];
	struct file_status status;
	struct file *file;
	uint8_t *bytes;
	ssize_t size = 0;

	if (tree->count == ENTRIES_MAX)
		sim_fail("too many names");
	if (status_of(worker, path, &status))
		sim_fail("worker %u: %s cannot be looked at", worker->index, path);
	strlcpy(entry->path, path, sizeof(entry->path));
	entry->kind = (uint8_t)kind_of(&status);
	entry->inode = status.inode;
	entry->links = status.link_count;
	entry->size = (uint32_t)status.size;
	if (entry->kind == NODE_FILE) {
		if (open_file(worker, path, O_RDONLY, &file))
			sim_fail("worker %u: %s cannot be opened", worker->index, path);
		size = read_file(worker, file);
		file_put(file);
	} else if (entry->kind == NODE_LINK) {
		size = read_link(worker, path);
	}
	if (entry->kind != NODE_DIRECTORY && size != (ssize_t)entry->size)
		sim_fail("worker %u: %s: reading gives %ld, the size is %u", worker->index, path,
			 size, entry->size);
	bytes = host_memory((size_t)size + 1);
	memcpy(bytes, worker->buffer, (size_t)size);
	entry->bytes = bytes;
}

static struct tree *read_tree(struct worker *worker)
{
	struct tree *tree = host_memory(sizeof(*tree));
	char names[9], path[PATH_SIZE];

	/* Folders are met after their own, so the list of entries is the list of what to do. */
	for (unsigned int next = 0; next <= tree->count; next++) {
		const char *folder = next ? tree->entries[next - 1].path : "";

		if (next && tree->entries[next - 1].kind != NODE_DIRECTORY)
			continue;
		if (list_names(worker, folder, names))
			sim_fail("worker %u: %s cannot be listed", worker->index, folder);
		for (unsigned int i = 0; names[i]; i++) {
			if (strlen(folder) > PATH_SIZE - 4)
				sim_fail("worker %u: %s is too deep", worker->index, folder);
			snprintf(path, sizeof(path), "%s%s%c", folder, folder[0] ? "/" : "",
				 names[i]);
			add_entry(worker, tree, path);
		}
	}
	return tree;
}

/* Into memory that outlives the machine, and out of it; all workers, one behind the other. */
static void put_tree(const struct tree *tree)
{
	uint8_t *to = shared->tree + shared->tree_size;

	memcpy(to, &tree->count, sizeof(tree->count));
	to += sizeof(tree->count);
	for (unsigned int i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];
		size_t size = entry->kind == NODE_DIRECTORY ? 0 : entry->size;

		if ((size_t)(to - shared->tree) + sizeof(*entry) + size > sizeof(shared->tree))
			sim_fail("the files are too large to be remembered");
		memcpy(to, entry, sizeof(*entry));
		memcpy(to + sizeof(*entry), entry->bytes, size);
		to += sizeof(*entry) + size;
	}
	shared->tree_size = (size_t)(to - shared->tree);
}

static struct tree *get_tree(size_t *at)
{
	struct tree *tree = host_memory(sizeof(*tree));
	const uint8_t *from = shared->tree + *at;

	memcpy(&tree->count, from, sizeof(tree->count));
	from += sizeof(tree->count);
	for (unsigned int i = 0; i < tree->count; i++) {
		struct tree_entry *entry = &tree->entries[i];
		size_t size;
		uint8_t *bytes;

		memcpy(entry, from, sizeof(*entry));
		size = entry->kind == NODE_DIRECTORY ? 0 : entry->size;
		bytes = host_memory(size + 1);
		memcpy(bytes, from + sizeof(*entry), size);
		entry->bytes = bytes;
		from += sizeof(*entry) + size;
	}
	*at = (size_t)(from - shared->tree);
	return tree;
}

/* Is what the last start left in this worker's folder what it did there? */
static void check_last_start(struct worker *worker, const struct tree *before,
			     const struct tree *now, const struct scenario_start *last)
{
	struct operation *operations = host_memory(OPERATIONS_MAX * sizeof(*operations));
	struct result *results = host_memory(OPERATIONS_MAX * sizeof(*results));
	unsigned int sound = 0, over = 0, count = 0;
	const char *wrong;

	if (shared->disk_has_failed && !scenario->has_journal)
		return;	/* e2fsck has thrown away what it could not mend */

	for (unsigned int i = last->first; i < last->end; i++) {
		const struct outcome *outcome = &shared->outcomes[i];

		if (scenario->operations[i].worker != worker->index ||
		    outcome->state == OPERATION_WAITS)
			continue;
		operations[count] = scenario->operations[i];
		results[count] = (struct result){
			outcome->result, outcome->failures_before, outcome->failures_after,
		};
		if (outcome->state == OPERATION_DONE && writes(&operations[count]) &&
		    outcome->result >= 0)
			operations[count].size = (uint32_t)outcome->result;
		count++;
		over += outcome->state == OPERATION_DONE;
		sound += outcome->state == OPERATION_DONE && !outcome->disk_had_failed;
	}
	if (!shared->disk_has_failed)
		sound = count;
	if (shared->has_lost_power || shared->disk_has_failed) {
		wrong = model_check_cut(before, operations, results, shared->disk_has_failed, sound,
					over, count, now);
	} else {
		struct model *model = model_from_tree(before);

		for (unsigned int i = 0; i < count; i++) {
			if (results[i].answer >= 0)
				(void)model_apply(model, &operations[i], i + 1, false, NULL);
		}
		wrong = model_compare(model, now);
	}
	if (wrong)
		sim_fail("worker %u, after %s%s: %s", worker->index,
			 shared->disk_has_failed ? "the disk had failed, and " : "",
			 shared->has_lost_power ? "the power went" : "unmounting", wrong);
}

/* ---- from start to end ---- */

static void prepare_worker(struct worker *worker, unsigned int index)
{
	char name[8];
	int error;

	worker->index = index;
	snprintf(name, sizeof(name), "/m/%u", index);
	error = namespace_make_directory(&sim_root, name, 0755);
	if (error && error != -EEXIST)
		sim_fail("%s: error %d", name, error);
}

/*
 * A name that never left the disk may lead to a file that was made since, in another folder; then
 * e2fsck finds two names of it. Workers share no files: who finds such a one lets go of it.
 */
static void forget_shared(struct worker *worker)
{
	const struct tree *tree = read_tree(worker);
	char name[32];

	for (unsigned int i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];
		unsigned int names = 0;

		for (unsigned int k = 0; k < tree->count; k++)
			names += tree->entries[k].inode == entry->inode;
		full_name(worker, entry->path, name, sizeof(name));
		if (entry->kind != NODE_DIRECTORY && names < entry->links &&
		    namespace_unlink(&sim_root, name))
			sim_fail("worker %u: %s cannot be removed", worker->index, entry->path);
	}
}

/* What the disk holds is what the last start has left; from here on it is known. */
static void look_at_files(unsigned int number)
{
	struct tree *trees[FILE_WORKERS_MAX];
	size_t at = 0;

	for (unsigned int i = 0; i < scenario->workers && names_are_lost(); i++)
		forget_shared(&workers[i]);
	for (unsigned int i = 0; i < scenario->workers; i++) {
		trees[i] = read_tree(&workers[i]);
		if (number > 0)
			check_last_start(&workers[i], get_tree(&at), trees[i], start - 1);
	}
	shared->tree_size = 0;
	shared->has_lost_power = shared->disk_has_failed = false;
	for (unsigned int i = 0; i < scenario->workers; i++) {
		put_tree(trees[i]);
		workers[i].model = model_from_tree(trees[i]);
	}
	mount_sync_all(true);
}

static void do_work(void)
{
	atomic_store(&working, scenario->workers);
	if (start->loses_power && start->cut_operations == 0)
		sim_power_ends_in(start->cut_points);
	sim_disk_set_failures(start->disk_failures, start->disk_dies);
	for (unsigned int i = 0; i < scenario->workers; i++) {
		struct thread *thread = thread_create_kernel("worker", work, &workers[i]);

		if (!thread)
			sim_fail("no memory for a worker");
		thread_start(thread);
	}
	wait_event(&finished, atomic_load(&working) == 0);
}

static void check_files(void)
{
	for (unsigned int i = 0; i < scenario->workers; i++) {
		const char *wrong = model_compare(workers[i].model, read_tree(&workers[i]));

		if (wrong)
			sim_fail("worker %u, in the end: %s", i, wrong);
	}
}

static unsigned int start_number;

static void play(void)
{
	struct in_use before;

	sim_kernel_start(scenario->format, &before);
	for (unsigned int i = 0; i < scenario->workers; i++)
		prepare_worker(&workers[i], i);
	look_at_files(start_number);
	do_work();
	sim_disk_set_failures(0, false);
	if (!shared->disk_has_failed)
		check_files();
	sim_disk_set_failures(start->disk_failures, start->disk_dies);
	sim_unmount();
	sim_disk_set_failures(0, false);
	sim_check_leaks(&before, !scenario->format);
	shared->has_finished = true;
}

noreturn void scenario_play(const struct scenario *wanted, unsigned int number)
{
	scenario = wanted;
	start = &wanted->starts[number];
	start_number = number;
	sim_start(&wanted->machine, (wanted->seed * 1000003 + number) * 7919 + wanted->schedule,
		  play);
}

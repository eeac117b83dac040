/*
 * Names: a tree of directories, links and mounts is built from the input, and walked from anywhere
 * in it to anywhere, by root and by a user, with every kind of restriction.
 *
 * What is asked of each walk: the quick one and the careful one say the same; so do the one that
 * asks for the status alone and, unless it gives up, the one that may look into the cache only;
 * RESOLVE_BENEATH and RESOLVE_IN_ROOT stay below their start, RESOLVE_NO_XDEV on its mount; and the
 * name that is made of a place leads there.
 *
 * The root of all, where the tree is mounted at /t, is read-only: what one input makes is gone when
 * all its mounts are.
 *
 * test: with=vfs/anonymous.c,vfs/attributes.c,vfs/block_file.c,vfs/block_ioctl.c,vfs/cached_file.c
 * test: with=vfs/char_device.c,vfs/credentials.c,vfs/dentry.c,vfs/dentry_cache.c,vfs/directory.c
 * test: with=vfs/fd_table.c,vfs/fifo.c,vfs/file.c,vfs/file_capability.c
 * test: with=vfs/file_lock.c,vfs/file_lock_wait.c,vfs/lock_table.c
 * test: with=vfs/file_map.c,vfs/file_open.c,vfs/file_system.c,vfs/fs_context.c,vfs/user_count.c
 * test: with=vfs/initramfs.c,vfs/inode.c,vfs/inode_table.c,vfs/mount.c,vfs/mount_tree.c
 * test: with=vfs/freeze.c,vfs/mount_table.c,vfs/namespace_ops.c,vfs/notify.c,vfs/path_format.c
 * test: with=vfs/path_walk.c,vfs/path_walk_fast.c,vfs/permission.c,vfs/pipe.c
 * test: with=vfs/pipe_tray.c,vfs/poll.c
 * test: with=vfs/read_write.c,vfs/rename.c,vfs/seals.c,vfs/sticky.c,vfs/super_block.c,vfs/vfs.c
 * test: with=fs/tmpfs/tmpfs.c,fs/tmpfs/inode.c,fs/tmpfs/attributes.c,fs/tmpfs/directory.c
 * test: with=fs/tmpfs/file.c,fs/devfs/devfs.c,vm/page_cache.c,vm/page_cache_io.c,vm/truncate.c
 * test: with=vm/readahead.c,vm/io_buffer.c,vfs/pipe_size.c
 */
#include "vfs_over_tmpfs.h"
#include "core/assert.h"
#include "fuzz.h"
#include "vfs/internal.h"

enum {
	NAME_SIZE = 4096,	/* as much as a system call takes */
	PLACES = 4,
	STEPS_MAX = 60,
	SLEEPS_MAX = 10000,	/* in one input: more is for ever */
};

#define ANY_WALK_FLAGS (WALK_FOLLOW | WALK_DIRECTORY | WALK_CREATE | WALK_EXCLUSIVE | \
			WALK_EMPTY_OK | WALK_NO_LINKS | WALK_BENEATH | WALK_IN_ROOT | \
			WALK_NO_CROSS | WALK_NO_MAGIC_LINKS | WALK_CACHED)
#define ANY_OPEN_FLAGS (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_DIRECTORY | \
			O_NOFOLLOW | O_NOATIME | O_PATH | O_TMPFILE_BIT)

/* Directories held; the first is the root of all. */
static struct path places[PLACES];
/* A name leads to one place only, and each place has one. */
static bool is_plain;
static unsigned int sleeps;

/* ---- names ----------------------------------------------------------------------------------- */

static char long_name[NAME_MAX_LENGTH + 2];	/* one byte too long */

static void append(char *name, const char *text, size_t length)
{
	size_t size = strlen(name);

	if (length > NAME_SIZE - 1 - size)
		length = NAME_SIZE - 1 - size;
	memcpy(name + size, text, length);
	name[size + length] = 0;
}

static void append_part(struct fuzz_input *input, char *name, unsigned int which)
{
	static const char *const parts[] = { "a", "b", "c", "d", "l", "m", "..", ".", "", "t",
					     "..." };
	char raw[16];
	size_t length;

	if (which < ARRAY_SIZE(parts)) {
		append(name, parts[which], strlen(parts[which]));
		return;
	}
	switch (which) {
	case 11:
		append(name, long_name, NAME_MAX_LENGTH);
		break;
	case 12:
		append(name, long_name, NAME_MAX_LENGTH + 1);
		break;
	case 13:	/* all once more */
		append(name, "/", 1);
		append(name, name, strlen(name));
		break;
	default:
		length = fuzz_byte(input) % sizeof(raw);
		for (size_t i = 0; i < length; i++) {
			raw[i] = (char)fuzz_byte(input);
			raw[i] = raw[i] ? raw[i] : ' ';
		}
		append(name, raw, length);
	}
}

/* The input's next name. */
static void take_name(struct fuzz_input *input, char name[NAME_SIZE])
{
	uint8_t first = fuzz_byte(input);
	unsigned int count = first & 0x20 ? first % 32 : first % 4;

	name[0] = 0;
	append(name, first & 0x80 ? "/t/" : first & 0x40 ? "/" : "",
	       first & 0x80 ? 3 : !!(first & 0x40));
	for (unsigned int i = 0; i < count; i++) {
		uint8_t part = fuzz_byte(input);

		append_part(input, name, part % 16);
		if (i + 1 < count || (part & 0x80))
			append(name, "//", part & 0x40 ? 2 : 1);
	}
}

static void take_context(struct fuzz_input *input, struct walk_context *context)
{
	uint8_t choice = fuzz_byte(input);

	context->root = places[choice % 8 == 0 ? choice / 8 % PLACES : 0];
	context->start = places[choice / 64 % PLACES];
	context->credentials = choice & 0x20 ? &user : &credentials_root;
}

/* ---- walks ----------------------------------------------------------------------------------- */

static bool is_same(const struct path *one, const struct path *other)
{
	return one->mount == other->mount && one->dentry == other->dentry;
}

static bool is_under(struct path place, const struct path *top)
{
	while (!is_same(&place, top)) {
		if (place.dentry != place.mount->root) {
			place.dentry = dentry_parent(place.dentry);
			continue;
		}
		if (place.mount->parent == place.mount)
			return false;
		place = (struct path){ place.mount->parent, place.mount->mount_point };
	}
	return true;
}

/* The name of a place, as root sees it, leads to it. */
static void check_format(const struct path *place)
{
	static char buffer[8 * NAME_SIZE];
	struct path again;
	char *name;
	ssize_t length = path_format(place, &root, buffer, sizeof(buffer), &name);

	assert(length > 0 && name + length == buffer + sizeof(buffer));
	assert(strlen(name) + 1 == (size_t)length);
	if (!is_plain || !dentry_inode(place->dentry) || (place->dentry->flags & DENTRY_UNHASHED))
		return;
	if (path_walk(&at_root, name, 0, &again))
		panic("the name %s leads nowhere", name);
	assert(is_same(&again, place));
	path_put(&again);
}

static void check_status(const struct walk_context *context, const char *name, uint32_t flags,
			 int error, const struct path *place)
{
	struct file_status status, right;
	int status_error;

	/* Its callers do not ask for what may be missing. */
	if (flags & WALK_CREATE)
		return;
	status_error = path_status(context, name, flags, &status);
	assert(status_error == error);
	if (error)
		return;
	if (inode_status(dentry_inode(place->dentry), &right))
		panic("no status");
	assert(status.inode == right.inode && status.mode == right.mode);
	assert(status.mount_id == place->mount->id);
}

/* The same walk another way: 0 and the same place, or the same error. */
static void check_other_way(const struct walk_context *context, const char *name, uint32_t flags,
			    int error, const struct path *place)
{
	struct path other;
	int other_error = path_walk(context, name, flags, &other);

	if ((flags & WALK_CACHED) && other_error == -EAGAIN)
		return;
	if (other_error != error)
		panic("%s, flags %x: error %d, and then %d", name, flags, -error, -other_error);
	if (error)
		return;
	assert(is_same(&other, place));
	path_put(&other);
}

static void check_limits(const struct walk_context *context, const char *name, uint32_t flags,
			 const struct path *place)
{
	bool has_start = flags & (WALK_BENEATH | WALK_IN_ROOT);

	if (has_start)
		assert(is_under(*place, &context->start));
	if (flags & WALK_NO_CROSS)
		assert(place->mount == (name[0] == '/' && !has_start ? context->root.mount
								     : context->start.mount));
	if (flags & WALK_NO_LINKS)
		assert(!(flags & WALK_FOLLOW) || !dentry_inode(place->dentry) ||
		       !inode_is(dentry_inode(place->dentry), MODE_LINK));
	if (flags & WALK_DIRECTORY)
		assert(!dentry_inode(place->dentry) ||
		       inode_is(dentry_inode(place->dentry), MODE_DIRECTORY));
	assert(dentry_inode(place->dentry) || (flags & WALK_CREATE));
}

static void walk(struct fuzz_input *input, const struct walk_context *context, const char *name)
{
	uint32_t flags = fuzz_word(input) & ANY_WALK_FLAGS;
	struct path place = { NULL, NULL };
	int error;

	if (flags & WALK_CACHED)
		flags &= ~(uint32_t)WALK_CACHED;
	else
		flags &= WALK_FOLLOW | WALK_DIRECTORY | WALK_EMPTY_OK;
	error = path_walk(context, name, flags, &place);
	if (!error) {
		check_limits(context, name, flags, &place);
		check_format(&place);
	}
	/* There are no magic links here; but to refuse them is only in the careful walk's power. */
	check_other_way(context, name, flags | WALK_NO_MAGIC_LINKS, error, &place);
	check_other_way(context, name, flags, error, &place);
	check_other_way(context, name, flags | WALK_CACHED, error, &place);
	check_status(context, name, flags, error, &place);
	if (!error)
		path_put(&place);
}

static void walk_to_parent(const struct walk_context *context, const char *name)
{
	struct walk_parent quick, careful;
	int error = path_walk_parent(context, name, 0, &quick);
	int other_error = path_walk_parent(context, name, WALK_NO_MAGIC_LINKS, &careful);

	assert(error == other_error);
	if (error)
		return;
	if (!is_same(&quick.directory, &careful.directory) || quick.type != careful.type)
		panic("%s: types %d and %d, %s directory", name, quick.type, careful.type,
		      is_same(&quick.directory, &careful.directory) ? "the same" : "another");
	assert(quick.trailing_slash == careful.trailing_slash);
	if (quick.type == LAST_NAME) {
		assert(quick.name == careful.name && quick.length == careful.length);
		assert(quick.name >= name && quick.name + quick.length <= name + strlen(name));
	}
	path_put(&quick.directory);
	path_put(&careful.directory);
}

/* ---- what changes the tree ------------------------------------------------------------------- */

static void hold(struct fuzz_input *input, const struct walk_context *context, const char *name)
{
	struct path *place = &places[1 + fuzz_byte(input) % (PLACES - 1)];
	struct path new;

	if (path_walk(context, name, WALK_FOLLOW | WALK_DIRECTORY, &new))
		return;
	path_put(place);
	*place = new;
}

static void open_it(struct fuzz_input *input, const struct walk_context *context, const char *name)
{
	uint32_t flags = (fuzz_word(input) | fuzz_word(input) << 16) & ANY_OPEN_FLAGS;
	struct file *file;

	/* What sys_open.c would refuse. */
	if ((flags & O_TMPFILE_BIT) && (!(flags & O_ACCMODE) || (flags & O_CREAT)))
		flags &= ~(uint32_t)O_TMPFILE_BIT;
	if (flags & O_TMPFILE_BIT)
		flags |= O_DIRECTORY;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
	if (file_open(context, name, flags | O_NONBLOCK, fuzz_byte(input) * 2u, &file) == 0)
		file_put(file);
}

static void link_it(struct fuzz_input *input, const struct walk_context *context, const char *name)
{
	static char other[NAME_SIZE];
	struct path target;

	take_name(input, other);
	if (path_walk(context, name, fuzz_byte(input) & WALK_FOLLOW, &target))
		return;
	(void)!namespace_link(&target, context, other);
	path_put(&target);
}

static void change_permissions(struct fuzz_input *input, const struct walk_context *context,
			       const char *name)
{
	(void)change_mode(context, name, fuzz_word(input) & 07777);
	(void)change_owner(context, name, fuzz_byte(input) % 2 ? 1000 : 0, 0);
}

static void change_mounts(struct fuzz_input *input, const struct walk_context *context,
			  const char *name)
{
	static char other[NAME_SIZE];
	uint8_t choice = fuzz_byte(input);
	struct path at, from;

	if (path_walk(context, name, WALK_FOLLOW, &at))
		return;
	is_plain = false;
	switch (choice % 5) {
	case 0:
		(void)!mount_create("none", &at, "tmpfs", choice & MOUNT_READ_ONLY, NULL);
		break;
	case 1:
	case 2:
		take_name(input, other);
		if (path_walk(context, other, WALK_FOLLOW, &from))
			break;
		if (choice % 5 == 1)
			(void)!mount_bind(&from, &at, choice & 0x80);
		else
			(void)!mount_move(&from, &at);
		path_put(&from);
		break;
	case 3:
		/* Not what holds all together; it takes over our references. */
		if (at.mount == root.mount)
			break;
		(void)!mount_unmount(&at, choice & 0x80, choice & 0x40);
		return;
	case 4:
		if (at.mount != root.mount)
			(void)!mount_remount(&at, (choice & 0x80 ? MOUNT_READ_ONLY : 0) |
					     (choice & 0x40 ? MOUNT_BIND : 0), NULL);
		break;
	}
	path_put(&at);
}

static void rename_it(struct fuzz_input *input, const struct walk_context *context,
		      const char *name)
{
	static char other[NAME_SIZE];
	struct walk_context other_context;

	take_context(input, &other_context);
	take_name(input, other);
	other_context.credentials = context->credentials;
	(void)!namespace_rename(context, name, &other_context, other, fuzz_byte(input) % 4);
}

static void symlink_it(struct fuzz_input *input, const struct walk_context *context,
		       const char *name)
{
	static char other[NAME_SIZE];

	take_name(input, other);
	(void)!namespace_symlink(other, context, name);
}

static void step(struct fuzz_input *input)
{
	static char name[NAME_SIZE];
	struct walk_context context;
	uint8_t what = fuzz_byte(input) % 16;

	take_context(input, &context);
	take_name(input, name);
	switch (what) {
	case 0:
	case 1:
		(void)!namespace_make_directory(&context, name, 0777);
		break;
	case 2:
		open_it(input, &context, name);
		break;
	case 3:
		(void)!namespace_unlink(&context, name);
		break;
	case 4:
		(void)!namespace_remove_directory(&context, name);
		break;
	case 5:
		symlink_it(input, &context, name);
		break;
	case 6:
		link_it(input, &context, name);
		break;
	case 7:
		rename_it(input, &context, name);
		break;
	case 8:
		change_mounts(input, &context, name);
		break;
	case 9:
		change_permissions(input, &context, name);
		break;
	case 10:
		hold(input, &context, name);
		break;
	case 11:
		walk_to_parent(&context, name);
		break;
	case 12:
		forget_unused();
		break;
	default:
		walk(input, &context, name);
	}
}

/* ---- one input ------------------------------------------------------------------------------- */

static bool find_mount(struct mount *mount, void *argument)
{
	struct path *found = argument;

	if (mount == root.mount)
		return true;
	*found = (struct path){ mount, mount->root };
	path_get(found);
	return false;
}

/* The first that comes goes with all that is mounted in it: there may be tens of thousands. */
static void unmount_all(void)
{
	for (;;) {
		struct path found = { NULL, NULL };

		mount_for_each(find_mount, &found);
		if (!found.mount)
			return;
		if (mount_unmount(&found, true, false))
			panic("a mount cannot be taken away");
	}
}

/* Who sleeps may hold the mount mutex, which other work would want. */
static bool let_grace_period_pass(void)
{
	rcu_synchronize();
	return sleeps++ < SLEEPS_MAX;
}

void fuzz_start(void)
{
	memset(long_name, 'n', sizeof(long_name));
	init_once();
	test_set_idle(let_grace_period_pass);
	if (mount_remount(&root, MOUNT_READ_ONLY, NULL))
		panic("the root stays writable");
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	if (mount_at("/t", "tmpfs", "mode=777"))
		panic("no tree for the fuzzer");
	places[0] = root;
	path_get(&root);
	for (unsigned int i = 1; i < PLACES; i++) {
		if (path_walk(&at_root, "/t", WALK_FOLLOW, &places[i]))
			panic("no tree for the fuzzer");
	}
	is_plain = true;
	sleeps = 0;
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_has_more(&input); i++)
		step(&input);
	for (unsigned int i = 0; i < PLACES; i++)
		path_put(&places[i]);
	unmount_all();
	forget_unused();
	test_run_deferred();
	forget_unused();
}

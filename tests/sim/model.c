/*
 * The model of a file system: what each operation does, and answers. (What a cut of power leaves:
 * model_cut.c.)
 */
#include "model_internal.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- operations ---- */

static const char *const names[] = {
	"create",    "write",	"append", "read",	 "truncate", "rename",
	"link",	     "unlink",	"mkdir",  "rmdir",	 "symlink",  "readlink",
	"status",    "list",	"fsync",  "sync",	 "hold",     "held-write",
	"held-read", "release", "sleep",  "drop-caches",
};

const char *operation_name(enum operation_kind kind)
{
	return names[kind];
}

void operation_format(const struct operation *o, char *buffer, size_t size)
{
	snprintf(buffer, size, "worker %u: %s %s %s %u %u", o->worker, names[o->kind], o->path,
		 o->other, o->offset, o->size);
}

void operation_fill(uint8_t *bytes, size_t size, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;

	for (size_t i = 0; i < size; i++) {
		if (i % 4 == 0)
			state = state * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(state >> 8 * (i % 4)) | 1;
	}
}

void operation_fill_text(uint8_t *bytes, size_t size, uint32_t seed)
{
	operation_fill(bytes, size, seed);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)('A' + bytes[i] % 26);
}

/* ---- nodes ---- */

static struct node *node_create(struct model *model, enum node_kind kind)
{
	struct node *node = calloc(1, sizeof(*node));

	node->kind = kind;
	node->links = kind == NODE_DIRECTORY ? 2 : 1;
	node->references = 1;
	node->serial = model->next_serial++;
	return node;
}

static void node_put(struct node *node)
{
	if (--node->references > 0)
		return;
	for (unsigned int i = 0; i < NAMES; i++) {
		if (node->children[i])
			node_put(node->children[i]);
	}
	free(node->bytes);
	free(node);
}

static bool is_empty(const struct node *node)
{
	for (unsigned int i = 0; i < NAMES; i++) {
		if (node->children[i])
			return false;
	}
	return true;
}

static bool is_below(const struct node *node, const struct node *above)
{
	if (node == above)
		return true;
	if (above->kind != NODE_DIRECTORY)
		return false;
	for (unsigned int i = 0; i < NAMES; i++) {
		if (above->children[i] && is_below(node, above->children[i]))
			return true;
	}
	return false;
}

struct place {
	struct node *directory;
	unsigned int letter;
	struct node *node;		/* NULL: nobody has the name */
};

/* A symbolic link leads nowhere. */
static int find(const struct model *model, const char *path, struct place *out)
{
	struct node *directory = model->root;

	for (;;) {
		unsigned int letter = (unsigned int)(path[0] - 'a');
		struct node *node = directory->children[letter];

		if (!path[1]) {
			*out = (struct place){ directory, letter, node };
			return 0;
		}
		if (!node || node->kind == NODE_LINK)
			return -ENOENT;
		if (node->kind == NODE_FILE)
			return -ENOTDIR;
		directory = node;
		path += 2;
	}
}

static void give_name(struct place *place, struct node *node, unsigned int number)
{
	place->directory->children[place->letter] = node;
	place->directory->changed = node->changed = number;
	if (node->kind == NODE_DIRECTORY)
		place->directory->links++;
}

static void take_name(struct place *place, unsigned int number)
{
	struct node *node = place->directory->children[place->letter];

	if (node->kind == NODE_DIRECTORY)
		place->directory->links--;
	place->directory->changed = node->changed = number;
	place->directory->children[place->letter] = NULL;
}

static void drop_link(struct node *node)
{
	node->links -= node->kind == NODE_DIRECTORY ? 2 : 1;
	node_put(node);
}

/* ---- contents ---- */

void model_remember(struct model *model, const struct node *node, unsigned int number)
{
	struct file_history *file = &model->history->files[node->serial];
	struct version *version;

	file->versions = realloc(file->versions, (file->count + 1) * sizeof(*version));
	version = &file->versions[file->count++];
	*version = (struct version){ number, node->size, malloc(node->size + 1) };
	memcpy(version->bytes, node->bytes ? node->bytes : (uint8_t *)"", node->size);
	if (!file->is_dirty)
		file->failures = model->result.failures_before;
	file->is_dirty = true;
	file->is_doubtful |= model->is_uncertain;
}

static void set_size(struct node *node, uint32_t size, unsigned int number)
{
	if (size != node->size)
		node->changed = number;
	if (size > node->room) {
		node->bytes = realloc(node->bytes, 2 * size);
		memset(node->bytes + node->room, 0, 2 * size - node->room);
		node->room = 2 * size;
	}
	if (size < node->size)
		memset(node->bytes + size, 0, node->size - size);
	node->size = size;
}

static int32_t write_bytes(struct node *node, uint32_t offset, uint32_t size, uint32_t seed,
			   unsigned int number)
{
	if (offset + size > node->size)
		set_size(node, offset + size, number);
	operation_fill(node->bytes + offset, size, seed);
	return (int32_t)size;
}

/* ---- what changes names ---- */

static int32_t make(struct model *model, const struct operation *o, unsigned int number,
		    enum node_kind kind, bool try)
{
	struct place place;
	struct node *node;
	int error = find(model, o->path, &place);

	if (error)
		return error;
	if (place.node)
		return -EEXIST;
	if (try)
		return 0;
	node = node_create(model, kind);
	if (kind == NODE_LINK) {
		set_size(node, o->size, number);
		operation_fill_text(node->bytes, o->size, o->seed);
	}
	give_name(&place, node, number);
	if (model->keeps_history && kind == NODE_FILE)
		model_remember(model, node, number);
	return 0;
}

static int32_t remove_name(struct model *model, const struct operation *o, unsigned int number,
			   bool directory, bool try)
{
	struct place place;
	int error = find(model, o->path, &place);

	if (error)
		return error;
	if (!place.node)
		return -ENOENT;
	if (directory && place.node->kind != NODE_DIRECTORY)
		return -ENOTDIR;
	if (!directory && place.node->kind == NODE_DIRECTORY)
		return -EISDIR;
	if (directory && !is_empty(place.node))
		return -ENOTEMPTY;
	if (try)
		return 0;
	take_name(&place, number);
	drop_link(place.node);
	return 0;
}

static int32_t link_name(struct model *model, const struct operation *o, unsigned int number,
			 bool try)
{
	struct place from, to;
	int error = find(model, o->path, &from);

	if (error)
		return error;
	if (!from.node)
		return -ENOENT;
	error = find(model, o->other, &to);
	if (error)
		return error;
	if (to.node)
		return -EEXIST;
	if (from.node->kind == NODE_DIRECTORY)
		return -EPERM;
	if (try)
		return 0;
	from.node->links++;
	from.node->references++;
	give_name(&to, from.node, number);
	return 0;
}

static int may_replace(const struct node *moved, const struct node *replaced)
{
	if (moved->kind == NODE_DIRECTORY) {
		if (replaced->kind != NODE_DIRECTORY)
			return -ENOTDIR;
		return is_empty(replaced) ? 0 : -ENOTEMPTY;
	}
	return replaced->kind == NODE_DIRECTORY ? -EISDIR : 0;
}

static int32_t rename_name(struct model *model, const struct operation *o, unsigned int number,
			   bool try)
{
	struct place from, to;
	struct node *moved;
	int error = find(model, o->path, &from);
	int to_error = find(model, o->other, &to);

	if (error || to_error)
		return error ? error : to_error;
	moved = from.node;
	if (!moved)
		return -ENOENT;
	if (moved->kind == NODE_DIRECTORY && is_below(to.directory, moved))
		return -EINVAL;
	if (to.node && to.node != moved && to.node->kind == NODE_DIRECTORY &&
	    is_below(from.directory, to.node))
		return -ENOTEMPTY;
	if (to.node == moved)
		return 0;
	error = to.node ? may_replace(moved, to.node) : 0;
	if (error || try)
		return error;
	if (to.node) {
		struct node *replaced = to.node;

		take_name(&to, number);
		drop_link(replaced);
	}
	take_name(&from, number);
	give_name(&to, moved, number);
	return 0;
}

/* ---- what changes or reads contents ---- */

/* A file as open() finds it. */
static int find_file(const struct model *model, const char *path, bool write, struct place *out)
{
	int error = find(model, path, out);

	if (error)
		return error;
	if (!out->node || out->node->kind == NODE_LINK)
		return -ENOENT;
	return write && out->node->kind == NODE_DIRECTORY ? -EISDIR : 0;
}

static int32_t change(struct model *model, const struct operation *o, unsigned int number, bool try)
{
	struct place place;
	int error = find_file(model, o->path, true, &place);
	int32_t result = 0;

	if (error)
		return error;
	if (o->kind != OP_TRUNCATE)
		result = (int32_t)o->size;
	if (o->kind == OP_APPEND && place.node->size + o->size > FILE_SIZE_MAX)
		result = 0;	/* the player leaves it out as well */
	if (try || (o->kind == OP_APPEND && result == 0))
		return result;
	if (o->kind == OP_TRUNCATE)
		set_size(place.node, o->offset, number);
	else
		write_bytes(place.node, o->kind == OP_APPEND ? place.node->size : o->offset,
			    o->size, o->seed, number);
	if (model->keeps_history)
		model_remember(model, place.node, number);
	return result;
}

static int32_t look(const struct model *model, const struct operation *o, struct seen *seen)
{
	struct place place;
	const struct node *node;
	int error = o->kind == OP_READ ? find_file(model, o->path, false, &place) :
					 find(model, o->path, &place);
	unsigned int count = 0;

	if (error)
		return error;
	node = place.node;
	if (!node)
		return -ENOENT;
	if (o->kind == OP_READ && node->kind == NODE_DIRECTORY)
		return -EISDIR;
	if (o->kind == OP_READ_LINK && node->kind != NODE_LINK)
		return -EINVAL;
	if (o->kind == OP_LIST && node->kind != NODE_DIRECTORY)
		return node->kind == NODE_LINK ? -ENOENT : -ENOTDIR;
	*seen = (struct seen){ node->bytes, node->size, (uint8_t)node->kind, node->links, "" };
	for (unsigned int i = 0; i < NAMES && o->kind == OP_LIST; i++) {
		if (node->children[i])
			seen->names[count++] = (char)('a' + i);
	}
	return 0;
}

static void note_synced(struct model *model, const struct node *node, unsigned int number)
{
	struct file_history *file = &model->history->files[node->serial];

	file->synced = number + 1;
	file->is_doubtful |= file->is_dirty && file->failures != model->result.failures_after;
	file->is_dirty = false;
}

static int32_t sync_one(struct model *model, const struct operation *o, unsigned int number)
{
	struct place place;
	int error = find_file(model, o->path, false, &place);

	if (error)
		return error;
	if (!model->keeps_history)
		return 0;
	if (place.node->kind == NODE_FILE)
		note_synced(model, place.node, number);
	if (place.node->changed > model->durable)
		model->durable = place.node->changed;
	return 0;
}

static void note_all_synced(struct model *model, struct node *node, unsigned int number)
{
	if (node->kind == NODE_FILE)
		note_synced(model, node, number);
	for (unsigned int i = 0; i < NAMES; i++) {
		if (node->children[i])
			note_all_synced(model, node->children[i], number);
	}
}

/* ---- files that stay open ---- */

static int32_t hold(struct model *model, const struct operation *o, bool try)
{
	struct node **slot = &model->held[o->offset % HELD];
	struct place place;
	int error;

	if (*slot)
		return -EBUSY;
	error = find_file(model, o->path, true, &place);
	if (error || try)
		return error;
	place.node->references++;
	*slot = place.node;
	return 0;
}

static int32_t use_held(struct model *model, const struct operation *o, unsigned int number,
			bool try, struct seen *seen)
{
	struct node **slot = &model->held[o->offset % HELD];
	struct node *node = *slot;

	if (!node)
		return -EBADF;
	if (o->kind == OP_HELD_READ)
		*seen = (struct seen){ node->bytes, node->size, NODE_FILE, node->links, "" };
	if (try || o->kind == OP_HELD_READ)
		return o->kind == OP_HELD_WRITE ? (int32_t)o->size : 0;
	if (o->kind == OP_RELEASE) {
		*slot = NULL;
		node_put(node);
		return 0;
	}
	write_bytes(node, o->offset, o->size, o->seed, number);
	if (model->keeps_history)
		model_remember(model, node, number);
	return (int32_t)o->size;
}

int32_t model_apply(struct model *model, const struct operation *o, unsigned int number, bool try,
		    struct seen *seen)
{
	struct seen unused;

	seen = seen ? seen : &unused;
	switch ((enum operation_kind)o->kind) {
	case OP_CREATE: return make(model, o, number, NODE_FILE, try);
	case OP_MKDIR: return make(model, o, number, NODE_DIRECTORY, try);
	case OP_SYMLINK: return make(model, o, number, NODE_LINK, try);
	case OP_WRITE:
	case OP_APPEND:
	case OP_TRUNCATE: return change(model, o, number, try);
	case OP_RENAME: return rename_name(model, o, number, try);
	case OP_LINK: return link_name(model, o, number, try);
	case OP_UNLINK: return remove_name(model, o, number, false, try);
	case OP_RMDIR: return remove_name(model, o, number, true, try);
	case OP_READ:
	case OP_READ_LINK:
	case OP_STATUS:
	case OP_LIST: return look(model, o, seen);
	case OP_FSYNC: return sync_one(model, o, number);
	case OP_SYNC:
		if (model->keeps_history) {
			note_all_synced(model, model->root, number);
			model->durable = number;
		}
		return 0;
	case OP_HOLD: return hold(model, o, try);
	case OP_HELD_WRITE:
	case OP_HELD_READ:
	case OP_RELEASE: return use_held(model, o, number, try, seen);
	default: return 0;
	}
}

/* ---- whole trees ---- */

struct model *model_create(void)
{
	struct model *model = calloc(1, sizeof(*model));

	model->root = node_create(model, NODE_DIRECTORY);
	return model;
}

void model_destroy(struct model *model)
{
	for (unsigned int i = 0; i < HELD; i++) {
		if (model->held[i])
			node_put(model->held[i]);
	}
	node_put(model->root);
	if (model->history) {
		for (size_t i = 0; i < sizeof(model->history->files) / sizeof(struct file_history);
		     i++) {
			for (unsigned int v = 0; v < model->history->files[i].count; v++)
				free(model->history->files[i].versions[v].bytes);
			free(model->history->files[i].versions);
		}
		free(model->history);
	}
	free(model);
}

/* Folders come before what is in them. */
struct model *model_from_tree(const struct tree *tree)
{
	struct model *model = model_create();
	struct node **nodes = calloc(ENTRIES_MAX, sizeof(struct node *));
	struct place place;

	for (unsigned int i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];

		for (unsigned int k = 0; k < i && entry->kind != NODE_DIRECTORY; k++) {
			if (tree->entries[k].inode == entry->inode)
				nodes[i] = nodes[k];
		}
		if (nodes[i]) {
			nodes[i]->links++;
			nodes[i]->references++;
		} else {
			nodes[i] = node_create(model, entry->kind);
			if (entry->kind != NODE_DIRECTORY && entry->size) {
				set_size(nodes[i], entry->size, 0);
				memcpy(nodes[i]->bytes, entry->bytes, entry->size);
			}
		}
		if (find(model, entry->path, &place) == 0)
			give_name(&place, nodes[i], 0);
	}
	free(nodes);
	return model;
}

static char complaint[500];

const char *model_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint, sizeof(complaint), format, arguments);
	va_end(arguments);
	return complaint;
}

static const struct tree_entry *entry_of(const struct tree *tree, const char *path)
{
	for (unsigned int i = 0; i < tree->count; i++) {
		if (strcmp(tree->entries[i].path, path) == 0)
			return &tree->entries[i];
	}
	return NULL;
}

/* Every name in both, and `compare` for each; *left counts down from the names of the tree. */
static const char *compare_names(const struct node *node, const char *prefix,
				 const struct tree *tree, unsigned int *left,
				 compare_function compare, void *argument)
{
	const char *wrong;

	for (unsigned int i = 0; i < NAMES; i++) {
		const struct node *child = node->children[i];
		const struct tree_entry *entry;
		char path[PATH_SIZE + 4];

		snprintf(path, sizeof(path), "%s%s%c", prefix, prefix[0] ? "/" : "", 'a' + (int)i);
		entry = entry_of(tree, path);
		if (!child)
			continue;
		if (!entry)
			return model_complain("%s is not there", path);
		if (entry->kind != child->kind)
			return model_complain("%s is of another kind", path);
		--*left;
		wrong = compare ? compare(child, entry, argument) : NULL;
		if (!wrong && child->kind == NODE_DIRECTORY)
			wrong = compare_names(child, path, tree, left, compare, argument);
		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *model_compare_exactly(const struct node *node, const struct tree_entry *entry,
				  void *unused)
{
	(void)unused;
	if (node->links != entry->links)
		return model_complain("%s has %u links, not %u", entry->path, entry->links,
				      node->links);
	if (node->kind == NODE_DIRECTORY)
		return NULL;
	if (node->size != entry->size)
		return model_complain("%s has %u bytes, not %u", entry->path, entry->size,
				      node->size);
	for (uint32_t i = 0; i < node->size; i++) {
		if (node->bytes[i] != entry->bytes[i])
			return model_complain("%s: byte %u of %u is %#x, not %#x", entry->path, i,
					      node->size, entry->bytes[i], node->bytes[i]);
	}
	return NULL;
}

const char *model_compare_all(const struct model *model, const struct tree *tree,
			       compare_function compare, void *argument)
{
	unsigned int left = tree->count;
	const char *wrong = compare_names(model->root, "", tree, &left, compare, argument);

	if (!wrong && left > 0)
		wrong = model_complain("there are %u names too many", left);
	return wrong;
}

const char *model_compare(const struct model *model, const struct tree *tree)
{
	return model_compare_all(model, tree, model_compare_exactly, NULL);
}

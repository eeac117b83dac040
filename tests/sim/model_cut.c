/*
 * What a cut of power, or a disk that fails, may leave of a file system.
 *
 * What is promised after a cut of power, and checked by model_check_cut:
 *  - the names, all together, are those after some operation j: each happens whole or not at all,
 *    and none without those before it;
 *  - j is not before the last operation that a sync or fsync, over in time, has made durable. For
 *    fsync that is the last one that changed the file itself: its names, its size, or what a
 *    directory holds. Whoever renames a directory above it changes that directory and not the
 *    file, and is not promised to last longer; a write that changes no size may change nothing
 *    but bytes. Since operations happen in order, all before that one are durable, too;
 *  - a file that was synced and not changed since has that very content, byte for byte;
 *  - a file that was changed since holds nowhere a byte that it never had there, be it a zero.
 *    (But behind the end to which it is cut, in that page, zeros may come first.)
 *
 * When requests of the disk have failed the same is promised of a file system with a journal, but
 * for the last of it: data that could not be written is lost, fsync says so once, and what its
 * place on the disk held before may be seen there from then on. So a file is doubtful if a request
 * failed while it was dirty, or a call that would change it, whatever a later fsync answers.
 * sync(2) has nobody to tell, and promises nothing once something has failed.
 */
#include "model_internal.h"
#include "shared.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool equals(const struct version *version, const struct tree_entry *entry)
{
	return version->size == entry->size &&
	       memcmp(version->bytes, entry->bytes, entry->size) == 0;
}

/* Was the file cut before byte `at`, in the same page, after version `base`? */
static bool is_behind_a_cut(const struct file_history *file, unsigned int base, uint32_t at)
{
	const struct version *end = file->versions + file->count;
	bool found = false;

	for (const struct version *v = file->versions + base + 1; v < end && !found; v++)
		found = v->size < v[-1].size && v->size <= at && at / 4096 == (v->size - 1) / 4096;
	return found;
}

static const char *compare_after_cut(const struct node *node, const struct tree_entry *entry,
				     void *argument)
{
	const struct history *history = argument;
	const struct file_history *file = &history->files[node->serial];
	unsigned int base = 0;
	uint32_t longest = 0;

	if (node->kind == NODE_LINK)
		return model_compare_exactly(node, entry, NULL);
	if (node->kind == NODE_DIRECTORY)
		return NULL;
	/* The content when it was synced, and all since. */
	for (unsigned int i = 0; i < file->count; i++) {
		if (file->synced && file->versions[i].number < file->synced)
			base = i;
	}
	if (file->synced && base + 1 == file->count && !file->is_doubtful &&
	    !equals(&file->versions[base], entry))
		return model_complain("%s: %u bytes are not the %u that were synced", entry->path,
				      entry->size, file->versions[base].size);
	if (history->disk_has_failed)
		return NULL;
	for (unsigned int i = base; i < file->count; i++) {
		if (equals(&file->versions[i], entry))
			return NULL;
		if (file->versions[i].size > longest)
			longest = file->versions[i].size;
	}
	if (entry->size > longest)
		return model_complain("%s: %u bytes, longer than it ever was", entry->path,
				      entry->size);
	for (uint32_t at = 0; at < entry->size; at++) {
		bool known = entry->bytes[at] == 0 && is_behind_a_cut(file, base, at);

		for (unsigned int i = base; i < file->count && !known; i++)
			known = at < file->versions[i].size &&
				file->versions[i].bytes[at] == entry->bytes[at];
		if (!known)
			return model_complain("%s: byte %u is %#x, which it never was", entry->path,
					      at, entry->bytes[at]);
	}
	return NULL;
}

static void start_history(struct model *model, struct node *node)
{
	if (node->kind == NODE_FILE && model->history->files[node->serial].count == 0) {
		model_remember(model, node, 0);
		model->history->files[node->serial].synced = 1;
		model->history->files[node->serial].is_dirty = false;
	}
	for (unsigned int i = 0; i < NAMES; i++) {
		if (node->children[i])
			start_history(model, node->children[i]);
	}
}

/* Does it change what a file holds, and not only names? */
static bool changes_bytes(const struct operation *operation)
{
	return operation->kind == OP_WRITE || operation->kind == OP_APPEND ||
	       operation->kind == OP_TRUNCATE || operation->kind == OP_HELD_WRITE;
}

/* Operation i is number i + 1; what was there before is 0, and durable. */
const char *model_check_cut(const struct tree *before, const struct operation *operations,
			    const struct result *results, bool has_failed, unsigned int sound,
			    unsigned int over, unsigned int count, const struct tree *tree)
{
	struct model *all = model_from_tree(before);
	struct model *model = model_from_tree(before);
	static char best[COMPLAINT_SIZE];
	const char *wrong = NULL;
	unsigned int durable;

	all->history = calloc(1, sizeof(*all->history));
	all->keeps_history = true;
	all->history->disk_has_failed = has_failed;
	start_history(all, all->root);
	for (unsigned int i = 0; i < count; i++) {
		/*
		 * What was not over is no promise, but it may have happened; what failed with the
		 * disk has made no name, or those after it could not have, but perhaps some bytes.
		 */
		bool is_promise = operations[i].kind == OP_FSYNC || operations[i].kind == OP_SYNC;
		bool is_known = i < over && (i < sound || results[i].answer >= 0);
		bool may_be = i < over ? changes_bytes(&operations[i]) : !is_promise;

		if (operations[i].kind == OP_SYNC && i >= sound)
			continue;
		all->result = results[i];
		all->is_uncertain = !is_known;
		if (is_known ? results[i].answer >= 0 : may_be)
			(void)model_apply(all, &operations[i], i + 1, false, NULL);
	}
	durable = all->durable;
	for (unsigned int j = 0; j <= count; j++) {
		if (j > 0 && (j > over || results[j - 1].answer >= 0))
			(void)model_apply(model, &operations[j - 1], j, false, NULL);
		if (j < durable)
			continue;
		wrong = model_compare_all(model, tree, compare_after_cut, all->history);
		if (!wrong)
			break;
		/* The state that comes closest: its names are right. */
		if (j == durable || strstr(wrong, "byte"))
			snprintf(best, sizeof(best),
				 "operation %u, the first that may be the last: %s", j, wrong);
	}
	model_destroy(all);
	model_destroy(model);
	return wrong ? best : NULL;
}

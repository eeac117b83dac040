#include "lib/radix_tree.h"
#include <stdlib.h>
#include "test.h"
#include "uapi/linux/errno.h"

enum { MODEL_SIZE = 512 };

/* Allocates from the host, counts, and fails when told to. */
static unsigned int nodes_in_use;
static unsigned int nodes_allowed;

static struct radix_tree_node *node_alloc(void *context)
{
	(void)context;
	if (nodes_allowed == 0)
		return NULL;
	nodes_allowed--;
	nodes_in_use++;
	return malloc(sizeof(struct radix_tree_node));
}

static void node_free(void *context, struct radix_tree_node *node)
{
	(void)context;
	nodes_in_use--;
	free(node);
}

static const struct radix_tree_ops ops = { node_alloc, node_free };

static void begin(struct radix_tree *tree)
{
	radix_tree_init(tree, &ops, NULL);
	nodes_allowed = UINT32_MAX;
}

static void empty(struct radix_tree *tree)
{
	uint32_t index = 0;

	while (radix_tree_find_next(tree, &index))
		radix_tree_remove(tree, index);
}

/* Entries are made from their index, so that a wrong one is seen. */
static void *entry_for(uint32_t index)
{
	return (void *)((uintptr_t)index << 2 | 1);
}

static const uint32_t far_apart[] = {
	0, 1, 63, 64, 4095, 4096, 262143, 262144, 16777216, 1u << 30, UINT32_MAX - 1, UINT32_MAX,
};

static void indices_far_apart_are_found_in_order(struct test *t)
{
	struct radix_tree tree;
	uint32_t index = 0;

	begin(&tree);
	for (size_t i = ARRAY_SIZE(far_apart); i-- > 0;) {
		EXPECT_EQ(t, radix_tree_insert(&tree, far_apart[i], entry_for(far_apart[i])), 0);
		EXPECT(t, radix_tree_check(&tree));
	}
	EXPECT_EQ(t, radix_tree_insert(&tree, 4096, entry_for(1)), -EEXIST);
	for (size_t i = 0; i < ARRAY_SIZE(far_apart); i++) {
		EXPECT_POINTER(t, radix_tree_find(&tree, far_apart[i]), entry_for(far_apart[i]));
		EXPECT_POINTER(t, radix_tree_find_next(&tree, &index), entry_for(far_apart[i]));
		EXPECT_EQ(t, index, far_apart[i]);
		index++;
	}
	EXPECT_POINTER(t, radix_tree_find(&tree, 2), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(far_apart); i++) {
		EXPECT_POINTER(t, radix_tree_remove(&tree, far_apart[i]), entry_for(far_apart[i]));
		EXPECT_POINTER(t, radix_tree_remove(&tree, far_apart[i]), NULL);
		EXPECT(t, radix_tree_check(&tree));
	}
	EXPECT_EQ(t, nodes_in_use, 0);
}

static void tree_shrinks_when_only_low_indices_remain(struct test *t)
{
	struct radix_tree tree;

	begin(&tree);
	EXPECT_EQ(t, radix_tree_insert(&tree, 3, entry_for(3)), 0);
	EXPECT_EQ(t, nodes_in_use, 1);
	EXPECT_EQ(t, radix_tree_insert(&tree, UINT32_MAX, entry_for(1)), 0);
	EXPECT_EQ(t, nodes_in_use, 1 + RADIX_TREE_INSERT_NODES);
	radix_tree_remove(&tree, UINT32_MAX);
	EXPECT_EQ(t, nodes_in_use, 1);
	EXPECT_POINTER(t, radix_tree_find(&tree, 3), entry_for(3));
	empty(&tree);
}

/* Each failing allocation of the largest insertion leaves everything as it was. */
static void insert_changes_nothing_when_memory_runs_out(struct test *t)
{
	for (unsigned int allowed = 0; allowed <= RADIX_TREE_INSERT_NODES; allowed++) {
		bool enough = allowed == RADIX_TREE_INSERT_NODES;
		struct radix_tree tree;

		begin(&tree);
		EXPECT_EQ(t, radix_tree_insert(&tree, 5, entry_for(5)), 0);
		radix_tree_tag_set(&tree, 5, RADIX_TREE_DIRTY);
		nodes_allowed = allowed;
		EXPECT_EQ(t, radix_tree_insert(&tree, UINT32_MAX, entry_for(9)),
			  enough ? 0 : -ENOMEM);
		EXPECT(t, radix_tree_check(&tree));
		EXPECT_EQ(t, tree.entry_count, enough ? 2 : 1);
		EXPECT(t, radix_tree_tag_is_set(&tree, 5, RADIX_TREE_DIRTY));
		EXPECT_EQ(t, enough ? 1 : nodes_in_use, 1);
		empty(&tree);
		EXPECT_EQ(t, nodes_in_use, 0);
		nodes_allowed = allowed;
		EXPECT_EQ(t, radix_tree_insert(&tree, UINT32_MAX, entry_for(9)),
			  allowed >= RADIX_TREE_MAX_HEIGHT ? 0 : -ENOMEM);
		empty(&tree);
		EXPECT_EQ(t, nodes_in_use, 0);
	}
}

struct model {
	bool used[MODEL_SIZE];
	bool tagged[RADIX_TREE_TAG_COUNT][MODEL_SIZE];
};

/* Model slots are spread over three levels of the tree. */
static uint32_t index_of(unsigned int slot)
{
	return slot * 37;
}

static void expect_model(struct test *t, const struct radix_tree *tree, const struct model *model)
{
	void *entries[MODEL_SIZE];
	uint32_t indices[MODEL_SIZE];
	size_t count = radix_tree_gang_find(tree, 0, UINT32_MAX, entries, indices, MODEL_SIZE);
	size_t at = 0;

	for (unsigned int slot = 0; slot < MODEL_SIZE; slot++) {
		if (model->used[slot]) {
			EXPECT(t, at < count && indices[at] == index_of(slot));
			at++;
		}
	}
	EXPECT_EQ(t, at, count);
	for (unsigned int tag = 0; tag < RADIX_TREE_TAG_COUNT; tag++) {
		count = radix_tree_gang_find_tagged(tree, 0, UINT32_MAX, tag, entries, indices,
						    MODEL_SIZE);
		EXPECT_EQ(t, radix_tree_is_tagged(tree, tag), count > 0);
		at = 0;
		for (unsigned int slot = 0; slot < MODEL_SIZE; slot++) {
			if (model->tagged[tag][slot]) {
				EXPECT(t, at < count && indices[at] == index_of(slot));
				EXPECT_POINTER(t, entries[at], entry_for(index_of(slot)));
				at++;
			}
		}
		EXPECT_EQ(t, at, count);
	}
}

static void step(struct radix_tree *tree, struct model *model, uint32_t *seed)
{
	unsigned int slot = test_random(seed) % MODEL_SIZE;
	unsigned int tag = test_random(seed) % RADIX_TREE_TAG_COUNT;
	uint32_t index = index_of(slot);

	switch (test_random(seed) % 4) {
	case 0:
	case 1:
		if (radix_tree_insert(tree, index, entry_for(index)) == 0)
			model->used[slot] = true;
		break;
	case 2:
		radix_tree_remove(tree, index);
		model->used[slot] = false;
		model->tagged[0][slot] = false;
		model->tagged[1][slot] = false;
		break;
	default:
		if (!model->used[slot])
			break;
		if (model->tagged[tag][slot])
			radix_tree_tag_clear(tree, index, tag);
		else
			radix_tree_tag_set(tree, index, tag);
		model->tagged[tag][slot] = !model->tagged[tag][slot];
	}
}

static void random_changes_agree_with_a_model(struct test *t)
{
	static struct model model;
	struct radix_tree tree;
	uint32_t seed = 11;

	begin(&tree);
	for (unsigned int i = 0; i < 20000; i++) {
		step(&tree, &model, &seed);
		if (i % 500 == 0) {
			EXPECT(t, radix_tree_check(&tree));
			expect_model(t, &tree, &model);
		}
	}
	empty(&tree);
	EXPECT(t, radix_tree_check(&tree));
	EXPECT_EQ(t, nodes_in_use, 0);
}

static void gang_stops_at_the_limit_and_the_last_index(struct test *t)
{
	struct radix_tree tree;
	void *entries[8];
	uint32_t indices[8];

	begin(&tree);
	for (uint32_t index = 60; index < 70; index++)
		EXPECT_EQ(t, radix_tree_insert(&tree, index, entry_for(index)), 0);
	EXPECT_EQ(t, radix_tree_gang_find(&tree, 62, 65, entries, indices, 8), 4);
	EXPECT_EQ(t, indices[0], 62);
	EXPECT_EQ(t, indices[3], 65);
	EXPECT_EQ(t, radix_tree_gang_find(&tree, 0, UINT32_MAX, entries, NULL, 3), 3);
	EXPECT_POINTER(t, entries[2], entry_for(62));
	EXPECT_EQ(t, radix_tree_gang_find(&tree, 70, UINT32_MAX, entries, NULL, 3), 0);
	EXPECT_EQ(t, radix_tree_gang_find(&tree, 5000, UINT32_MAX, entries, NULL, 3), 0);
	radix_tree_replace(&tree, 64, entry_for(1));
	EXPECT_POINTER(t, radix_tree_find(&tree, 64), entry_for(1));
	empty(&tree);
}

const struct test_case test_cases[] = {
	TEST(indices_far_apart_are_found_in_order),
	TEST(tree_shrinks_when_only_low_indices_remain),
	TEST(insert_changes_nothing_when_memory_runs_out),
	TEST(random_changes_agree_with_a_model),
	TEST(gang_stops_at_the_limit_and_the_last_index),
	TEST_END
};

#include "lib/rbtree.h"
#include "lib/compiler.h"
#include "test.h"

enum { ITEM_COUNT = 300 };

struct item {
	uint32_t key;
	bool is_in;
	struct rbtree_node node;
};

static struct item items[ITEM_COUNT];

static struct item *item_of(struct rbtree_node *node)
{
	return rbtree_entry(node, struct item, node);
}

static void insert(struct rbtree_cached *cached, struct item *item)
{
	struct rbtree_node **link = &cached->tree.node;
	struct rbtree_node *parent = NULL;
	bool is_leftmost = true;

	while (*link) {
		parent = *link;
		if (item->key < item_of(parent)->key) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_leftmost = false;
		}
	}
	rbtree_link(&item->node, parent, link);
	rbtree_cached_insert_fixup(cached, &item->node, is_leftmost);
	item->is_in = true;
}

/* Balanced, in order, complete, and with the right leftmost node. */
static void expect_tree(struct test *t, const struct rbtree_cached *cached, unsigned int count)
{
	struct rbtree_node *previous = NULL;
	unsigned int seen = 0;

	EXPECT(t, rbtree_check(&cached->tree));
	EXPECT_POINTER(t, rbtree_cached_first(cached), rbtree_first(&cached->tree));
	for (struct rbtree_node *node = rbtree_first(&cached->tree); node;
	     node = rbtree_next(node)) {
		EXPECT(t, item_of(node)->is_in);
		EXPECT(t, !previous || item_of(previous)->key <= item_of(node)->key);
		EXPECT_POINTER(t, rbtree_previous(node), previous);
		previous = node;
		seen++;
	}
	EXPECT_EQ(t, seen, count);
	EXPECT_POINTER(t, rbtree_last(&cached->tree), previous);
}

static void random_inserts_and_removals_keep_it_balanced(struct test *t)
{
	struct rbtree_cached cached;
	uint32_t seed = 7;
	unsigned int count = 0;

	rbtree_cached_init(&cached);
	for (unsigned int i = 0; i < ITEM_COUNT; i++)
		items[i] = (struct item){ .key = test_random(&seed) % 200 };
	for (unsigned int step = 0; step < 6000; step++) {
		struct item *item = &items[test_random(&seed) % ITEM_COUNT];

		if (item->is_in) {
			rbtree_cached_remove(&cached, &item->node);
			item->is_in = false;
			count--;
		} else {
			insert(&cached, item);
			count++;
		}
		if (step % 16 == 0)
			expect_tree(t, &cached, count);
	}
	for (unsigned int i = 0; i < ITEM_COUNT; i++) {
		if (items[i].is_in) {
			rbtree_cached_remove(&cached, &items[i].node);
			items[i].is_in = false;
			expect_tree(t, &cached, --count);
		}
	}
	EXPECT(t, rbtree_is_empty(&cached.tree));
	EXPECT_POINTER(t, rbtree_cached_first(&cached), NULL);
}

static void ascending_and_descending_keys_keep_it_balanced(struct test *t)
{
	for (int direction = 0; direction < 2; direction++) {
		struct rbtree_cached cached;

		rbtree_cached_init(&cached);
		for (uint32_t i = 0; i < ITEM_COUNT; i++) {
			items[i] = (struct item){ .key = direction ? i : ITEM_COUNT - i };
			insert(&cached, &items[i]);
		}
		expect_tree(t, &cached, ITEM_COUNT);
		for (uint32_t i = 0; i < ITEM_COUNT; i++) {
			struct rbtree_node *first = rbtree_cached_first(&cached);

			EXPECT_EQ(t, item_of(first)->key, direction ? i : i + 1);
			item_of(first)->is_in = false;
			rbtree_cached_remove(&cached, first);
		}
		EXPECT(t, rbtree_is_empty(&cached.tree));
	}
}

static void replace_takes_the_same_place(struct test *t)
{
	struct rbtree_cached cached;
	struct item other = { .key = 50, .is_in = true };

	rbtree_cached_init(&cached);
	for (uint32_t i = 0; i < 100; i++) {
		items[i] = (struct item){ .key = i };
		insert(&cached, &items[i]);
	}
	rbtree_replace(&cached.tree, &items[50].node, &other.node);
	items[50].is_in = false;
	expect_tree(t, &cached, 100);
}

/* A tree whose items count their subtrees: every sum is right after every change. */
struct counted {
	uint32_t key;
	uint32_t subtree_count;
	bool is_in;
	struct rbtree_node node;
};

static struct counted counted_items[ITEM_COUNT];

static uint32_t count_below(const struct rbtree_node *node)
{
	return node ? rbtree_entry(node, struct counted, node)->subtree_count : 0;
}

static bool update_count(struct rbtree_node *node)
{
	struct counted *item = rbtree_entry(node, struct counted, node);
	uint32_t old = item->subtree_count;

	item->subtree_count = 1 + count_below(node->left) + count_below(node->right);
	return item->subtree_count != old;
}

static void insert_counted(struct rbtree *tree, struct counted *item)
{
	struct rbtree_node **link = &tree->node;
	struct rbtree_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < rbtree_entry(parent, struct counted, node)->key ?
			       &parent->left :
			       &parent->right;
	}
	rbtree_link(&item->node, parent, link);
	rbtree_insert_fixup_summed(tree, &item->node, update_count);
}

static void sums_of_subtrees_stay_right(struct test *t)
{
	struct rbtree tree;
	uint32_t seed = 21;
	uint32_t count = 0;

	rbtree_init(&tree);
	for (unsigned int i = 0; i < ITEM_COUNT; i++)
		counted_items[i] = (struct counted){ .key = test_random(&seed) % 200 };
	for (unsigned int step = 0; step < 3000; step++) {
		struct counted *item = &counted_items[test_random(&seed) % ITEM_COUNT];
		unsigned int wrong = 0;

		if (item->is_in)
			rbtree_remove_summed(&tree, &item->node, update_count);
		else
			insert_counted(&tree, item);
		count += item->is_in ? -1u : 1u;
		item->is_in = !item->is_in;
		EXPECT_EQ(t, count_below(tree.node), count);
		for (struct rbtree_node *node = rbtree_first(&tree); node; node = rbtree_next(node))
			wrong += count_below(node) !=
				 1 + count_below(node->left) + count_below(node->right);
		EXPECT_EQ(t, wrong, 0);
		EXPECT(t, rbtree_check(&tree));
	}
}

const struct test_case test_cases[] = {
	TEST(random_inserts_and_removals_keep_it_balanced),
	TEST(ascending_and_descending_keys_keep_it_balanced),
	TEST(replace_takes_the_same_place),
	TEST(sums_of_subtrees_stay_right),
	TEST_END
};

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

/* A tree whose items bound the values of their subtrees: no bound is ever too small. */
struct bounded {
	uint32_t key;
	uint32_t value;
	uint32_t bound;
	bool is_in;
	struct rbtree_node node;
};

static struct bounded bounded_items[ITEM_COUNT];

static struct bounded *bounded_of(struct rbtree_node *node)
{
	return rbtree_entry(node, struct bounded, node);
}

static uint32_t least_bound(struct rbtree_node *node)
{
	uint32_t bound = bounded_of(node)->value;

	if (node->left && bounded_of(node->left)->bound > bound)
		bound = bounded_of(node->left)->bound;
	if (node->right && bounded_of(node->right)->bound > bound)
		bound = bounded_of(node->right)->bound;
	return bound;
}

static void tighten(struct rbtree_node *node)
{
	bounded_of(node)->bound = least_bound(node);
}

static void insert_bounded(struct rbtree *tree, struct bounded *item)
{
	struct rbtree_node **link = &tree->node;
	struct rbtree_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < bounded_of(parent)->key ? &parent->left : &parent->right;
	}
	rbtree_link(&item->node, parent, link);
	item->bound = item->value;
	for (; parent && bounded_of(parent)->bound < item->value; parent = rbtree_parent(parent))
		bounded_of(parent)->bound = item->value;
	if (rbtree_is_below_red(&item->node))
		rbtree_insert_fixup_bounded(tree, &item->node, tighten);
}

static void bounds_of_subtrees_hold(struct test *t)
{
	struct rbtree tree;
	uint32_t seed = 21;

	rbtree_init(&tree);
	for (unsigned int i = 0; i < ITEM_COUNT; i++)
		bounded_items[i] = (struct bounded){ .key = test_random(&seed) % 200,
						     .value = test_random(&seed) % 1000 };
	for (unsigned int step = 0; step < 3000; step++) {
		struct bounded *item = &bounded_items[test_random(&seed) % ITEM_COUNT];
		unsigned int wrong = 0;

		if (item->is_in)
			rbtree_remove_bounded(&tree, &item->node, tighten);
		else
			insert_bounded(&tree, item);
		item->is_in = !item->is_in;
		/* Now and then somebody is led astray. */
		if (item->is_in && step % 5 == 0)
			tighten(&item->node);
		for (struct rbtree_node *node = rbtree_first(&tree); node; node = rbtree_next(node))
			wrong += bounded_of(node)->bound < least_bound(node);
		EXPECT_EQ(t, wrong, 0);
		EXPECT(t, rbtree_check(&tree));
	}
}

const struct test_case test_cases[] = {
	TEST(random_inserts_and_removals_keep_it_balanced),
	TEST(ascending_and_descending_keys_keep_it_balanced),
	TEST(replace_takes_the_same_place),
	TEST(bounds_of_subtrees_hold),
	TEST_END
};

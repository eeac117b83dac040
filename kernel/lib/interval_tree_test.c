#include "lib/interval_tree.h"
#include "lib/compiler.h"
#include "test.h"

enum { ITEM_COUNT = 200, NUMBERS = 120 };

static struct interval items[ITEM_COUNT];

/* Exactly the items that are in the tree and meet [first, end), in order. */
static void expect_hits(struct test *t, const struct interval_tree *tree, uint32_t first,
			uint32_t end)
{
	struct interval *previous = NULL;
	unsigned int found = 0, expected = 0;

	for (struct interval *hit = interval_tree_first(tree, first, end); hit;
	     hit = interval_tree_next(hit, first, end)) {
		EXPECT(t, interval_is_in_tree(hit));
		EXPECT(t, hit->first < end && hit->end > first);
		EXPECT(t, !previous || previous->first <= hit->first);
		previous = hit;
		found++;
	}
	for (unsigned int i = 0; i < ITEM_COUNT; i++)
		expected += first < end && interval_is_in_tree(&items[i]) &&
			    items[i].first < end && items[i].end > first;
	EXPECT_EQ(t, found, expected);
}

/* Put the item in, anywhere or as a copy of another, or take it out. */
static void change(struct interval_tree *tree, struct interval *item, uint32_t *seed)
{
	struct interval *other = &items[test_random(seed) % ITEM_COUNT];

	if (interval_is_in_tree(item)) {
		interval_tree_remove(tree, item);
	} else if (interval_is_in_tree(other) && test_random(seed) % 2) {
		interval_tree_insert_copy(other, item);
	} else {
		item->first = test_random(seed) % NUMBERS;
		item->end = item->first + 1 + test_random(seed) % (test_random(seed) % 40 + 1);
		interval_tree_insert(tree, item);
	}
}

static void random_changes_and_questions_agree_with_a_plain_walk(struct test *t)
{
	struct interval_tree tree;
	uint32_t seed = 5;

	interval_tree_init(&tree);
	for (unsigned int i = 0; i < ITEM_COUNT; i++)
		items[i] = (struct interval){ .first = 0 };
	for (unsigned int step = 0; step < 8000; step++) {
		uint32_t first = test_random(&seed) % (NUMBERS + 10);

		change(&tree, &items[test_random(&seed) % ITEM_COUNT], &seed);
		EXPECT(t, interval_tree_check(&tree));
		expect_hits(t, &tree, first, first + test_random(&seed) % 8);
		if (step % 64 == 0)
			expect_hits(t, &tree, 0, UINT32_MAX);
	}
	for (unsigned int i = 0; i < ITEM_COUNT; i++) {
		if (interval_is_in_tree(&items[i]))
			interval_tree_remove(&tree, &items[i]);
	}
	EXPECT(t, interval_tree_is_empty(&tree));
}

static void equal_ones_come_in_the_order_in_which_they_stand(struct test *t)
{
	static const unsigned int order[] = { 0, 1, 3, 2 };
	struct interval_tree tree;
	struct interval *hit;

	interval_tree_init(&tree);
	for (unsigned int i = 0; i < 4; i++)
		items[i] = (struct interval){ .first = 10, .end = 20 };
	for (unsigned int i = 0; i < 3; i++)
		interval_tree_insert(&tree, &items[i]);
	interval_tree_insert_copy(&items[1], &items[3]);
	/* The head goes, and the next takes its place in the tree. */
	for (unsigned int gone = 0; gone < 4; gone++) {
		hit = interval_tree_first(&tree, 19, 20);
		for (unsigned int i = gone; i < 4; i++) {
			EXPECT_POINTER(t, hit, &items[order[i]]);
			hit = interval_tree_next(hit, 19, 20);
		}
		EXPECT_POINTER(t, hit, NULL);
		EXPECT(t, interval_tree_check(&tree));
		interval_tree_remove(&tree, &items[order[gone]]);
	}
	EXPECT(t, interval_tree_is_empty(&tree));
}

static void ranges_at_the_ends_of_the_numbers(struct test *t)
{
	struct interval_tree tree;

	interval_tree_init(&tree);
	items[0] = (struct interval){ .first = 0, .end = 1 };
	items[1] = (struct interval){ .first = UINT32_MAX - 1, .end = UINT32_MAX };
	for (unsigned int i = 0; i < 2; i++)
		interval_tree_insert(&tree, &items[i]);
	EXPECT_POINTER(t, interval_tree_first(&tree, 0, 1), &items[0]);
	EXPECT_POINTER(t, interval_tree_next(&items[0], 0, 1), NULL);
	EXPECT_POINTER(t, interval_tree_first(&tree, 1, UINT32_MAX - 1), NULL);
	EXPECT_POINTER(t, interval_tree_first(&tree, 1, UINT32_MAX), &items[1]);
	EXPECT_POINTER(t, interval_tree_first(&tree, 5, 5), NULL);
	for (unsigned int i = 0; i < 2; i++)
		interval_tree_remove(&tree, &items[i]);
}

const struct test_case test_cases[] = {
	TEST(random_changes_and_questions_agree_with_a_plain_walk),
	TEST(equal_ones_come_in_the_order_in_which_they_stand),
	TEST(ranges_at_the_ends_of_the_numbers),
	TEST_END
};

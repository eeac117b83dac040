#include "lib/list.h"
#include "lib/compiler.h"
#include "test.h"

struct item {
	int number;
	struct list_node node;
};

static struct item items[6];

/* A list of items 0, 1, ... count - 1. */
static void fill(struct list *list, int first, int count)
{
	list_init(list);
	for (int i = first; i < first + count; i++) {
		items[i] = (struct item){ .number = i };
		list_add_tail(list, &items[i].node);
	}
}

/* The numbers, read forwards and backwards, as one decimal: 123 and 321. */
static int read_forwards(const struct list *list)
{
	const struct item *item;
	int digits = 0;

	list_for_each_entry(item, list, node)
		digits = digits * 10 + item->number;
	return digits;
}

static int read_backwards(const struct list *list)
{
	const struct item *item;
	int digits = 0;

	list_for_each_entry_reverse(item, list, node)
		digits = digits * 10 + item->number;
	return digits;
}

static void add_keeps_order_in_both_directions(struct test *t)
{
	struct list list;

	fill(&list, 1, 3);
	EXPECT_EQ(t, read_forwards(&list), 123);
	EXPECT_EQ(t, read_backwards(&list), 321);
	items[0] = (struct item){ .number = 5 };
	list_add_head(&list, &items[0].node);
	EXPECT_EQ(t, read_forwards(&list), 5123);
	items[4] = (struct item){ .number = 4 };
	list_insert_after(&items[1].node, &items[4].node);
	EXPECT_EQ(t, read_forwards(&list), 51423);
	EXPECT_EQ(t, read_backwards(&list), 32415);
	EXPECT_EQ(t, list_count(&list), 5);
}

static void remove_leaves_an_unlinked_node(struct test *t)
{
	struct list list;

	fill(&list, 1, 3);
	EXPECT(t, list_node_is_linked(&items[2].node));
	list_remove(&items[2].node);
	EXPECT(t, !list_node_is_linked(&items[2].node));
	EXPECT_EQ(t, read_forwards(&list), 13);
	EXPECT(t, !list_is_singular(&list));
	EXPECT_POINTER(t, list_pop_head(&list), &items[1].node);
	EXPECT(t, list_is_singular(&list));
	EXPECT_POINTER(t, list_pop_head_entry(&list, struct item, node), &items[3]);
	EXPECT(t, list_is_empty(&list));
	EXPECT_POINTER(t, list_pop_head(&list), NULL);
}

static void ends_of_an_empty_list_are_null(struct test *t)
{
	struct list list = LIST_INIT(list);

	EXPECT_POINTER(t, list_first(&list), NULL);
	EXPECT_POINTER(t, list_last(&list), NULL);
	EXPECT_POINTER(t, list_first_entry(&list, struct item, node), NULL);
	EXPECT_EQ(t, list_count(&list), 0);
}

static void splice_moves_all_and_empties_the_source(struct test *t)
{
	struct list a;
	struct list b;
	struct list empty;

	fill(&a, 1, 2);
	fill(&b, 3, 2);
	list_init(&empty);
	list_splice_tail(&a, &b);
	EXPECT_EQ(t, read_forwards(&a), 1234);
	EXPECT_EQ(t, read_backwards(&a), 4321);
	EXPECT(t, list_is_empty(&b));
	list_splice_tail(&a, &empty);
	EXPECT_EQ(t, read_forwards(&a), 1234);
	list_splice_head(&b, &a);
	EXPECT_EQ(t, read_forwards(&b), 1234);
	fill(&a, 0, 1);
	items[5] = (struct item){ .number = 5 };
	list_add_tail(&empty, &items[5].node);
	list_splice_head(&b, &empty);
	EXPECT_EQ(t, read_forwards(&b), 51234);
	EXPECT_EQ(t, read_backwards(&b), 43215);
}

static void safe_loop_may_remove_each_entry(struct test *t)
{
	struct list list;
	struct item *item;
	struct item *following;
	struct list_node *node;
	struct list_node *next;

	fill(&list, 1, 4);
	list_for_each_entry_safe(item, following, &list, node) {
		if (item->number % 2 == 0) {
			list_remove(&item->node);
			item->number = -1;
		}
	}
	EXPECT_POINTER(t, item, NULL);
	EXPECT_EQ(t, read_forwards(&list), 13);
	list_for_each_safe(node, next, &list)
		list_remove(node);
	EXPECT(t, list_is_empty(&list));
}

static void move_takes_a_node_to_an_end(struct test *t)
{
	struct list list;

	fill(&list, 1, 3);
	list_move_head(&list, &items[3].node);
	EXPECT_EQ(t, read_forwards(&list), 312);
	list_move_tail(&list, &items[1].node);
	EXPECT_EQ(t, read_forwards(&list), 321);
}

const struct test_case test_cases[] = {
	TEST(add_keeps_order_in_both_directions),
	TEST(remove_leaves_an_unlinked_node),
	TEST(ends_of_an_empty_list_are_null),
	TEST(splice_moves_all_and_empties_the_source),
	TEST(safe_loop_may_remove_each_entry),
	TEST(move_takes_a_node_to_an_end),
	TEST_END
};

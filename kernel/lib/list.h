/*
 * Doubly linked lists whose links lie inside the objects.
 *
 * A list is a ring through its own head, so adding and removing have no special cases. A node that
 * is on no list has null links: memory that was zeroed needs no further initialisation, and
 * list_node_is_linked() is a real question, asked by assertions. The list owns nothing; the
 * caller's lock protects the links, as it protects what they lead to.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "lib/compiler.h"

struct list_node {
	struct list_node *next;		/* NULL when on no list */
	struct list_node *previous;	/* NULL when on no list */
};

struct list {
	struct list_node head;	/* head.next is the first node, or the head itself */
};

/* For a list with static storage: struct list runnable = LIST_INIT(runnable); */
#define LIST_INIT(name) { { &(name).head, &(name).head } }

static inline void list_init(struct list *list)
{
	list->head.next = &list->head;
	list->head.previous = &list->head;
}

/* For nodes in memory that is not zeroed; never for one that is on a list. */
static inline void list_node_init(struct list_node *node)
{
	node->next = NULL;
	node->previous = NULL;
}

static inline bool list_node_is_linked(const struct list_node *node)
{
	return node->next != NULL;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

/*
 * For who does not hold the lock: a look at one moment. Whoever makes more of it says which fences
 * let him.
 */
static inline bool list_seems_empty(const struct list *list)
{
	return *(struct list_node *const volatile *)&list->head.next == &list->head;
}

static inline bool list_is_singular(const struct list *list)
{
	return !list_is_empty(list) && list->head.next == list->head.previous;
}

/* Put `node`, which is on no list, right before `position`, which is on one. */
static inline void list_insert_before(struct list_node *position, struct list_node *node)
{
	node->next = position;
	node->previous = position->previous;
	position->previous->next = node;
	position->previous = node;
}

/* Put `node`, which is on no list, right after `position`, which is on one. */
static inline void list_insert_after(struct list_node *position, struct list_node *node)
{
	list_insert_before(position->next, node);
}

static inline void list_add_head(struct list *list, struct list_node *node)
{
	list_insert_before(list->head.next, node);
}

static inline void list_add_tail(struct list *list, struct list_node *node)
{
	list_insert_before(&list->head, node);
}

/* Take `node` off the list it is on. */
static inline void list_remove(struct list_node *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	node->next = NULL;
	node->previous = NULL;
}

/* The same for one whose own links nobody looks at before it is put on a list again. */
static inline void list_unlink(struct list_node *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
}

/* The first node, or NULL if the list is empty. */
static inline struct list_node *list_first(const struct list *list)
{
	return list_is_empty(list) ? NULL : list->head.next;
}

/* The last node, or NULL if the list is empty. */
static inline struct list_node *list_last(const struct list *list)
{
	return list_is_empty(list) ? NULL : list->head.previous;
}

/* The node after `node`, or NULL if it is the last of `list`. */
static inline struct list_node *list_next(const struct list *list, const struct list_node *node)
{
	return node->next == &list->head ? NULL : node->next;
}

/* The node before `node`, or NULL if it is the first of `list`. */
static inline struct list_node *list_previous(const struct list *list,
					      const struct list_node *node)
{
	return node->previous == &list->head ? NULL : node->previous;
}

/* Take the first node off the list and return it, or NULL if the list is empty. */
static inline struct list_node *list_pop_head(struct list *list)
{
	struct list_node *node = list_first(list);

	if (node)
		list_remove(node);
	return node;
}

static inline void list_move_head(struct list *list, struct list_node *node)
{
	list_remove(node);
	list_add_head(list, node);
}

static inline void list_move_tail(struct list *list, struct list_node *node)
{
	list_remove(node);
	list_add_tail(list, node);
}

/* Move all nodes of `from`, in order, behind those of `list`; `from` is empty afterwards. */
static inline void list_splice_tail(struct list *list, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->head.next->previous = list->head.previous;
	from->head.previous->next = &list->head;
	list->head.previous->next = from->head.next;
	list->head.previous = from->head.previous;
	list_init(from);
}

/* Move all nodes of `from`, in order, before those of `list`; `from` is empty afterwards. */
static inline void list_splice_head(struct list *list, struct list *from)
{
	list_splice_tail(from, list);
	list_splice_tail(list, from);
}

/* How many nodes there are; walks the list. */
static inline size_t list_count(const struct list *list)
{
	size_t count = 0;

	for (const struct list_node *node = list_first(list); node; node = list_next(list, node))
		count++;
	return count;
}

/* For the macros below: the object around a node, or NULL for no node. */
static inline void *list_object(struct list_node *node, size_t member_offset)
{
	return node ? (char *)node - member_offset : NULL;
}

/* The object whose field `member` is `node`; `node` is not NULL. */
#define list_entry(node, type, member) container_of(node, type, member)

/* The objects at either end of `list`, or NULL if it is empty. */
#define list_first_entry(list, type, member) \
	((type *)list_object(list_first(list), offsetof(type, member)))
#define list_last_entry(list, type, member) \
	((type *)list_object(list_last(list), offsetof(type, member)))

/* The first object, taken off `list`; NULL if it is empty. */
#define list_pop_head_entry(list, type, member) \
	((type *)list_object(list_pop_head(list), offsetof(type, member)))

/* The objects beside `entry` on `list`, or NULL at its ends. */
#define list_next_entry(list, entry, member)						\
	((__typeof__(entry))list_object(list_next(list, &(entry)->member),		\
					offsetof(__typeof__(*(entry)), member)))
#define list_previous_entry(list, entry, member)					\
	((__typeof__(entry))list_object(list_previous(list, &(entry)->member),		\
					offsetof(__typeof__(*(entry)), member)))

/* Visit every node from the first to the last. The body must not remove `node`. */
#define list_for_each(node, list) \
	for ((node) = list_first(list); (node); (node) = list_next(list, node))

/* As list_for_each, but the body may remove `node` (and only it). */
#define list_for_each_safe(node, following, list)					\
	for ((node) = list_first(list);							\
	     (node) && ((following) = list_next(list, node), true); (node) = (following))

/* Visit every object. `entry` is NULL after a loop that ran to its end. */
#define list_for_each_entry(entry, list, member)					\
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member); (entry);	\
	     (entry) = list_next_entry(list, entry, member))

#define list_for_each_entry_reverse(entry, list, member)				\
	for ((entry) = list_last_entry(list, __typeof__(*(entry)), member); (entry);	\
	     (entry) = list_previous_entry(list, entry, member))

/* As list_for_each_entry, but the body may remove or free `entry` (and only it). */
#define list_for_each_entry_safe(entry, following, list, member)			\
	for ((entry) = list_first_entry(list, __typeof__(*(entry)), member);		\
	     (entry) && ((following) = list_next_entry(list, entry, member), true);	\
	     (entry) = (following))

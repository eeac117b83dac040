/*
 * Sockets that nobody can reach: the collector.
 *
 * A socket whose file is referenced only by rights in flight can be got at only by receiving them.
 * If they lie in the queue of another such socket, and so on in a ring, then nobody ever will, and
 * the files would stay open for ever. So whenever a reference to a socket in flight goes and leaves
 * none outside, we look:
 *
 *  1. Candidates are the sockets in flight that have no reference beside those in flight.
 *  2. Of each candidate's references, those held by other candidates are taken away. One with some
 *     left is held by a socket that somebody has: it is reached, and with it all that it holds.
 *  3. The others are garbage. Their rights are taken off their packets and dropped; that closes
 *     files, and with them the rings come apart.
 *
 * A socket that waits to be accepted has no file: what it holds counts as held by its listener.
 *
 * All of it happens under unix_in_flight_lock, which every change of the books takes, receiving and
 * peeking too: so no reference can come out of a queue between two looks, and candidates cannot get
 * new ones, for only who has a reference could make one. The cost is that of the sockets in flight
 * and what they hold; a socket that is not in flight is closed without any of it.
 *
 * Each reference to a socket's file that goes is told us before (unix_let_go): of a descriptor, of
 * a call under way in a thread while another closes the last descriptor, of rights that were not
 * sent. When two go at once, each may see the other's and take it for one that stays. So who leaves
 * one asks for a look a moment later, when both are gone.
 */
#include "core/assert.h"
#include "net/unix/internal.h"
#include "sched/clock.h"
#include "sched/timer.h"
#include "sched/work_queue.h"
#include "vfs/file.h"

enum { LATER_NS = 10 * 1000 * 1000 };
enum { OUTSIDE, CANDIDATE, REACHED }; /* unix_socket.mark */

typedef void visit_child(struct unix_socket *child, struct list *out);

static void visit_rights(const struct list *held, visit_child *visit, struct list *out)
{
	const struct socket_rights *rights;

	list_for_each_entry(rights, held, node) {
		for (unsigned int i = 0; i < rights->count; i++) {
			struct unix_socket *child = unix_socket_of(rights->files[i]);

			if (child && child->mark == CANDIDATE)
				visit(child, out);
		}
	}
}

/* Every candidate that `socket` holds, once for each reference. */
static void visit_children(const struct unix_socket *socket, visit_child *visit, struct list *out)
{
	const struct unix_socket *embryo;

	visit_rights(&socket->rights_held, visit, out);
	list_for_each_entry(embryo, &socket->embryos, embryo_node)
		visit_rights(&embryo->rights_held, visit, out);
}

static void count_inside(struct unix_socket *child, struct list *unused)
{
	(void)unused;
	assert(child->outside_count > 0);
	child->outside_count--;
}

static void reach(struct unix_socket *child, struct list *reached)
{
	child->mark = REACHED;
	list_move_tail(reached, &child->in_flight_node);
}

static void find_candidates(const struct unix_socket *closing, struct list *candidates)
{
	struct unix_socket *socket, *next;

	list_for_each_entry_safe(socket, next, &unix_in_flight_sockets, in_flight_node) {
		int references = refcount_read(&socket->base.file->references);
		unsigned int in_flight = atomic_load_explicit(&socket->in_flight,
							      memory_order_relaxed);

		if ((unsigned int)references - (socket == closing) != in_flight)
			continue;
		socket->mark = CANDIDATE;
		socket->outside_count = in_flight;
		list_move_tail(candidates, &socket->in_flight_node);
	}
}

static void find_reached(struct list *candidates, struct list *reached)
{
	struct unix_socket *socket, *next;

	list_for_each_entry(socket, candidates, in_flight_node)
		visit_children(socket, count_inside, NULL);
	list_for_each_entry_safe(socket, next, candidates, in_flight_node) {
		if (socket->outside_count > 0)
			reach(socket, reached);
	}
	/* The list grows at its end while we walk it. */
	list_for_each_entry(socket, reached, in_flight_node)
		visit_children(socket, reach, reached);
}

static void strip_all(struct list *held, struct list *out)
{
	struct socket_rights *rights;

	while ((rights = list_first_entry(held, struct socket_rights, node))) {
		unix_rights_strip_locked(rights);
		list_add_tail(out, &rights->node);
	}
}

/*
 * What is left of the candidates is garbage. One that lands because another was stripped leaves the
 * list; its own rights go when its file does.
 */
static void strip_garbage(struct list *candidates, struct list *out)
{
	struct unix_socket *socket, *embryo;

	while ((socket = list_first_entry(candidates, struct unix_socket, in_flight_node))) {
		list_move_tail(&unix_in_flight_sockets, &socket->in_flight_node);
		strip_all(&socket->rights_held, out);
		list_for_each_entry(embryo, &socket->embryos, embryo_node)
			strip_all(&embryo->rights_held, out);
	}
}

void unix_collect_garbage(struct unix_socket *closing)
{
	struct list candidates, reached, garbage;
	struct socket_rights *rights;
	struct unix_socket *socket;

	list_init(&candidates);
	list_init(&reached);
	list_init(&garbage);
	spin_lock(&unix_in_flight_lock);
	find_candidates(closing, &candidates);
	find_reached(&candidates, &reached);
	list_for_each_entry(socket, &candidates, in_flight_node)
		socket->mark = OUTSIDE;
	list_for_each_entry(socket, &reached, in_flight_node)
		socket->mark = OUTSIDE;
	list_splice_tail(&unix_in_flight_sockets, &reached);
	strip_garbage(&candidates, &garbage);
	spin_unlock(&unix_in_flight_lock);
	while ((rights = list_pop_head_entry(&garbage, struct socket_rights, node))) {
		unix_rights_discharge(rights);
		socket_rights_drop(rights);
	}
}

/* ---- later ----------------------------------------------------------------------------------- */

static struct timer later_timer;
static struct work later_work;
static atomic_bool is_later_asked; /* [a] the timer runs, or the work waits */

static void collect_now(struct work *work)
{
	(void)work;
	/* First, so that what is asked for from now on is seen by another look. */
	atomic_store_explicit(&is_later_asked, false, memory_order_seq_cst);
	unix_collect_garbage(NULL);
}

static void later_is_now(struct timer *timer)
{
	(void)timer;
	work_schedule(&later_work);
}

void unix_collect_garbage_later(void)
{
	if (!atomic_exchange_explicit(&is_later_asked, true, memory_order_seq_cst))
		timer_arm(&later_timer, clock_monotonic_ns() + LATER_NS);
}

void unix_garbage_init(void)
{
	timer_init(&later_timer, later_is_now);
	work_init(&later_work, collect_now);
}

/* core_test - an application core against network cores that are acted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "appcore/appcore.h"

#define NETS 2

struct world {
	struct domain domain;
	struct domain_core core;
	struct domain_edge edge[NETS];
	struct edge net[NETS]; /* their ends */
	struct dl dl;
	unsigned said[MSG_TYPES]; /* commands that came, by type */
	unsigned closed, room;
	int again; /* what dl_connect() said in closed() */
};

static const struct dl_program program;

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct world *w = arg;

	(void)e;
	assert_int_equal(msg_check(m, n, MSG_COMMAND, 65536), (int)n);
	w->said[m->type]++;
}

static struct world *
open_world(void)
{
	struct world *w = aligned_alloc(_Alignof(struct world), sizeof(*w));

	memset(w, 0, sizeof(*w));
	w->core.domain = &w->domain;
	w->core.user = &w->dl;
	w->dl.core = &w->core;
	w->dl.program = &program;
	w->dl.user = w;
	w->dl.owes_tail = &w->dl.owes;
	for (unsigned i = LIMIT_ATTEMPTS; i-- > 0;)
		attempt_free(&w->dl, &w->dl.attempt[i]);
	for (unsigned i = 0; i < NETS; i++) {
		struct domain_edge *e = &w->edge[i];
		struct edge_config up = {
			.in = MSG_EVENT, .handler = event_rx, .arg = e};
		struct edge_config down = {
			.in = MSG_COMMAND, .handler = command, .arg = w};

		e->core = &w->core;
		e->of_core = e->peer = i;
		w->domain.peer[i].conns = 16;
		assert_int_equal(edge_init_direct(&e->edge, &up), 0);
		assert_int_equal(edge_init_direct(&w->net[i], &down), 0);
		edge_join_direct(&e->edge, &w->net[i]);
		event_net_here(&w->dl, e);
	}
	return w;
}

static void
close_world(struct world *w)
{
	for (unsigned i = 0; i < NETS; i++) {
		edge_fini(&w->edge[i].edge);
		edge_fini(&w->net[i]);
		conn_table_free(&w->dl.net[i]);
	}
	free(w);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	(void)dl, (void)c, (void)ptr, (void)len;
}

static const struct dl_handler plain = {.data = data};

/* What a client does that has lost its connection. */
static void
connects_again(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	struct world *w = dl_user(dl);
	struct dl_addr addr;

	(void)c;
	assert_int_equal(why, DL_NET_DIED);
	assert_int_equal(dl_addr_parse(&addr, "192.0.2.1"), 0);
	w->closed++;
	w->again = dl_connect(dl, &addr, 80, &plain, NULL);
}

static const struct dl_handler stubborn = {
	.data = data,
	.closed = connects_again,
};

static void
offer(struct world *w, unsigned net, uint32_t id)
{
	struct msg m = {MSG_NEW_CONN, 0, 0, id, msg_endpoint(1, 1000)};

	assert_true(edge_send(&w->net[net], &m, 1));
	assert_int_equal(w->edge[net].edge.down, EDGE_UP);
}

/* A network core that goes takes no attempt with it into the dark. */
static void
a_net_that_goes_is_asked_nothing(void **state)
{
	struct world *w = open_world();

	(void)state;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &stubborn, NULL), 0);
	assert_int_equal(w->said[MSG_LISTEN], NETS);
	offer(w, 0, 1 << 24);
	w->dl.next_net = 0;
	event_net_down(&w->core, &w->edge[0]);
	assert_int_equal(w->closed, 1);
	assert_int_equal(w->again, 0);
	assert_int_equal(w->said[MSG_CONNECT], 1);
	assert_int_equal(w->dl.attempt[0].net, 1);
	assert_null(w->dl.owes);
	offer(w, 1, 1 << 24);
	event_net_down(&w->core, &w->edge[1]);
	assert_int_equal(w->again, -ENOTCONN);
	assert_int_equal(w->said[MSG_CONNECT], 1);
	assert_int_equal(w->said[MSG_CLOSE], 0);
	assert_null(w->dl.owes);
	close_world(w);
}

/* A listener is everywhere, or nowhere: a connection by one that the program
 * was refused would be a fault of the network core's. */
static void
listening_is_all_or_nothing(void **state)
{
	struct world *w = open_world();

	(void)state;
	w->edge[1].edge.parked = LIMIT_PARK;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), -EAGAIN);
	assert_int_equal(w->said[MSG_LISTEN], 0);
	w->edge[1].edge.parked = 0;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), 0);
	assert_int_equal(w->said[MSG_LISTEN], NETS);
	assert_int_equal(dl_listen(&w->dl, NULL, 0, &plain, NULL), -EINVAL);
	for (unsigned i = 1; i < LIMIT_LISTENERS; i++)
		assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), 0);
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), -ENOSPC);
	close_world(w);
}

/* What is owed to a connection is said when there is room, in order. */
static void
what_is_owed_is_said_later(void **state)
{
	struct world *w = open_world();
	struct msg bytes = {MSG_NEW_DATA, 0, 0, 1 << 24, msg_data(0, 100)};
	struct dl_conn *c;

	(void)state;
	dl_listen(&w->dl, NULL, 80, &plain, NULL);
	offer(w, 0, 1 << 24);
	assert_true(edge_send(&w->net[0], &bytes, 1));
	c = &w->dl.net[0].conn[0];
	w->edge[0].edge.parked = LIMIT_PARK;
	dl_recv_done(c, 60);
	dl_recv_done(c, 40);
	dl_shutdown(c);
	assert_int_equal(dl_send(c, &bytes, 0), -EPIPE);
	assert_int_equal(dl_set_nagle(c, 1), -EAGAIN);
	w->edge[0].edge.parked = 0;
	command_retry(&w->dl);
	assert_int_equal(w->said[MSG_RECV_DONE], 1);
	assert_int_equal(w->said[MSG_SHUTDOWN], 1);
	assert_int_equal(dl_set_nagle(c, 1), 0);
	dl_close(c);
	assert_int_equal(dl_set_nagle(c, 1), -EPIPE);
	assert_int_equal(w->said[MSG_CLOSE], 1);
	close_world(w);
}

static void
has_room(struct dl *dl, struct dl_conn *c)
{
	struct world *w = dl_user(dl);

	(void)c;
	w->room++;
}

/* Who was refused is told once when there is room, and not after its end. */
static void
room_is_told(void **state)
{
	static const struct dl_handler h = {.data = data, .room = has_room};
	struct world *w = open_world();
	struct msg over = {MSG_CLEANUP, 0, 0, (1 << 24) + 1, MSG_WHY_RESET};
	struct dl_conn *c;

	(void)state;
	dl_listen(&w->dl, NULL, 80, &h, NULL);
	offer(w, 0, 1 << 24);
	offer(w, 0, (1 << 24) + 1);
	c = w->dl.net[0].conn;
	assert_int_equal(dl_room(c, 8), 0);
	room_turn(&w->dl);
	assert_int_equal(w->room, 0);
	w->dl.net[0].pieces = LIMIT_SENDS - 7;
	assert_int_equal(dl_room(c, 7), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(dl_room(&c[i & 1], 8), -EAGAIN);
	room_turn(&w->dl);
	assert_int_equal(w->room, 0);
	assert_true(edge_send(&w->net[0], &over, 1));
	w->dl.net[0].pieces = 0;
	room_turn(&w->dl);
	room_turn(&w->dl);
	assert_int_equal(w->room, 1);
	assert_null(w->dl.waits);
	assert_null(w->dl.waits_last);
	dl_shutdown(c);
	assert_int_equal(dl_room(c, 1), -EPIPE);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_net_that_goes_is_asked_nothing),
		cmocka_unit_test(listening_is_all_or_nothing),
		cmocka_unit_test(what_is_owed_is_said_later),
		cmocka_unit_test(room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

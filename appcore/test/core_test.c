/* core_test - an application core against network cores that are acted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "appcore/test/core_world.h"

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

/* A network core that goes takes no attempt with it into the dark. */
static void
a_net_that_goes_is_asked_nothing(void **state)
{
	struct world *w = world_open();

	(void)state;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &stubborn, NULL), 0);
	assert_int_equal(w->said[MSG_LISTEN], WORLD_NETS);
	world_offer(w, 0, 1 << 24);
	w->dl.next_net = 0;
	event_net_down(&w->core, &w->edge[0]);
	assert_int_equal(w->closed, 1);
	assert_int_equal(w->again, 0);
	assert_int_equal(w->said[MSG_CONNECT], 1);
	assert_int_equal(w->dl.attempt[0].net, 1);
	assert_null(w->dl.owes);
	world_offer(w, 1, 1 << 24);
	event_net_down(&w->core, &w->edge[1]);
	assert_int_equal(w->again, -ENOTCONN);
	assert_int_equal(w->said[MSG_CONNECT], 1);
	assert_int_equal(w->said[MSG_CLOSE], 0);
	assert_null(w->dl.owes);
	world_close(w);
}

static void
is_refused(struct dl *dl, void *arg, enum dl_why why)
{
	struct world *w = dl_user(dl);

	assert_ptr_equal(arg, w);
	assert_int_equal(why, DL_UNREACHABLE);
	w->closed++;
}

/* The answer may be there before the command was sent. */
static void
an_answer_may_come_at_once(void **state)
{
	static const struct dl_handler h = {
		.data = data, .connect_failed = is_refused};
	struct world *w = world_open();
	struct dl_addr addr;

	(void)state;
	assert_int_equal(dl_addr_parse(&addr, "192.0.2.1"), 0);
	w->refuse = true;
	for (unsigned i = 1; i <= 2 * LIMIT_ATTEMPTS; i++) {
		assert_int_equal(dl_connect(&w->dl, &addr, 80, &h, w), 0);
		assert_int_equal(w->closed, i);
		assert_int_equal(w->edge[i % 2].edge.down, EDGE_UP);
	}
	/* What is not sent is not an attempt. */
	w->edge[0].edge.parked = w->edge[1].edge.parked = LIMIT_PARK;
	for (unsigned i = 0; i <= LIMIT_ATTEMPTS; i++)
		assert_int_equal(dl_connect(&w->dl, &addr, 80, &h, w), -EAGAIN);
	w->edge[0].edge.parked = w->edge[1].edge.parked = 0;
	assert_int_equal(dl_connect(&w->dl, &addr, 80, &h, w), 0);
	world_close(w);
}

/* A listener is everywhere, or nowhere: a connection by one that the program
 * was refused would be a fault of the network core's. */
static void
listening_is_all_or_nothing(void **state)
{
	struct world *w = world_open();

	(void)state;
	w->edge[1].edge.parked = LIMIT_PARK;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), -EAGAIN);
	assert_int_equal(w->said[MSG_LISTEN], 0);
	w->edge[1].edge.parked = 0;
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), 0);
	assert_int_equal(w->said[MSG_LISTEN], WORLD_NETS);
	assert_int_equal(dl_listen(&w->dl, NULL, 0, &plain, NULL), -EINVAL);
	for (unsigned i = 1; i < LIMIT_LISTENERS; i++)
		assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), 0);
	assert_int_equal(dl_listen(&w->dl, NULL, 80, &plain, NULL), -ENOSPC);
	world_close(w);
}

/* What is owed to a connection is said when there is room, in order. */
static void
what_is_owed_is_said_later(void **state)
{
	struct world *w = world_open();
	struct msg bytes = {MSG_NEW_DATA, 0, 0, 1 << 24, msg_data(0, 100)};
	struct dl_conn *c;

	(void)state;
	dl_listen(&w->dl, NULL, 80, &plain, NULL);
	world_offer(w, 0, 1 << 24);
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
	world_close(w);
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
	struct world *w = world_open();
	struct msg over = {MSG_CLEANUP, 0, 0, (1 << 24) + 1, MSG_WHY_RESET};
	struct dl_conn *c;

	(void)state;
	dl_listen(&w->dl, NULL, 80, &h, NULL);
	world_offer(w, 0, 1 << 24);
	world_offer(w, 0, (1 << 24) + 1);
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
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_net_that_goes_is_asked_nothing),
		cmocka_unit_test(an_answer_may_come_at_once),
		cmocka_unit_test(listening_is_all_or_nothing),
		cmocka_unit_test(what_is_owed_is_said_later),
		cmocka_unit_test(room_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

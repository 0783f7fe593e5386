/* door_test - every command is answered or refused and counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/door/door.h"

struct app {
	struct edge edge, net;
	struct door door;
	struct msg last;
	unsigned events;
};

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	(void)n;
	door_command(&((struct app *)arg)->door, e, m);
}

static void
event(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct app *a = arg;

	(void)e;
	assert_int_equal(msg_check(m, n, MSG_EVENT, 0), n);
	a->last = *m;
	a->events++;
}

static void
open_door(struct app *a)
{
	struct edge_config up = {.in = MSG_EVENT, .handler = event, .arg = a};
	struct edge_config down = {
		.in = MSG_COMMAND, .handler = command, .arg = a};

	*a = (struct app){.events = 0};
	assert_int_equal(edge_init_direct(&a->edge, &up), 0);
	assert_int_equal(edge_init_direct(&a->net, &down), 0);
	edge_join_direct(&a->edge, &a->net);
}

static void
close_door(struct app *a)
{
	edge_fini(&a->edge);
	edge_fini(&a->net);
}

static void
say(struct app *a, struct msg m)
{
	assert_int_equal(msg_check(&m, 1, MSG_COMMAND, 65536), 1);
	assert_true(edge_send(&a->edge, &m, 1));
}

static void
a_ping_is_answered(void **state)
{
	struct app a;

	(void)state;
	open_door(&a);
	say(&a, (struct msg){MSG_PING, 0, 1, 2, 3});
	assert_int_equal(a.events, 1);
	assert_int_equal(a.last.type, MSG_PONG);
	assert_int_equal(a.last.arg, 1);
	assert_int_equal(a.last.conn, 2);
	assert_int_equal(a.last.ref, 3);
	assert_int_equal(a.door.pings, 1);
	close_door(&a);
}

static void
without_a_port_it_says_so(void **state)
{
	struct app a;

	(void)state;
	open_door(&a);
	say(&a, (struct msg){MSG_LISTEN, 0, 7, 0, msg_endpoint(0, 80)});
	assert_int_equal(a.last.type, MSG_LISTEN_CLOSED);
	assert_int_equal(a.last.arg, 7);
	assert_int_equal(a.last.ref, MSG_WHY_NO_PORT);
	say(&a, (struct msg){MSG_CONNECT, 0, 0, 99, msg_endpoint(1, 80)});
	assert_int_equal(a.last.type, MSG_CONNECT_FAILED);
	assert_int_equal(a.last.ref, 99);
	assert_int_equal(a.door.refused[DOOR_NO_PORT], 2);
	close_door(&a);
}

static void
unknown_connections_cost_the_channel(void **state)
{
	static const struct msg of_conn[] = {
		{MSG_ACCEPT, 0, 1, 5, 0},
		{MSG_RECV_DONE, 0, 0, 5, 1},
		{MSG_SEND, 0, 0, 5, 1ull << 40},
		{MSG_SHUTDOWN, 0, MSG_SHUT_WR, 5, 0},
		{MSG_CLOSE, 0, 0, 5, 0},
		{MSG_SET_OPTION, 0, MSG_OPT_NAGLE, 5, 1},
		{MSG_UNLISTEN, 0, 1, 0, 0},
	};
	struct app a;
	unsigned n = sizeof(of_conn) / sizeof(*of_conn);

	(void)state;
	open_door(&a);
	for (unsigned i = 0; i < LIMIT_BAD; i++) {
		assert_int_equal(a.net.down, EDGE_UP);
		say(&a, of_conn[i % n]);
	}
	assert_int_equal(a.door.refused[DOOR_NO_CONN], LIMIT_BAD);
	assert_int_equal(a.net.down, EDGE_BAD_MESSAGES);
	assert_int_equal(a.events, 0);
	assert_string_equal(door_refusal_name(DOOR_NO_CONN), "no_conn");
	close_door(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(without_a_port_it_says_so),
		cmocka_unit_test(unknown_connections_cost_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

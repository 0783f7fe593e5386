/* door_test - commands and events, what becomes of buffers, and ends. */
#include "netcore/test/door_world.h"

static void
a_ping_is_answered(void **state)
{
	struct world *w = open_world(true, true);
	const struct msg *m;

	(void)state;
	say(w, 0, (struct msg){MSG_PING, 0, 1, 2, 3});
	m = expect(w, 0, MSG_PONG);
	assert_int_equal(m->conn, 2);
	assert_int_equal(m->ref, 3);
	assert_int_equal(w->door.count.pings, 1);
	close_world(w);
}

static void
without_a_port_it_says_so(void **state)
{
	struct world *w = open_world(false, true);
	const struct msg *m;

	(void)state;
	say(w, 0, (struct msg){MSG_LISTEN, 0, 7, 0, msg_endpoint(0, 80)});
	m = expect(w, 0, MSG_LISTEN_CLOSED);
	assert_int_equal(m->arg, 7);
	assert_int_equal(m->ref, MSG_WHY_NO_PORT);
	say(w, 0, (struct msg){MSG_CONNECT, 0, 0, 99, msg_endpoint(1, 80)});
	m = expect(w, 0, MSG_CONNECT_FAILED);
	assert_int_equal(m->ref, 99);
	assert_int_equal(w->door.count.no_port, 2);
	close_world(w);
}

static void
a_request_and_its_answer(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;
	const struct msg *m;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	assert_int_equal(stack_send(w->client, w->peer, "hello", 5), 0);
	settle(w);
	m = expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(m->conn, id);
	assert_int_equal(msg_len(m), 5);
	assert_memory_equal(w->rx.base + msg_offset(m), "hello", 5);
	memcpy(w->app.base + 100, "worldly", 7);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(100, 5)});
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 5});
	assert_int_equal(buffers_used(w), 0);
	settle(w);
	assert_int_equal(w->peer_got, 5);
	assert_memory_equal(w->peer_data, "world", 5);
	wait_ms(w, 50);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 5);
	stack_close(w->client, w->peer, false);
	settle(w);
	assert_int_equal(expect(w, 0, MSG_REMOTE_CLOSED)->conn, id);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	settle(w);
	m = expect(w, 0, MSG_CLEANUP);
	assert_int_equal(m->conn, id);
	assert_int_equal(m->arg, MSG_WHY_CLOSED);
	all_gone(w);
	silence(w);
	close_world(w);
}

/* The peer ends it: the application answers CLEANUP by CLOSE, and what it holds
 * is its own until then. */
static void
a_reset_leaves_the_data_until_close(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	stack_send(w->client, w->peer, "hello", 5);
	settle(w);
	stack_close(w->client, w->peer, true);
	settle(w);
	expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->arg, MSG_WHY_RESET);
	assert_int_equal(buffers_used(w), 1);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 5)});
	assert_int_equal(w->door.count.late, 1);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	assert_int_equal(w->net[0].bads, 0);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	assert_int_equal(w->door.count.no_conn, 1);
	assert_int_equal(w->net[0].bads, 1);
	close_world(w);
}

/* What is acknowledged is told when the device has let go of it, and not
 * before; the end, too. */
static void
the_device_lets_go_first(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 5, 80);
	id = connect_to(w, 0, 80);
	w->door.tx_sent = 3;
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 500)});
	settle(w);
	wait_ms(w, 50);
	silence(w);
	assert_true(w->door.count.tx_waits > 0);
	w->door.tx_sent = 5; /* others send, which must not delay it */
	w->door.tx_done = 3;
	assert_true(door_turn(&w->door) || true);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 500);
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(0, 100)});
	settle(w);
	wait_ms(w, 50);
	stack_close(w->client, w->peer, true);
	settle(w);
	wait_ms(w, 1);
	silence(w);
	w->door.tx_done = 5;
	door_turn(&w->door);
	assert_int_equal(expect(w, 0, MSG_DATA_ACKED)->ref, 100);
	expect(w, 0, MSG_CLEANUP);
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	all_gone(w);
	close_world(w);
}

static void
connecting(void **state)
{
	struct world *w = open_world(true, true);
	const struct msg *m;
	uint32_t id;

	(void)state;
	assert_int_equal(
		stack_listen(w->client, (struct ip_addr){0, 0}, 9, 0), 0);
	say(w, 1,
		(struct msg){MSG_CONNECT, 0, 0, 77,
			msg_endpoint((uint32_t)host_ip4(2).lo, 9)});
	settle(w);
	m = expect(w, 1, MSG_CONNECTED);
	assert_int_equal(m->ref, 77);
	id = m->conn;
	say(w, 1, (struct msg){MSG_SEND, MSGF_FIN, 0, id, msg_data(0, 10)});
	settle(w);
	assert_int_equal(w->peer_got, 10);
	assert_true(w->peer_eof);
	stack_close(w->client, w->peer, false);
	wait_ms(w, 50);
	assert_int_equal(expect(w, 1, MSG_DATA_ACKED)->ref, 10);
	expect(w, 1, MSG_REMOTE_CLOSED);
	expect(w, 1, MSG_CLEANUP);
	say(w, 1, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	/* Where nobody listens. */
	say(w, 1,
		(struct msg){MSG_CONNECT, 0, 0, 78,
			msg_endpoint((uint32_t)host_ip4(2).lo, 10)});
	settle(w);
	m = expect(w, 1, MSG_CONNECT_FAILED);
	assert_int_equal(m->ref, 78);
	assert_int_equal(m->arg, MSG_WHY_REFUSED);
	all_gone(w);
	close_world(w);
}

/* Two cores of one domain share a listener; another domain may not have it. */
static void
listeners_are_shared_within_a_domain(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 2, 80);
	connect_to(w, 1, 80);
	connect_to(w, 0, 80);
	say(w, 0, (struct msg){MSG_LISTEN, 0, 1, 0, msg_endpoint(0, 81)});
	assert_int_equal(expect(w, 0, MSG_LISTEN_CLOSED)->ref, MSG_WHY_IN_USE);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 1, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	connect_to(w, 1, 80);
	connect_to(w, 1, 80);
	close_world(w);

	w = open_world(true, false);
	listen_at(w, 0, 1, 80);
	say(w, 1, (struct msg){MSG_LISTEN, 0, 1, 0, msg_endpoint(0, 80)});
	assert_int_equal(expect(w, 1, MSG_LISTEN_CLOSED)->ref, MSG_WHY_IN_USE);
	close_world(w);
}

/* An application goes: its connections are reset, its listeners are no more,
 * another one does not notice. */
static void
an_app_goes(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id;
	stack_conn theirs;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	id = connect_to(w, 1, 81);
	theirs = w->peer;
	connect_to(w, 0, 80);
	stack_send(w->client, w->peer, "hello", 5);
	settle(w);
	expect(w, 0, MSG_NEW_DATA);
	assert_int_equal(buffers_used(w), 1);
	door_app_down(&w->door, 0);
	leave(w, 0);
	settle(w);
	assert_true(w->peer_closed);
	assert_int_equal(w->peer_why, STACK_RESET);
	assert_int_equal(buffers_used(w), 0);
	assert_int_equal(idpool_taken(&w->door.ids), 1);
	silence(w);
	stack_send(w->client, theirs, "still", 5);
	settle(w);
	assert_int_equal(expect(w, 1, MSG_NEW_DATA)->conn, id);
	/* And comes back. */
	join(w, 0, 10);
	listen_at(w, 0, 1, 80);
	connect_to(w, 0, 80);
	assert_int_equal(w->door.app[0].conns, 1);
	close_world(w);
}

/* An application that does not give buffers back is cut off when it has its
 * share, and no other is. */
static void
who_sits_on_buffers(void **state)
{
	struct world *w = open_world(true, false);
	uint32_t id, other;
	stack_conn theirs, ours;
	unsigned got = 0;

	(void)state;
	listen_at(w, 0, 1, 80);
	listen_at(w, 1, 1, 81);
	other = connect_to(w, 1, 81);
	theirs = w->peer;
	id = connect_to(w, 0, 80);
	ours = w->peer;
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		stack_send(w->client, ours, "x", 1);
		settle(w);
	}
	assert_int_equal(w->door.app[0].held, BUFFERS / 4 * 3 + 1);
	assert_int_equal(w->door.count.held, 1);
	while (w->seen < w->evs)
		got += next(w)->m[0].type == MSG_NEW_DATA;
	stack_send(w->client, theirs, "y", 1);
	settle(w);
	assert_int_equal(expect(w, 1, MSG_NEW_DATA)->conn, other);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, got});
	for (unsigned i = 0; i < 2; i++) {
		uint32_t more = 0;

		wait_ms(w, 2000);
		while (w->seen < w->evs)
			more += msg_len(expect(w, 0, MSG_NEW_DATA));
		say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, more});
		got += more;
	}
	assert_int_equal(got, 2 * BUFFERS);
	close_world(w);
}

/* Wrong commands are refused, counted by reason, and cost the channel. */
static void
wrong_commands_cost_the_channel(void **state)
{
	static const struct msg of_conn[] = {
		{MSG_ACCEPT, 0, 1, 5, 0},
		{MSG_RECV_DONE, 0, 0, 5, 1},
		{MSG_SEND, 0, 0, 5, 1ull << 40},
		{MSG_SHUTDOWN, 0, MSG_SHUT_WR, 5, 0},
		{MSG_CLOSE, 0, 0, 5, 0},
		{MSG_SET_OPTION, 0, MSG_OPT_NAGLE, 5, 1},
	};
	struct world *w = open_world(true, false);
	unsigned n = sizeof(of_conn) / sizeof(*of_conn);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 1});
	assert_int_equal(w->door.count.bad_count, 1);
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 9, 0, 0});
	assert_int_equal(w->door.count.bad_listen, 1);
	assert_int_equal(w->net[0].bads, 2);
	say(w, 1, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	assert_int_equal(w->door.count.not_yours, 1);
	for (unsigned i = 1; i < LIMIT_BAD; i++) {
		assert_int_equal(w->net[1].down, EDGE_UP);
		say(w, 1, of_conn[i % n]);
	}
	assert_int_equal(w->door.count.no_conn, LIMIT_BAD - 1);
	assert_int_equal(w->net[1].down, EDGE_BAD_MESSAGES);
	silence(w);
	close_world(w);
}

static void
ipv6_peers_have_their_address(void **state)
{
	struct world *w = open_world(true, true);
	stack_conn c;
	const struct ev *ev;
	uint8_t is[16], want[16];

	(void)state;
	listen_at(w, 0, 1, 80);
	assert_int_equal(
		stack_connect(w->client, host_ip6(1), 80, 0, 0, &c), 0);
	wait_ms(w, 2000);
	ev = next(w);
	assert_int_equal(ev->m[0].type, MSG_NEW_CONN);
	assert_int_equal(ev->n, 3);
	msg_get_addr6(ev->m + 1, is);
	ip_addr_put(host_ip6(2), want);
	assert_memory_equal(is, want, 16);
	close_world(w);
}

/* Who was held back while others sat on the buffers is let go on when these
 * come back, although it has nothing itself to give back. */
static void
who_was_held_goes_on(void **state)
{
	struct world *w = open_world(true, false);
	stack_conn hog, meek;
	uint32_t hogs, meeks;

	(void)state;
	listen_at(w, 0, 1, 80);
	hogs = connect_to(w, 0, 80);
	hog = w->peer;
	meeks = connect_to(w, 0, 80);
	meek = w->peer;
	for (unsigned i = 0; i < BUFFERS; i++) {
		stack_send(w->client, hog, "x", 1);
		settle(w);
	}
	stack_send(w->client, meek, "y", 1);
	settle(w);
	while (w->seen + 1 < w->evs)
		assert_int_equal(expect(w, 0, MSG_NEW_DATA)->conn, hogs);
	assert_int_equal(expect(w, 0, MSG_NEW_DATA)->conn, meeks);
	assert_int_equal(w->door.count.held, 2);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, meeks, 1});
	say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, hogs, 0});
	wait_ms(w, 1);
	assert_int_equal(expect(w, 0, MSG_CLEANUP)->conn, hogs);
	stack_send(w->client, meek, "z", 1);
	wait_ms(w, 1);
	assert_int_equal(expect(w, 0, MSG_NEW_DATA)->conn, meeks);
	say(w, 0, (struct msg){MSG_CLOSE, MSGF_ABORT, 0, meeks, 0});
	wait_ms(w, 1);
	expect(w, 0, MSG_CLEANUP);
	assert_int_equal(w->door.held, 0);
	all_gone(w);
	close_world(w);
}

/* Application cores that conspire leave buffers to the others. */
static void
hogs_together_leave_some(void **state)
{
	struct world *w = open_world(true, true);
	stack_conn theirs[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		listen_at(w, i, 1, (uint16_t)(80 + i));
		connect_to(w, i, (uint16_t)(80 + i));
		theirs[i] = w->peer;
	}
	for (unsigned i = 0; i < 2 * BUFFERS; i++) {
		stack_send(w->client, theirs[i & 1], "x", 1);
		settle(w);
	}
	assert_true(buffers_used(w) < BUFFERS - BUFFERS / 16);
	assert_int_equal(w->door.count.held, 2);
	door_app_down(&w->door, 0);
	leave(w, 0);
	join(w, 0, 10);
	assert_int_equal(w->door.app[0].held, 0);
	close_world(w);
}

/* What names no listener costs the channel, too. */
static void
listeners_that_are_not_there(void **state)
{
	struct world *w = open_world(true, true);

	(void)state;
	for (unsigned i = 0; i < LIMIT_BAD; i++) {
		assert_int_equal(w->net[0].down, EDGE_UP);
		say(w, 0, (struct msg){MSG_UNLISTEN, 0, 9, 0, 0});
	}
	assert_int_equal(w->net[0].down, EDGE_BAD_MESSAGES);
	close_world(w);
}

/* A peer was half-way in when its listener ended; another domain has the
 * place now, and must not get it. */
static void
a_handshake_outlives_its_listener(void **state)
{
	struct world *w = open_world(true, false);
	stack_conn c;

	(void)state;
	listen_at(w, 0, 1, 80);
	connect_to(w, 0, 80); /* which asks for addresses */
	w->peer_closed = false;
	assert_int_equal(
		stack_connect(w->client, host_ip4(1), 80, 0, 0, &c), 0);
	assert_true(carry(w, w->client));
	say(w, 0, (struct msg){MSG_UNLISTEN, 0, 1, 0, 0});
	expect(w, 0, MSG_LISTEN_CLOSED);
	listen_at(w, 1, 5, 81);
	settle(w);
	silence(w);
	assert_true(w->peer_closed);
	assert_int_equal(w->door.count.nobody_listens, 1);
	close_world(w);
}

/* However long the silence may be, it is no fault. */
static void
a_long_keepalive(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	listen_at(w, 0, 1, 80);
	id = connect_to(w, 0, 80);
	for (uint64_t s = 60000; s <= UINT32_MAX; s *= 4)
		say(w, 0,
			(struct msg){
				MSG_SET_OPTION, 0, MSG_OPT_KEEPALIVE, id, s});
	assert_int_equal(w->net[0].bads, 0);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(without_a_port_it_says_so),
		cmocka_unit_test(a_request_and_its_answer),
		cmocka_unit_test(a_reset_leaves_the_data_until_close),
		cmocka_unit_test(the_device_lets_go_first),
		cmocka_unit_test(connecting),
		cmocka_unit_test(listeners_are_shared_within_a_domain),
		cmocka_unit_test(an_app_goes),
		cmocka_unit_test(who_sits_on_buffers),
		cmocka_unit_test(wrong_commands_cost_the_channel),
		cmocka_unit_test(ipv6_peers_have_their_address),
		cmocka_unit_test(who_was_held_goes_on),
		cmocka_unit_test(hogs_together_leave_some),
		cmocka_unit_test(listeners_that_are_not_there),
		cmocka_unit_test(a_handshake_outlives_its_listener),
		cmocka_unit_test(a_long_keepalive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

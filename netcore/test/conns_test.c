/* conns_test - what a network core shows of its connections, while they are
 * opened, used and closed. */
#include <stdio.h>

#include "netcore/conns.h"
#include "netcore/test/door_world.h"

#define CONNS 300

static struct conns conns;
static uint64_t busy;

static void
open_conns(const struct stack *s, const struct door *d)
{
	struct domain_conns *t =
		aligned_alloc(CACHELINE_PAIR, domain_conns_bytes(CONNS));

	assert_non_null(t);
	memset(t, 0, domain_conns_bytes(CONNS));
	assert_int_equal(conns_open(&conns, s, d, t, CONNS, 2), 0);
	conns_app(&conns, 0, 30);
	conns_app(&conns, 1, 31);
	busy = 0;
}

static void
close_conns(void)
{
	conns_close(&conns);
	free(conns.table);
}

/* The core worked, and has the time to show all of it. */
static void
show(struct world *w)
{
	busy++;
	do {
		conns_show(&conns, busy, w->now);
		w->now += CONNS_NS;
	} while (!conns_settled(&conns, busy));
}

static struct domain_conn
slot(unsigned i)
{
	struct domain_conn c;

	assert_true(domain_conn_get(&conns.table->slot[i], &c));
	return c;
}

static unsigned
shown(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CONNS; i++)
		n += slot(i).state != DOMAIN_CONN_NONE;
	return n;
}

static void
a_connection_from_its_begin_to_its_end(void **state)
{
	struct world *w = open_world(true, true);
	struct domain_conn c;
	uint64_t opened;
	uint32_t id;

	(void)state;
	open_conns(w->server, &w->door);
	show(w);
	assert_int_equal(shown(), 0);
	assert_int_equal(domain_conns_used(conns.table, CONNS), 0);
	listen_at(w, 0, 5, 80);
	opened = w->now;
	id = connect_to(w, 0, 80);
	show(w);
	c = slot(0);
	assert_int_equal(shown(), 1);
	assert_int_equal(c.state, DOMAIN_CONN_ESTABLISHED);
	assert_int_equal(c.lport, 80);
	assert_int_equal(c.app, 30);
	assert_int_equal(c.received + c.sent + c.unread + c.unacked, 0);
	assert_true(c.cwnd > 1000);
	/* Time is kept in steps of 64 ms. */
	assert_true(c.opened_ns + 64000000 > opened && c.opened_ns <= w->now);
	opened = c.opened_ns;
	assert_int_equal(stack_send(w->client, w->peer, "hello", 5), 0);
	settle(w);
	expect(w, 0, MSG_NEW_DATA);
	show(w);
	assert_int_equal(slot(0).received, 5);
	assert_int_equal(slot(0).unread, 5);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 3});
	say(w, 0, (struct msg){MSG_SEND, 0, 0, id, msg_data(100, 7)});
	show(w);
	assert_int_equal(slot(0).unread, 2);
	assert_int_equal(slot(0).unacked, 7);
	assert_int_equal(slot(0).sent, 0);
	settle(w);
	wait_ms(w, 50);
	show(w);
	c = slot(0);
	assert_int_equal(c.unacked, 0);
	assert_int_equal(c.sent, 7);
	assert_int_equal(c.received, 5);
	assert_true(c.opened_ns == opened);
	assert_int_equal(c.resent, 0);
	stack_close(w->client, w->peer, false);
	settle(w);
	show(w);
	c = slot(0);
	assert_int_equal(c.state, DOMAIN_CONN_CLOSE_WAIT);
	assert_int_equal(c.received, 5);
	say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, id, 2});
	say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
	show(w);
	assert_int_equal(slot(0).state, DOMAIN_CONN_LAST_ACK);
	assert_int_equal(slot(0).app, DOMAIN_CONN_NOBODY);
	assert_true(carry(w, w->server)); /* the FIN */
	show(w);
	assert_int_equal(slot(0).state, DOMAIN_CONN_LAST_ACK);
	assert_int_equal(slot(0).sent, 7);
	settle(w);
	all_gone(w);
	show(w);
	assert_int_equal(shown(), 0);
	close_conns();
	close_world(w);
}

/* Each has its own application core; what was sent again is counted. */
static void
two_of_two(void **state)
{
	struct world *w = open_world(true, true);
	struct stack_tx_frame f;
	uint8_t headers[STACK_HEADERS];
	uint32_t id;

	(void)state;
	open_conns(w->server, &w->door);
	listen_at(w, 0, 5, 80);
	connect_to(w, 0, 80);
	listen_at(w, 1, 6, 81);
	id = connect_to(w, 1, 81);
	show(w);
	assert_int_equal(slot(0).app, 30);
	assert_int_equal(slot(1).app, 31);
	assert_int_equal(slot(1).lport, 81);
	assert_int_equal(slot(0).resent + slot(1).resent, 0);
	say(w, 1, (struct msg){MSG_SEND, 0, 0, id, msg_data(100, 7)});
	f.headers = headers;
	assert_int_equal(stack_tx(w->server, &f, 1, w->now), 1); /* lost */
	show(w);
	assert_int_equal(slot(1).sent, 7);
	assert_int_equal(slot(1).unacked, 7);
	wait_ms(w, 500);
	show(w);
	assert_int_equal(slot(1).sent, 7);
	assert_int_equal(slot(1).unacked, 0);
	assert_true(slot(1).resent > 0);
	assert_int_equal(
		slot(1).resent, stack_counters(w->server)->retransmits);
	assert_int_equal(slot(0).resent, 0);
	close_conns();
	close_world(w);
}

/* A slot that goes to another connection tells nothing of the one before. */
static void
a_slot_begins_anew(void **state)
{
	struct world *w = open_world(true, true);
	uint32_t id;

	(void)state;
	open_conns(w->server, &w->door);
	listen_at(w, 0, 5, 80);
	for (unsigned i = 0; i < 40; i++) {
		id = connect_to(w, 0, 80);
		stack_send(w->client, w->peer, "hello", 5);
		settle(w);
		expect(w, 0, MSG_NEW_DATA);
		show(w);
		assert_int_equal(shown(), 1);
		for (unsigned k = 0; k < CONNS; k++)
			assert_true(slot(k).received <= 5);
		stack_close(w->client, w->peer, true);
		settle(w);
		expect(w, 0, MSG_CLEANUP);
		say(w, 0, (struct msg){MSG_CLOSE, 0, 0, id, 0});
		if (i % 2)
			show(w);
	}
	close_conns();
	close_world(w);
}

/* Counts of the stack that went round are made long. */
static void
bytes_beyond_32_bits(void **state)
{
	struct world *w = open_world(true, true);
	struct domain_conn c;

	(void)state;
	open_conns(w->server, &w->door);
	listen_at(w, 0, 5, 80);
	connect_to(w, 0, 80);
	show(w);
	c = slot(0);
	c.received = 0x5fffffffdull;
	c.resent = 0x1fffe;
	domain_conn_put(&conns.table->slot[0], &c);
	stack_send(w->client, w->peer, "hello", 5);
	settle(w);
	show(w);
	c = slot(0);
	assert_true(c.received == 0x600000005ull);
	assert_int_equal(c.resent, 0x20000);
	close_conns();
	close_world(w);
}

static struct stack *
crowd(struct world *w, unsigned n)
{
	static const struct stack_ops none;
	struct stack_config c = {.conns = CONNS,
		.half_open = 16,
		.listeners = 1,
		.send_refs = 2 * CONNS,
		.segs = 2 * CONNS,
		.ooo = 16,
		.rcv_window = 65536,
		.mtu = 1500,
		.ip4 = host_ip4(1),
		.ip4_bits = 24};
	struct stack *s = host_new(&c, &none, w, w->now);
	stack_conn sc;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(
			stack_connect(s, host_ip4(2), 80, 0, i, &sc), 0);
	return s;
}

/* A turn does no more than its share, whatever there is; and there is none
 * while nothing happens. */
static void
a_turn_is_bounded(void **state)
{
	struct world *w = open_world(true, true);
	struct stack *s = crowd(w, 5 * CONNS_WRITES - 40);
	struct domain_conn c;

	(void)state;
	open_conns(s, &w->door);
	for (unsigned i = 1; i <= 4; i++) {
		conns_show(&conns, 1, w->now);
		assert_int_equal(shown(), i * CONNS_WRITES);
		assert_int_equal(domain_conns_used(conns.table, CONNS),
			i * CONNS_WRITES);
		assert_false(conns_settled(&conns, 1));
		conns_show(&conns, 1, w->now + CONNS_NS - 1); /* too early */
		assert_int_equal(shown(), i * CONNS_WRITES);
		w->now += CONNS_NS;
	}
	conns_show(&conns, 1, w->now);
	assert_int_equal(shown(), 5 * CONNS_WRITES - 40);
	assert_true(conns_settled(&conns, 1));
	assert_int_equal(conns.round_ns, 4 * CONNS_NS);
	c = slot(0);
	assert_int_equal(c.state, DOMAIN_CONN_SYN_SENT);
	assert_int_equal(c.rport, 80);
	assert_int_equal(c.app, DOMAIN_CONN_NOBODY);
	assert_int_equal(c.received + c.sent, 0);
	w->now += 1000 * CONNS_NS;
	conns_show(&conns, 1, w->now);
	assert_true(slot(0).at_ns == c.at_ns);
	assert_false(conns_settled(&conns, 2));
	conns_show(&conns, 2, w->now);
	assert_true(slot(0).at_ns == w->now);
	assert_true(slot(CONNS_WRITES).at_ns < w->now);
	close_conns();
	host_free(s);
	close_world(w);
}

static void
without_a_port_there_is_nothing(void **state)
{
	struct world *w = open_world(false, true);

	(void)state;
	open_conns(NULL, &w->door);
	assert_true(conns_settled(&conns, 7));
	conns_show(&conns, 7, w->now);
	assert_int_equal(shown(), 0);
	close_conns();
	close_world(w);
}

/* Numbers that no connection has. */
static void
out_of_range(void **state)
{
	struct world *w = open_world(true, true);
	struct stack_info n;

	(void)state;
	listen_at(w, 0, 5, 80);
	connect_to(w, 0, 80);
	assert_int_equal(stack_slots(w->server), 1);
	assert_true(stack_info(w->server, 0, &n));
	assert_int_equal(door_owner(&w->door, n.conn, n.user), 0);
	assert_int_equal(door_owner(&w->door, n.conn + 1, n.user), -1);
	assert_int_equal(door_owner(&w->door, n.conn, n.user + 1), -1);
	assert_int_equal(door_owner(&w->door, n.conn, 16), -1);
	assert_int_equal(door_owner(&w->door, n.conn, UINT64_MAX), -1);
	assert_int_equal(door_owner(&w->door, 0, n.user + 1), -1);
	assert_false(stack_info(w->server, 1, &n));
	assert_false(stack_info(w->server, 16, &n));
	assert_false(stack_info(w->server, UINT32_MAX, &n));
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_from_its_begin_to_its_end),
		cmocka_unit_test(two_of_two),
		cmocka_unit_test(a_slot_begins_anew),
		cmocka_unit_test(bytes_beyond_32_bits),
		cmocka_unit_test(a_turn_is_bounded),
		cmocka_unit_test(without_a_port_there_is_nothing),
		cmocka_unit_test(out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* edge_test - parking, order, bells and direct calls, step by step. */
#include <poll.h>
#include <signal.h>

#include "noc/test/pair.h"

static struct msg
ping(uint32_t i)
{
	return (struct msg){.type = MSG_PING, .conn = i};
}

static void
open_both(struct pair *p, uint32_t slots, struct inbox in[2])
{
	memset(in, 0, 2 * sizeof(*in));
	pair_make(p, slots);
	pair_open(p, 0, slots, inbox_put, &in[0]);
	pair_open(p, 1, slots, inbox_put, &in[1]);
}

static bool
rings(const struct pair *p, int side)
{
	struct pollfd fd = {p->bell[side].read_fd, POLLIN, 0};

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLIN);
}

static void
a_command_arrives(void **state)
{
	struct inbox in[2];
	struct pair p;
	struct msg m = ping(42);

	(void)state;
	open_both(&p, 8, in);
	assert_int_equal(edge_serve(&p.end[1], 32), 0);
	assert_true(edge_send(&p.end[0], &m, 1));
	edge_flush(&p.end[0]);
	assert_int_equal(edge_serve(&p.end[1], 32), 1);
	assert_int_equal(in[1].n, 1);
	assert_memory_equal(&in[1].m[0], &m, sizeof(m));
	assert_int_equal(p.end[0].count->sent, 1);
	assert_int_equal(p.end[1].count->received, 1);
	assert_int_equal(p.end[0].count->rings, 0); /* nobody slept */
	pair_free(&p);
}

static void
without_credit_it_parks_and_keeps_order(void **state)
{
	struct inbox in[2];
	struct pair p;

	(void)state;
	open_both(&p, 8, in);
	for (uint32_t i = 0; i < 20; i++) {
		struct msg m = ping(i);

		assert_true(edge_send(&p.end[0], &m, 1));
	}
	assert_int_equal(p.end[0].parked, 12);
	assert_int_equal(p.end[0].count->parked, 12);
	while (in[1].n < 20) {
		edge_serve(&p.end[1], 32);
		edge_flush(&p.end[1]);
		edge_flush(&p.end[0]);
	}
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(in[1].m[i].conn, i);
	assert_int_equal(p.end[0].parked, 0);
	assert_int_equal(p.end[0].count->high_water, 8);
	pair_free(&p);
}

static void
a_new_message_does_not_overtake(void **state)
{
	struct inbox in[2];
	struct pair p;
	struct msg m;

	(void)state;
	open_both(&p, 8, in);
	for (uint32_t i = 0; i < 9; i++) {
		m = ping(i);
		assert_true(edge_send(&p.end[0], &m, 1));
	}
	edge_serve(&p.end[1], 32);
	edge_flush(&p.end[1]);
	m = ping(9);
	assert_true(edge_send(&p.end[0], &m, 1));
	edge_flush(&p.end[0]);
	edge_serve(&p.end[1], 32);
	assert_int_equal(in[1].n, 10);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(in[1].m[i].conn, i);
	pair_free(&p);
}

static void
runs_stay_whole(void **state)
{
	struct msg run[LIMIT_RUN];
	struct inbox in[2];
	struct pair p;

	(void)state;
	open_both(&p, 8, in);
	for (unsigned k = 0; k < 30; k++) {
		unsigned n = k % LIMIT_RUN + 1;

		for (unsigned i = 0; i < n; i++)
			run[i] = (struct msg){
				.type = MSG_SEND,
				.flags = i + 1 < n ? MSGF_MORE : 0,
				.conn = k,
				.ref = msg_data(i, 1),
			};
		assert_true(edge_send(&p.end[0], run, n));
	}
	for (unsigned turn = 0; turn < 60; turn++) {
		edge_serve(&p.end[1], 32);
		edge_flush(&p.end[1]);
		edge_flush(&p.end[0]);
	}
	assert_int_equal(in[1].runs, 30);
	for (unsigned b = 0; b < MSG_BADS; b++)
		assert_int_equal(p.end[1].count->bad[b], 0);
	pair_free(&p);
}

static void
a_full_parking_place_says_no(void **state)
{
	struct inbox in[2];
	struct msg m = ping(0);
	struct pair p;
	unsigned n = 0;

	(void)state;
	open_both(&p, 8, in);
	while (edge_send(&p.end[0], &m, 1))
		n++;
	assert_int_equal(n, 8 + LIMIT_PARK);
	assert_int_equal(edge_room(&p.end[0]), 0);
	assert_int_equal(p.end[0].count->refused, 1);
	while (p.end[0].parked) {
		edge_serve(&p.end[1], 32);
		edge_flush(&p.end[1]);
		edge_flush(&p.end[0]);
	}
	assert_int_equal(edge_room(&p.end[0]), LIMIT_PARK);
	pair_free(&p);
}

static void
the_bell_rings_once_for_a_sleeper(void **state)
{
	struct inbox in[2];
	struct msg m = ping(0);
	struct pair p;

	(void)state;
	open_both(&p, 64, in);
	edge_fall_asleep(&p.end[1]);
	for (int i = 0; i < 3; i++) {
		edge_send(&p.end[0], &m, 1);
		edge_flush(&p.end[0]);
	}
	assert_true(rings(&p, 1));
	assert_int_equal(p.end[0].count->rings, 1);
	assert_true(edge_pending(&p.end[1]));
	edge_wake(&p.end[1]);
	assert_true(bell_hush(p.bell[1].read_fd));
	assert_false(rings(&p, 1));
	edge_serve(&p.end[1], 32);
	assert_int_equal(in[1].n, 3);

	edge_fall_asleep(&p.end[1]); /* another sleep, another ring */
	edge_send(&p.end[0], &m, 1);
	edge_flush(&p.end[0]);
	assert_int_equal(p.end[0].count->rings, 2);
	pair_free(&p);
}

static void
credit_wakes_only_who_waits_for_it(void **state)
{
	struct inbox in[2];
	struct pair p;

	(void)state;
	open_both(&p, 8, in);
	for (uint32_t i = 0; i < 8; i++) {
		struct msg m = ping(i);

		edge_send(&p.end[0], &m, 1);
	}
	edge_flush(&p.end[0]);
	edge_fall_asleep(&p.end[0]);
	edge_serve(&p.end[1], 32);
	edge_flush(&p.end[1]);
	assert_false(rings(&p, 0));

	edge_wake(&p.end[0]);
	for (uint32_t i = 0; i < 9; i++) {
		struct msg m = ping(i);

		edge_send(&p.end[0], &m, 1);
	}
	assert_int_equal(p.end[0].parked, 1);
	edge_fall_asleep(&p.end[0]);
	assert_false(edge_pending(&p.end[0]));
	edge_serve(&p.end[1], 32);
	edge_flush(&p.end[1]);
	assert_true(rings(&p, 0));
	assert_true(edge_pending(&p.end[0]));
	pair_free(&p);
}

static void
a_gone_peer_is_noticed_at_the_bell(void **state)
{
	struct inbox in[2];
	struct msg m = ping(0);
	struct pair p;

	(void)state;
	open_both(&p, 8, in);
	edge_fall_asleep(&p.end[1]);
	edge_fini(&p.end[1]); /* its ends of the pipes are closed */
	edge_send(&p.end[0], &m, 1);
	edge_flush(&p.end[0]);
	assert_int_equal(p.end[0].down, EDGE_PEER_GONE);
	pair_free(&p);
}

/* --- direct calls --------------------------------------------------------*/

struct echo {
	struct edge *e;
	unsigned calls, depth, deepest;
	uint32_t last;
};

/* Answers a ping by two pongs, a pong by nothing; counts its recursion. */
static void
echo(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct echo *s = arg;
	struct msg pong = {.type = MSG_PONG, .conn = m->conn};

	(void)n;
	s->calls++;
	if (++s->depth > s->deepest)
		s->deepest = s->depth;
	s->last = m->conn;
	if (m->type == MSG_PING) {
		edge_send(e, &pong, 1);
		edge_send(e, &pong, 1);
	} else if (m->conn) {
		struct msg again = ping(m->conn - 1);

		edge_send(e, &again, 1);
	}
	s->depth--;
}

static void
direct_calls_do_not_recurse(void **state)
{
	struct echo app = {0}, net = {0};
	struct edge a, b;
	struct edge_config ca = {.in = MSG_EVENT, .handler = echo, .arg = &app};
	struct edge_config cb = {
		.in = MSG_COMMAND, .handler = echo, .arg = &net};
	struct msg m = ping(9);

	(void)state;
	assert_int_equal(edge_init_direct(&a, &ca), 0);
	assert_int_equal(edge_init_direct(&b, &cb), 0);
	edge_join_direct(&a, &b);
	assert_true(edge_send(&a, &m, 1));
	while (edge_pending(&a) || edge_pending(&b)) {
		edge_serve(&a, 32);
		edge_serve(&b, 32);
	}
	/* 1 ping -> 2 pongs -> 2 pings ... -> 2^9 pings -> 2^10 pongs */
	assert_int_equal(net.calls, 1023);
	assert_int_equal(app.calls, 2046);
	assert_int_equal(net.deepest, 1);
	assert_int_equal(app.deepest, 1);
	assert_int_equal(a.count->sent, b.count->received);
	assert_int_equal(b.count->sent, a.count->received);
	edge_fini(&a);
	edge_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_arrives),
		cmocka_unit_test(without_credit_it_parks_and_keeps_order),
		cmocka_unit_test(a_new_message_does_not_overtake),
		cmocka_unit_test(runs_stay_whole),
		cmocka_unit_test(a_full_parking_place_says_no),
		cmocka_unit_test(the_bell_rings_once_for_a_sleeper),
		cmocka_unit_test(credit_wakes_only_who_waits_for_it),
		cmocka_unit_test(a_gone_peer_is_noticed_at_the_bell),
		cmocka_unit_test(direct_calls_do_not_recurse),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

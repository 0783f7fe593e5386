/* tcp_pools_test - memory that all connections share runs out: the counter
 * tells, nobody starves, and all go on when there is some again. */
#include <errno.h>
#include <string.h>

#include "netcore/stack/engine/test/script.h"

/* A script knows one connection at a time; here is one that waits. */
struct other {
	stack_conn conn;
	uint32_t iss, received, acked, written;
	uint16_t port;
};

static void
turn_to(struct script *s, struct other *o)
{
	struct other was = {
		s->conn, s->iss, s->received, s->acked, s->written, s->port};

	SILENCE();
	s->conn = o->conn;
	s->iss = o->iss;
	s->received = o->received;
	s->acked = o->acked;
	s->written = o->written;
	s->port = o->port;
	*o = was;
}

static void
open_one(struct script *s)
{
	SEND(.flags = SYN, .opts = s->opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1);
	SILENCE();
}

/* Two connections; the first has its turn. */
static struct script *
two(const struct stack_config *cfg, struct other *b)
{
	struct script *s = script_open(cfg, SCRIPT_MSS_SACK);

	*b = (struct other){.port = (uint16_t)(s->port + 1)};
	turn_to(s, b);
	open_one(s);
	turn_to(s, b);
	return s;
}

static void
end_two(struct script *s, struct other *b)
{
	for (int i = 0; i < 2; i++) {
		SILENCE();
		stack_close(s->stack, s->conn, true);
		script_wait(s, 0);
		s->head = s->tail; /* the reset, if it was still there */
		turn_to(s, b);
	}
	script_end(s);
}

/* RFC 9293, 3.10.7.2: a SYN for which there is no room comes again. */
static void
no_connection_left(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b, third = {0};
	stack_conn c;

	(void)state;
	cfg.conns = 2;
	s = two(&cfg, &b);
	third.port = (uint16_t)(s->port + 2);
	turn_to(s, &third);
	SEND(.flags = SYN, .opts = s->opts);
	SILENCE();
	assert_int_equal(COUNT(drop_out_of_conns), 1);
	assert_int_equal(
		stack_connect(s->stack, script_ip(2), 9, 0, 0, &c), -ENOSPC);
	turn_to(s, &third);
	SEND(.seq = 1, .flags = RST);
	assert_int_equal(s->closed, 1);
	turn_to(s, &third);
	open_one(s);
	assert_int_equal(s->accepted, 3);
	end_two(s, &b);
}

/* One in TIME-WAIT makes room, the oldest first; one that lives does not. */
static void
time_wait_makes_room(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b, third = {0}, fourth = {0}, fifth = {0};

	(void)state;
	cfg.conns = 3;
	s = two(&cfg, &b);
	third.port = (uint16_t)(s->port + 2);
	fourth.port = (uint16_t)(s->port + 3);
	fifth.port = (uint16_t)(s->port + 4);
	for (int i = 0; i < 2; i++) {
		stack_close(s->stack, s->conn, false);
		EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
		SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
		EXPECT(.seq = 2, .ack = 2);
		if (!i)
			turn_to(s, &b);
	}
	turn_to(s, &third);
	open_one(s);
	assert_int_equal(COUNT(time_wait_evicted), 0);
	assert_int_equal(stack_taken(s->stack), 3);
	turn_to(s, &fourth);
	open_one(s);
	assert_int_equal(COUNT(time_wait_evicted), 1);
	turn_to(s, &third); /* which holds the second, still there */
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	turn_to(s, &third);
	turn_to(s, &fifth);
	open_one(s);
	assert_int_equal(COUNT(time_wait_evicted), 2);
	assert_int_equal(s->accepted, 5);
	turn_to(s, &b); /* its place is taken */
	SEND(.flags = SYN, .opts = s->opts);
	SILENCE();
	assert_int_equal(COUNT(drop_out_of_conns), 1);
	script_end(s);
}

/* Our own connect takes a place in TIME-WAIT, but only of one whose program has
 * let go of it. */
static void
time_wait_makes_room_for_us(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	stack_conn c;

	(void)state;
	cfg.conns = 1;
	s = script_open(&cfg, SCRIPT_MSS_SACK);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	assert_int_equal(
		stack_connect(s->stack, script_ip(2), 99, 0, 7, &c), -ENOSPC);
	assert_int_equal(s->closed, 0);
	stack_close(s->stack, s->conn, false);
	assert_int_equal(s->closed, 1);
	assert_int_equal(
		stack_connect(s->stack, script_ip(2), 99, 0, 7, &c), 0);
	assert_int_equal(COUNT(time_wait_evicted), 1);
	assert_int_equal(s->closed, 1);
	stack_close(s->stack, c, true);
	assert_int_equal(s->closed, 2);
	script_end(s);
}

/* Those that are not accepted yet: the next is answered without a place. */
static void
no_half_open_left(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;

	(void)state;
	cfg.half_open = 1;
	s = script_syn_received(&cfg, SCRIPT_MSS_SACK);
	b = (struct other){.port = (uint16_t)(s->port + 1)};
	turn_to(s, &b);
	open_one(s);
	assert_int_equal(s->accepted, 1);
	assert_int_equal(COUNT(cookies_taken), 1);
	turn_to(s, &b);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 2);
	end_two(s, &b);
}

/* One connection has all that is shared: it goes on as it is acknowledged. */
static void
no_segment_left(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;
	uint32_t at = 1;

	(void)state;
	cfg.conns = 4;
	cfg.segs = 8;
	s = two(&cfg, &b);
	script_write(s, 10 * MSS);
	for (; at < 1 + 4 * MSS; at += MSS)
		EXPECT(.seq = at, .ack = 1, .len = MSS);
	SILENCE();
	assert_true(COUNT(segs_full) > 0);
	/* The other has its own, but one. */
	turn_to(s, &b);
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	script_write(s, 100);
	SILENCE();
	SEND(.seq = 1, .ack = 101);
	EXPECT(.seq = 101, .ack = 1, .len = 100);
	SEND(.seq = 1, .ack = 201);
	turn_to(s, &b);
	/* And is not in the way of the first. */
	while (at < 1 + 10 * MSS) {
		SEND(.seq = 1, .ack = at);
		for (int i = 0; i < 4 && at < 1 + 10 * MSS; i++, at += MSS)
			EXPECT(.seq = at, .ack = 1, .len = MSS);
	}
	SEND(.seq = 1, .ack = at);
	end_two(s, &b);
}

/* RFC 6298, 5.1: a SYN, and a FIN, that go out then are sent again if nobody
 * answers. The first is at rest but for what the peer has not acknowledged. */
static void
handshake_without_a_segment(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;

	(void)state;
	cfg.conns = 2;
	cfg.segs = 4;
	cfg.min_rto_ms = 10000;
	s = script_open(&cfg, SCRIPT_MSS);
	script_write(s, 5 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SILENCE();
	b = (struct other){.port = (uint16_t)(s->port + 1)};
	turn_to(s, &b);
	SEND(.flags = SYN, .opts = s->opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_in_range(script_until(s, 2000), 999, 1002);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	assert_in_range(script_until(s, 5000), 2999, 3002);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2);
	turn_to(s, &b);
	end_two(s, &b);
}

/* Fewer nodes than connections: who has none is served as soon as there is one,
 * be it a SYN or data. */
static void
nothing_left_at_all(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;

	(void)state;
	cfg.conns = 4;
	cfg.segs = 1;
	s = two(&cfg, &b);
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	turn_to(s, &b);
	script_write(s, 100);
	script_wait(s, 100);
	assert_true(COUNT(segs_full) > 0);
	turn_to(s, &b);
	SEND(.seq = 1, .ack = 101);
	turn_to(s, &b);
	assert_in_range(script_until(s, 100), 0, 20);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	turn_to(s, &b);
	s->port = (uint16_t)(s->port + 2); /* a third */
	SEND(.flags = SYN, .opts = s->opts);
	script_wait(s, 100);
	SILENCE();
	s->port = (uint16_t)(s->port - 2);
	turn_to(s, &b);
	SEND(.seq = 1, .ack = 101);
	turn_to(s, &b);
	s->port = (uint16_t)(s->port + 2);
	assert_in_range(script_until(s, 100), 0, 20);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .flags = RST);
	s->port = (uint16_t)(s->port - 2);
	end_two(s, &b);
}

/* Of the references it is the same: -ENOBUFS is for who has something queued,
 * and will hear of its acknowledgement. */
static void
no_reference_left(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;

	(void)state;
	cfg.conns = 4;
	cfg.send_refs = 8;
	s = two(&cfg, &b);
	for (int i = 0; i < 4; i++)
		assert_int_equal(script_write(s, 10), 0);
	assert_int_equal(script_write(s, 10), -ENOBUFS);
	assert_int_equal(COUNT(send_refs_full), 1);
	EXPECT(.seq = 1, .ack = 1, .len = 40);
	turn_to(s, &b);
	assert_int_equal(script_write(s, 10), 0);
	assert_int_equal(script_write(s, 10), -ENOBUFS);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	SEND(.seq = 1, .ack = 11);
	assert_int_equal(s->acked, 10);
	turn_to(s, &b);
	assert_int_equal(script_write(s, 10), -ENOBUFS);
	SEND(.seq = 1, .ack = 21);
	assert_int_equal(script_write(s, 10), 0);
	EXPECT(.seq = 41, .ack = 1, .len = 10);
	SEND(.seq = 1, .ack = 51);
	end_two(s, &b);
}

/* What comes early: no connection gets all that is left; and what comes in its
 * turn needs none of it. */
static void
no_room_for_what_is_early(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;
	struct other b;
	uint32_t got;

	(void)state;
	cfg.ooo = 8;
	s = two(&cfg, &b);
	for (uint32_t i = 1; i <= 6; i++) {
		SEND(.seq = 1 + 10 * i, .ack = 1, .len = 10);
		got = i < 4 ? i : 4;
		EXPECT(.seq = 1, .ack = 1, .sack = {{11, 11 + 10 * got}});
	}
	assert_int_equal(COUNT(drop_ooo_full), 2);
	turn_to(s, &b);
	for (uint32_t i = 1; i <= 3; i++) {
		SEND(.seq = 1 + 10 * i, .ack = 1, .len = 10);
		got = i < 2 ? i : 2;
		EXPECT(.seq = 1, .ack = 1, .sack = {{11, 11 + 10 * got}});
	}
	assert_int_equal(COUNT(drop_ooo_full), 3);
	SEND(.seq = 1, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 31);
	assert_int_equal(s->received, 30);
	turn_to(s, &b);
	SEND(.seq = 1, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 51);
	SEND(.seq = 61, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 51, .sack = {{61, 71}});
	SEND(.seq = 51, .ack = 1, .len = 10);
	EXPECT(.seq = 1, .ack = 71);
	assert_int_equal(s->received, 70);
	end_two(s, &b);
}

/* Answers that belong to no connection wait in a ring of their own. */
static void
no_reply_left(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);
	struct other closed = {.port = 6000};
	unsigned resets = 0;

	(void)state;
	turn_to(s, &closed);
	for (int i = 0; i < 300; i++)
		SEND(.seq = 5, .ack = 700);
	assert_true(COUNT(drop_replies_full) > 0);
	script_wait(s, 0);
	for (; s->head != s->tail; s->head++, resets++)
		assert_int_equal(s->out[s->head % SCRIPT_SEGS].flags, RST);
	assert_int_equal(resets + COUNT(drop_replies_full), 300);
	SEND(.seq = 5, .ack = 700);
	EXPECT(.seq = 700, .flags = RST);
	turn_to(s, &closed);
	SEND(.seq = 1, .ack = 1, .len = 10);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 11);
	script_end(s);
}

/* What the device was to cut into two is sent again in two, if there is a node
 * for the second; if not, when the first is acknowledged. */
static void
nothing_left_to_split(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.segs = 1;
	cfg.tso = 2 * MSS;
	s = script_open(&cfg, SCRIPT_MSS);
	script_write(s, 2 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = 2 * MSS);
	script_until(s, 1000);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	assert_int_equal(COUNT(segs_full), 1);
	SEND(.seq = 1, .ack = 1 + MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	assert_int_equal(COUNT(timeouts), 1);
	script_end(s);
}

/* A device that cuts less than a segment is not asked to. */
static void
less_to_cut_than_a_segment(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.tso = MSS - 1;
	s = script_open(&cfg, SCRIPT_MSS);
	script_write(s, MSS + 500);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = 500);
	SEND(.seq = 1, .ack = 1 + MSS + 500);
	assert_int_equal(COUNT(timeouts), 0);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_connection_left),
		cmocka_unit_test(time_wait_makes_room),
		cmocka_unit_test(time_wait_makes_room_for_us),
		cmocka_unit_test(no_half_open_left),
		cmocka_unit_test(no_segment_left),
		cmocka_unit_test(handshake_without_a_segment),
		cmocka_unit_test(nothing_left_at_all),
		cmocka_unit_test(no_reference_left),
		cmocka_unit_test(no_room_for_what_is_early),
		cmocka_unit_test(no_reply_left),
		cmocka_unit_test(nothing_left_to_split),
		cmocka_unit_test(less_to_cut_than_a_segment),
	};

	return cmocka_run_group_tests_name("tcp_pools", tests, NULL, NULL);
}

/* tcp_close_test - ends (RFC 9293, 3.6). */
#include "netcore/stack/engine/test/script.h"

/* RFC 9293, 3.6, figure 12, the side that closes first. */
static void
active_close(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	assert_int_equal(s->closed, 1); /* nothing more is to be known */
	assert_int_equal(s->why, STACK_CLOSED);
	script_wait(s, 40000);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK); /* anew: 3.10.7.4 */
	EXPECT(.seq = 2, .ack = 2);
	script_wait(s, 40000);
	assert_int_equal(stack_taken(s->stack), 1);
	script_wait(s, 21000);
	assert_int_equal(stack_taken(s->stack), 0);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* The other side of it; data still goes after the peer's FIN. */
static void
passive_close(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 10, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 12);
	assert_int_equal(s->remote_closed, 1);
	script_write(s, 100);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 12, .len = 100, .flags = FIN | ACK);
	SEND(.seq = 12, .ack = 102);
	assert_int_equal(s->closed, 1);
	assert_int_equal(stack_shutdown(s->stack, s->conn), -ENOTCONN);
	assert_int_equal(script_write(s, 1), -ENOTCONN);
	assert_int_equal(stack_recv_done(s->stack, s->conn, 1), -ENOTCONN);
	assert_int_equal(stack_close(s->stack, s->conn, 0), -ENOTCONN);
	script_end(s);
}

/* RFC 9293, 3.6, figure 13: both at once. */
static void
simultaneous_close(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	SEND(.seq = 2, .ack = 2);
	SILENCE();
	script_wait(s, 59000); /* in TIME-WAIT, where a FIN is answered */
	assert_int_equal(s->closed, 0);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	script_wait(s, 61000);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_CLOSED);
	script_end(s);
}

/* RFC 9293, 3.6: half closed, the peer may go on. */
static void
half_close(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .len = 100);
	script_wait(s, 40);
	EXPECT(.seq = 2, .ack = 101);
	assert_int_equal(s->received, 100);
	script_end(s);
}

static uint64_t
questions(const struct script *s)
{
	return COUNT(arp_requests) + COUNT(nd_requests);
}

/* RFC 4861, 7.3.3: what goes to a neighbour asks for it. Data that lets nothing
 * out does not, until it is acknowledged. */
static void
half_close_asks_no_sooner(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);
	uint64_t asked;

	(void)state;
	s->read = false;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2);
	SILENCE();
	script_wait(s, 6000); /* nobody has said where it is */
	asked = questions(s);
	SEND(.seq = 1, .ack = 2, .len = 100);
	SILENCE();
	assert_int_equal(questions(s), asked);
	script_wait(s, 40);
	EXPECT(.seq = 2, .ack = 101);
	assert_int_equal(questions(s), asked + 1);
	script_end(s);
}

/* The same while more waits than the congestion window lets out. */
static void
shut_behind_data_asks_no_sooner(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);
	uint64_t asked;

	(void)state;
	s->read = false;
	script_wait(s, 4950);
	script_write(s, 20 * MSS);
	stack_shutdown(s->stack, s->conn);
	script_drain(s);
	script_wait(s, 60);
	asked = questions(s);
	SEND(.seq = 1, .ack = 1, .len = 100);
	SILENCE();
	assert_int_equal(questions(s), asked);
	script_wait(s, 40);
	EXPECT(.seq = 1 + 10 * MSS, .ack = 101);
	assert_int_equal(questions(s), asked + 1);
	script_end(s);
}

/* A RST in LAST-ACK ends what was over. */
static void
rst_in_last_ack(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 2);
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 2, .flags = FIN | ACK);
	SEND(.seq = 2, .flags = RST);
	assert_int_equal(s->why, STACK_CLOSED);
	script_end(s);
}

/* RFC 1122, 4.2.2.13: data for nobody is reset. */
static void
late_data(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .len = 10);
	EXPECT(.seq = 2, .ack = 1, .flags = RST | ACK);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* RFC 2525, 2.17: closed with data unread. */
static void
close_unread(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	s->read = false;
	SEND(.seq = 1, .ack = 1, .len = 10);
	stack_close(s->stack, s->conn, false);
	EXPECT(.seq = 1, .ack = 11, .flags = RST | ACK);
	script_end(s);
}

/* RFC 6191, 2; RFC 9293, 3.6.1: a later SYN is let in, above what was. */
static void
time_wait_reuse(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	struct script_seg *g;
	uint32_t clock, iss = s->iss;

	stack_shutdown(s->stack, s->conn);
	g = EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	clock = g->h.ts_val;
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	script_wait(s, 10);
	s->irs += 100;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	g = EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_true((int32_t)(g->h.seq - iss - 2) > 0);
	assert_in_range(g->h.ts_val - clock, 10, 11);
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* RFC 6191, 2, the other half: who comes with an older clock, or the same, is a
 * late segment, whatever its number. */
static void
time_wait_of_an_older_clock(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);
	uint32_t ts = s->ts + 100;

	(void)state;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK, .ts = ts);
	EXPECT(.seq = 2, .ack = 2);
	for (uint32_t i = 0; i < 3; i++) {
		script_wait(s, 600);
		SEND(.seq = 5000, .flags = SYN, .opts = SCRIPT_ALL,
			.ts = ts - i);
		EXPECT(.seq = 2, .ack = 2);
	}
	assert_int_equal(COUNT(time_wait_reused), 0);
	script_wait(s, 600);
	s->irs += 5000;
	SEND(.flags = SYN, .opts = SCRIPT_ALL, .ts = ts + 1);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(COUNT(time_wait_reused), 1);
	script_end(s);
}

/* RFC 1337, 2: an old segment is answered, its sender has no connection any
 * more, and resets ours by the number that we said. That ends TIME-WAIT, as RFC
 * 9293 has it (3.10.7.4, second): it is also how a peer that comes again with
 * an older number gets in. Any other number ends nothing. */
static void
time_wait_is_ended_by_a_reset(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 100);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 101);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 101, .flags = FIN | ACK);
	SEND(.seq = 101, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 102);
	SEND(.seq = 1, .ack = 1, .len = 50);
	EXPECT(.seq = 2, .ack = 102);
	SEND(.seq = 101, .flags = RST);
	SEND(.seq = 1, .flags = RST);
	SILENCE();
	s->irs -= 1000;
	SEND(.flags = SYN, .opts = SCRIPT_MSS);
	s->irs += 1000;
	EXPECT(.seq = 2, .ack = 102);
	assert_int_equal(s->closed, 0);
	SEND(.seq = 102, .flags = RST);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_CLOSED);
	s->irs -= 1000;
	SEND(.flags = SYN, .opts = SCRIPT_MSS);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 2);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_close),
		cmocka_unit_test(passive_close),
		cmocka_unit_test(simultaneous_close),
		cmocka_unit_test(half_close),
		cmocka_unit_test(half_close_asks_no_sooner),
		cmocka_unit_test(shut_behind_data_asks_no_sooner),
		cmocka_unit_test(rst_in_last_ack),
		cmocka_unit_test(late_data),
		cmocka_unit_test(close_unread),
		cmocka_unit_test(time_wait_reuse),
		cmocka_unit_test(time_wait_of_an_older_clock),
		cmocka_unit_test(time_wait_is_ended_by_a_reset),
	};

	return cmocka_run_group_tests_name("tcp_close", tests, NULL, NULL);
}

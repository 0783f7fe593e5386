/* tcp_alive_test - keepalive (RFC 9293, 3.8.4). */
#include "netcore/stack/engine/test/script.h"

#define HOUR 3600000u

static void
off_by_default(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	script_wait(s, 24 * HOUR);
	SILENCE();
	assert_int_equal(s->closed, 0);
	script_end(s);
}

/* A probe has no data, and a number that the peer must answer; who answers is
 * asked again after the same silence. */
static void
answered(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	assert_int_equal(
		stack_set_keepalive(s->stack, s->conn, 8000, 1000, 3), 0);
	for (unsigned i = 1; i <= 5; i++) {
		assert_in_range(script_until(s, HOUR), 7999, 9001);
		EXPECT(.seq = 0, .ack = 1);
		assert_int_equal(COUNT(keepalive_probes), i);
		SEND(.seq = 1, .ack = 1);
	}
	stack_set_keepalive(s->stack, s->conn, 0, 0, 0);
	script_wait(s, HOUR);
	SILENCE();
	script_end(s);
}

/* The peer is gone: after so many, and a reset should it be there after all. */
static void
not_answered(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	stack_set_keepalive(s->stack, s->conn, 8000, 2000, 3);
	assert_in_range(script_until(s, HOUR), 7999, 9001);
	EXPECT(.seq = 0, .ack = 1);
	for (int i = 0; i < 2; i++) {
		assert_in_range(script_until(s, HOUR), 1999, 2001);
		EXPECT(.seq = 0, .ack = 1);
	}
	assert_in_range(script_until(s, HOUR), 1999, 2001);
	EXPECT(.seq = 1, .ack = 1, .flags = RST | ACK);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_TIMEOUT);
	script_end(s);
}

/* As many as were asked for. */
static void
so_many_probes(void **state)
{
	static const uint32_t counts[] = {1, 5, 255};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct script *s = script_established(SCRIPT_MSS);

		stack_set_keepalive(s->stack, s->conn, 8000, 1000, counts[k]);
		for (uint32_t i = 0; i < counts[k]; i++) {
			script_until(s, HOUR);
			EXPECT(.seq = 0, .ack = 1);
		}
		script_until(s, HOUR);
		EXPECT(.seq = 1, .ack = 1, .flags = RST | ACK);
		assert_int_equal(s->why, STACK_TIMEOUT);
		script_end(s);
	}
}

/* Whatever goes on puts it off: data of either side, and data that the peer
 * leaves unacknowledged, which has a timer of its own. */
static void
traffic_puts_it_off(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	stack_set_keepalive(s->stack, s->conn, 8000, 1000, 3);
	for (uint32_t i = 0; i < 10; i++) {
		script_wait(s, 6000);
		SEND(.seq = 1 + i, .ack = 1, .len = 1);
		script_wait(s, 100);
		EXPECT(.seq = 1, .ack = 2 + i);
	}
	for (uint32_t i = 0; i < 10; i++) {
		script_wait(s, 6000);
		script_write(s, 1);
		EXPECT(.seq = 1 + i, .ack = 11, .len = 1);
		script_wait(s, 10);
		SEND(.seq = 11, .ack = 2 + i);
	}
	script_write(s, 1);
	EXPECT(.seq = 11, .ack = 11, .len = 1);
	script_wait(s, 60000);
	for (; s->head != s->tail; s->head++)
		assert_int_equal(s->out[s->head % SCRIPT_SEGS].seq, 11);
	assert_int_equal(COUNT(keepalive_probes), 0);
	SEND(.seq = 11, .ack = 12);
	assert_in_range(script_until(s, HOUR), 7999, 9001);
	EXPECT(.seq = 11, .ack = 11);
	/* Data is an answer, too. */
	SEND(.seq = 11, .ack = 12, .len = 1);
	script_wait(s, 100);
	EXPECT(.seq = 12, .ack = 12);
	assert_in_range(script_until(s, HOUR), 7800, 9001);
	EXPECT(.seq = 11, .ack = 12);
	script_end(s);
}

/* RFC 1122, 4.2.3.6: the peer's probe is answered, with a byte of garbage or
 * without; nobody hears of that byte. */
static void
of_the_peer(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 1, .ack = 1, .len = 10);
	script_wait(s, 100);
	EXPECT(.seq = 1, .ack = 11);
	SEND(.seq = 10, .ack = 1);
	EXPECT(.seq = 1, .ack = 11);
	SEND(.seq = 10, .ack = 1, .len = 1);
	EXPECT(.seq = 1, .ack = 11);
	assert_int_equal(s->received, 10);
	script_end(s);
}

/* While half closed it goes on; what FIN-WAIT-2 of an orphan and TIME-WAIT last
 * is not its matter (RFC 9293, 3.6). */
static void
in_other_states(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	stack_set_keepalive(s->stack, s->conn, 8000, 1000, 3);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2);
	assert_in_range(script_until(s, HOUR), 7999, 9001);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 2);
	stack_close(s->stack, s->conn, false);
	script_wait(s, 59000);
	SILENCE();
	assert_int_equal(
		stack_set_keepalive(s->stack, s->conn, 1000, 1000, 3), 0);
	script_wait(s, 2000);
	SILENCE();
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_CLOSED);
	script_end(s);
}

/* 3.8.3: before it is open the handshake's own timer counts; after the peer's
 * FIN it is asked for as before. */
static void
before_and_after(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	s->opts = SCRIPT_MSS;
	stack_set_keepalive(s->stack, s->conn, 1000, 1000, 3);
	assert_in_range(script_until(s, 2000), 999, 1001);
	EXPECT(.flags = SYN);
	assert_in_range(script_until(s, 3000), 1999, 2001);
	EXPECT(.flags = SYN);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_MSS);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 2);
	assert_in_range(script_until(s, 3000), 999, 1126);
	EXPECT(.seq = 0, .ack = 2);
	SEND(.seq = 2, .flags = RST);
	assert_int_equal(s->why, STACK_RESET);
	script_end(s);
}

static void
arguments(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);
	struct stack *k = s->stack;

	(void)state;
	assert_int_equal(stack_set_keepalive(k, s->conn, 1000, 0, 3), -EINVAL);
	assert_int_equal(
		stack_set_keepalive(k, s->conn, 1000, 1000, 0), -EINVAL);
	assert_int_equal(
		stack_set_keepalive(k, s->conn, 1000, 1000, 256), -EINVAL);
	assert_int_equal(
		stack_set_keepalive(k, s->conn, 65535001, 1000, 3), -EINVAL);
	assert_int_equal(stack_set_keepalive(k, 0, 1000, 1000, 3), -ENOTCONN);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_by_default),
		cmocka_unit_test(answered),
		cmocka_unit_test(not_answered),
		cmocka_unit_test(so_many_probes),
		cmocka_unit_test(traffic_puts_it_off),
		cmocka_unit_test(of_the_peer),
		cmocka_unit_test(in_other_states),
		cmocka_unit_test(before_and_after),
		cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests_name("tcp_alive", tests, NULL, NULL);
}

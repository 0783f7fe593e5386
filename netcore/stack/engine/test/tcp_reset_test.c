/* tcp_reset_test - RST and blind attacks (RFC 9293, 3.10.7; RFC 5961). */
#include "netcore/stack/engine/test/script.h"

/* RFC 5961, 3.2: exactly next ends it; elsewhere in the window is asked back;
 * outside is nothing. */
static void
rst_established(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 70000, .flags = RST);
	SILENCE();
	SEND(.seq = 2, .flags = RST);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .flags = RST);
	SILENCE();
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_RESET);
	script_end(s);
}

/* RFC 9293, 3.10.7.3: in SYN-SENT a RST counts only if it acknowledges. */
static void
rst_syn_sent(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = RST);
	SEND(.flags = RST | ACK, .ack = 2);
	assert_int_equal(s->closed, 0);
	SEND(.flags = RST | ACK, .ack = 1);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_REFUSED);
	script_end(s);
}

/* RFC 9293, 3.5.2, 3.10.7.3: an ACK of what was not sent is reset. */
static void
bad_ack_syn_sent(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN | ACK, .ack = 9, .opts = SCRIPT_ALL);
	EXPECT(.seq = 9, .flags = RST);
	SEND(.ack = 0);
	EXPECT(.seq = 0, .flags = RST);
	assert_int_equal(s->closed, 0);
	script_end(s);
}

/* RFC 9293, 3.10.7.4: SYN-RECEIVED goes silently. */
static void
rst_syn_received(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .flags = RST);
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .flags = RST);
	assert_int_equal(s->closed, 0);
	script_end(s);
}

/* RFC 9293, 3.10.7.4: an unacceptable ACK in SYN-RECEIVED is reset; what is
 * outside of the window is answered. */
static void
bad_ack_syn_received(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 2);
	EXPECT(.seq = 2, .flags = RST);
	SEND(.seq = 70001, .ack = 1);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	script_end(s);
}

/* RFC 5961, 4.2: a SYN in a connection is asked back; 7: not too often. */
static void
syn_established(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 5, .flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 5, .flags = SYN, .opts = SCRIPT_ALL);
	SILENCE();
	script_wait(s, 600);
	SEND(.seq = 5, .flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	script_end(s);
}

/* RFC 5961, 5.2: neither of what was not sent, nor of long ago. */
static void
bad_ack_established(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 2, .len = 10);
	EXPECT(.seq = 1, .ack = 1);
	script_wait(s, 600);
	SEND(.seq = 1, .ack = 0u - 70000, .len = 10);
	EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(s->received, 0);
	script_end(s);
}

/* RFC 9293, 3.10.7.1: what belongs to nothing. */
static void
no_connection(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->port = 6000;
	SEND(.seq = 5, .ack = 700);
	assert_int_equal(s->closed, 0);
	EXPECT(.seq = 700, .flags = RST);
	SEND(.seq = 5, .flags = RST | ACK, .ack = 700);
	SEND(.seq = 5, .flags = FIN, .len = 3);
	SILENCE();
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rst_established),
		cmocka_unit_test(rst_syn_sent),
		cmocka_unit_test(bad_ack_syn_sent),
		cmocka_unit_test(rst_syn_received),
		cmocka_unit_test(bad_ack_syn_received),
		cmocka_unit_test(syn_established),
		cmocka_unit_test(bad_ack_established),
		cmocka_unit_test(no_connection),
	};

	return cmocka_run_group_tests_name("tcp_reset", tests, NULL, NULL);
}

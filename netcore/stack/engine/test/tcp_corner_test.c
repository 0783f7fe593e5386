/* tcp_corner_test - what comparing with Linux, segment by segment, has shown
 * (tcp_differ): each of these once went otherwise. */
#include "netcore/stack/engine/test/script.h"

/* RFC 9293, 3.10.7.4: a FIN ahead of its turn is held, and answered at once
 * (RFC 5681, 4.2). */
static void
early_fin(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 101, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 1);
	assert_int_equal(s->remote_closed, 0);
	SEND(.seq = 1, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 102);
	assert_int_equal(s->received, 100);
	assert_int_equal(s->remote_closed, 1);
	script_end(s);
}

/* The same, behind data that is early too. */
static void
early_data_and_fin(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 101, .ack = 1, .len = 100, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	SEND(.seq = 1, .ack = 1, .len = 50);
	EXPECT(.seq = 1, .ack = 51, .sack = {{101, 201}});
	SEND(.seq = 51, .ack = 1, .len = 50);
	EXPECT(.seq = 1, .ack = 202);
	assert_int_equal(s->remote_closed, 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, eighth: nothing comes after a FIN, not even what was
 * held. */
static void
text_beyond_fin(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 101, .ack = 1, .len = 100);
	EXPECT(.seq = 1, .ack = 1, .sack = {{101, 201}});
	SEND(.seq = 1, .ack = 1, .len = 100, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 102);
	assert_int_equal(s->received, 100);
	assert_int_equal(s->remote_closed, 1);
	script_end(s);
}

/* RFC 6691, 2: options count against the segment, the blocks of a SACK too:
 * they go by themselves if data leaves no room. */
static void
blocks_and_data(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1001, .ack = 1, .len = 100);
	script_write(s, MSS);
	EXPECT(.seq = 1, .ack = 1, .sack = {{1001, 1101}});
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	script_write(s, 10); /* has room */
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = 10, .sack = {{1001, 1101}});
	SEND(.seq = 1, .ack = 11 + MSS, .len = 1000);
	EXPECT(.seq = 11 + MSS, .ack = 1101);
	script_end(s);
}

/* RFC 7323, 5.3, R1: an old one is answered, a bare one as seldom as any
 * challenge. */
static void
old_bare_ack(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 1, .ts = s->ts - 10);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1, .ts = s->ts - 10);
	SILENCE();
	script_end(s);
}

/* RFC 7323, 4.3: the time of a segment that is refused by a later check (RFC
 * 5961, 4.2, 5.2) makes nobody's look old. */
static void
time_of_refused(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	SEND(.seq = 1, .ack = 1, .flags = SYN | ACK, .ts = s->ts + 1000000);
	EXPECT(.seq = 1, .ack = 1);
	script_wait(s, 600);
	SEND(.seq = 1, .ack = 9999, .len = 10, .ts = s->ts + 1000000);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1, .len = 10);
	script_wait(s, 40);
	EXPECT(.seq = 1, .ack = 11);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, fourth: back to LISTEN, where the next SYN is a new
 * one. */
static void
syn_in_syn_received(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.seq = 100, .flags = SYN, .opts = SCRIPT_ALL);
	SILENCE();
	assert_int_equal(s->accepted, 0);
	assert_int_equal(s->closed, 0);
	s->irs += 100;
	SEND(.flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, first: a RST outside of the window is nothing, with a
 * SYN's bit or not. */
static void
syn_rst_in_syn_received(void **state)
{
	struct script *s = script_syn_received(NULL, SCRIPT_ALL);

	(void)state;
	SEND(.flags = SYN | RST, .opts = SCRIPT_ALL);
	SILENCE();
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, first: what is out of the window is acknowledged, and
 * not reset as well. */
static void
simultaneous_bad_ack(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	SEND(.flags = SYN, .no_ack = true, .opts = SCRIPT_ALL);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.flags = SYN | ACK, .ack = 5000, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->connected, 1);
	script_end(s);
}

/* RFC 9293, 3.10.7.4, first: a shut window lets a RST through, whatever it
 * carries. */
static void
rst_into_shut_window(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	cfg.rcv_window = 1000;
	s = script_open(&cfg, SCRIPT_MSS);
	s->read = false;
	SEND(.seq = 1, .ack = 1, .len = 1000);
	script_until(s, 100);
	assert_int_equal(EXPECT(.seq = 1, .ack = 1001)->window, 0);
	SEND(.seq = 1001, .ack = 1, .len = 10, .flags = RST | ACK);
	assert_int_equal(s->closed, 1);
	assert_int_equal(s->why, STACK_RESET);
	script_end(s);
}

static struct script *
time_wait(void)
{
	struct script *s = script_established(SCRIPT_ALL);

	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	return s;
}

/* RFC 9293, 3.10.5: in CLOSING, LAST-ACK and TIME-WAIT an abort resets nobody:
 * both have sent all. */
static void
abort_at_the_end(void **state)
{
	struct script *s = time_wait();

	(void)state;
	stack_close(s->stack, s->conn, true);
	SILENCE();
	assert_int_equal(s->closed, 1);
	script_end(s);
	s = script_established(SCRIPT_ALL);
	SEND(.seq = 1, .ack = 1, .flags = FIN | ACK);
	EXPECT(.seq = 1, .ack = 2);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 2, .flags = FIN | ACK);
	stack_close(s->stack, s->conn, true);
	SILENCE();
	assert_int_equal(s->closed, 1);
	script_end(s);
}

/* RFC 9293, 3.10.4: a close ends no TIME-WAIT, with data unread or not. */
static void
close_in_time_wait(void **state)
{
	struct script *s = script_established(SCRIPT_ALL);

	(void)state;
	s->read = false;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .len = 10, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 12);
	assert_int_equal(s->closed, 0);
	stack_close(s->stack, s->conn, false);
	SILENCE();
	assert_int_equal(s->closed, 1);
	SEND(.seq = 11, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 12);
	script_end(s);
}

/* RFC 9293, 3.6.1: a new life begins where somebody listens; elsewhere the old
 * one waits on. */
static void
time_wait_of_who_connected(void **state)
{
	struct script *s = script_syn_sent(NULL);

	(void)state;
	stack_unlisten(s->stack, (struct ip_addr){0, 0}, 80);
	SEND(.flags = SYN | ACK, .ack = 1, .opts = SCRIPT_ALL);
	EXPECT(.seq = 1, .ack = 1);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	script_wait(s, 10);
	SEND(.seq = 1000, .flags = SYN, .opts = SCRIPT_ALL);
	EXPECT(.seq = 2, .ack = 2);
	assert_int_equal(s->closed, 0);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_fin),
		cmocka_unit_test(early_data_and_fin),
		cmocka_unit_test(text_beyond_fin),
		cmocka_unit_test(blocks_and_data),
		cmocka_unit_test(old_bare_ack),
		cmocka_unit_test(time_of_refused),
		cmocka_unit_test(syn_in_syn_received),
		cmocka_unit_test(syn_rst_in_syn_received),
		cmocka_unit_test(simultaneous_bad_ack),
		cmocka_unit_test(rst_into_shut_window),
		cmocka_unit_test(abort_at_the_end),
		cmocka_unit_test(close_in_time_wait),
		cmocka_unit_test(time_wait_of_who_connected),
	};

	return cmocka_run_group_tests_name("tcp_corner", tests, NULL, NULL);
}

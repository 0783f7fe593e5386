/* tcp_loss_test - what is lost, and what only came in another order: without
 * SACK (RFC 5681, 6582, 3042), and with it (RFC 6675, 8985). The round trip of
 * the handshake took 10 ms, the window is ten segments. */
#include "netcore/stack/engine/test/script.h"

static void
send_all(struct script *s, uint32_t n, uint32_t out)
{
	uint32_t at = s->written + 1;

	script_write(s, n * MSS);
	for (uint32_t i = 0; i < out; i++)
		EXPECT(.seq = at + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
}

/* RFC 3042, 2: two of new data, and only where the peer's window has room. */
static void
limited_transmit_within_the_window(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	s->window = 11 * MSS;
	SEND(.seq = 1, .ack = 1);
	send_all(s, 20, 10);
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1 + 10 * MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1);
	SILENCE();
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	script_end(s);
}

/* The same by SACK (RFC 6675, 5, step 4.1): what the peer has makes room. */
static void
limited_transmit_by_sack(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	send_all(s, 20, 10);
	for (uint32_t i = 1; i <= 2; i++) {
		SEND(.seq = 1, .ack = 1,
			.sack = {{1 + MSS, 1 + (i + 1) * MSS}});
		EXPECT(.seq = 1 + (9 + i) * MSS, .ack = 1, .len = MSS);
		SILENCE();
	}
	assert_int_equal(COUNT(retransmits), 0);
	script_end(s);
}

/* RFC 5681, 2: what has data, or another window, is no duplicate. */
static void
no_duplicates(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	send_all(s, 10, 10);
	for (uint32_t i = 1; i <= 5; i++)
		SEND(.seq = 1, .ack = 1, .window = 50000 + i);
	SILENCE();
	for (uint32_t i = 0; i < 4; i++) {
		SEND(.seq = 1 + i * MSS, .ack = 1, .len = MSS, .window = 50005);
		if (i & 1)
			EXPECT(.seq = 1 + 10 * MSS, .ack = 1 + (i + 1) * MSS);
	}
	SILENCE();
	assert_int_equal(COUNT(retransmits), 0);
	script_end(s);
}

/* RFC 6582, 3.2: an acknowledgement of a part tells of the next that is lost,
 * at once; one recovery, no timeout. */
static void
partial_acknowledgements(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	send_all(s, 10, 10);
	script_wait(s, 10);
	for (int i = 0; i < 7; i++)
		SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1 + 3 * MSS);
	EXPECT(.seq = 1 + 3 * MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1 + 7 * MSS);
	EXPECT(.seq = 1 + 7 * MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1 + 10 * MSS);
	assert_int_equal(s->acked, 10 * MSS);
	assert_int_equal(COUNT(recoveries), 1);
	assert_int_equal(COUNT(timeouts), 0);
	assert_int_equal(COUNT(retransmits), 3);
	/* Half of what it was (RFC 5681, 3.1). */
	send_all(s, 20, 5);
	script_end(s);
}

/* RFC 6582, 3.2, step 1; 4: duplicates of what was sent before the recovery
 * ended begin no other one. */
static void
no_second_recovery(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	send_all(s, 10, 10);
	for (int i = 0; i < 3; i++)
		SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	for (int i = 0; i < 6; i++)
		SEND(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1 + 10 * MSS);
	for (int i = 0; i < 6; i++)
		SEND(.seq = 1, .ack = 1 + 10 * MSS);
	SILENCE();
	assert_int_equal(COUNT(recoveries), 1);
	assert_int_equal(COUNT(retransmits), 1);
	script_end(s);
}

/* RFC 8985, 6.2, step 4: what comes within a quarter of the round trip was not
 * lost: nothing is sent again, no window is cut. */
static void
reordering_is_waited_for(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	send_all(s, 6, 6);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 2 * MSS}});
	script_wait(s, 1);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 3 * MSS}});
	script_wait(s, 1);
	SILENCE();
	SEND(.seq = 1, .ack = 1 + 6 * MSS);
	script_wait(s, 1000);
	SILENCE();
	assert_int_equal(COUNT(retransmits), 0);
	assert_int_equal(COUNT(timeouts), 0);
	assert_int_equal(COUNT(tail_probes), 0);
	assert_int_equal(COUNT(recoveries), 0);
	script_end(s);
}

/* The same, and it was lost indeed: a timer finds it, long before the RTO. */
static void
reordering_that_was_loss(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	send_all(s, 6, 6);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 3 * MSS}});
	assert_in_range(script_until(s, 1000), 2, 5);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1, .ack = 1 + 6 * MSS);
	assert_int_equal(COUNT(timeouts), 0);
	assert_int_equal(COUNT(recoveries), 1);
	script_end(s);
}

/* RFC 8985, 6.2, step 3 and 4: once it was seen, not even three later segments
 * are proof. */
static void
reordering_is_remembered(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);
	uint32_t at = 1 + 4 * MSS;

	(void)state;
	send_all(s, 4, 4);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 2 * MSS}});
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	SEND(.seq = 1, .ack = at);
	send_all(s, 6, 6);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = at, .sack = {{at + MSS, at + 5 * MSS}});
	SILENCE();
	assert_in_range(script_until(s, 1000), 2, 5);
	EXPECT(.seq = at, .ack = 1, .len = MSS);
	script_end(s);
}

/* RFC 8985, 6.2, step 4: what was sent again for nothing - the peer says so
 * (RFC 2883) - is waited for longer the next time. */
static void
duplicate_widens_the_wait(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);
	uint32_t wait[3], at = 1, n[] = {10, 4, 2};

	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t end = at + n[i] * MSS;

		send_all(s, n[i], n[i]);
		script_wait(s, 10);
		SEND(.seq = 1, .ack = at, .sack = {{at + MSS, at + 2 * MSS}});
		wait[i] = script_until(s, 1000);
		EXPECT(.seq = at, .ack = 1, .len = MSS);
		script_wait(s, 20 - wait[i]);
		SEND(.seq = 1, .ack = end);
		SEND(.seq = 1, .ack = end, .sack = {{at, at + MSS}});
		SILENCE();
		at = end;
	}
	assert_true(wait[0] < wait[1] && wait[1] < wait[2]);
	script_end(s);
}

/* RFC 2018, 8: after a second timeout what was sacked goes again, too: the peer
 * may have thrown it away. */
static void
peer_forgets_what_it_sacked(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	send_all(s, 3, 3);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 3 * MSS}});
	script_until(s, 1000);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	while (COUNT(timeouts) < 2) {
		assert_true(script_until(s, 2000) < 2000);
		EXPECT(.seq = 1, .ack = 1, .len = MSS);
	}
	SEND(.seq = 1, .ack = 1 + MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + 3 * MSS);
	assert_int_equal(s->acked, 3 * MSS);
	script_end(s);
}

/* RFC 2018, 4; the ranges of a hostile peer: of what was never sent, the wrong
 * way round, in the middle of segments. Nothing is sacked by these. */
static void
ranges_of_nothing(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	send_all(s, 10, 10);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + 5 * MSS, 2 + 10 * MSS}});
	SILENCE(); /* or half of it would seem to be lost */
	for (int i = 0; i < 5; i++) {
		SEND(.seq = 1, .ack = 1, .sack = {{1 + 9 * MSS, 2 + 10 * MSS}});
		SEND(.seq = 1, .ack = 1, .sack = {{1 + 5 * MSS, 1 + 3 * MSS}});
		SEND(.seq = 1, .ack = 1, .sack = {{2 + 3 * MSS, 5 * MSS}});
		SEND(.seq = 1, .ack = 1,
			.sack = {{2 + 3 * MSS, 4 * MSS}, {7, 90}, {5, 5 + MSS},
				{9 * MSS, 1 + 10 * MSS}});
	}
	script_wait(s, 5);
	for (; s->head != s->tail; s->head++) /* the last one was a segment's */
		assert_true(s->out[s->head % SCRIPT_SEGS].len <= MSS);
	SEND(.seq = 1, .ack = 1 + 10 * MSS);
	assert_int_equal(s->acked, 10 * MSS);
	script_end(s);
}

/* RFC 8985, 6.2: what was sent an hour ago is not younger than what is sent
 * now, though a clock of 32 bits says so. */
static void
an_idle_hour(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = s->written + 1;

		send_all(s, 4, 4);
		script_wait(s, 10);
		SEND(.seq = 1, .ack = at + 2 * MSS);
		script_wait(s, 8);
		SILENCE();
		SEND(.seq = 1, .ack = at + 4 * MSS);
		script_wait(s, 3600 * 1000);
	}
	assert_int_equal(COUNT(retransmits), 0);
	script_end(s);
}

/* RFC 9438, 4.6: CUBIC leaves seven tenths of what it had, NewReno half (RFC
 * 5681, 3.1); CUBIC it is, unless the other one is asked for. */
static void
what_a_loss_leaves(void **state)
{
	struct stack_config cfg = script_config();

	(void)state;
	for (int reno = 0; reno < 2; reno++) {
		struct script *s;

		cfg.reno = reno;
		s = script_open(&cfg, SCRIPT_MSS_SACK);
		send_all(s, 10, 10);
		script_wait(s, 10);
		SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 10 * MSS}});
		EXPECT(.seq = 1, .ack = 1, .len = MSS);
		script_wait(s, 10);
		SEND(.seq = 1, .ack = 1 + 10 * MSS);
		send_all(s, 20, reno ? 5 : 7);
		assert_int_equal(COUNT(recoveries), 1);
		script_end(s);
	}
}

/* RFC 9937, 6: where more is lost than the reduction asks for, as much goes out
 * as has arrived, and one more when an acknowledgement makes progress. */
static void
as_much_as_arrives(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);
	struct script_block has = {1 + 6 * MSS, 1 + 10 * MSS};

	(void)state;
	send_all(s, 10, 10);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1, .sack = {has});
	for (uint32_t i = 0; i < 4; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1 + MSS, .sack = {has});
	for (uint32_t i = 4; i < 6; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1, .ack = 1 + 10 * MSS);
	assert_int_equal(COUNT(retransmits), 6);
	script_end(s);
}

/* RFC 5681, 4.1: after a silence longer than the RTO, which is a little above
 * 200 ms, nothing is known of the path: the window is the first one again. */
static void
a_silence_forgets_the_window(void **state)
{
	static const uint32_t ms[] = {190, 230};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct script *s = script_established(SCRIPT_MSS_SACK);
		uint32_t n = 0;

		send_all(s, 30, 10);
		for (uint32_t k = 1; k <= 10; k++) {
			SEND(.seq = 1, .ack = 1 + k * MSS);
			script_drain(s);
		}
		SEND(.seq = 1, .ack = 1 + 30 * MSS);
		script_wait(s, ms[i]);
		script_write(s, 40 * MSS);
		script_wait(s, 0);
		for (; s->head != s->tail; s->head++)
			n++;
		assert_in_range(n, i ? 10 : 20, i ? 10 : 25);
		script_end(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limited_transmit_within_the_window),
		cmocka_unit_test(limited_transmit_by_sack),
		cmocka_unit_test(no_duplicates),
		cmocka_unit_test(partial_acknowledgements),
		cmocka_unit_test(no_second_recovery),
		cmocka_unit_test(reordering_is_waited_for),
		cmocka_unit_test(reordering_that_was_loss),
		cmocka_unit_test(reordering_is_remembered),
		cmocka_unit_test(duplicate_widens_the_wait),
		cmocka_unit_test(peer_forgets_what_it_sacked),
		cmocka_unit_test(ranges_of_nothing),
		cmocka_unit_test(an_idle_hour),
		cmocka_unit_test(what_a_loss_leaves),
		cmocka_unit_test(as_much_as_arrives),
		cmocka_unit_test(a_silence_forgets_the_window),
	};

	return cmocka_run_group_tests_name("tcp_loss", tests, NULL, NULL);
}

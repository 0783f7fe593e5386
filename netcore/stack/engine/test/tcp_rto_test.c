/* tcp_rto_test - the retransmission timer (RFC 6298, 8961). The round trip of
 * the handshake took 10 ms, so the RTO is 211 ms. */
#include "netcore/stack/engine/test/script.h"

#define RTO 211u

/* One segment is sent; after how many ms again? */
static uint32_t
lose_one(struct script *s)
{
	uint32_t seq = s->written + 1, ms;

	script_write(s, 100);
	EXPECT(.seq = seq, .ack = 1, .len = 100);
	ms = script_until(s, 200000);
	EXPECT(.seq = seq, .ack = 1, .len = 100);
	script_wait(s, 10);
	return ms;
}

/* A connection whose handshake took so long. */
static struct script *
away(const struct stack_config *cfg, uint32_t ms, uint8_t opts)
{
	struct script *s = script_syn_received(cfg, opts);

	script_wait(s, ms);
	SEND(.seq = 1, .ack = 1);
	return s;
}

/* RFC 6298, 2.2, 2.3: SRTT + 4 * RTTVAR; of a first sample R these are R and R
 * / 2, and go on by eighths and quarters. In ms: 400 and 200; 450 and 250; 544
 * and 375; 476 and 417. */
static void
the_estimate(void **state)
{
	static const struct {
		uint32_t rtt, rto;
	} sample[] = {{0, 1200}, {800, 1450}, {1200, 2043}, {1, 2143}};

	(void)state;
	for (uint32_t n = 0; n < 4; n++) {
		struct script *s = away(NULL, 400, SCRIPT_MSS);
		uint32_t at = 1;

		for (uint32_t i = 1; i <= n; i++, at += 100) {
			script_write(s, 100);
			EXPECT(.seq = at, .ack = 1, .len = 100);
			script_wait(s, sample[i].rtt);
			SEND(.seq = 1, .ack = at + 100);
		}
		assert_in_range(
			lose_one(s), sample[n].rto - 2, sample[n].rto + 3);
		script_end(s);
	}
}

/* RFC 6298, 2.4, with the floor of RFC 8961's spirit under the variance, and
 * 2.5: two minutes at most. */
static void
the_estimate_has_bounds(void **state)
{
	struct stack_config cfg = script_config();
	struct script *s;

	(void)state;
	s = away(NULL, 0, SCRIPT_MSS);
	assert_in_range(lose_one(s), 199, 203);
	script_end(s);
	cfg.min_rto_ms = 1000;
	s = away(&cfg, 10, SCRIPT_MSS);
	assert_in_range(lose_one(s), 1009, 1012);
	script_end(s);
	cfg.min_rto_ms = 300000;
	s = away(&cfg, 10, SCRIPT_MSS);
	assert_in_range(lose_one(s), 119999, 120001);
	script_end(s);
}

/* RFC 6298, 3 and 5 (Karn): the answer to a segment that was sent twice is no
 * sample, and what was backed off stays so until there is one. */
static void
karn(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	assert_in_range(lose_one(s), RTO - 1, RTO + 2);
	SEND(.seq = 1, .ack = 101);
	assert_in_range(lose_one(s), 2 * RTO - 1, 2 * RTO + 2);
	SEND(.seq = 1, .ack = 201);
	assert_in_range(lose_one(s), 4 * RTO - 1, 4 * RTO + 2);
	SEND(.seq = 1, .ack = 301);
	script_write(s, 100);
	EXPECT(.seq = 301, .ack = 1, .len = 100);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = 401);
	assert_in_range(lose_one(s), RTO - 1, RTO + 2);
	script_end(s);
}

/* The same with timestamps: the echo tells which one was answered, and that is
 * a sample (RFC 6298, 3; RFC 7323, 4.3). */
static void
karn_with_timestamps(void **state)
{
	struct script *s = script_established(SCRIPT_ALL & ~SCRIPT_SACK);
	uint32_t seq;

	(void)state;
	for (int i = 0; i < 4; i++) {
		seq = s->written + 1;
		assert_in_range(lose_one(s), RTO - 1, RTO + 4);
		s->echo = s->last_ts;
		SEND(.seq = 1, .ack = seq + 100);
	}
	script_end(s);
}

/* RFC 9293, 3.8.3: given up is who makes no progress, and not who makes little
 * of it: each segment here arrives the second time. */
static void
little_progress_is_progress(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	for (uint32_t i = 1; i <= 20; i++) {
		assert_true(lose_one(s) <= 120002);
		SEND(.seq = 1, .ack = 1 + 100 * i);
	}
	assert_int_equal(s->closed, 0);
	assert_int_equal(s->acked, 2000);
	script_end(s);
}

/* RFC 6298, 5.3: only an acknowledgement of something new starts it anew; what
 * the peer sends meanwhile does not. */
static void
data_does_not_put_it_off(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);
	uint32_t ms = 0, at = 1;

	(void)state;
	lose_one(s);
	while (s->head == s->tail && ms < 5000) {
		SEND(.seq = at, .ack = 1, .len = MSS);
		SEND(.seq = at + MSS, .ack = 1, .len = MSS);
		at += 2 * MSS;
		EXPECT(.seq = 101, .ack = at);
		ms += script_until(s, 50);
	}
	assert_in_range(ms, 2 * RTO - 20, 2 * RTO + 2);
	EXPECT(.seq = 1, .ack = at, .len = 100);
	script_end(s);
}

/* RFC 6298, 5.1: a FIN is waited for like a byte. */
static void
fin_is_sent_again(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	assert_in_range(script_until(s, 1000), RTO - 1, RTO + 2);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	assert_in_range(script_until(s, 1000), 2 * RTO - 1, 2 * RTO + 2);
	EXPECT(.seq = 1, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 2);
	script_wait(s, 10000);
	SEND(.seq = 1, .ack = 2, .flags = FIN | ACK);
	EXPECT(.seq = 2, .ack = 2);
	script_end(s);
}

/* The same, and the segment before it is lost with it. */
static void
data_and_fin_are_sent_again(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	script_write(s, 100);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	stack_shutdown(s->stack, s->conn);
	EXPECT(.seq = 101, .ack = 1, .flags = FIN | ACK);
	script_until(s, 1000);
	EXPECT(.seq = 1, .ack = 1, .len = 100);
	EXPECT(.seq = 101, .ack = 1, .flags = FIN | ACK);
	SEND(.seq = 1, .ack = 101);
	SEND(.seq = 1, .ack = 102);
	script_wait(s, 10000);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_estimate),
		cmocka_unit_test(the_estimate_has_bounds),
		cmocka_unit_test(karn),
		cmocka_unit_test(karn_with_timestamps),
		cmocka_unit_test(little_progress_is_progress),
		cmocka_unit_test(data_does_not_put_it_off),
		cmocka_unit_test(fin_is_sent_again),
		cmocka_unit_test(data_and_fin_are_sent_again),
	};

	return cmocka_run_group_tests_name("tcp_rto", tests, NULL, NULL);
}

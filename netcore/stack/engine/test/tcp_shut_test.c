/* tcp_shut_test - windows that are shut, or small (RFC 9293, 3.8.6). */
#include "netcore/stack/engine/test/script.h"

/* The next frame has this much; returns what it has. */
static uint32_t
take_all(struct script *s, uint32_t seq)
{
	uint32_t from = seq;

	script_wait(s, 0);
	for (; s->head != s->tail; s->head++) {
		const struct script_seg *g = &s->out[s->head % SCRIPT_SEGS];

		assert_int_equal(g->seq, seq);
		seq += g->len;
	}
	return seq - from;
}

/* 3.8.6.1: a probe that times out says nothing of the path; when the window
 * opens, as much goes out as before. */
static void
probes_are_no_congestion(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	SEND(.seq = 1, .ack = 1, .shut = true);
	script_write(s, 20 * MSS);
	for (unsigned i = 1; i <= 5; i++) {
		script_until(s, 60000);
		EXPECT(.seq = 1, .ack = 1, .len = 1);
		SEND(.seq = 1, .ack = 1, .shut = true);
		SILENCE();
		assert_int_equal(COUNT(zero_window_probes), i);
	}
	assert_int_equal(COUNT(timeouts), 0);
	SEND(.seq = 1, .ack = 2);
	assert_int_equal(take_all(s, 2), 10 * MSS);
	assert_int_equal(COUNT(recoveries), 0);
	script_end(s);
}

/* The byte that was not taken goes first when there is room, at once, and is
 * not waited for as long as the probes had come to. */
static void
probe_goes_again_when_it_opens(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 1, .ack = 1, .shut = true);
	script_write(s, 100);
	for (int i = 0; i < 8; i++) {
		script_until(s, 130000);
		EXPECT(.seq = 1, .ack = 1, .len = 1);
		SEND(.seq = 1, .ack = 1, .shut = true);
	}
	SEND(.seq = 1, .ack = 1);
	EXPECT(.seq = 1, .ack = 1, .len = 1);
	EXPECT(.seq = 2, .ack = 1, .len = 99);
	assert_in_range(script_until(s, 130000), 200, 220);
	EXPECT(.seq = 1, .ack = 1, .len = 1);
	EXPECT(.seq = 2, .ack = 1, .len = 99);
	script_end(s);
}

/* The peer takes back what it gave (3.8.6): what is under way is asked after by
 * one segment at a time, and all of it goes again when there is room. */
static void
window_shrinks_to_nothing(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	script_write(s, 5 * MSS);
	for (uint32_t i = 0; i < 5; i++)
		EXPECT(.seq = 1 + i * MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + MSS, .shut = true);
	for (int i = 0; i < 5; i++) {
		script_until(s, 60000);
		if (COUNT(tail_probes) && !COUNT(zero_window_probes) && !i) {
			s->head++;
			continue;
		}
		EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
		SEND(.seq = 1, .ack = 1 + MSS, .shut = true);
		SILENCE();
	}
	assert_int_equal(COUNT(timeouts), 0);
	SEND(.seq = 1, .ack = 1 + MSS);
	assert_int_equal(take_all(s, 1 + MSS), 4 * MSS);
	assert_int_equal(COUNT(recoveries), 0);
	script_end(s);
}

/* 3.8.6.1: further apart each time, even if each is taken, up to two minutes
 * (RFC 6298, 2.5). */
static void
probes_come_apart_up_to_a_bound(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);
	uint32_t last = 0, wait = 0;

	(void)state;
	SEND(.seq = 1, .ack = 1, .shut = true);
	script_write(s, 100);
	for (uint32_t i = 0; i < 14; i++, last = wait) {
		wait = script_until(s, 300000);
		EXPECT(.seq = 1 + i, .ack = 1, .len = 1);
		assert_in_range(wait, last < 119000 ? last : 119000, 120001);
		SEND(.seq = 1, .ack = 2 + i, .shut = true);
	}
	assert_in_range(wait, 119000, 120001);
	script_end(s);
}

/* 3.8.6.2.1: a window that never held a full segment: half of the largest that
 * was seen is worth a segment, less is not - but for the override. */
static void
window_below_a_segment(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->window = 500;
	s->opts = SCRIPT_MSS_SACK;
	SEND(.flags = SYN, .opts = s->opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 5000);
	EXPECT(.seq = 1, .ack = 1, .len = 500);
	SILENCE();
	SEND(.seq = 1, .ack = 501, .window = 250);
	EXPECT(.seq = 501, .ack = 1, .len = 250);
	SEND(.seq = 1, .ack = 751, .window = 249);
	SILENCE();
	assert_in_range(script_until(s, 10000), 100, 1001);
	EXPECT(.seq = 751, .ack = 1, .len = 249);
	SEND(.seq = 1, .ack = 1000, .window = 500);
	EXPECT(.seq = 1000, .ack = 1, .len = 500);
	script_end(s);
}

/* The same: what is left of the window behind a full segment waits, and goes
 * with what the next acknowledgement makes room for. */
static void
rest_of_a_window(void **state)
{
	struct script *s = script_new(NULL);

	(void)state;
	s->window = 2 * MSS + 100;
	s->opts = SCRIPT_MSS_SACK;
	SEND(.flags = SYN, .opts = s->opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	script_write(s, 10 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1, .ack = 1 + MSS);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	SILENCE();
	script_end(s);
}

/* 3.10.7.4, fifth: what acknowledges more brings its window along, though its
 * number is older than that of what brought the last one; and what acknowledges
 * less does not, though its number is later. */
static void
window_of_old_data(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 101, .ack = 1, .window = 2 * MSS);
	script_write(s, 10 * MSS);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	SEND(.seq = 1, .ack = 1 + MSS, .len = 50, .window = MSS);
	SILENCE();
	SEND(.seq = 101, .ack = 1, .window = 8 * MSS);
	script_wait(s, 40);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 51);
	SEND(.seq = 101, .ack = 1 + MSS, .window = 2 * MSS);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 51, .len = MSS);
	script_end(s);
}

/* The same: what acknowledges as much and has an older number says nothing of
 * the window; what has the same number does. */
static void
window_of_an_older_segment(void **state)
{
	struct script *s = script_established(SCRIPT_MSS);

	(void)state;
	SEND(.seq = 1001, .ack = 1, .len = 100, .window = 5 * MSS);
	EXPECT(.seq = 1, .ack = 1);
	SEND(.seq = 1, .ack = 1, .window = 8 * MSS);
	SEND(.seq = 501, .ack = 1, .window = MSS);
	script_write(s, 10 * MSS);
	assert_int_equal(take_all(s, 1), 5 * MSS);
	SEND(.seq = 1001, .ack = 1, .window = 7 * MSS);
	assert_int_equal(take_all(s, 1 + 5 * MSS), 2 * MSS);
	script_end(s);
}

/* RFC 9293, 3.7.4, with what 3.8.6.2.1 says: Nagle holds a crumb back, but a
 * full segment never; and the end of the data does not wait once nothing is
 * under way. */
static void
nagle_lets_full_segments_go(void **state)
{
	struct script *s = script_established(SCRIPT_MSS_SACK);

	(void)state;
	stack_set_nagle(s->stack, s->conn, true);
	script_write(s, 10);
	EXPECT(.seq = 1, .ack = 1, .len = 10);
	script_write(s, 2 * MSS + 5);
	EXPECT(.seq = 11, .ack = 1, .len = MSS);
	EXPECT(.seq = 11 + MSS, .ack = 1, .len = MSS);
	SILENCE();
	SEND(.seq = 1, .ack = 11 + MSS);
	SILENCE();
	SEND(.seq = 1, .ack = 11 + 2 * MSS);
	EXPECT(.seq = 11 + 2 * MSS, .ack = 1, .len = 5);
	script_write(s, 7);
	SILENCE();
	stack_set_nagle(s->stack, s->conn, false);
	EXPECT(.seq = 16 + 2 * MSS, .ack = 1, .len = 7);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes_are_no_congestion),
		cmocka_unit_test(probe_goes_again_when_it_opens),
		cmocka_unit_test(window_shrinks_to_nothing),
		cmocka_unit_test(probes_come_apart_up_to_a_bound),
		cmocka_unit_test(window_below_a_segment),
		cmocka_unit_test(rest_of_a_window),
		cmocka_unit_test(window_of_old_data),
		cmocka_unit_test(window_of_an_older_segment),
		cmocka_unit_test(nagle_lets_full_segments_go),
	};

	return cmocka_run_group_tests_name("tcp_shut", tests, NULL, NULL);
}

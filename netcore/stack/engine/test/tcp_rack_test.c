/* tcp_rack_test - how long RACK waits for what may only be late, and what tail
 * probes tell (RFC 8985). */
#include "netcore/stack/engine/test/script.h"

/* A connection whose handshake took so long. */
static struct script *
away(uint32_t ms)
{
	struct script *s = script_syn_received(NULL, SCRIPT_MSS_SACK);

	script_wait(s, ms);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	return s;
}

static uint32_t
send_all(struct script *s, uint32_t n)
{
	uint32_t at = s->written + 1;

	script_write(s, n * MSS);
	for (uint32_t i = 0; i < n; i++)
		EXPECT(.seq = at + i * MSS, .ack = 1, .len = MSS);
	SILENCE();
	return at;
}

/* Two go out, the first comes not: how long it is waited for. dup: it had come
 * after all. */
static uint32_t
wait_for_one(struct script *s, bool dup)
{
	uint32_t at = send_all(s, 2), end = at + 2 * MSS, ms;

	script_wait(s, 40);
	SEND(.seq = 1, .ack = at, .sack = {{at + MSS, end}});
	ms = script_until(s, 1000);
	EXPECT(.seq = at, .ack = 1, .len = MSS);
	script_wait(s, 40);
	SEND(.seq = 1, .ack = end);
	if (dup)
		SEND(.seq = 1, .ack = end, .sack = {{at, at + MSS}});
	SILENCE();
	return ms;
}

/* 6.2, step 4: a quarter of the shortest round trip; one quarter more for each
 * round that was sent again for nothing, up to a round trip; and a quarter
 * again after 16 recoveries without that. */
static void
the_wait_grows_and_shrinks(void **state)
{
	struct script *s = away(40);

	(void)state;
	for (uint32_t i = 1; i <= 5; i++) {
		uint32_t ms = i < 4 ? 10 * i : 40;

		assert_in_range(wait_for_one(s, true), ms, ms + 1);
	}
	assert_int_equal(COUNT(undone), 5);
	for (int i = 0; i < 16; i++)
		assert_in_range(wait_for_one(s, false), 40, 41);
	assert_in_range(wait_for_one(s, false), 10, 11);
	assert_int_equal(COUNT(timeouts), 0);
	script_end(s);
}

/* 6.2, step 2: an answer within the shortest round trip is one to the first
 * transmission; it says nothing of those that were sent since. */
static void
an_answer_that_is_too_early(void **state)
{
	struct script *s = away(40);

	(void)state;
	send_all(s, 4);
	script_wait(s, 40);
	SEND(.seq = 1, .ack = 1, .sack = {{1 + MSS, 1 + 2 * MSS}});
	script_until(s, 1000);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	script_wait(s, 2);
	SEND(.seq = 1, .ack = 1 + 2 * MSS);
	script_wait(s, 20);
	SILENCE();
	SEND(.seq = 1, .ack = 1 + 4 * MSS);
	assert_int_equal(COUNT(retransmits), 1);
	script_end(s);
}

/* 7.2: two round trips; for a segment by itself, whose acknowledgement may be
 * delayed, 200 ms more. */
static void
when_a_tail_is_probed(void **state)
{
	struct script *s = away(400);

	(void)state;
	send_all(s, 2);
	assert_in_range(script_until(s, 5000), 801, 802);
	EXPECT(.seq = 1 + MSS, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(tail_probes), 1);
	script_end(s);
	s = away(400);
	send_all(s, 1);
	assert_in_range(script_until(s, 5000), 1001, 1002);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(tail_probes), 1);
	assert_int_equal(COUNT(timeouts), 0);
	script_end(s);
}

/* 7.3: once; what is still not answered then has timed out. */
static void
a_tail_is_probed_once(void **state)
{
	struct script *s = away(10);

	(void)state;
	send_all(s, 3);
	assert_in_range(script_until(s, 5000), 21, 22);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	assert_in_range(script_until(s, 5000), 210, 212);
	EXPECT(.seq = 1, .ack = 1, .len = MSS);
	assert_int_equal(COUNT(tail_probes), 1);
	assert_int_equal(COUNT(timeouts), 1);
	script_end(s);
}

/* What waits goes out as the probe, if the window lets it: new data first. */
static void
a_probe_of_new_data(void **state)
{
	struct script *s = away(10);

	(void)state;
	s->window = 3 * MSS;
	SEND(.seq = 1, .ack = 1);
	send_all(s, 3);
	script_write(s, MSS);
	SILENCE();
	s->window = 60000;
	assert_in_range(script_until(s, 5000), 21, 22);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	script_end(s);
}

/* How many segments the window lets out. */
static uint32_t
window_of(struct script *s)
{
	uint32_t n = 0;

	script_write(s, 20 * MSS);
	script_wait(s, 0);
	for (; s->head != s->tail; s->head++)
		n++;
	return n;
}

/* 7.4.2: a probe that had to be is a loss, and the window is what a recovery
 * would have left; one that came twice (RFC 2883) was none. */
static void
a_probe_that_was_needed(void **state)
{
	struct script *s = away(10);
	uint32_t end = 1 + 3 * MSS;

	(void)state;
	send_all(s, 3);
	script_until(s, 5000);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = end);
	assert_int_equal(window_of(s), 2);
	script_end(s);
	s = away(10);
	send_all(s, 3);
	script_until(s, 5000);
	EXPECT(.seq = 1 + 2 * MSS, .ack = 1, .len = MSS);
	script_wait(s, 10);
	SEND(.seq = 1, .ack = end, .sack = {{1 + 2 * MSS, end}});
	assert_in_range(window_of(s), 10, 13);
	script_end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_grows_and_shrinks),
		cmocka_unit_test(an_answer_that_is_too_early),
		cmocka_unit_test(when_a_tail_is_probed),
		cmocka_unit_test(a_tail_is_probed_once),
		cmocka_unit_test(a_probe_of_new_data),
		cmocka_unit_test(a_probe_that_was_needed),
	};

	return cmocka_run_group_tests_name("tcp_rack", tests, NULL, NULL);
}

/* cc_test - NewReno, and what both congestion controls share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "netcore/stack/tcp/cc_own.h"

#define MSS 1000

static void
ack(struct cc *c, uint32_t bytes)
{
	c->ops->acked(c, bytes, 1000000, 10000);
}

/* A window in segments, acknowledged in pieces of `each` bytes. */
static void
ack_window(struct cc *c, uint32_t each)
{
	for (uint32_t left = c->cwnd; left;) {
		uint32_t n = left < each ? left : each;

		ack(c, n);
		left -= n;
	}
}

static void
initial_window_is_that_of_rfc6928(void **state)
{
	(void)state;
	assert_int_equal(cc_initial_window(536), 5360);
	assert_int_equal(cc_initial_window(1460), 14600);
	assert_int_equal(cc_initial_window(2000), 14600);
	assert_int_equal(cc_initial_window(8960), 17920);
}

static void
slow_start_doubles_a_window(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	assert_true(cc_in_slow_start(&c));
	for (uint32_t w = 10; w < 10000; w *= 2) {
		assert_int_equal(c.cwnd, w * MSS);
		ack_window(&c, rand() & 1 ? MSS : 2 * MSS);
	}
}

static void
slow_start_takes_two_segments_an_ack(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	ack(&c, 8 * MSS);
	assert_int_equal(c.cwnd, 12 * MSS);
	ack(&c, 1);
	assert_int_equal(c.cwnd, 12 * MSS + 1);
}

static void
slow_start_takes_one_after_a_timeout(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	c.ops->reduce(&c, 10 * MSS);
	cc_timeout(&c);
	assert_int_equal(c.cwnd, MSS);
	assert_int_equal(c.ssthresh, 5 * MSS);
	for (uint32_t w = 1; w < 5; w++) {
		assert_int_equal(c.cwnd, w * MSS);
		ack(&c, 2 * MSS);
	}
	assert_false(cc_in_slow_start(&c));
	/* A later slow start is not marked by it. */
	c.ssthresh = 20 * MSS;
	ack(&c, 2 * MSS);
	assert_int_equal(c.cwnd, 7 * MSS);
}

static void
slow_start_ends_at_the_threshold(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	c.ssthresh = 11 * MSS;
	ack(&c, 2 * MSS);
	assert_int_equal(c.cwnd, 11 * MSS);
	assert_int_equal(c.rest, MSS);
	ack(&c, 10 * MSS - 1);
	assert_int_equal(c.cwnd, 11 * MSS);
	ack(&c, 1);
	assert_int_equal(c.cwnd, 12 * MSS);
}

static void
avoidance_adds_a_segment_a_window(void **state)
{
	static const uint32_t each[] = {1, 333, MSS, 2 * MSS, 100 * MSS};
	struct cc c;

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		cc_init(&c, &cc_newreno, MSS);
		c.ssthresh = c.cwnd;
		for (uint32_t w = 10; w < 40; w++) {
			assert_int_equal(c.cwnd, w * MSS);
			ack_window(&c, each[i]);
		}
	}
	/* Never more for one ACK, nor is the rest of it kept for others. */
	ack(&c, 1000 * MSS);
	for (int i = 0; i < 10; i++)
		ack(&c, 1);
	assert_int_equal(c.cwnd, 41 * MSS);
}

static void
a_loss_halves_and_can_be_undone(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	c.cwnd = 40 * MSS;
	c.ops->reduce(&c, 30 * MSS);
	assert_int_equal(c.ssthresh, 15 * MSS);
	c.cwnd = c.ssthresh;
	c.ops->undo(&c);
	assert_int_equal(c.cwnd, 40 * MSS);
	assert_int_equal(c.ssthresh, CC_SSTHRESH_MAX);
	c.ops->reduce(&c, 40 * MSS);
	c.cwnd = 50 * MSS; /* an undo takes nothing away */
	c.ops->undo(&c);
	assert_int_equal(c.cwnd, 50 * MSS);
}

static void
two_segments_are_the_floor(void **state)
{
	const struct cc_ops *const all[] = {&cc_newreno, &cc_cubic};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cc c;

		cc_init(&c, all[i], MSS);
		for (uint32_t flight = 0; flight < 3 * MSS; flight += 100) {
			all[i]->reduce(&c, flight);
			assert_in_range(c.ssthresh, 2 * MSS, 21 * MSS / 10);
		}
	}
}

static void
restart_forgets_the_rest(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	c.cwnd = 500 * MSS;
	c.ssthresh = 2 * MSS;
	ack(&c, 499 * MSS);
	cc_restart(&c);
	assert_int_equal(c.cwnd, 10 * MSS);
	ack(&c, MSS);
	assert_int_equal(c.cwnd, 10 * MSS);
	c.cwnd = 3 * MSS;
	cc_restart(&c);
	assert_int_equal(c.cwnd, 3 * MSS);
}

static void
a_new_mss_leaves_two_segments(void **state)
{
	struct cc c;

	(void)state;
	cc_init(&c, &cc_newreno, MSS);
	cc_set_mss(&c, 500);
	assert_int_equal(c.cwnd, 10 * MSS);
	assert_int_equal(c.mss, 500);
	c.ssthresh = c.cwnd;
	ack_window(&c, 500);
	assert_int_equal(c.cwnd, 10 * MSS + 500);
	cc_set_mss(&c, 9000);
	assert_int_equal(c.cwnd, 18000);
}

static void
no_window_passes_the_maximum(void **state)
{
	const struct cc_ops *const all[] = {&cc_newreno, &cc_cubic};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cc c;

		cc_init(&c, all[i], 65535);
		for (uint32_t n = 0; n < 200; n++) {
			if (n % 40 == 0)
				c.cwnd = c.ssthresh = CC_SSTHRESH_MAX - n;
			all[i]->acked(&c, UINT32_MAX >> n % 32,
				(uint64_t)n << 55, UINT32_MAX);
			assert_in_range(
				c.cwnd, CC_SSTHRESH_MAX - 200, CC_SSTHRESH_MAX);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_window_is_that_of_rfc6928),
		cmocka_unit_test(slow_start_doubles_a_window),
		cmocka_unit_test(slow_start_takes_two_segments_an_ack),
		cmocka_unit_test(slow_start_takes_one_after_a_timeout),
		cmocka_unit_test(slow_start_ends_at_the_threshold),
		cmocka_unit_test(avoidance_adds_a_segment_a_window),
		cmocka_unit_test(a_loss_halves_and_can_be_undone),
		cmocka_unit_test(two_segments_are_the_floor),
		cmocka_unit_test(restart_forgets_the_rest),
		cmocka_unit_test(a_new_mss_leaves_two_segments),
		cmocka_unit_test(no_window_passes_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

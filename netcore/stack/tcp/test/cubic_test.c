/* cubic_test - CUBIC in integers against RFC 9438 in floating point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "netcore/stack/tcp/cc.h"

#define MSS   1460
#define START 77777777 /* a clock that does not begin at 0 */
#define STEPS 20       /* ACKs in a round trip */

/* As the RFC writes it: segments and seconds. */
struct ref {
	double cwnd, w_max, w_est, prior, k, epoch;
	bool begun;
};

static double
curve(const struct ref *r, double t)
{
	return 0.4 * pow(t - r->k, 3) + r->w_max;
}

static void
ref_acked(struct ref *r, double acked, double now, double rtt)
{
	double goal, t;

	if (!r->begun) {
		r->begun = true;
		r->epoch = now;
		r->w_est = r->cwnd;
		if (r->w_max < r->cwnd)
			r->w_max = r->cwnd;
		r->k = cbrt((r->w_max - r->cwnd) / 0.4);
	}
	t = now - r->epoch;
	r->w_est += (r->w_est < r->prior ? 9.0 / 17 : 1) * acked / r->cwnd;
	goal = fmin(fmax(curve(r, t + rtt), r->cwnd), 1.5 * r->cwnd);
	if (curve(r, t) < r->w_est)
		r->cwnd = r->w_est;
	else
		r->cwnd += (goal - r->cwnd) / r->cwnd * acked;
}

static void
ref_reduce(struct ref *r)
{
	r->prior = r->cwnd;
	r->w_max = r->cwnd < r->w_max ? r->cwnd * 1.7 / 2 : r->cwnd;
	r->cwnd = fmax(0.7 * r->cwnd, 2);
	r->begun = false;
}

static void
reduce(struct cc *c)
{
	c->ops->reduce(c, c->cwnd);
	c->cwnd = c->ssthresh;
}

/* In avoidance, with a window of so many segments. */
static void
begin(struct cc *c, uint32_t segments)
{
	cc_init(c, &cc_cubic, MSS);
	c->cwnd = c->ssthresh = segments * MSS;
}

/* One round trip with a full window. Returns the time after it. */
static uint64_t
round_trip(struct cc *c, uint64_t now, uint32_t rtt)
{
	uint32_t w = c->cwnd, n = STEPS;

	for (uint32_t i = 0; i < n; i++)
		c->ops->acked(c,
			(uint32_t)((uint64_t)w * (i + 1) / n -
				(uint64_t)w * i / n),
			now + (uint64_t)rtt * i / n, rtt);
	return now + rtt;
}

static void
ref_round_trip(struct ref *r, uint64_t now, uint32_t rtt)
{
	double w = r->cwnd;

	for (int i = 0; i < STEPS; i++)
		ref_acked(r, w / STEPS,
			(double)(now + (uint64_t)rtt * (uint64_t)i / STEPS) /
				1e6,
			rtt / 1e6);
}

/* Within 2 %; a small window moves in whole segments. */
static void
compare(const struct cc *c, const struct ref *r, uint32_t segments,
	uint32_t rtt, uint32_t turn)
{
	double w = (double)c->cwnd / MSS;

	if (fabs(w - r->cwnd) > fmax(0.02 * r->cwnd, 1))
		fail_msg("%u segments, %u us, round %u: %f, not %f", segments,
			rtt, turn, w, r->cwnd);
}

static void
follow(uint32_t segments, uint32_t rtt, uint32_t rounds)
{
	struct ref r = {.cwnd = segments};
	uint64_t now = START;
	struct cc c;

	begin(&c, segments);
	for (uint32_t turn = 0; turn < 4 * rounds; turn++) {
		/* The second comes before w_max is reached, the third after:
		 * with fast convergence, and without. */
		if (turn == 0 || turn == rounds / 4 || turn == 2 * rounds) {
			reduce(&c);
			ref_reduce(&r);
		}
		ref_round_trip(&r, now, rtt);
		now = round_trip(&c, now, rtt);
		compare(&c, &r, segments, rtt, turn);
	}
}

static void
windows_follow_the_rfc(void **state)
{
	static const uint32_t windows[] = {10, 30, 100, 1000, 10000};
	static const uint32_t rtts[] = {1000, 3000, 20000, 100000, 200000};

	(void)state;
	for (int w = 0; w < 5; w++)
		for (int r = 0; r < 5; r++) {
			double k = cbrt(0.3 * windows[w] / 0.4);
			double rounds = k * 1e6 / rtts[r];

			follow(windows[w], rtts[r],
				rounds < 20 ? 20 : (uint32_t)rounds);
		}
}

/* The windows of long paths are the curve itself. */
static void
the_curve_reaches_w_max_after_k(void **state)
{
	static const uint32_t windows[] = {300, 1000, 10000};
	const uint32_t rtt = 100000;

	(void)state;
	for (int i = 0; i < 3; i++) {
		double w = windows[i], k = cbrt(0.3 * w / 0.4);
		double passed = k + cbrt(0.01 * w / 0.4), at = 0;
		uint64_t now = START;
		struct cc c;

		begin(&c, windows[i]);
		reduce(&c);
		while (c.cwnd < 1.01 * w * MSS) {
			now = round_trip(&c, now, rtt);
			at = (double)(now - START) / 1e6;
			if (fabs(at - k) < 0.06)
				assert_true(
					fabs(c.cwnd / (w * MSS) - 1) < 0.01);
			assert_true(at < 2 * k);
		}
		assert_true(fabs(c.k_ms - k * 1000) < 2);
		assert_true(fabs(at - passed) < 0.2 + 0.01 * k);
	}
}

static void
fast_convergence_makes_room(void **state)
{
	struct cc c;

	(void)state;
	begin(&c, 100);
	reduce(&c);
	assert_int_equal(c.w_max, 100 * MSS);
	assert_int_equal(c.ssthresh, 70 * MSS);
	reduce(&c);
	assert_int_equal(c.w_max, 70 * MSS * 17 / 20);
	assert_int_equal(c.ssthresh, 49 * MSS);
}

/* Below the window of the last loss Reno's slope is 9/17, beyond it 1. w_max
 * is lower by fast convergence, and is not the mark. */
static void
the_estimate_is_steeper_from_cwnd_prior_on(void **state)
{
	uint64_t now = START;
	double before = 0, after = 0;
	int n = 0, m = 0;
	struct cc c;

	(void)state;
	begin(&c, 100);
	reduce(&c);
	reduce(&c);
	assert_int_equal(c.prior_cwnd, 70 * MSS);
	for (int i = 0; i < 80; i++) {
		uint32_t est = c.w_est;

		now = round_trip(&c, now, 100);
		if (i > 1 && c.w_est <= 70 * MSS)
			before += c.w_est - est, n++;
		else if (i > 1 && est > 70 * MSS)
			after += c.w_est - est, m++;
	}
	assert_true(n > 20 && m > 20);
	assert_true(fabs(before / n / MSS - 9.0 / 17) < 0.04);
	assert_true(fabs(after / m / MSS - 1) < 0.04);
}

/* Steps of less than a byte are not lost. */
static void
small_acks_add_up(void **state)
{
	static const uint32_t rtts[] = {100, 100000}; /* Reno's, the curve's */

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cc c, d;

		begin(&c, 1000);
		reduce(&c);
		d = c;
		for (int n = 0; n < 700 * MSS / 10; n++) {
			c.ops->acked(&c, 10, START, rtts[i]);
			if (n % 100 == 99)
				d.ops->acked(&d, 1000, START, rtts[i]);
		}
		assert_true(d.cwnd > 700 * MSS + MSS / 2);
		assert_in_range(c.cwnd + 10, d.cwnd, d.cwnd + 20);
	}
}

static void
growth_is_half_a_window_at_most(void **state)
{
	struct cc c;

	(void)state;
	begin(&c, 100);
	c.ops->acked(&c, MSS, START, 100000);
	c.epoch_us -= 1000000000;
	c.ops->acked(&c, 50 * MSS, START, 100000);
	assert_in_range(c.cwnd, 124 * MSS, 126 * MSS);
	/* A round trip beyond the end of time, and one ACK of everything. */
	c.ops->acked(&c, UINT32_MAX, UINT64_MAX / 2, UINT32_MAX);
	assert_in_range(c.cwnd, 124 * MSS, 190 * MSS);
}

/* RFC 9438, 4.8: K is 0, and w_max the window where avoidance begins. */
static void
the_curve_is_flat_after_a_timeout(void **state)
{
	uint64_t now = START;
	struct cc c;

	(void)state;
	begin(&c, 100);
	c.ops->reduce(&c, c.cwnd);
	cc_timeout(&c);
	assert_int_equal(c.cwnd, MSS);
	while (cc_in_slow_start(&c))
		now = round_trip(&c, now, 100000);
	now = round_trip(&c, now, 100000);
	assert_int_equal(c.k_ms, 0);
	assert_in_range(c.w_max, 70 * MSS, 71 * MSS);
	assert_in_range(c.cwnd, 70 * MSS, 73 * MSS);
	/* One that was for nothing leaves no trace. */
	begin(&c, 100);
	reduce(&c);
	now = round_trip(&c, now, 100000);
	c.ops->reduce(&c, c.cwnd);
	cc_timeout(&c);
	c.ops->undo(&c);
	assert_int_equal(c.w_max, 100 * MSS);
	assert_int_equal(c.ssthresh, 70 * MSS);
}

/* An undone reduction, and a time without a full window, shift the curve by
 * the time that they took and change nothing else. */
static void
pauses_do_not_count(void **state)
{
	uint64_t now = START, later;
	struct cc c, d;

	(void)state;
	begin(&c, 1000);
	reduce(&c);
	for (int i = 0; i < 150; i++) /* K is 9.1 s: beyond it */
		now = round_trip(&c, now, 100000);
	d = c;
	later = now + 60000000;
	d.ops->reduce(&d, d.cwnd);
	d.cwnd = d.ssthresh;
	d.ops->undo(&d);
	for (int i = 0; i < 50; i++) {
		now = round_trip(&c, now, 100000);
		later = round_trip(&d, later, 100000);
		assert_true(fabs((double)d.cwnd / c.cwnd - 1) < 0.02);
	}
	assert_true(c.cwnd > 1200 * MSS);
}

static void
idle_restart_begins_a_new_stage(void **state)
{
	uint64_t now = START;
	struct cc c;

	(void)state;
	begin(&c, 100);
	reduce(&c);
	now = round_trip(&c, now, 10000);
	cc_restart(&c);
	assert_int_equal(c.cwnd, 10 * MSS);
	now += 3600000000ull;
	for (int i = 0; i < 2; i++) {
		uint32_t w = c.cwnd;

		now = round_trip(&c, now, 10000);
		assert_int_equal(c.cwnd, 2 * w);
	}
	while (cc_in_slow_start(&c))
		now = round_trip(&c, now, 10000);
	assert_in_range(c.cwnd, 70 * MSS, 72 * MSS);
	now = round_trip(&c, now, 10000);
	assert_in_range(c.cwnd, 70 * MSS, 74 * MSS);
	assert_in_range(c.k_ms, 4100, 4240); /* cbrt(30 / 0.4) = 4.217 s */
}

static void
a_new_mss_bends_the_curve_from_here(void **state)
{
	uint64_t now = START;
	uint32_t w;
	struct cc c;

	(void)state;
	begin(&c, 1000);
	reduce(&c);
	for (int i = 0; i < 10; i++)
		now = round_trip(&c, now, 100000);
	w = c.cwnd;
	cc_set_mss(&c, MSS / 2);
	c.ops->acked(&c, MSS, now, 100000);
	assert_in_range(c.cwnd, w, w + MSS);
	assert_true(fabs(c.k_ms -
			    1000 * cbrt((c.w_max - w) / 0.4 / (MSS / 2))) < 2);
}

static void
extremes_do_not_overflow(void **state)
{
	static const uint32_t sizes[] = {1, 64, 536, 9000, 65535};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct cc c;

		cc_init(&c, &cc_cubic, sizes[i]);
		c.cwnd = CC_SSTHRESH_MAX;
		reduce(&c);
		for (uint64_t t = 1; t < UINT64_MAX / 4; t *= 2) {
			uint32_t w = c.cwnd;

			c.ops->acked(&c, UINT32_MAX, t, UINT32_MAX >> t % 32);
			assert_in_range(c.cwnd, w, CC_SSTHRESH_MAX);
		}
		c.cwnd = sizes[i];
		c.ops->acked(&c, sizes[i], UINT64_MAX / 3, 0);
		c.ops->reduce(&c, UINT32_MAX);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_follow_the_rfc),
		cmocka_unit_test(the_curve_reaches_w_max_after_k),
		cmocka_unit_test(fast_convergence_makes_room),
		cmocka_unit_test(the_estimate_is_steeper_from_cwnd_prior_on),
		cmocka_unit_test(small_acks_add_up),
		cmocka_unit_test(growth_is_half_a_window_at_most),
		cmocka_unit_test(the_curve_is_flat_after_a_timeout),
		cmocka_unit_test(pauses_do_not_count),
		cmocka_unit_test(idle_restart_begins_a_new_stage),
		cmocka_unit_test(a_new_mss_bends_the_curve_from_here),
		cmocka_unit_test(extremes_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

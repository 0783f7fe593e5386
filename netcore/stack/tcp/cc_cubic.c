/* cc_cubic.c - CUBIC (RFC 9438), in integers.
 *
 *	W_cubic(t) = C * (t - K)^3 + W_max		(segments, seconds)
 *
 * with C = 0.4 and beta = 0.7. Windows are bytes here and times milliseconds:
 * C * t^3 in bytes is 4 * mss * t_ms^3 / 10^10, and K = cbrt((W_max - cwnd) /
 * (C * mss)). t - K is bounded so that nothing overflows 64 bits.
 *
 * Divisions: some for each ACK that finds the window full. They stay; this is
 * not the path of a request and its response, which is not limited by cwnd.
 */
#include "netcore/stack/tcp/cc_own.h"

#define BETA_NUM 7
#define BETA_DEN 10

/* Further out the curve is as good as vertical: 1000 s. */
#define T_MAX_MS 1000000

/* floor of the cube root, bit by bit. */
static uint32_t
cube_root(uint64_t x)
{
	uint64_t root = 0;

	for (int s = 63; s >= 0; s -= 3) {
		uint64_t b;

		root <<= 1;
		b = 3 * root * (root + 1) + 1;
		if ((x >> s) >= b) {
			x -= b << s;
			root++;
		}
	}
	return (uint32_t)root;
}

/* (4 * mss * t^3) / 10^10 for |t| <= T_MAX_MS: below 2^63 with mss < 65536,
 * in two divisions by 10^5. */
static int64_t
cubic_bytes(int64_t t_ms, uint32_t mss)
{
	int64_t cube = t_ms * t_ms * t_ms / 100000;

	return cube * (4 * (int64_t)mss) / 100000;
}

static void
begin_epoch(struct cc *c, uint64_t now_us)
{
	c->epoch_us = c->acked_us = now_us;
	c->w_est = c->cwnd;
	c->est_rest = c->rest = 0;
	if (c->cwnd < c->w_max) {
		/* K^3 in ms^3 = (w_max - cwnd) / mss / 0.4 * 10^9 */
		uint64_t gap = c->w_max - c->cwnd;

		c->k_ms = cube_root(gap * 2500000000ull / c->mss);
	} else {
		c->k_ms = 0;
		c->w_max = c->cwnd;
	}
}

/* Time in which the window was not the limit is no time for the curve (RFC
 * 9438, 4.2, 5.8): nothing was acked() for longer than a round trip. */
static void
keep_time(struct cc *c, uint64_t now_us, uint32_t srtt_us)
{
	uint64_t gap = now_us - c->acked_us;

	if (gap > 2 * (uint64_t)srtt_us)
		c->epoch_us += gap - srtt_us;
	c->acked_us = now_us;
}

/* The window that the curve has one round trip ahead, within [cwnd, 1.5 cwnd]
 * (RFC 9438, 4.2). */
static uint32_t
target(const struct cc *c, uint64_t now_us, uint32_t srtt_us)
{
	uint64_t t = (now_us - c->epoch_us + srtt_us) / 1000;
	int64_t d = (int64_t)(t < 10 * T_MAX_MS ? t : 10 * T_MAX_MS) - c->k_ms;
	int64_t w;

	if (d > T_MAX_MS)
		d = T_MAX_MS;
	if (d < -T_MAX_MS)
		d = -T_MAX_MS;
	w = (int64_t)c->w_max + cubic_bytes(d, c->mss);
	if (w < c->cwnd)
		return c->cwnd;
	if (w > (int64_t)c->cwnd + c->cwnd / 2)
		return c->cwnd + c->cwnd / 2;
	return (uint32_t)w;
}

/* `by` bytes for each window acknowledged, in small steps (4.2, 4.3). */
static uint32_t
grown(uint32_t by, uint32_t bytes, uint32_t cwnd, uint32_t *rest)
{
	uint64_t grow = (uint64_t)by * bytes + *rest;

	*rest = (uint32_t)(grow % cwnd);
	return (uint32_t)(grow / cwnd);
}

/* What Reno would have by now, with a slope that makes up for beta: 3 * (1 -
 * beta) / (1 + beta) = 9/17 of a segment a round trip, and a whole one once it
 * has reached the window before the last reduction (RFC 9438, 4.3). */
static void
grow_estimate(struct cc *c, uint32_t bytes)
{
	uint32_t step = c->w_est < c->prior_cwnd ? c->mss * 9 / 17 : c->mss;

	c->w_est += grown(step, bytes, c->cwnd, &c->est_rest);
}

static void
cubic_acked(struct cc *c, uint32_t bytes, uint64_t now_us, uint32_t srtt_us)
{
	uint32_t goal;

	if (cc_in_slow_start(c))
		bytes = cc_slow_start(c, bytes);
	if (!bytes)
		return;
	if (bytes > c->cwnd)
		bytes = c->cwnd;
	if (!c->epoch_us)
		begin_epoch(c, now_us);
	keep_time(c, now_us, srtt_us);
	grow_estimate(c, bytes);
	goal = target(c, now_us, srtt_us);
	if (goal > c->cwnd)
		c->cwnd += grown(goal - c->cwnd, bytes, c->cwnd, &c->rest);
	if (c->cwnd < c->w_est)
		c->cwnd = c->w_est;
	if (c->cwnd > CC_SSTHRESH_MAX)
		c->cwnd = CC_SSTHRESH_MAX;
}

static void
cubic_reduce(struct cc *c, uint32_t flight)
{
	uint32_t cut = (uint32_t)((uint64_t)flight * BETA_NUM / BETA_DEN);

	cc_remember(c);
	/* Fast convergence (4.7): make room for a newcomer. */
	if (c->cwnd < c->w_max)
		c->w_max = (uint32_t)((uint64_t)c->cwnd *
			(BETA_DEN + BETA_NUM) / (2 * BETA_DEN));
	else
		c->w_max = c->cwnd;
	c->ssthresh = cut > 2 * c->mss ? cut : 2 * c->mss;
	c->epoch_us = 0;
	c->rest = 0;
}

static void
cubic_undo(struct cc *c)
{
	cc_restore(c);
	c->w_max = c->prior_w_max;
	c->w_est = c->prior_w_est;
	c->k_ms = c->prior_k_ms;
	c->epoch_us = c->prior_epoch_us;
}

const struct cc_ops cc_cubic = {
	.name = "cubic",
	.acked = cubic_acked,
	.reduce = cubic_reduce,
	.undo = cubic_undo,
};

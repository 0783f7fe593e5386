/* cc.c - what the two controls share, and NewReno. */
#include "netcore/stack/tcp/cc_own.h"

/* Slow start with appropriate byte counting (RFC 3465): as much as was
 * acknowledged, two segments an ACK at most; one after a timeout, when an ACK
 * covers what the peer had long before (2.3). Returns what is left for
 * congestion avoidance when the threshold was crossed. */
uint32_t
cc_slow_start(struct cc *c, uint32_t bytes)
{
	uint32_t room = c->ssthresh - c->cwnd;
	uint32_t limit = c->timed_out ? c->mss : 2 * c->mss;
	uint32_t step = bytes < limit ? bytes : limit;

	if (step < room) {
		c->cwnd += step;
		return 0;
	}
	c->cwnd = c->ssthresh;
	c->timed_out = false;
	return step - room;
}

void
cc_remember(struct cc *c)
{
	c->prior_cwnd = c->cwnd;
	c->prior_ssthresh = c->ssthresh;
	c->prior_w_max = c->w_max;
	c->prior_w_est = c->w_est;
	c->prior_k_ms = c->k_ms;
	c->prior_epoch_us = c->epoch_us;
	c->timed_out = false;
}

void
cc_restore(struct cc *c)
{
	if (c->cwnd < c->prior_cwnd)
		c->cwnd = c->prior_cwnd;
	c->ssthresh = c->prior_ssthresh;
	c->timed_out = false;
}

void
cc_set_mss(struct cc *c, uint32_t mss)
{
	if (c->cwnd < 2 * mss)
		c->cwnd = 2 * mss;
	c->mss = mss;
	/* K was counted in segments of the old size. */
	c->epoch_us = c->prior_epoch_us = 0;
}

/* --- NewReno -------------------------------------------------------------*/

/* A segment for each window acknowledged (RFC 5681, 3.1), and one at most:
 * what an ACK covers beyond a window was sent under another one. */
static void
avoid(struct cc *c, uint32_t bytes)
{
	c->rest += bytes < c->cwnd ? bytes : c->cwnd;
	if (c->rest < c->cwnd)
		return;
	c->rest -= c->cwnd;
	if (c->cwnd < CC_SSTHRESH_MAX - c->mss)
		c->cwnd += c->mss;
}

static void
newreno_acked(struct cc *c, uint32_t bytes, uint64_t now_us, uint32_t srtt_us)
{
	(void)now_us, (void)srtt_us;
	if (cc_in_slow_start(c))
		bytes = cc_slow_start(c, bytes);
	if (bytes)
		avoid(c, bytes);
}

/* Half of what is in flight, two segments at least (RFC 5681, 3.1, (4)). */
static void
newreno_reduce(struct cc *c, uint32_t flight)
{
	uint32_t half = flight / 2;

	cc_remember(c);
	c->ssthresh = half > 2 * c->mss ? half : 2 * c->mss;
	c->rest = 0;
}

const struct cc_ops cc_newreno = {
	.name = "newreno",
	.acked = newreno_acked,
	.reduce = newreno_reduce,
	.undo = cc_restore,
};

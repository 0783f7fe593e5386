/* cc.h - congestion control, as a constant structure of functions.
 *
 * The sender tells what happened; the window is the control's alone. All in
 * bytes. Loss recovery (who is lost, what is sent again, how fast within a
 * recovery) is not here: recovery.c asks for ssthresh on entering, and sets
 * the window back to it on leaving.
 */
#ifndef NETCORE_STACK_TCP_CC_H
#define NETCORE_STACK_TCP_CC_H

#include <stdbool.h>
#include <stdint.h>

struct cc;

struct cc_ops {
	const char *name;
	void (*init)(struct cc *c);
	/* `bytes` were newly acknowledged outside of a recovery, while the
	 * window was the limit. */
	void (*acked)(struct cc *c, uint32_t bytes, uint64_t now_us,
		uint32_t srtt_us);
	/* A congestion event: loss or ECN echo. Sets ssthresh. */
	void (*reduce)(struct cc *c, uint32_t flight);
	/* The reduction turned out to be for nothing (RFC 3522, 4015). */
	void (*undo)(struct cc *c);
};

extern const struct cc_ops cc_newreno; /* RFC 5681, 6582 */
extern const struct cc_ops cc_cubic;   /* RFC 9438 */

struct cc {
	const struct cc_ops *ops;
	/* CUBIC (RFC 9438, 4.1) */
	uint64_t epoch_us; /* start of this avoidance stage; 0: not begun */
	uint64_t acked_us; /* the last time that acked() was called in it */
	uint64_t prior_epoch_us;
	uint32_t prior_w_max, prior_w_est, prior_k_ms;
	uint32_t w_max; /* window before the last reduction */
	uint32_t w_est; /* what Reno would have */
	uint32_t est_rest;
	uint32_t k_ms; /* time until the curve reaches w_max again */
	/* all */
	uint32_t prior_cwnd, prior_ssthresh; /* before the last reduction */
	uint32_t rest;	/* bytes acknowledged that made no whole step yet */
	bool timed_out; /* this slow start follows a timeout */
	uint32_t mss;
	/* At the end: what is sent needs to know no more of it. */
	uint32_t ssthresh;
	uint32_t cwnd;
};

#define CC_SSTHRESH_MAX 0x7fffffffu /* no window grows beyond it either */

/* Initial window of RFC 6928: ten segments, bounded by 14600 bytes. */
static inline uint32_t
cc_initial_window(uint32_t mss)
{
	uint32_t w = 10 * mss, bound = 2 * mss > 14600 ? 2 * mss : 14600;

	return w < bound ? w : bound;
}

static inline void
cc_init(struct cc *c, const struct cc_ops *ops, uint32_t mss)
{
	*c = (struct cc){
		.ops = ops,
		.mss = mss,
		.cwnd = cc_initial_window(mss),
		.ssthresh = CC_SSTHRESH_MAX,
	};
	if (ops->init)
		ops->init(c);
}

static inline bool
cc_in_slow_start(const struct cc *c)
{
	return c->cwnd < c->ssthresh;
}

/* After a retransmission timeout: one segment (RFC 5681, 3.1), having called
 * reduce() for the first timeout of a segment. */
static inline void
cc_timeout(struct cc *c)
{
	c->cwnd = c->mss;
	c->rest = 0;
	c->timed_out = true;
	c->w_max = 0; /* the curve starts flat (RFC 9438, 4.8) */
	c->epoch_us = 0;
}

/* After an idle time longer than the RTO (RFC 5681, 4.1). */
static inline void
cc_restart(struct cc *c)
{
	uint32_t iw = cc_initial_window(c->mss);

	if (c->cwnd > iw)
		c->cwnd = iw;
	c->rest = 0;
	c->epoch_us = 0;
}

/* The path got a smaller MTU, or a larger one was found. The window stays, in
 * bytes, but holds two segments at least. */
void cc_set_mss(struct cc *c, uint32_t mss);

#endif

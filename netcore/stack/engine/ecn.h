/* ecn.h - routers mark packets instead of dropping them, and the receiver tells
 * the sender (RFC 3168). What is needed with each segment; the rest is ecn.c.
 *
 *	TCB_ECT		what we send says that it may be marked
 *	TCB_ECN		one of ECN_BUSY is set: the connection is not plain
 *
 * While a SYN of ours waits for its answer, ECN_AGREED says that one has
 * offered it, and TCB_ECT that all have. */
#ifndef NETCORE_STACK_ENGINE_ECN_H
#define NETCORE_STACK_ENGINE_ECN_H

#include "netcore/stack/engine/engine.h"

enum ecn_bit {
	ECN_AGREED = 1, /* both sides want it: the peer's marks are echoed */
	ECN_ECHO = 2,	/* a mark came: each ACK tells, until a CWR */
	/* The window was reduced: CWR goes with the next new data, which begins
	 * at ecn_at. Until that is acknowledged no echo is new. */
	ECN_REDUCED = 4,
	ECN_BUSY = ECN_ECHO | ECN_REDUCED,
};

/* tos: of the IP header, or the traffic class. */
static inline bool
ecn_is_marked(uint8_t tos)
{
	return (tos & WIRE_ECN_MASK) == WIRE_ECN_CE;
}

/* The flag that says so in the header of any segment but SYN and RST. */
static inline uint8_t
ecn_echo_bit(const struct tcb *c)
{
	return unlikely(c->flags & TCB_ECN) && (c->ecn & ECN_ECHO)
		? WIRE_TCP_ECE
		: 0;
}

/* What the IP header of new data says. */
static inline uint8_t
ecn_tos(const struct tcb *c)
{
	return c->flags & TCB_ECT ? WIRE_ECN_ECT0 : WIRE_ECN_NOT;
}

/* The window was reduced, whatever for: it is told (6.1.2). */
static inline void
ecn_window_reduced(struct tcb *c)
{
	if (!(c->flags & TCB_ECT))
		return;
	c->ecn |= ECN_REDUCED;
	c->flags |= TCB_ECN;
	c->ecn_at = c->snd_nxt;
}

/* Whether that happened for what is under way: marks and losses of one window
 * are one sign of congestion (6.1.2). */
static inline bool
ecn_window_was_reduced(const struct tcb *c)
{
	return (c->ecn & ECN_REDUCED) && seq_lt(c->snd_una, c->ecn_at);
}

/* The next new data has CWR. */
static inline bool
ecn_cwr_due(const struct tcb *c)
{
	return (c->flags & TCB_ECN) && (c->ecn & ECN_REDUCED) &&
		c->snd_nxt == c->ecn_at;
}

/* The reduction was for nothing, and is none any more. */
void ecn_window_restored(struct tcb *c);

/* Before the first SYN, ours or the peer's: we would have it. */
static inline void
ecn_want(struct tcb *c)
{
	c->ecn = ECN_AGREED;
	c->flags |= TCB_ECT;
}

/* The flags of a SYN that is to be sent. */
uint8_t ecn_syn(struct stack *s, struct tcb *c);
/* What the peer's says. One that does not ask for it ends it. */
void ecn_take_syn(struct tcb *c, const struct tcp_rx *r);

/* Some of r is in the window, and it is marked, or says CWR. */
void ecn_data_in(struct stack *s, struct tcb *c, const struct tcp_rx *r);
/* r acknowledges; it has an echo, or TCB_ECN is set. */
void ecn_ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r);
/* len bytes at seq are sent for the first time. Returns what their IP header
 * says, and adds to the flags of the other. */
uint8_t ecn_data_out(struct tcb *c, uint32_t seq, uint32_t len, uint8_t *bits);

#endif

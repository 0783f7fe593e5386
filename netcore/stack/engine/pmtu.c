/* pmtu.c - how large a packet may be on a path.
 *
 * A path is believed to take what our link takes. Routers that know better say
 * so (RFC 1191); where nobody says so, segments that never arrive do (RFC 8899,
 * 4.3). From there on a connection searches upwards, by a segment of new data
 * that is larger than the others; losing it is no congestion (4.4, 7681). What
 * was learned is kept for the next connection to the same host.
 */
#include "netcore/stack/engine/pmtu.h"

#include "netcore/stack/engine/engine.h"

#define MTU_MIN	 576u  /* what every host takes (RFC 1122) */
#define MTU_MIN6 1280u /* RFC 8200, 5 */

static uint32_t
headers(const struct tcb *c)
{
	return (flow_key_is4(&c->key) ? WIRE_IPV4_LEN : WIRE_IPV6_LEN) +
		WIRE_TCP_LEN + (c->flags & TCB_TS ? 12 : 0);
}

static uint32_t
least_mtu(const struct tcb *c)
{
	return flow_key_is4(&c->key) ? MTU_MIN : MTU_MIN6;
}

static struct pmtu *
place(struct stack *s, struct ip_addr ip)
{
	uint64_t w[2] = {ip.hi, ip.lo};

	return &s->pmtu[sip13_words(&s->secret, w, 2) % PMTU_KNOWN];
}

static void
remember(struct stack *s, const struct tcb *c)
{
	struct ip_addr ip = tcb_remote(c);

	s->pmtu_any = true;
	*place(s, ip) = (struct pmtu){
		.ip = ip,
		.t_end = timer_in(s, PMTU_MS),
		.mtu = (uint16_t)(c->mss + headers(c)),
	};
}

uint16_t
pmtu_mss(struct stack *s, struct tcb *c, uint16_t mss)
{
	struct ip_addr ip;
	const struct pmtu *p;

	c->mss_most = mss;
	if (likely(!s->pmtu_any))
		return mss;
	ip = tcb_remote(c);
	p = place(s, ip);
	if (likely(!p->t_end || !ip_addr_eq(p->ip, ip) ||
		    (int32_t)(p->t_end - s->tick) <= 0 ||
		    p->mtu >= mss + headers(c)))
		return mss;
	c->t_pmtu = p->t_end;
	return (uint16_t)(p->mtu - headers(c));
}

static void
lower(struct stack *s, struct tcb *c, uint32_t mss, uint32_t ms)
{
	s->count.mss_lowered++;
	ack_lower_mss(s, c, (uint16_t)mss);
	c->t_pmtu = timer_in(s, ms);
	c->mss_probe = 0;
	remember(s, c);
}

/* An old router says no size: the smallest will do. What it says is the most
 * that there is, until things may have changed. */
bool
pmtu_too_big(struct stack *s, struct tcb *c, uint32_t mtu)
{
	uint32_t least = least_mtu(c);
	uint32_t mss = (mtu < least ? least : mtu) - headers(c);

	if (c->state < TCP_ESTABLISHED || mss >= c->mss)
		return false;
	lower(s, c, mss, PMTU_MS);
	return true;
}

/* Half of what does not arrive, which may be less than a full segment, down to
 * what always works; the search upwards begins at once when that arrives. */
void
pmtu_black_hole(struct stack *s, struct tcb *c)
{
	uint32_t least = least_mtu(c) - headers(c), mss = c->mss;
	const struct seg *g;

	if (!c->segs.head || c->state < TCP_ESTABLISHED || !c->snd_wnd)
		return;
	tcb_settle(s, c);
	g = segs_at(&s->seg, c->segs.head);
	if (g->len - !!(g->flags & SEG_FIN) < mss)
		mss = g->len - !!(g->flags & SEG_FIN);
	if (mss <= least)
		return;
	mss = mss > PMTU_BASE ? PMTU_BASE : mss / 2;
	s->count.black_holes++;
	lower(s, c, mss > least ? mss : least, 0);
}

/* --- upwards --------------------------------------------------------------*/

/* Not in trouble, and with enough behind it that losing it is noticed without
 * a timeout. */
uint32_t
pmtu_probe(const struct stack *s, const struct tcb *c, uint32_t ready)
{
	uint32_t gap = (uint32_t)(c->mss_most - c->mss), len;

	if (likely(!c->t_pmtu) || (int32_t)(c->t_pmtu - s->tick) > 0 ||
		c->mss_probe || gap < PMTU_STEP || c->odd.lost ||
		c->odd.sacked || c->backoff || !(c->flags & TCB_SACK) ||
		(c->flags & (TCB_RECOVERY | TCB_LOSS | TCB_RESIZE)))
		return 0;
	/* All of it first: most often a path changes back to what it was. */
	len = c->mss_tried ? c->mss + (c->mss_tried - c->mss) / 2u
			   : c->mss_most;
	return ready >= len + 4u * c->mss ? len : 0;
}

void
pmtu_probe_sent(struct tcb *c, uint32_t len)
{
	c->mss_probe = len > c->mss ? (uint16_t)len : 0;
}

/* There may be more. */
void
pmtu_probe_arrived(struct stack *s, struct tcb *c)
{
	if (!c->mss_probe)
		return;
	s->count.mss_raised++;
	c->mss = c->mss_probe;
	c->mss_probe = 0;
	cc_set_mss(&c->cc, c->mss);
	if (c->mss_most - c->mss < (int)PMTU_STEP) {
		c->t_pmtu = 0;
		c->mss_tried = 0;
	} else if (c->mss_tried - c->mss < (int)PMTU_STEP) {
		c->t_pmtu = timer_in(s, PMTU_MS);
		c->mss_tried = 0;
	}
	remember(s, c);
}

/* It was too much: less is tried next, and when that is not worth it, nothing
 * for a while. */
void
pmtu_probe_lost(struct stack *s, struct tcb *c)
{
	if (!c->mss_probe)
		return;
	c->mss_tried = c->mss_probe;
	c->mss_probe = 0;
	if (c->mss_tried - c->mss < (int)(2 * PMTU_STEP)) {
		c->t_pmtu = timer_in(s, PMTU_MS);
		c->mss_tried = 0;
	}
}

/* open.c - handshakes (RFC 9293, 3.5, 3.10.7.1-3.10.7.3). */
#include <string.h>

#include "netcore/stack/engine/cookie.h"
#include "netcore/stack/engine/ecn.h"

/* What we can take in one segment. */
uint16_t
open_mss(const struct stack *s, const struct flow_key *k)
{
	uint32_t ip = flow_key_is4(k) ? WIRE_IPV4_LEN : WIRE_IPV6_LEN;

	return (uint16_t)(s->cfg.mtu - ip - WIRE_TCP_LEN);
}

/* RFC 6528: a clock of 4 us, and a secret function of the four numbers. The
 * clock of timestamps is offset by another, but never moves back from one
 * connection of these numbers to the next (RFC 7323, 5.4; RFC 6191). Both are
 * of one hash, for it has 64 bits. Its input is 12 bytes for IPv4, 40 for IPv6;
 * none of one length is like one of another. */
uint64_t
open_numbers(const struct stack *s, const struct flow_key *k)
{
	const uint64_t *a = k->addr;

	if (likely(flow_key_is4(k)))
		return sip24_12(&s->secret, flow_key_head(k), s->ip4);
	return sip24_words(&s->secret,
		(uint64_t[]){flow_key_head(k), a[0], a[1], a[2], a[3]}, 5);
}

static void
initial_numbers(const struct stack *s, struct tcb *c)
{
	uint64_t hash = open_numbers(s, &c->key);

	c->iss = (uint32_t)(s->now / 4000) + (uint32_t)hash;
	c->ts_offset = (uint32_t)(hash >> 32);
}

/* Line by line: a string instruction takes longer to begin. */
static inline void
clear(struct tcb *c)
{
	char *p = (char *)c;

	_Static_assert(sizeof(*c) == 7 * CACHELINE, "all of it");
#pragma GCC unroll 7
	for (unsigned i = 0; i < 7; i++)
		memset(p + i * CACHELINE, 0, CACHELINE);
}

/* A fresh connection, in the table; NULL when there are none left. */
struct tcb *
open_tcb(struct stack *s, const struct flow_key *k, uint32_t hash)
{
	uint32_t handle = idpool_get(&s->ids), ready;
	struct tcb *c;

	if (!handle) {
		s->count.drop_out_of_conns++;
		return NULL;
	}
	c = &s->tcb[idpool_index(handle)];
	ready = c->flags & TCB_READY;
	clear(c);
	c->flags = ready | (flow_key_is4(k) ? 0 : TCB_IP6);
	c->handle = handle;
	c->key = *k;
	c->hash = hash;
	initial_numbers(s, c);
	c->snd_una = c->snd_nxt = c->iss;
	c->rack_us = s->us; /* 0 could be in the future */
	c->rack_end = c->iss;
	c->rcv_space = s->cfg.rcv_window;
	c->rcv_wscale = s->scale;
	/* Most often its neighbour is the one that others have. */
	c->hop = (uint8_t)(s->neigh_last % NEIGH_BANK);
	c->opened = tcb_opened(s->tick);
	c->rto_first_ms = RTO_INITIAL_MS;
	c->mss = c->peer_mss = 536;
	flow_insert(&s->flow, c->hash, tcb_index(s, c));
	return c;
}

/* Nothing of c was sent yet; it begins above `last`. */
void
open_above(struct tcb *c, uint32_t last)
{
	if (seq_gt(c->iss, last))
		return;
	c->iss = last + 1;
	c->snd_una = c->snd_nxt = c->iss;
}

/* What the peer's SYN says. An option counts if both sides have it; on our own
 * connect we asked for all. */
static void
take_syn(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint16_t mss = r->h.opts & WIRE_TCP_MSS ? r->h.mss : 536;
	uint16_t own = open_mss(s, &c->key);

	ecn_take_syn(c, r);
	c->irs = r->h.seq;
	c->rcv_nxt = r->h.seq + 1;
	c->flags &= ~(uint32_t)(TCB_TS | TCB_SACK | TCB_WSCALE);
	if (r->h.opts & WIRE_TCP_TS) {
		c->flags |= TCB_TS;
		c->ts_recent = r->h.ts_val;
		c->t_ts_recent = tcb_age(s->tick);
	}
	if (r->h.opts & WIRE_TCP_SACK_OK)
		c->flags |= TCB_SACK;
	if (r->h.opts & WIRE_TCP_WSCALE) {
		c->flags |= TCB_WSCALE;
		c->snd_wscale = r->h.wscale;
	} else {
		c->rcv_wscale = 0;
	}
	if (mss < 64) /* a peer that wants crumbs does not get them */
		mss = 64;
	if (mss > own)
		mss = own;
	/* Options count against it (RFC 6691). */
	c->mss = pmtu_mss(s, c, mss - (c->flags & TCB_TS ? 12 : 0));
	c->peer_mss = mss - (c->flags & TCB_TS ? 12 : 0);
	cc_init(&c->cc, s->cfg.reno ? &cc_newreno : &cc_cubic, c->mss);
	c->snd_wnd = c->max_wnd = r->h.window; /* not scaled in a SYN */
	c->snd_wl1 = r->h.seq;
}

/* --- passive --------------------------------------------------------------*/

/* The one of this address before that of its family, and that before the one
 * for all. */
struct listener *
open_find_listener(struct stack *s, const struct flow_key *k)
{
	struct ip_addr ip = key_local(s, k);
	struct listener *best = NULL;
	unsigned most = 0;

	for (uint32_t i = 0; i < s->cfg.listeners; i++) {
		struct listener *l = &s->listener[i];
		unsigned fit = 0;

		if (l->port != k->local_port || !l->used)
			continue;
		if (ip_addr_eq(l->ip, ip))
			fit = 3;
		else if (flow_key_is4(k) && l->ip.lo == IP_ADDR_V4)
			fit = 2 * !l->ip.hi;
		else
			fit = !(l->ip.hi | l->ip.lo);
		if (fit > most) {
			most = fit;
			best = l;
		}
	}
	return best;
}

static struct tcb *
passive(struct stack *s, const struct listener *l, const struct tcp_rx *syn)
{
	struct tcb *c;

	if (unlikely(idpool_taken(&s->ids) == s->cfg.conns))
		linger_evict(s);
	c = open_tcb(s, &syn->key, syn->hash);
	if (!c)
		return NULL;
	s->half_open++;
	c->state = TCP_SYN_RECEIVED;
	c->flags |= TCB_PASSIVE;
	ecn_want(c);
	c->user = l->user;
	take_syn(s, c, syn);
	return c;
}

/* An acknowledgement that brings a cookie back makes what its SYN would have
 * made, and then is like any other. */
static bool
open_by_cookie(struct stack *s, const struct listener *l, struct tcp_rx *r)
{
	struct tcp_rx syn;
	uint32_t iss, us, handle;
	struct tcb *c;

	if (!cookie_take(s, r, &syn, &iss))
		return false;
	c = passive(s, l, &syn);
	if (!c)
		return false;
	handle = c->handle;
	us = cookie_sent_us(s, c, r);
	c->iss = c->snd_una = c->rack_end = iss;
	c->snd_nxt = iss + 1;
	c->rcv_adv =
		c->rcv_nxt + (c->rcv_space < 0xffff ? c->rcv_space : 0xffff);
	c->last_ack_sent = c->rcv_nxt;
	if (!segs_add(
		    &s->seg, &c->segs, iss, iss, 1, us ? us : s->us, SEG_SYN)) {
		end_now(s, c, STACK_REFUSED);
		return false;
	}
	s->count.cookies_taken++;
	tcp_in(s, r);
	if (c->handle != handle)
		return true;
	if (c->state == TCP_SYN_RECEIVED) { /* it was not good after all */
		end_now(s, c, STACK_REFUSED);
	} else if (!us) { /* that was no measurement */
		c->flags &= ~(uint32_t)TCB_RTT;
		c->rto_first_ms = RTO_INITIAL_MS;
	}
	return true;
}

/* A segment that belongs to no connection. */
void
open_segment(struct stack *s, struct tcp_rx *r)
{
	struct listener *l = open_find_listener(s, &r->key);
	struct tcb *c;

	if (l &&
		(r->h.flags & (WIRE_TCP_ACK | WIRE_TCP_RST | WIRE_TCP_SYN)) ==
			WIRE_TCP_ACK &&
		open_by_cookie(s, l, r))
		return;
	if (!l || (r->h.flags & (WIRE_TCP_ACK | WIRE_TCP_RST))) {
		if (!(r->h.flags & WIRE_TCP_RST))
			s->count.drop_no_listener++;
		out_reset(s, r);
		return;
	}
	if (!(r->h.flags & WIRE_TCP_SYN))
		return;
	s->count.syn_received++;
	if (s->half_open >= s->cfg.half_open) {
		cookie_send(s, r);
		return;
	}
	c = passive(s, l, r);
	if (!c)
		return;
	c->flags |= TCB_SYN_DUE;
	out_ready(s, c);
}

/* Our SYN is acknowledged: both sides are there. */
void
open_established(struct stack *s, struct tcb *c)
{
	if (c->flags & TCB_PASSIVE)
		s->half_open--;
	c->state = c->flags & TCB_FIN_QUEUED ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
	c->flags |= TCB_KNOWN;
	/* It was to be sent again when the answer to the first one came. */
	c->flags &= ~(uint32_t)TCB_SYN_DUE;
	/* A SYN was lost: nothing is known of the path, and what there is of
	 * it is bad (RFC 6298, 5.7; RFC 5681, 3.1). */
	if (c->backoff) {
		c->rto_first_ms = RTO_LOST_SYN_MS;
		c->cc.cwnd = c->mss;
	}
	c->backoff = 0;
	c->tries = 0;
	if (c->flags & TCB_ORPHAN)
		return; /* it was closed before: `closed` is all that follows */
	if (c->flags & TCB_PASSIVE) {
		s->count.accepted++;
		s->ops->accepted(s->arg, c->handle, c->user);
	} else {
		s->count.connected++;
		s->ops->connected(s->arg, c->handle, c->user);
	}
}

/* The SYN was dealt with; what remains is like any segment. */
void
open_take_syn_bit(struct tcp_rx *r)
{
	r->h.flags &= (uint8_t)~WIRE_TCP_SYN;
	r->h.seq++;
	r->syn = true;
}

/* --- active ---------------------------------------------------------------*/

/* 3.10.7.3. True: the segment goes on, in a synchronized state. */
bool
open_syn_sent(struct stack *s, struct tcb *c, struct tcp_rx *r)
{
	bool acks = r->h.flags & WIRE_TCP_ACK;
	uint32_t handle = c->handle;

	if (acks &&
		(!seq_gt(r->h.ack, c->iss) || !seq_le(r->h.ack, c->snd_nxt))) {
		s->count.drop_bad_ack++;
		out_reset(s, r);
		return false;
	}
	if (r->h.flags & WIRE_TCP_RST) {
		if (acks) {
			s->count.resets_received++;
			end_now(s, c, STACK_REFUSED);
		}
		return false;
	}
	if (!(r->h.flags & WIRE_TCP_SYN))
		return false;
	take_syn(s, c, r);
	c->rcv_adv =
		c->rcv_nxt + (c->rcv_space < 0xffff ? c->rcv_space : 0xffff);
	c->flags |= TCB_ACK_NOW;
	out_ready(s, c);
	if (!acks) { /* both opened at the same time */
		c->state = TCP_SYN_RECEIVED;
		c->flags |= TCB_SYN_DUE;
		return false;
	}
	open_take_syn_bit(r);
	c->snd_wl1 = r->h.seq - 1;
	c->last_ack_sent = c->rcv_nxt;
	open_established(s, c);
	return c->handle == handle;
}

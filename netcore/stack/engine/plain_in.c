/* plain_in.c - rx steps 3 and 4 of 8, the plain case. */
#include "netcore/stack/engine/plain_case.h"

#define AHEAD 4 /* frames */

/* TCP over IPv4 to us, not in pieces and without IP options. CE marks are not
 * plain. */
static inline bool
is_tcp4(const struct stack *s, const uint8_t *p, uint32_t len)
{
	uint32_t bad, type;

	if (len < TCP_AT + WIRE_TCP_LEN)
		return false;
	type = word32(p + 12);
	bad = word32(p) ^ s->mac_head;
	bad |= (word32(p + 4) ^ s->mac_tail) & bytes4(255, 255, 0, 0);
	bad |= (type ^ bytes4(8, 0, 0x45, 0)) & bytes4(255, 255, 255, 0);
	/* Both bits of ECN, which lie in one byte. */
	bad |= type & type >> 1 & bytes4(0, 0, 0, 1);
	bad |= (word32(p + 20) ^ bytes4(0, 0, 0, WIRE_IP_TCP)) &
		bytes4(0x3f, 255, 0, 255);
	bad |= word32(p + 30) ^ s->wire_ip4;
	return !bad;
}

/* Stage 1: looks at the frame alone, and asks for its connection's bucket. */
static inline void
parse(const struct stack *s, const struct stack_rx_frame *f, struct whose *w)
{
	const uint8_t *p = f->data;

	w->hash = w->hlen6 = 0;
	w->index = FLOW_NONE;
	if (unlikely(!is_tcp4(s, p, f->len))) {
		plain6_parse(s, f, w);
		return;
	}
	w->len = be_get16(p + IP_AT + 2);
	if (unlikely(w->len > f->len - IP_AT ||
		    w->len < WIRE_IPV4_LEN + WIRE_TCP_LEN ||
		    (!(f->flags & STACK_RX_CKSUM_OK) &&
			    !wire_ipv4_cksum_ok(p + IP_AT))))
		return;
	w->hlen = plain_header(p + TCP_AT, w->len - WIRE_IPV4_LEN);
	/* As flow_key4() has them. */
	w->head =
		(uint64_t)be_get32(p + IP_AT + 12) << 32 | be_get32(p + TCP_AT);
	w->hash = flow_hash4(&s->flow, w->head);
}

/* Stage 2: asks for the connection. */
static inline void
fetch(const struct stack *s, struct whose *w)
{
	if (w->hash)
		w->index = flow_guess(&s->flow, w->hash);
	if (unlikely(w->index == FLOW_NONE))
		return;
	tcb_prefetch(&s->tcb[w->index]);
	if (unlikely(!w->hlen)) /* for IPv6's addresses */
		__builtin_prefetch(&s->tcb[w->index].key.addr);
}

static inline void
work_off(struct stack *s, struct stack_rx_frame *f, const struct whose *w)
{
	f->kept = false;
	if (unlikely(!w->hash)) {
		ip_in(s, f);
	} else if (unlikely(w->index == FLOW_NONE)) {
		if (w->hlen6)
			ip_in(s, f);
		else
			ip_in_tcp4(s, f, w->len, w->hash, FLOW_NONE);
	} else if (unlikely(!w->hlen) || !plain_case(s, f, w, false)) {
		if (!w->hlen6)
			plain_turn(s, f, w->len, w->hash, w->index);
		else if (!plain6_case(s, f, w))
			ip_in(s, f);
	}
}

/* A staircase: while one frame is worked on, the connection of the next but
 * some is on its way, and the bucket of one behind that. */
static void
burst_of_many(struct stack *s, struct stack_rx_frame *f, unsigned n)
{
	struct whose w[PLAIN_BURST];

	for (unsigned i = 0; i < n + 2 * AHEAD; i++) {
		if (i < n) {
			parse(s, &f[i], &w[i]);
			flow_prefetch(&s->flow, w[i].hash);
		}
		if (i - AHEAD < n)
			fetch(s, &w[i - AHEAD]);
		if (i - 2 * AHEAD < n)
			work_off(s, &f[i - 2 * AHEAD], &w[i - 2 * AHEAD]);
	}
}

void
plain_burst(struct stack *s, struct stack_rx_frame *f, unsigned n)
{
	struct whose w;

	if (n > AHEAD) {
		burst_of_many(s, f, n);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		parse(s, &f[i], &w);
		if (w.hash)
			w.index = flow_guess(&s->flow, w.hash);
		work_off(s, &f[i], &w);
	}
}

/* plain_in6.c - rx steps 3 and 4 of 8, the plain case over IPv6. */
#include "netcore/stack/engine/plain_case.h"

/* TCP over IPv6, without headers between. CE marks are not plain. Whether it is
 * for an address of ours the key will say. */
static inline bool
is_tcp6(const struct stack *s, const uint8_t *p, uint32_t len)
{
	uint32_t bad, type;

	if (len < TCP_AT6 + WIRE_TCP_LEN)
		return false;
	type = word32(p + 12);
	bad = word32(p) ^ s->mac_head;
	bad |= (word32(p + 4) ^ s->mac_tail) & bytes4(255, 255, 0, 0);
	bad |= (type ^ bytes4(0x86, 0xdd, 0x60, 0)) & bytes4(255, 255, 240, 0);
	bad |= type & type >> 1 & bytes4(0, 0, 0, 16);
	bad |= p[IP_AT + 6] ^ WIRE_IP_TCP;
	return !bad;
}

/* What is not plain has no hash. */
void
plain6_parse(
	const struct stack *s, const struct stack_rx_frame *f, struct whose *w)
{
	const uint8_t *p = f->data, *t = p + TCP_AT6;
	struct flow_key k;

	if (!is_tcp6(s, p, f->len))
		return;
	w->len = WIRE_IPV6_LEN + be_get16(p + IP_AT + 4);
	if (w->len > f->len - IP_AT || w->len < WIRE_IPV6_LEN + WIRE_TCP_LEN)
		return;
	w->hlen6 = plain_header(t, w->len - WIRE_IPV6_LEN);
	if (!w->hlen6)
		return;
	k = flow_key6(
		p + IP_AT + 24, be_get16(t + 2), p + IP_AT + 8, be_get16(t));
	w->hlen = 0;
	w->head = flow_key_head(&k);
	w->hash = flow_hash(&s->flow, &k);
}

bool
plain6_case(struct stack *s, struct stack_rx_frame *f, const struct whose *w)
{
	return plain_case(s, f, w, true);
}

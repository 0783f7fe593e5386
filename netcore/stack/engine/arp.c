/* arp.c - ARP (RFC 826, 5227): questions for neighbours of IPv4, and answers to
 * theirs. */
#include <string.h>

#include "netcore/stack/engine/share.h"

/* to: NULL is everybody. */
static void
send(struct stack *s, uint16_t op, const uint8_t *to, uint32_t ip)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};
	static const uint8_t none[6];
	struct wire_eth e = {.type = WIRE_ETH_ARP};
	struct wire_arp a = {.op = op, .spa = s->ip4, .tpa = ip};
	struct reply *r = reply_new(s);
	size_t n;

	if (!r)
		return;
	memcpy(e.dst, to ? to : all, 6);
	memcpy(e.src, s->cfg.mac, 6);
	memcpy(a.sha, s->cfg.mac, 6);
	memcpy(a.tha, to ? to : none, 6);
	n = wire_eth_emit(r->bytes, sizeof(r->bytes), &e);
	n += wire_arp_emit(r->bytes + n, sizeof(r->bytes) - n, &a);
	r->len = (uint16_t)n;
	s->count.tx_frames++;
	s->count.tx_bytes += n;
}

void
arp_ask(struct stack *s, const struct neighbour *n)
{
	s->count.arp_requests++;
	send(s, WIRE_ARP_REQUEST, n->state == NEIGH_PROBE ? n->mac : NULL,
		n->ip4);
}

/* Whoever remembers another address for ours hears of it (RFC 5227, 2.3). */
void
arp_announce(struct stack *s)
{
	if (s->ip4)
		send(s, WIRE_ARP_REQUEST, NULL, s->ip4);
}

static bool
on_link(const struct stack *s, uint32_t ip)
{
	return !((ip ^ s->ip4) & s->mask4) || ip == s->gateway4;
}

void
arp_in(struct stack *s, const uint8_t *p, size_t len)
{
	struct cursor c = {p, p + len};
	struct wire_arp a;
	bool to_us;

	if (wire_arp_parse(&c, &a) != WIRE_OK) {
		s->count.drop_bad_frame++;
		return;
	}
	if (!s->ip4 || !memcmp(a.sha, s->cfg.mac, 6)) {
		s->count.neigh_ignored++;
		return;
	}
	to_us = a.tpa == s->ip4;
	if (a.spa == s->ip4) { /* RFC 5227, 2.4 */
		s->count.arp_conflicts++;
		return;
	}
	/* 0 is of one who asks whether the address is free: told, not kept
	 * (RFC 5227, 2.1.1). */
	if (a.spa && (wire_ipv4_martian(a.spa) || !on_link(s, a.spa))) {
		s->count.drop_martian++;
		return;
	}
	if (a.op == WIRE_ARP_REQUEST && to_us) {
		if (a.spa)
			neigh_asks(s, ip_addr_v4(a.spa), a.sha);
		if (!share_is_first(s))
			return;
		s->count.arp_replies++;
		send(s, WIRE_ARP_REPLY, a.sha, a.spa);
	} else if (a.spa) {
		neigh_says(s, ip_addr_v4(a.spa), a.sha,
			NEIGH_OVERRIDE | (to_us ? NEIGH_ANSWER : 0));
	}
}

/* arp.c - neighbours (RFC 826, 5227). The table is small and direct-mapped: a
 * host has few neighbours, and whoever floods it with addresses evicts some,
 * which are asked for again. */
#include <string.h>

#include "netcore/stack/engine/engine.h"

#define AGE_MS	 60000u /* then it is asked again */
#define PAUSE_MS 1000u	/* between two questions */

static struct neighbour *
place(struct stack *s, uint32_t ip)
{
	return &s->neighbour[(ip ^ ip >> 8 ^ ip >> 16) % NEIGHBOURS];
}

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

/* Those that had something to send, and nowhere to send it to. */
static void
wake(struct stack *s)
{
	for (uint32_t i = 0; i < s->ids.fresh; i++)
		if (s->tcb[i].state != TCP_CLOSED)
			out_ready(s, &s->tcb[i]);
}

void
arp_in(struct stack *s, const uint8_t *p, size_t len)
{
	struct cursor c = {p, p + len};
	struct wire_arp a;
	struct neighbour *n;
	bool news;

	if (wire_arp_parse(&c, &a) != WIRE_OK) {
		s->count.drop_bad_frame++;
		return;
	}
	/* Only what we asked for, or who asks us: others do not fill it. */
	n = place(s, a.spa);
	if ((n->ip == a.spa && n->t_asked) || a.tpa == s->ip4) {
		news = !n->known || n->ip != a.spa;
		n->ip = a.spa;
		memcpy(n->mac, a.sha, 6);
		n->known = true;
		n->tries = 0;
		n->t_confirmed = s->tick;
		if (news)
			wake(s);
	}
	if (a.op == WIRE_ARP_REQUEST && a.tpa == s->ip4) {
		s->count.arp_replies++;
		send(s, WIRE_ARP_REPLY, a.sha, a.spa);
	}
}

const uint8_t *
arp_find(struct stack *s, uint32_t ip)
{
	uint32_t hop = (ip ^ s->ip4) & s->mask4 ? s->gateway4 : ip;
	struct neighbour *n = place(s, hop);

	if (n->ip != hop)
		*n = (struct neighbour){.ip = hop};
	if (likely(n->known && s->tick - n->t_confirmed < AGE_MS))
		return n->mac;
	if (!n->t_asked || s->tick - n->t_asked >= PAUSE_MS) {
		n->t_asked = s->tick | 1;
		s->count.arp_requests++;
		if (n->known && ++n->tries > 3)
			n->known = false;
		send(s, WIRE_ARP_REQUEST, n->known ? n->mac : NULL, hop);
	}
	return n->known ? n->mac : NULL; /* old, but better than none */
}

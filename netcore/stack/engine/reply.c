/* reply.c - frames without a connection, in a ring until the next stack_tx().
 * They are few and small; what others can make us send never fills the ring, so
 * that resets and questions for neighbours find room. */
#include <string.h>

#include "netcore/stack/engine/engine.h"

struct reply *
reply_new(struct stack *s)
{
	struct reply *r = &s->reply[s->reply_head % REPLIES];

	if (s->reply_head - s->reply_tail == REPLIES) {
		s->count.drop_replies_full++;
		return NULL;
	}
	s->reply_head++;
	r->len = r->l3 = r->l4 = r->flags = 0;
	r->piece = (struct stack_piece){NULL, 0};
	r->buf = NULL;
	return r;
}

/* -EAGAIN: the next hop is being asked for its address; -ENOBUFS: no room. */
int
reply_ipv4(struct stack *s, uint32_t dst, uint8_t proto, uint32_t len,
	bool bulk, struct reply **out)
{
	const uint8_t *mac = arp_find(s, dst);
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_ipv4 ip = {.src = s->ip4,
		.dst = dst,
		.frag = WIRE_IPV4_DF,
		.proto = proto,
		.ttl = 64,
		.len = (uint16_t)len};
	struct reply *r;

	if (!mac)
		return -EAGAIN;
	if (bulk && s->reply_head - s->reply_tail >= REPLIES_BULK) {
		s->count.drop_replies_full++;
		return -ENOBUFS;
	}
	r = reply_new(s);
	if (!r)
		return -ENOBUFS;
	ip.id = s->ip_id++;
	memcpy(e.dst, mac, 6);
	memcpy(e.src, s->cfg.mac, 6);
	r->l3 = (uint16_t)wire_eth_emit(r->bytes, sizeof(r->bytes), &e);
	r->l4 = r->l3 +
		(uint16_t)wire_ipv4_emit(r->bytes + r->l3, WIRE_IPV4_LEN, &ip);
	r->len = r->l4;
	s->count.tx_frames++;
	s->count.tx_bytes += r->l4 + len;
	*out = r;
	return 0;
}

void
reply_send(struct stack *s, struct stack_tx_frame *f)
{
	const struct reply *r = &s->reply[s->reply_tail++ % REPLIES];

	memcpy(f->headers, r->bytes, r->len);
	f->header_len = r->len;
	f->l3 = r->l3;
	f->l4 = r->l4;
	f->mss = 0;
	f->flags = r->flags;
	f->pieces = r->piece.len != 0;
	f->len = r->piece.len;
	f->piece[0] = r->piece;
	f->conn = 0;
	f->buf = r->buf;
}

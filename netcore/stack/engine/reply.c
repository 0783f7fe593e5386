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

static uint16_t
put_ipv4(struct stack *s, uint8_t *p, struct ip_addr src, struct ip_addr dst,
	uint8_t proto, uint32_t len)
{
	struct wire_ipv4 ip = {.src = (uint32_t)src.lo,
		.dst = (uint32_t)dst.lo,
		.frag = WIRE_IPV4_DF,
		.proto = proto,
		.ttl = 64,
		.id = s->ip_id++,
		.len = (uint16_t)len};

	return (uint16_t)wire_ipv4_emit(p, WIRE_IPV4_LEN, &ip);
}

static uint16_t
put_ipv6(uint8_t *p, struct ip_addr src, struct ip_addr dst, uint8_t proto,
	uint32_t len)
{
	struct wire_ipv6 ip = {
		.proto = proto, .hop_limit = 64, .len = (uint16_t)len};

	ip_addr_put(src, ip.src);
	ip_addr_put(dst, ip.dst);
	return (uint16_t)wire_ipv6_emit(p, WIRE_IPV6_LEN, &ip);
}

int
reply_ip(struct stack *s, struct ip_addr src, struct ip_addr dst, uint8_t proto,
	uint32_t len, unsigned flags, struct reply **out)
{
	bool v4 = ip_addr_is_v4(dst);
	struct wire_eth e = {.type = v4 ? WIRE_ETH_IPV4 : WIRE_ETH_IPV6};
	const uint8_t *mac;
	struct reply *r;
	int rc;

	if ((flags & REPLY_BULK) &&
		s->reply_head - s->reply_tail >= REPLIES_BULK) {
		s->count.drop_replies_full++;
		return -ENOBUFS;
	}
	rc = neigh_reply(s, dst, &r, &mac);
	if (rc)
		return rc;
	memcpy(e.dst, mac, 6);
	memcpy(e.src, s->cfg.mac, 6);
	r->l3 = (uint16_t)wire_eth_emit(r->bytes, sizeof(r->bytes), &e);
	r->l4 = r->l3;
	r->l4 += v4 ? put_ipv4(s, r->bytes + r->l3, src, dst, proto, len)
		    : put_ipv6(r->bytes + r->l3, src, dst, proto, len);
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

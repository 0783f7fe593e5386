/* echo.c - an echo request that came in pieces is answered in pieces: each goes
 * back from where it lies, with a header of its own in front and as long as it
 * came, so that it fits wherever the request did. */
#include <string.h>

#include "netcore/stack/engine/share.h"
#include "netcore/stack/wire/udp.h"

/* What differs by the family, of the packets of one key. */
struct family {
	uint8_t proto, request, reply;
	uint16_t head; /* bytes in front of a piece */
	bool v4;
};

static struct family
family_of(const struct frag_key *k)
{
	if (ip_addr_is_v4(k->dst))
		return (struct family){WIRE_IP_ICMP, WIRE_ICMP4_ECHO,
			WIRE_ICMP4_ECHO_REPLY, WIRE_IPV4_LEN, true};
	return (struct family){WIRE_IP_ICMPV6, WIRE_ICMP6_ECHO,
		WIRE_ICMP6_ECHO_REPLY, WIRE_IPV6_LEN + WIRE_IPV6_FRAG_LEN,
		false};
}

/* The first piece holds the header, which is nobody's if it is in pieces
 * itself: all but the last come in eights. */
static bool
is_request(const struct frag_key *k, const struct stack_rx_frame *f, unsigned n,
	uint32_t len)
{
	struct family a = family_of(k);
	struct cksum sum = {0};

	if (!a.v4)
		sum.sum = pseudo_of(k->src, k->dst, a.proto, len);
	if (f[0].len < WIRE_ICMP_LEN || f[0].data[0] != a.request ||
		f[0].data[1])
		return false;
	for (unsigned i = 0; i < n; i++)
		cksum_add(&sum, f[i].data, f[i].len);
	return cksum_fold(sum.sum) == 0xffff;
}

/* All of it, or nothing: a part of an answer is of no use. */
static bool
may_answer(struct stack *s, const struct frag_key *k,
	const struct stack_rx_frame *f, unsigned n)
{
	uint32_t head = family_of(k).head;

	for (unsigned i = 0; i < n; i++) {
		if (head + f[i].len > s->cfg.mtu) {
			s->count.icmp_ignored++;
			return false;
		}
	}
	if (share_drops_ip(s, k->dst, k->src))
		return false;
	if (s->reply_head - s->reply_tail + n > REPLIES_BULK) {
		s->count.drop_replies_full++;
		return false;
	}
	for (unsigned i = 0; i < n; i++)
		if (!icmp_may_echo(s))
			return false;
	return true;
}

/* The request's number is one that its sender has no other packet of. */
static void
put_header4(const struct reply *r, const struct frag_key *k, uint32_t off,
	uint32_t len, bool more, uint8_t *p)
{
	struct wire_ipv4 ip = {
		.src = (uint32_t)k->dst.lo,
		.dst = (uint32_t)k->src.lo,
		.id = (uint16_t)k->id,
		.frag = (uint16_t)(off / 8 | (more ? WIRE_IPV4_MF : 0)),
		.proto = WIRE_IP_ICMP,
		.ttl = 64,
		.len = (uint16_t)len,
	};

	wire_ipv4_emit(p + r->l3, WIRE_IPV4_LEN, &ip);
}

static void
put_header6(struct reply *r, const struct frag_key *k, uint32_t off, bool more)
{
	struct wire_ipv6 ip = {
		.proto = WIRE_IP_ICMPV6,
		.frag_id = k->id,
		.offset = (uint16_t)off,
		.more = more,
	};

	r->len += (uint16_t)wire_ipv6_emit_frag(
		r->bytes + r->len, WIRE_IPV6_FRAG_LEN, &ip);
	r->l4 = r->len;
}

static void
put_icmp(const struct family *a, const uint8_t *m, uint8_t *p)
{
	uint16_t sum = cksum_update16(be_get16(m + 2),
		(uint16_t)(a->request << 8), (uint16_t)(a->reply << 8));

	memcpy(p, m, WIRE_ICMP_LEN);
	p[0] = a->reply;
	be_put16(p + 2, wire_udp_cksum(sum));
}

static bool
answer(struct stack *s, const struct frag_key *k, struct stack_rx_frame *f,
	uint32_t off, bool more)
{
	uint32_t skip = off ? 0 : WIRE_ICMP_LEN, len = f->len;
	struct family a = family_of(k);
	struct reply *r;

	if (reply_ip(s, k->dst, k->src, a.v4 ? WIRE_IP_ICMP : WIRE_IP_FRAGMENT,
		    a.v4 ? len : WIRE_IPV6_FRAG_LEN + len, REPLY_BULK, &r))
		return false;
	if (a.v4)
		put_header4(r, k, off, len, more, r->bytes);
	else
		put_header6(r, k, off, more);
	if (!off) {
		put_icmp(&a, f->data, r->bytes + r->len);
		r->len += WIRE_ICMP_LEN;
	}
	if (len == skip)
		return true;
	r->piece = (struct stack_piece){f->data + skip, len - skip};
	r->buf = f->buf;
	f->kept = true;
	return true;
}

void
echo_pieces(struct stack *s, const struct frag_key *k, struct stack_rx_frame *f,
	unsigned n, uint32_t len)
{
	uint32_t off = 0;

	if ((ip_addr_is_v4(k->src) &&
		    icmp_is_broadcast(s, (uint32_t)k->src.lo)) ||
		!is_request(k, f, n, len)) {
		s->count.icmp_ignored++;
		return;
	}
	if (!may_answer(s, k, f, n))
		return;
	for (unsigned i = 0; i < n; off += f[i++].len)
		if (!answer(s, k, &f[i], off, i + 1 < n))
			return;
	s->count.echoes++;
}

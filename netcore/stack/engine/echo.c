/* echo.c - an echo request of IPv4 that came in pieces is answered in pieces:
 * each goes back from where it lies, with a header of its own in front and as
 * long as it came, so that it fits wherever the request did. */
#include <string.h>

#include "netcore/stack/engine/share.h"
#include "netcore/stack/wire/udp.h"

/* The first piece holds the header, which is nobody's if it is in pieces
 * itself: all but the last come in eights. */
static bool
is_request(const struct stack_rx_frame *f, unsigned n)
{
	struct cksum sum = {0};

	if (f[0].len < WIRE_ICMP_LEN || f[0].data[0] != WIRE_ICMP4_ECHO ||
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
	for (unsigned i = 0; i < n; i++) {
		if (WIRE_IPV4_LEN + f[i].len > s->cfg.mtu) {
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
put_header(const struct reply *r, const struct frag_key *k, uint32_t off,
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
put_icmp(const uint8_t *m, uint8_t *p)
{
	memcpy(p, m, WIRE_ICMP_LEN);
	p[0] = WIRE_ICMP4_ECHO_REPLY;
	be_put16(p + 2,
		wire_udp_cksum(cksum_update16(be_get16(m + 2),
			WIRE_ICMP4_ECHO << 8, WIRE_ICMP4_ECHO_REPLY << 8)));
}

static bool
answer(struct stack *s, const struct frag_key *k, struct stack_rx_frame *f,
	uint32_t off, bool more)
{
	uint32_t skip = off ? 0 : WIRE_ICMP_LEN;
	struct reply *r;

	if (reply_ip(s, k->dst, k->src, WIRE_IP_ICMP, f->len, REPLY_BULK, &r))
		return false;
	put_header(r, k, off, f->len, more, r->bytes);
	if (!off) {
		put_icmp(f->data, r->bytes + r->len);
		r->len += WIRE_ICMP_LEN;
	}
	if (f->len == skip)
		return true;
	r->piece = (struct stack_piece){f->data + skip, f->len - skip};
	r->buf = f->buf;
	f->kept = true;
	return true;
}

void
echo_pieces(struct stack *s, const struct frag_key *k, struct stack_rx_frame *f,
	unsigned n)
{
	uint32_t off = 0;

	if (icmp_is_broadcast(s, (uint32_t)k->src.lo) || !is_request(f, n)) {
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

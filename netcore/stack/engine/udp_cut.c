/* udp_cut.c - datagrams that go in pieces: each is a packet's whole contents,
 * in a frame of its own (RFC 791, 3.2; RFC 8200, 4.5). What else is sent never
 * is in pieces. */
#include <string.h>

#include "netcore/stack/engine/udp.h"
#include "netcore/stack/wire/udp.h"

_Static_assert(STACK_UDP_HEAD == WIRE_UDP_LEN, "what the first one has less");
_Static_assert(STACK_UDP_CUTS < REPLIES_BULK, "they wait together");
_Static_assert(
	WIRE_ETH_LEN + WIRE_IPV6_LEN + WIRE_IPV6_FRAG_LEN + WIRE_UDP_LEN <=
		STACK_HEADERS,
	"the first one's");

#define MOST4 (WIRE_IPV4_PACKET - WIRE_IPV4_LEN) /* bytes, with the header */
#define MOST6 65535u

/* A datagram under way. */
struct cut {
	struct ip_addr src, dst;
	uint32_t id; /* what tells whose pieces they are */
	uint32_t off;
};

uint32_t
stack_udp_cut(const struct stack *s, struct ip_addr ip)
{
	uint32_t head = ip_addr_is_v4(ip) ? WIRE_IPV4_LEN
					  : WIRE_IPV6_LEN + WIRE_IPV6_FRAG_LEN;

	return (s->cfg.mtu - head) & ~7u; /* offsets count eights */
}

static bool
has_room(struct stack *s, unsigned n)
{
	if (s->reply_head - s->reply_tail + n <= REPLIES_BULK)
		return true;
	s->count.drop_replies_full++;
	return false;
}

int
stack_udp_cuts(struct stack *s, struct ip_addr ip, uint32_t len)
{
	uint32_t cut = stack_udp_cut(s, ip), n;

	if (len > (ip_addr_is_v4(ip) ? MOST4 : MOST6) - WIRE_UDP_LEN)
		return -EMSGSIZE;
	n = (WIRE_UDP_LEN + len + cut - 1) / cut;
	if (n > STACK_UDP_CUTS)
		return -EMSGSIZE;
	return has_room(s, n) ? (int)n : -ENOBUFS;
}

/* How long it is with its header; 0: the pieces are not what they should be. */
static uint32_t
length(const struct stack *s, struct ip_addr ip, const struct stack_piece *p,
	unsigned n)
{
	uint32_t cut = stack_udp_cut(s, ip), len = WIRE_UDP_LEN;

	for (unsigned i = 0; i < n; i++) {
		uint32_t room = i ? cut : cut - WIRE_UDP_LEN;

		if (p[i].len > room || (i + 1 < n && p[i].len != room))
			return 0;
		len += p[i].len;
	}
	return len <= (ip_addr_is_v4(ip) ? MOST4 : MOST6) ? len : 0;
}

/* Numbers of IPv4 are too few to be secret (RFC 6864); of IPv6 nobody shall
 * guess the next one (RFC 7739). */
static uint32_t
number(struct stack *s, bool v4)
{
	uint64_t next = ++s->cut_id;

	return v4 ? s->ip_id++ : (uint32_t)sip13_words(&s->secret, &next, 1);
}

static void
put_ipv4(struct reply *r, const struct cut *c, uint32_t len, bool more)
{
	struct wire_ipv4 ip = {
		.src = (uint32_t)c->src.lo,
		.dst = (uint32_t)c->dst.lo,
		.id = (uint16_t)c->id,
		.frag = (uint16_t)(c->off / 8 | (more ? WIRE_IPV4_MF : 0)),
		.proto = WIRE_IP_UDP,
		.ttl = 64,
		.len = (uint16_t)len,
	};

	wire_ipv4_emit(r->bytes + r->l3, WIRE_IPV4_LEN, &ip);
}

static void
put_ipv6(struct reply *r, const struct cut *c, bool more)
{
	struct wire_ipv6 ip = {
		.proto = WIRE_IP_UDP,
		.offset = (uint16_t)c->off,
		.more = more,
		.frag_id = c->id,
	};

	r->len +=
		wire_ipv6_emit_frag(r->bytes + r->len, WIRE_IPV6_FRAG_LEN, &ip);
}

/* len bytes of the packet; the UDP header, if it is the first of them, is the
 * caller's to fill in. NULL and *rc: it cannot go. */
static struct reply *
one(struct stack *s, struct cut *c, uint32_t len, bool more, int *rc)
{
	bool v4 = ip_addr_is_v4(c->dst);
	struct reply *r;

	*rc = reply_ip(s, c->src, c->dst, v4 ? WIRE_IP_UDP : WIRE_IP_FRAGMENT,
		v4 ? len : len + WIRE_IPV6_FRAG_LEN, REPLY_BULK, &r);
	if (*rc)
		return NULL;
	if (v4)
		put_ipv4(r, c, len, more);
	else
		put_ipv6(r, c, more);
	c->off += len;
	return r;
}

static void
put_udp(struct reply *r, const struct cut *c, struct wire_udp *u, uint32_t len,
	const struct stack_piece *p, unsigned n)
{
	struct cksum sum = {.sum = pseudo_of(c->src, c->dst, WIRE_IP_UDP, len)};
	uint8_t *to = r->bytes + r->len;

	u->len = (uint16_t)(len - WIRE_UDP_LEN);
	wire_udp_emit(to, WIRE_UDP_LEN, u);
	cksum_add(&sum, to, WIRE_UDP_LEN);
	for (unsigned i = 0; i < n; i++)
		cksum_add(&sum, p[i].ptr, p[i].len);
	be_put16(to + 6, wire_udp_cksum(cksum_finish(sum.sum)));
	r->len += WIRE_UDP_LEN;
}

/* When the first one has gone, what cannot go behind it is lost as on a wire:
 * that a question for the next hop took the place is the only reason. */
int
stack_udp_send_cut(struct stack *s, uint16_t lport, struct ip_addr ip,
	uint16_t port, const struct stack_piece *p, void *const *buf,
	unsigned n)
{
	struct wire_udp u = {.sport = lport, .dport = port};
	struct cut c = {.src = source_for(s, ip), .dst = ip};
	uint32_t len = length(s, ip, p, n);
	int rc = udp_may_send(c.src, ip);

	if (rc || n < 2 || n > STACK_UDP_CUTS || !len)
		return rc ? rc : -EMSGSIZE;
	if (!has_room(s, n))
		return -ENOBUFS;
	c.id = number(s, ip_addr_is_v4(ip));
	for (unsigned i = 0; i < n; i++) {
		uint32_t k = p[i].len + (i ? 0 : WIRE_UDP_LEN);
		struct reply *r = one(s, &c, k, i + 1 < n, &rc);

		if (!r && !i)
			return rc;
		if (!r) {
			s->ops->release(s->arg, buf[i]);
			continue;
		}
		if (!i)
			put_udp(r, &c, &u, len, p, n);
		r->piece = p[i];
		r->buf = buf[i];
	}
	s->count.udp_sent++;
	return 0;
}

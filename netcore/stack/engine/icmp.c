/* icmp.c - ICMP (RFC 792, 1122 section 3.2.2): echoes are answered, errors of
 * ours are told, and errors of others are believed as far as they prove that
 * they saw what we sent (RFC 5927). */
#include <string.h>

#include "netcore/stack/engine/share.h"
#include "netcore/stack/wire/udp.h"

#define ECHOES_PER_S 1000u
#define ECHOES_BURST 64u
#define ERRORS_PER_S 100u
#define ERRORS_BURST 16u

/* Bits by code of an unreachable. Soft ones may pass (RFC 1122, 4.2.3.9): no
 * route at the moment, and none for this type of service. */
#define SOFT                                                  \
	(1u << WIRE_UNREACH4_NET | 1u << WIRE_UNREACH4_HOST | \
		1u << WIRE_UNREACH4_ROUTE_FAILED | 1u << 11 | 1u << 12)
#define REFUSES (1u << WIRE_UNREACH4_PROTO | 1u << WIRE_UNREACH4_PORT)

static bool
take_one(
	const struct stack *s, struct bucket *b, uint32_t per_s, uint32_t burst)
{
	uint64_t back = (uint64_t)(s->tick - b->tick) * per_s;

	b->spent -= back < b->spent ? (uint32_t)back : b->spent;
	b->tick = s->tick;
	if (b->spent + 1000 > burst * 1000)
		return false;
	b->spent += 1000;
	return true;
}

bool
icmp_may_echo(struct stack *s)
{
	if (take_one(s, &s->echoes, ECHOES_PER_S, ECHOES_BURST))
		return true;
	s->count.echoes_limited++;
	return false;
}

bool
icmp_may_tell(struct stack *s)
{
	if (take_one(s, &s->errors, ERRORS_PER_S, ERRORS_BURST))
		return true;
	s->count.icmp_limited++;
	return false;
}

/* Whether a frame came to more hosts than us, whatever its packet says. */
static bool
to_group(const struct stack_rx_frame *f)
{
	return f->data[0] & 1;
}

/* That of our network; all others are martians. */
bool
icmp_is_broadcast(const struct stack *s, uint32_t ip)
{
	return ~s->mask4 > 1 && ip == (s->ip4 | ~s->mask4);
}

/* --- what we say ----------------------------------------------------------*/

/* The data of the request goes out from where it lies; only the type differs,
 * so the checksum is amended. A 0 may be of data that are all 0, for which
 * 0xffff is right; it is as right for all others. */
static void
echo(struct stack *s, struct stack_rx_frame *f, const struct cursor *data,
	const struct wire_ipv4 *ip)
{
	uint32_t len = (uint32_t)cursor_left(data);
	const uint8_t *m = data->p - WIRE_ICMP_LEN;
	struct reply *r;
	uint8_t *p;

	/* A link that brings more than it takes is not ours to overfill. */
	if (to_group(f) || icmp_is_broadcast(s, ip->src) ||
		WIRE_IPV4_LEN + WIRE_ICMP_LEN + len > s->cfg.mtu) {
		s->count.icmp_ignored++;
		return;
	}
	if (share_drops_ip(s, ip_addr_v4(s->ip4), ip_addr_v4(ip->src)))
		return;
	if (!icmp_may_echo(s) ||
		reply_ip(s, ip_addr_v4(s->ip4), ip_addr_v4(ip->src),
			WIRE_IP_ICMP, WIRE_ICMP_LEN + len, REPLY_BULK, &r))
		return;
	p = r->bytes + r->len;
	memcpy(p, m, WIRE_ICMP_LEN);
	p[0] = WIRE_ICMP4_ECHO_REPLY;
	be_put16(p + 2,
		wire_udp_cksum(cksum_update16(be_get16(m + 2),
			WIRE_ICMP4_ECHO << 8, WIRE_ICMP4_ECHO_REPLY << 8)));
	r->len += WIRE_ICMP_LEN;
	s->count.echoes++;
	if (!len)
		return;
	r->piece = (struct stack_piece){data->p, len};
	r->buf = f->buf;
	f->kept = true;
}

/* RFC 1122, 3.2.2: never about an error, a later fragment, or what others got
 * as well. Quotes as much as headers have room for, which is more than 28. */
void
icmp_unreachable(struct stack *s, const struct stack_rx_frame *f,
	const struct wire_ipv4 *ip, const uint8_t *packet, uint8_t code)
{
	struct wire_icmp m = {.type = WIRE_ICMP4_UNREACH, .code = code};
	size_t len = (size_t)ip->hlen + ip->len, n;
	size_t room = STACK_HEADERS - WIRE_ETH_LEN - WIRE_IPV4_LEN;
	struct reply *r;

	if (to_group(f) || wire_ipv4_offset(ip) || len < 28 ||
		icmp_is_broadcast(s, ip->src))
		return;
	if (!icmp_may_tell(s))
		return;
	n = WIRE_ICMP_LEN + len < room ? WIRE_ICMP_LEN + len : room;
	if (reply_ip(s, ip_addr_v4(s->ip4), ip_addr_v4(ip->src), WIRE_IP_ICMP,
		    (uint32_t)n, REPLY_BULK, &r))
		return;
	r->len += (uint16_t)wire_icmp4_emit_error(
		r->bytes + r->len, n, &m, packet, len);
	s->count.icmp_sent++;
}

/* --- what we are told -----------------------------------------------------*/

/* Only while it is being opened does an error end a connection (RFC 5927, 5.2).
 */
void
icmp_no_way(struct stack *s, struct tcb *c, bool soft, bool refused)
{
	if (c->state > TCP_SYN_RECEIVED || soft) {
		s->count.icmp_soft++;
		return;
	}
	s->count.icmp_hard++;
	end_now(s, c, refused ? STACK_REFUSED : STACK_UNREACHABLE);
}

/* It must have seen what is under way. */
struct tcb *
icmp_find(struct stack *s, const struct flow_key *k, uint32_t seq)
{
	uint32_t i = flow_find(&s->flow, k, flow_hash(&s->flow, k));
	struct tcb *c;

	if (i == FLOW_NONE) {
		s->count.icmp_not_ours++;
		return NULL;
	}
	c = &s->tcb[i];
	if (seq_in(seq, c->snd_una, c->snd_nxt - c->snd_una))
		return c;
	s->count.icmp_out_of_window++;
	return NULL;
}

static void
error(struct stack *s, const struct wire_icmp *m)
{
	const struct wire_quote *q = &m->quote;
	uint32_t bit = 1u << m->code;
	struct flow_key k;
	struct tcb *c;

	if (m->type != WIRE_ICMP4_UNREACH) {
		s->count.icmp_ignored++;
		return;
	}
	if (q->src4 != s->ip4 || q->proto != WIRE_IP_TCP || !q->has_ports) {
		s->count.icmp_not_ours++;
		return;
	}
	k = flow_key4(q->sport, q->dst4, q->dport);
	c = icmp_find(s, &k, q->seq);
	if (!c)
		return;
	if (m->code == WIRE_UNREACH4_FRAG_NEEDED)
		s->count.icmp_ignored += !pmtu_too_big(s, c, m->mtu);
	else
		icmp_no_way(s, c, bit & SOFT, bit & REFUSES);
}

void
icmp_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv4 *ip)
{
	struct wire_icmp m;
	enum wire_bad bad = wire_icmp4_parse(c, &m);

	if (bad == WIRE_BAD_ICMP_CKSUM)
		s->count.drop_cksum++;
	else if (bad == WIRE_BAD_ICMP_TYPE)
		s->count.icmp_ignored++;
	else if (bad != WIRE_OK)
		s->count.drop_bad_frame++;
	else if (m.is_error)
		error(s, &m);
	else if (m.type == WIRE_ICMP4_ECHO)
		echo(s, f, c, ip);
	else
		s->count.icmp_ignored++;
}

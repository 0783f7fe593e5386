/* udp.c - datagrams: each is handed up where it lies, and sent from where it
 * lies. */
#include <string.h>

#include "netcore/stack/engine/share.h"
#include "netcore/stack/engine/udp.h"
#include "netcore/stack/wire/udp.h"

/* --- ports ----------------------------------------------------------------*/

static struct udp_port *
find(struct stack *s, struct ip_addr ip, uint16_t port)
{
	uint16_t i = s->udp_map ? s->udp_map[port] : 0;
	struct udp_port *p = i ? &s->udp_port[i - 1] : NULL;

	return p && (ip_addr_is_any(p->ip) || ip_addr_eq(p->ip, ip)) ? p : NULL;
}

int
stack_udp_bind(struct stack *s, struct ip_addr ip, uint16_t port, uint64_t user)
{
	if (!port)
		return -EINVAL;
	if (s->udp_map && s->udp_map[port])
		return -EADDRINUSE;
	for (uint32_t i = 0; i < s->cfg.udp_ports; i++) {
		if (s->udp_port[i].used)
			continue;
		s->udp_port[i] = (struct udp_port){ip, port, true, user};
		s->udp_map[port] = (uint16_t)(i + 1);
		return 0;
	}
	return -ENOSPC;
}

int
stack_udp_unbind(struct stack *s, uint16_t port)
{
	uint16_t i = s->udp_map ? s->udp_map[port] : 0;

	if (!i)
		return -ENOENT;
	s->udp_port[i - 1].used = false;
	s->udp_map[port] = 0;
	return 0;
}

/* --- in -------------------------------------------------------------------*/

static bool
is_anothers(struct stack *s, const struct wire_udp *u, const struct frag_key *k)
{
	struct flow_key key;

	if (!share_is_one_of_many(s))
		return false;
	key = key_of(k->dst, k->src);
	key.local_port = u->dport;
	key.remote_port = u->sport;
	return share_drops(s, &key);
}

/* The pieces of d are filled in, and the first begins with the header. Buffers
 * are the program's then. */
static bool
hand_up(struct stack *s, struct stack_datagram *d, const struct wire_udp *u,
	const struct frag_key *k)
{
	struct udp_port *p = find(s, k->dst, u->dport);

	if (!p) {
		s->count.drop_no_port++;
		return false;
	}
	d->user = p->user;
	d->ip = k->src;
	d->port = u->sport;
	d->local_ip = k->dst;
	d->local_port = u->dport;
	d->len = u->len;
	s->count.udp_received++;
	s->ops->datagram(s->arg, d);
	return true;
}

bool
udp_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct frag_key *k)
{
	const uint8_t *begin = c->p;
	struct stack_datagram d;
	struct wire_udp u;

	if (wire_udp_parse(c, !ip_addr_is_v4(k->src), &u) != WIRE_OK) {
		s->count.drop_bad_frame++;
		return true;
	}
	if (is_anothers(s, &u, k))
		return true;
	if (!(f->flags & STACK_RX_CKSUM_OK) &&
		wire_udp_verify(begin, WIRE_UDP_LEN + u.len,
			pseudo_of(k->src, k->dst, WIRE_IP_UDP,
				WIRE_UDP_LEN + u.len)) != WIRE_OK) {
		s->count.drop_cksum++;
		return true;
	}
	d.pieces = 1;
	d.piece[0] = (struct stack_piece){c->p, u.len};
	d.buf[0] = f->buf;
	f->kept = hand_up(s, &d, &u, k);
	return f->kept;
}

/* The header says how long it is; the pieces may hold more, which nobody
 * gets. */
static uint32_t
lay_out(struct stack_datagram *d, struct stack_rx_frame *f, unsigned n,
	uint32_t len)
{
	uint32_t skip = WIRE_UDP_LEN, got = 0;

	d->pieces = 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t k = f[i].len - skip;

		if (k > len - got)
			k = len - got;
		d->piece[d->pieces] = (struct stack_piece){f[i].data + skip, k};
		d->buf[d->pieces++] = f[i].buf;
		got += k;
		skip = 0;
	}
	return got;
}

void
udp_pieces(struct stack *s, const struct frag_key *k, struct stack_rx_frame *f,
	unsigned n, uint32_t len)
{
	struct cksum sum = {.sum = pseudo_of(k->src, k->dst, WIRE_IP_UDP, len)};
	struct stack_datagram d;
	struct wire_udp u;

	/* Pieces are multiples of eight: the header is whole. */
	u.sport = be_get16(f[0].data);
	u.dport = be_get16(f[0].data + 2);
	u.len = be_get16(f[0].data + 4);
	u.cksum = be_get16(f[0].data + 6);
	if (is_anothers(s, &u, k))
		return;
	if (u.len != len) {
		s->count.drop_bad_frame++;
		return;
	}
	u.len -= WIRE_UDP_LEN;
	for (unsigned i = 0; i < n; i++)
		cksum_add(&sum, f[i].data, f[i].len);
	if ((u.cksum || !ip_addr_is_v4(k->src)) &&
		cksum_fold(sum.sum) != 0xffff) {
		s->count.drop_cksum++;
		return;
	}
	lay_out(&d, f, n, u.len);
	if (!hand_up(s, &d, &u, k))
		return;
	for (unsigned i = 0; i < n; i++)
		f[i].kept = true;
}

/* --- out ------------------------------------------------------------------*/

static uint16_t
checksum(struct ip_addr src, struct ip_addr dst, const uint8_t *header,
	const void *ptr, uint32_t len)
{
	struct cksum sum = {
		.sum = pseudo_of(src, dst, WIRE_IP_UDP, WIRE_UDP_LEN + len)};

	cksum_add(&sum, header, WIRE_UDP_LEN);
	cksum_add(&sum, ptr, len);
	return wire_udp_cksum(cksum_finish(sum.sum));
}

int
udp_may_send(struct ip_addr src, struct ip_addr ip)
{
	if (is_martian(ip))
		return -EINVAL;
	return ip_addr_is_any(src) ? -EADDRNOTAVAIL : 0;
}

int
stack_udp_send(struct stack *s, uint16_t lport, struct ip_addr ip,
	uint16_t port, const void *ptr, uint32_t len, void *buf)
{
	struct wire_udp u = {.sport = lport, .dport = port};
	uint32_t most = WIRE_UDP_LEN +
		(ip_addr_is_v4(ip) ? WIRE_IPV4_LEN : WIRE_IPV6_LEN);
	struct ip_addr src = source_for(s, ip);
	int rc = udp_may_send(src, ip);
	struct reply *r;
	uint8_t *p;

	if (rc)
		return rc;
	if (len > 65535 || len + most > s->cfg.mtu)
		return -EMSGSIZE;
	rc = reply_ip(
		s, src, ip, WIRE_IP_UDP, WIRE_UDP_LEN + len, REPLY_BULK, &r);
	if (rc)
		return rc;
	p = r->bytes + r->len;
	u.len = (uint16_t)len;
	wire_udp_emit(p, WIRE_UDP_LEN, &u);
	be_put16(p + 6, checksum(src, ip, p, ptr, len));
	r->len += WIRE_UDP_LEN;
	r->buf = buf;
	r->piece = (struct stack_piece){ptr, len};
	s->count.udp_sent++;
	return 0;
}

/* datagram_tx.c - datagrams that go are copied, once, into buffers of the
 * port's own. So what one lay in is the application's again when its command
 * was taken, whatever becomes of the frame: nothing of the device, of the
 * stack's queues or of neighbours that are being asked for refers to memory of
 * an application. One that is too long for a packet goes in several, each of
 * which is a buffer. */
#include <errno.h>
#include <string.h>

#include "netcore/door/door.h"

static struct ip_addr
address(const struct msg *m)
{
	uint8_t bytes[16];

	if (!(m->flags & MSGF_V6))
		return ip_addr_v4(msg_ip4(m));
	msg_get_addr6(m + 1, bytes);
	return ip_addr_v6(bytes);
}

/* The pieces of m into one; how many bytes, or -errno. */
static int64_t
gather(const struct part *data, const struct msg *m, uint8_t *to, uint32_t room)
{
	uint32_t n = 0;

	m += msg_pieces_at(m) - 1;
	while (m->flags & MSGF_MORE) {
		const void *p;
		uint32_t len;

		len = msg_len(++m);
		p = part_at(data, msg_offset(m), len);
		if (unlikely(!p))
			return -EFAULT;
		if (unlikely(len > room - n))
			return -EMSGSIZE;
		memcpy(to + n, p, len);
		n += len;
	}
	return n;
}

/* In one packet. */
static int
send_one(struct door *d, const struct part *data, uint16_t from,
	struct ip_addr ip, const struct msg *m)
{
	uint32_t room;
	int64_t rc;
	uint8_t *to;
	void *buf;

	to = d->cfg.take(d->cfg.arg, &buf, &room);
	if (unlikely(!to))
		return -ENOBUFS;
	rc = gather(data, m, to, room);
	if (likely(rc >= 0))
		rc = stack_udp_send(
			d->stack, from, ip, msg_port(m), to, (uint32_t)rc, buf);
	if (unlikely(rc))
		d->cfg.release(d->cfg.arg, buf);
	return (int)rc;
}

/* --- in several packets ---------------------------------------------------*/

/* What is left of a datagram's pieces. */
struct rest {
	const struct part *data;
	const struct msg *m; /* the slot that p is in */
	const uint8_t *p;
	uint32_t len;  /* there */
	uint32_t left; /* of all */
};

/* 0; -EFAULT; -EMSGSIZE: more than any packets carry. */
static int
rest_begin(struct rest *r, const struct part *data, const struct msg *m)
{
	*r = (struct rest){.data = data, .m = m + msg_pieces_at(m) - 1};
	for (m = r->m; m->flags & MSGF_MORE;) {
		uint32_t len = msg_len(++m);

		if (!part_at(data, msg_offset(m), len))
			return -EFAULT;
		if (len > UINT16_MAX - r->left)
			return -EMSGSIZE;
		r->left += len;
	}
	return 0;
}

/* So many bytes, of those that are left. */
static void
rest_take(struct rest *r, uint8_t *to, uint32_t bytes)
{
	r->left -= bytes;
	while (bytes) {
		uint32_t n = bytes < r->len ? bytes : r->len;

		if (!n) {
			r->len = msg_len(++r->m);
			r->p = part_at(r->data, msg_offset(r->m), r->len);
			continue;
		}
		memcpy(to, r->p, n);
		to += n;
		bytes -= n;
		r->p += n;
		r->len -= n;
	}
}

/* One more buffer, with the next bytes of r, up to len of them. */
static int
cut_one(struct door *d, struct rest *r, uint32_t len, struct stack_piece *p,
	void **buf)
{
	uint32_t room;
	uint8_t *to = d->cfg.take(d->cfg.arg, buf, &room);

	if (!to)
		return -ENOBUFS;
	len = r->left < len ? r->left : len;
	if (len > room) {
		d->cfg.release(d->cfg.arg, *buf);
		return -EMSGSIZE;
	}
	*p = (struct stack_piece){to, len};
	rest_take(r, to, len);
	return 0;
}

static int
send_several(struct door *d, const struct part *data, uint16_t from,
	struct ip_addr ip, const struct msg *m)
{
	uint32_t cut = stack_udp_cut(d->stack, ip);
	struct stack_piece p[STACK_UDP_CUTS];
	void *buf[STACK_UDP_CUTS];
	struct rest r;
	unsigned n = 0;
	int rc = rest_begin(&r, data, m), cuts;

	if (rc)
		return rc;
	cuts = stack_udp_cuts(d->stack, ip, r.left);
	if (cuts < 0)
		return cuts;
	for (; !rc && n < (unsigned)cuts; n += !rc)
		rc = cut_one(
			d, &r, n ? cut : cut - STACK_UDP_HEAD, &p[n], &buf[n]);
	if (!rc)
		rc = stack_udp_send_cut(
			d->stack, from, ip, msg_port(m), p, buf, n);
	for (unsigned i = 0; rc && i < n; i++)
		d->cfg.release(d->cfg.arg, buf[i]);
	d->count.udp_cuts += !rc;
	return rc;
}

/* --- all of it ------------------------------------------------------------*/

static int
send_it(struct door *d, const struct door_app *a, const struct door_listener *l,
	const struct msg *m)
{
	struct ip_addr ip = address(m);
	int rc;

	/* Of a listener at one address all that goes out comes from there. */
	if (unlikely(!ip_addr_eq(l->ip, (struct ip_addr){0, 0}) &&
		    ip_addr_is_v4(l->ip) != ip_addr_is_v4(ip)))
		return -EINVAL;
	rc = send_one(d, a->data, l->port, ip, m);
	if (unlikely(rc == -EMSGSIZE))
		rc = send_several(d, a->data, l->port, ip, m);
	return rc;
}

static uint64_t *
count_of(struct door *d, int rc)
{
	switch (rc) {
	case 0:
		return &d->count.udp_sent;
	case -EMSGSIZE:
		return &d->count.udp_tx_long;
	case -ENOBUFS:
		return &d->count.udp_tx_full;
	case -ENETUNREACH:
		return &d->count.udp_no_route;
	default: /* -EINVAL, -EADDRNOTAVAIL */
		return &d->count.udp_no_host;
	}
}

void
datagram_send(struct door *d, unsigned app, const struct msg *m)
{
	struct door_app *a = &d->app[app];
	struct door_udp *u = &a->udp[m->arg % LIMIT_LISTENERS];
	int rc;

	if (unlikely(m->arg >= LIMIT_LISTENERS || !u->listener)) {
		door_refuse(d, app, &d->count.bad_listen);
		return;
	}
	rc = send_it(d, a, &d->listener[u->listener - 1], m);
	if (unlikely(rc == -EFAULT)) {
		door_refuse(d, app, &d->count.bad_state);
		return;
	}
	++*count_of(d, rc);
	u->sent++;
	d->udp_news += !a->udp_news;
	a->udp_news |= 1ull << m->arg;
}

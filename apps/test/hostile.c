/* hostile.c - events that it hears, and commands that it makes up. */
#include "apps/test/hostile.h"

#include <string.h>

#define BURST 256

/* xorshift64*: quick, and the same for the same seed. */
static uint64_t
draw(struct hostile *h)
{
	uint64_t x = h->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	h->random = x;
	return x * 0x2545f4914f6cdd1d;
}

static uint32_t
below(struct hostile *h, uint32_t n)
{
	return (uint32_t)((draw(h) >> 32) * n >> 32);
}

/* Of all sizes alike: small ones, and the largest. */
static uint32_t
any_size(struct hostile *h, uint32_t most)
{
	uint32_t n = (uint32_t)(draw(h) >> 32) >> below(h, 32);

	return n % most + 1;
}

/* --- what it was told -----------------------------------------------------*/

static struct hostile_conn *
find(struct hostile *h, uint32_t id)
{
	for (unsigned i = 0; i < h->conns; i++)
		if (h->conn[i].id == id)
			return &h->conn[i];
	return NULL;
}

static void
forget(struct hostile *h, struct hostile_conn *c)
{
	*c = h->conn[--h->conns];
}

/* Those for which there is no place are left as they are. */
static void
remember(struct hostile *h, uint32_t id)
{
	if (h->conns < HOSTILE_CONNS)
		h->conn[h->conns++] = (struct hostile_conn){.id = id};
}

void
hostile_event(struct hostile *h, const struct msg *m)
{
	struct hostile_conn *c = find(h, m->conn);

	switch (m->type) {
	case MSG_NEW_CONN:
	case MSG_CONNECTED:
		remember(h, m->conn);
		break;
	case MSG_NEW_DATA:
		for (bool more = c; more; m++) {
			c->unread += msg_len(m);
			more = m->flags & MSGF_MORE;
		}
		break;
	case MSG_CLEANUP:
		if (c)
			c->ended = 1;
		break;
	case MSG_LISTENING:
		if (m->arg < sizeof(h->listens))
			h->listens[m->arg] = 1;
		break;
	case MSG_UDP_DATA:
		h->grams++;
		break;
	default:
		break;
	}
}

/* --- what it says ---------------------------------------------------------*/

static unsigned
make_send(struct hostile *h, struct hostile_conn *c, struct msg *m)
{
	unsigned n = 1 + below(h, LIMIT_RUN);

	if (c->shut)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t len = any_size(h, LIMIT_LEN_MAX - 1);

		m[i] = (struct msg){
			.type = MSG_SEND,
			.flags = i + 1 < n ? MSGF_MORE : 0,
			.conn = c->id,
			.ref = msg_data(
				draw(h) % (h->app_bytes - len + 1), len),
		};
	}
	if (!below(h, 16)) {
		m[n - 1].flags |= MSGF_FIN;
		c->shut = 1;
	}
	return n;
}

static struct msg
make_close(struct hostile *h, struct hostile_conn *c)
{
	struct msg m = {
		.type = MSG_CLOSE,
		.flags = below(h, 2) ? MSGF_ABORT : 0,
		.conn = c->id,
	};

	forget(h, c);
	return m;
}

/* About a connection that it has. */
static unsigned
about(struct hostile *h, struct hostile_conn *c, struct msg *m)
{
	uint32_t what = below(h, 64);

	*m = (struct msg){.conn = c->id};
	if (c->ended ? what < 32 : what < 2) {
		*m = make_close(h, c);
	} else if (what < 24) {
		return make_send(h, c, m);
	} else if (what < 48) {
		if (!c->unread)
			return 0;
		m->type = MSG_RECV_DONE;
		m->ref = below(h, 2) ? c->unread : any_size(h, c->unread);
		c->unread -= (uint32_t)m->ref;
	} else if (what < 50) {
		m->type = MSG_SHUTDOWN;
		m->arg = (uint16_t)(1 + below(h, 3));
		c->shut |= !!(m->arg & MSG_SHUT_WR);
	} else if (what < 56) {
		m->type = MSG_SET_OPTION;
		m->arg = (uint16_t)below(h, MSG_OPTIONS);
		m->ref = any_size(h, UINT16_MAX) - 1;
	} else {
		m->type = MSG_ACCEPT;
		m->arg = (uint16_t)draw(h);
	}
	return 1;
}

/* To the peer, to itself, to others of its network, to anybody: an endpoint for
 * m; how many slots. */
static unsigned
make_endpoint(struct hostile *h, struct msg *m)
{
	static const uint32_t to[] = {0x0a610001, 0x0a610002, 0x0a6100ff,
		0x7f000001, 0, 0xffffffff, 0xe0000001};
	uint32_t k = below(h, 12);
	uint32_t ip = k < 7 ? to[k]
		: k < 9	    ? 0x0a610000 | below(h, 256)
			    : (uint32_t)draw(h);
	uint8_t ip6[16] = {0xfd, 0x97};

	m->ref = msg_endpoint(ip, (uint16_t)(1 + below(h, 65535)));
	if (k < 4 && below(h, 2)) /* where somebody listens */
		m->ref = msg_endpoint(ip, 2100);
	if (below(h, 4))
		return 1;
	ip6[15] = (uint8_t)below(h, 4);
	ip6[below(h, 16)] ^= (uint8_t)draw(h);
	m->flags = MSGF_V6 | MSGF_MORE;
	m->ref &= 0xffff00000000;
	msg_put_addr6(m + 1, ip6);
	return 3;
}

static unsigned
make_connect(struct hostile *h, struct msg *m)
{
	*m = (struct msg){.type = MSG_CONNECT, .conn = (uint32_t)draw(h)};
	return make_endpoint(h, m);
}

/* The pieces of a datagram behind n slots: often more than a packet. */
static unsigned
make_pieces(struct hostile *h, struct msg *m, unsigned n)
{
	for (unsigned i = below(h, LIMIT_RUN - n + 1); i; i--) {
		uint32_t len = any_size(h, below(h, 4) ? 700 : LIMIT_LEN_MAX);

		m[n - 1].flags |= MSGF_MORE;
		m[n++] = (struct msg){
			.type = MSG_PIECE,
			.ref = msg_data(
				draw(h) % (h->app_bytes - len + 1), len),
		};
	}
	return n;
}

/* Of a port for datagrams: half of them stay. */
static unsigned
make_udp(struct hostile *h, struct msg *m)
{
	unsigned k = below(h, HOSTILE_UDP), id = HOSTILE_LISTENERS + k;
	uint32_t what = below(h, 16);

	*m = (struct msg){.arg = (uint16_t)id};
	if (what < 4) {
		*m = (struct msg){MSG_UDP_DONE, 0, 0, 0, h->grams};
		if (what && h->grams)
			m->ref = any_size(h, (uint32_t)h->grams);
		h->grams -= m->ref;
		return m->ref ? 1 : 0;
	}
	if (!h->listens[id]) {
		m->type = MSG_LISTEN;
		m->flags = MSGF_UDP;
		m->ref = msg_endpoint(0, (uint16_t)(HOSTILE_PORT + k));
		return 1;
	}
	if (what == 4 && k >= HOSTILE_UDP / 2) {
		m->type = MSG_UNLISTEN;
		h->listens[id] = 0;
		return 1;
	}
	m->type = MSG_UDP_SEND;
	return make_pieces(h, m, make_endpoint(h, m));
}

/* The lower half it keeps, so that it can be found. */
static unsigned
make_listen(struct hostile *h, struct msg *m)
{
	unsigned id = below(h, HOSTILE_LISTENERS);

	*m = (struct msg){.arg = (uint16_t)id};
	if (h->listens[id] && id >= HOSTILE_LISTENERS / 2) {
		m->type = MSG_UNLISTEN;
		h->listens[id] = 0;
	} else {
		m->type = MSG_LISTEN;
		m->ref =
			msg_endpoint(0, (uint16_t)(HOSTILE_PORT + below(h, 8)));
		if (id < HOSTILE_LISTENERS / 2)
			m->ref = msg_endpoint(0, (uint16_t)(HOSTILE_PORT + id));
	}
	return 1;
}

/* Anything at all, but for the FIFO's bits; now and then of a known type, or
 * with the name of a connection that it has, or that is near. */
static unsigned
make_bad(struct hostile *h, struct msg *m)
{
	uint64_t a = draw(h);

	*m = (struct msg){
		.type = (uint8_t)(below(h, 2) ? a : a % MSG_TYPES),
		.flags = (uint8_t)(below(h, 2) ? 0 : a >> 8) &
			(uint8_t)~MSGF_LAP,
		.arg = (uint16_t)(below(h, 2) ? a >> 16 & 3 : a >> 16),
		.conn = (uint32_t)(a >> 32) >> below(h, 32),
		.ref = draw(h) >> (1 + below(h, 63)),
	};
	if (h->conns && below(h, 2))
		m->conn = h->conn[below(h, h->conns)].id ^ (a >> 40 & 1);
	return 1;
}

static unsigned
make_ping(struct hostile *h, struct msg *m)
{
	*m = (struct msg){MSG_PING, 0, (uint16_t)draw(h), (uint32_t)draw(h),
		draw(h) >> 1};
	return 1;
}

static unsigned
make(struct hostile *h, struct msg *m)
{
	uint32_t what = below(h, 64);

	if (!(draw(h) % h->bad_one_in))
		return make_bad(h, m);
	if (what == 0)
		return make_connect(h, m);
	if (what < 4)
		return make_listen(h, m);
	if (what < 8)
		return make_udp(h, m);
	if (what < 16 || !h->conns)
		return make_ping(h, m);
	return about(h, &h->conn[below(h, h->conns)], m);
}

/* Past edge_send(), which wants runs that are right. */
static bool
room(struct edge *e)
{
	return !e->down && !e->parked &&
		(fifo_room(&e->tx) >= LIMIT_RUN ||
			(fifo_refresh(&e->tx) >= 0 &&
				fifo_room(&e->tx) >= LIMIT_RUN));
}

static void
put(struct hostile *h, struct edge *e, const struct msg *m, unsigned n)
{
	fifo_put(&e->tx, m, n);
	e->wrote = true;
	e->count->sent += n;
	h->made++;
}

unsigned
hostile_commands(struct hostile *h, struct edge *e)
{
	struct msg m[LIMIT_RUN];
	unsigned done = 0;

	while (done < BURST && room(e)) {
		unsigned n = make(h, m);

		if (n)
			put(h, e, m, n);
		done++;
	}
	return done;
}

bool
hostile_closes(struct hostile *h, struct edge *e)
{
	while (h->conns && room(e)) {
		struct msg m = make_close(h, &h->conn[0]);

		put(h, e, &m, 1);
	}
	return !h->conns;
}

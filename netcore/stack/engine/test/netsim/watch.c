/* watch.c - what an engine says on the wire, against what it can know: it
 * acknowledges what has reached its device, sends the stream's bytes, and sends
 * no more than the other side has ever let it. */
#include "netcore/stack/engine/test/netsim/world.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/tcp/seq.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/tcp.h"

/* One direction of what runs between two ports; connections with the same ones
 * follow each other. Numbers are relative to the SYN. */
struct flow {
	bool live; /* its SYN is of the last of these */
	const struct side *side;
	uint32_t iss;
	uint8_t wscale;
	uint32_t sent; /* the end of what was */
	uint32_t edge; /* the end of what the other side lets in */
	uint32_t acked;
	uint32_t whole;	  /* up to here all has arrived */
	uint32_t size;	  /* of: */
	uint8_t *arrived; /* a byte for each number */
};

struct watch {
	struct world *w;
	struct flow flow[CONNS][2];
};

/* A segment, and whose it is. */
struct seen {
	struct conn *conn;
	struct flow *f, *back;
	struct side *from;
	struct wire_tcp t;
	const uint8_t *data;
	uint32_t len;
};

static struct conn *
newest(struct world *w, unsigned i)
{
	struct conn *c = &w->conn[i];

	while (c->next && c->next->side[0].begun)
		c = c->next;
	return c;
}

/* False: it is none of a program's. */
static bool
look(struct watch *k, const uint8_t *frame, uint32_t len, struct seen *s)
{
	struct dev_view v;
	struct cursor c;
	unsigned i;
	bool back;

	if (!dev_look(frame, len, &v) || !v.data)
		return false;
	c = cursor_of(frame + v.l4, v.end - v.l4);
	if (wire_tcp_parse(&c, &s->t))
		return false;
	s->data = c.p;
	s->len = (uint32_t)cursor_left(&c);
	i = s->t.sport - (unsigned)CLIENT;
	back = i >= k->w->conns;
	if (back)
		i = s->t.dport - (unsigned)CLIENT;
	if (i >= k->w->conns)
		return false;
	s->conn = newest(k->w, i);
	s->f = &k->flow[i][back];
	s->back = &k->flow[i][!back];
	s->from = &s->conn->side[back];
	return true;
}

static void
bad(struct watch *k, const struct seen *s, const char *what)
{
	sim_say(s->from->node, "%s", what);
	world_bad(k->w, what);
}

/* --- what is sent ---------------------------------------------------------*/

static void
restart(struct seen *s, struct flow *f)
{
	uint32_t size = s->from->bytes + 2;

	free(f->arrived);
	*f = (struct flow){.live = true,
		.side = s->from,
		.iss = s->t.seq,
		.wscale = s->t.wscale,
		.sent = 1,
		.size = size,
		.arrived = calloc(1, size)};
	if (!f->arrived)
		abort();
}

/* The other side of who begins anew is still the old one, until it says
 * otherwise. Who answers the same SYN a second time, by other numbers, has seen
 * an old copy: nothing more can be said of both. */
static void
see_syn(struct seen *s)
{
	bool answer = s->t.flags & WIRE_TCP_ACK;

	if (answer && (!s->back->live || s->t.ack != s->back->iss + 1)) {
		s->f->live = false; /* it answers an old copy */
		return;
	}
	if (s->f->live && s->f->iss == s->t.seq)
		return;
	if (answer && s->f->live) {
		s->f->live = s->back->live = false;
		return;
	}
	restart(s, s->f);
	if (!answer && s->conn->kind != BOTH_OPEN)
		s->back->live = false;
}

static void
see_ack(struct watch *k, struct seen *s)
{
	struct flow *b = s->back;
	uint32_t ack = s->t.ack - b->iss, edge = s->t.window;
	uint32_t grain = s->t.flags & WIRE_TCP_SYN ? 0 : s->f->wscale;

	if (ack > b->whole)
		bad(k, s, "an acknowledgement of what did not arrive");
	if (ack < b->acked)
		bad(k, s, "an acknowledgement that goes back");
	b->acked = ack;
	edge = ack + (edge << grain);
	/* A SYN cannot say more than 64 KiB. */
	if (edge + (1u << grain) <= b->edge && !(s->t.flags & WIRE_TCP_SYN))
		bad(k, s, "a window that shrinks");
	if (edge > b->edge)
		b->edge = edge;
	for (unsigned i = 0; i < s->t.sacks; i++) {
		uint32_t from = s->t.sack[i].left - b->iss;
		uint32_t to = s->t.sack[i].right - b->iss;

		if (from >= to || to > b->sent || to > b->size ||
			memchr(b->arrived + from, 0, to - from))
			bad(k, s, "a SACK block of what did not arrive");
	}
}

static void
see_data(struct watch *k, struct seen *s)
{
	struct flow *f = s->f;
	uint32_t seq = s->t.seq - f->iss, end = seq + s->len, most;

	if (!s->len)
		return;
	if (end > f->side->bytes + 1) {
		bad(k, s, "more than the program has sent");
		return;
	}
	if (end > f->edge + 1) /* that is a probe */
		bad(k, s, "data beyond the window");
	for (uint32_t at = 0; at < s->len; at += most) {
		const uint8_t *want = stream_at(f->side, seq - 1 + at, &most);

		most = most < s->len - at ? most : s->len - at;
		if (memcmp(want, s->data + at, most))
			bad(k, s, "bytes that are not the program's");
	}
}

static bool
tap(struct sim *sim, int from, const uint8_t *frame, uint32_t len)
{
	struct watch *k = sim->tap_user;
	struct seen s;
	uint32_t end;

	(void)from;
	if (!dev_right(frame, len)) {
		struct dev_view v;

		if (dev_look(frame, len, &v) && v.data)
			world_bad(k->w, "a wrong checksum");
		return false;
	}
	if (!look(k, frame, len, &s) || (s.t.flags & WIRE_TCP_RST))
		return false;
	if (s.t.flags & WIRE_TCP_SYN)
		see_syn(&s);
	if (!s.f->live)
		return false;
	end = s.t.seq - s.f->iss + s.len +
		!!(s.t.flags & (WIRE_TCP_FIN | WIRE_TCP_SYN));
	if (end > s.f->sent && end <= s.f->size)
		s.f->sent = end;
	if (s.back->live && (s.t.flags & WIRE_TCP_ACK))
		see_ack(k, &s);
	see_data(k, &s);
	return false;
}

/* --- what arrives ---------------------------------------------------------*/

static void
arrives(struct sim *sim, int to, const uint8_t *frame, uint32_t len)
{
	struct watch *k = sim->tap_user;
	struct flow *f;
	struct seen s;
	uint32_t from, n;

	(void)to;
	if (!dev_right(frame, len) || !look(k, frame, len, &s))
		return;
	f = s.f;
	from = s.t.seq - f->iss;
	n = s.len + !!(s.t.flags & (WIRE_TCP_FIN | WIRE_TCP_SYN));
	if (!f->live || from > f->size || n > f->size - from)
		return;
	memset(f->arrived + from, 1, n);
	while (f->whole < f->size && f->arrived[f->whole])
		f->whole++;
}

/* --- making ---------------------------------------------------------------*/

struct watch *
watch_new(struct world *w)
{
	struct watch *k = calloc(1, sizeof(*k));

	if (!k)
		abort();
	k->w = w;
	w->s->tap = tap;
	w->s->seen = arrives;
	w->s->tap_user = k;
	return k;
}

void
watch_free(struct watch *k)
{
	for (unsigned i = 0; i < 2 * CONNS; i++)
		free(k->flow[i / 2][i % 2].arrived);
	free(k);
}

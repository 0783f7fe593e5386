/* datagram.c - datagrams that come, and what becomes known of those that go
 * (datagram_tx.c).
 *
 * One that comes is told at once, or dropped: nobody may fill with them what
 * connections need, so there is no waiting for room. The application gives
 * them back in the order in which it was told of them, whatever their
 * listeners: a list for each core is enough, and all that a command can say
 * wrong is a number.
 */
#include "netcore/door/door.h"

_Static_assert(LIMIT_LISTENERS <= 64, "a bit of udp_news each");
_Static_assert(DOOR_LISTENERS < UINT8_MAX, "door_udp.listener");

/* --- who is there ---------------------------------------------------------*/

void
datagram_begin(struct door *d, unsigned app, uint16_t id, unsigned listener)
{
	d->app[app].udp[id] =
		(struct door_udp){.listener = (uint8_t)(listener + 1)};
}

static void
no_news(struct door *d, struct door_app *a, unsigned id)
{
	uint64_t bit = 1ull << id;

	if (a->udp_news == bit)
		d->udp_news--;
	a->udp_news &= ~bit;
}

/* What was sent is free with the word that it is over. */
void
datagram_end(struct door *d, unsigned app, uint16_t id)
{
	struct door_app *a = &d->app[app];

	a->udp[id] = (struct door_udp){0};
	no_news(d, a, id);
}

/* --- in -------------------------------------------------------------------*/

/* What comes from one peer goes to one core. */
static const struct door_sub *
sub_for(const struct door_listener *l, const struct stack_datagram *g)
{
	uint64_t h = (g->ip.hi ^ g->ip.lo ^ (uint64_t)g->port << 40) *
		0x9e3779b97f4a7c15;

	return &l->sub[(h >> 32) * l->subs >> 32];
}

/* One that lies in a buffer of whole.h has that as its own name, and does not
 * count: connections do not need it. */
static void
keep(struct door *d, struct door_app *a, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	uint32_t i = slab_get(&d->rx);

	/* There are as many as buffers, and each lies in one place. */
	*door_rx_at(d, i) =
		(struct door_rx){.len = len, .ptr = ptr, .buf = buf};
	if (a->gram_tail)
		door_rx_at(d, a->gram_tail)->next = i;
	else
		a->gram_head = i;
	a->gram_tail = i;
	a->grams++;
	if (unlikely(buf == ptr))
		return;
	a->held++;
	d->buffers++;
}

static void
drop(struct door *d, unsigned app, uint64_t n)
{
	struct door_app *a = &d->app[app];

	for (; n; n--) {
		uint32_t i = a->gram_head;
		struct door_rx *r = door_rx_at(d, i);

		a->gram_head = r->next;
		slab_put(&d->rx, i);
		a->grams--;
		if (unlikely(r->buf == r->ptr)) {
			whole_put(d, app, r->ptr);
			continue;
		}
		d->cfg.release(d->cfg.arg, r->buf);
		a->held--;
		d->buffers--;
	}
	if (!a->gram_head)
		a->gram_tail = 0;
}

static void
tell_datagram(struct edge *e, const struct stack_datagram *g, uint16_t id,
	uint64_t data)
{
	struct msg m[4] = {{.type = MSG_UDP_DATA, .arg = id}};
	uint8_t bytes[16];
	unsigned n = 1;

	if (ip_addr_is_v4(g->ip)) {
		m->ref = msg_endpoint((uint32_t)g->ip.lo, g->port);
	} else {
		m->ref = msg_endpoint(0, g->port);
		m->flags = MSGF_V6 | MSGF_MORE;
		ip_addr_put(g->ip, bytes);
		msg_put_addr6(m + 1, bytes);
		n = 3;
	}
	if (g->len) {
		m[n - 1].flags |= MSGF_MORE;
		m[n++] = (struct msg){.type = MSG_PIECE, .ref = data};
	}
	edge_send(e, m, n); /* its parking place is empty */
}

/* What counts it where it cannot be told; NULL: it can. */
static uint64_t *
why_not(struct door *d, const struct door_app *a,
	const struct stack_datagram *g)
{
	if (!g->port)
		return &d->count.udp_no_answer;
	if (a->edge->parked || a->edge->down)
		return &d->count.udp_no_room;
	return !a->copy && conn_rx_much(d, a) ? &d->count.udp_held : NULL;
}

/* Where the application reads it; NULL: there is no place. The packets' buffers
 * are no longer the caller's if there is. */
static const uint8_t *
place(struct door *d, unsigned app, const struct stack_datagram *g, void **buf)
{
	const uint8_t *ptr = g->piece[0].ptr;
	bool copy = d->app[app].copy != NULL;

	*buf = g->buf[0];
	if (unlikely(g->pieces > 1 || (copy && g->len > COPY_ROOM))) {
		ptr = whole_make(d, app, g);
		*buf = (void *)(uintptr_t)ptr;
		return ptr;
	}
	if (likely(!copy))
		return ptr;
	ptr = copy_datagram(d, app, ptr, g->len, buf);
	if (ptr)
		d->cfg.release(d->cfg.arg, g->buf[0]);
	else
		d->count.udp_held++;
	return ptr;
}

bool
datagram_in(struct door *d, const struct stack_datagram *g)
{
	/* As long as the port is bound there is the listener. */
	const struct door_listener *l = &d->listener[g->user % DOOR_LISTENERS];
	const struct door_sub *sub = sub_for(l, g);
	struct door_app *a = &d->app[sub->app];
	uint64_t *why = why_not(d, a, g), data = 0;
	const uint8_t *ptr;
	void *buf;

	if (unlikely(why != NULL)) {
		++*why;
		return false;
	}
	ptr = place(d, sub->app, g, &buf);
	if (unlikely(!ptr))
		return false;
	d->count.udp_received++;
	/* Before it is said: the answer may come at once. */
	keep(d, a, ptr, g->len, buf);
	if (likely(g->len))
		data = msg_data(
			part_offset(a->copy ? a->copy->part : d->cfg.rx, ptr),
			g->len);
	tell_datagram(a->edge, g, sub->id, data);
	return true;
}

void
datagram_done(struct door *d, unsigned app, uint64_t count)
{
	struct door_app *a = &d->app[app];

	if (unlikely(count > a->grams))
		door_refuse(d, app, &d->count.bad_count);
	else
		drop(d, app, count);
}

void
datagram_app_down(struct door *d, unsigned app)
{
	drop(d, app, d->app[app].grams);
}

/* --- what was sent --------------------------------------------------------*/

static void
tell_sent(struct door *d, struct door_app *a)
{
	while (a->udp_news && !a->edge->parked) {
		unsigned id = (unsigned)__builtin_ctzll(a->udp_news);
		struct msg m = {.type = MSG_UDP_SENT,
			.arg = (uint16_t)id,
			.ref = a->udp[id].sent};

		if (!edge_send(a->edge, &m, 1))
			return;
		a->udp[id].sent = 0;
		no_news(d, a, id);
	}
}

void
datagram_turn(struct door *d)
{
	for (unsigned i = 0; i < d->cfg.apps; i++)
		if (d->app[i].udp_news)
			tell_sent(d, &d->app[i]);
}

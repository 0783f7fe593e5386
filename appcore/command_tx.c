/* command_tx.c - (down, step 1 of 5) functions become commands.
 *
 * What must not fail - giving back, shutting down, closing - is remembered with
 * its connection when there is no room, and said later; in that order. */
#include <assert.h>
#include <errno.h>

#include "appcore/appcore.h"

/* What remains for others when the programs' sends are refused. */
#define RESERVE (LIMIT_PARK / 4)

struct edge *
command_edge(const struct net *net, unsigned n)
{
	struct edge *e = net->edge ? &net->edge->edge : NULL;

	if (unlikely(
		    !e || e->down || (e->parked && edge_room(e) < n + RESERVE)))
		return NULL;
	return e;
}

int
dl_ping(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value)
{
	struct msg m = {.type = MSG_PING, .conn = cookie, .ref = value};
	struct edge *e;

	assert(!(value >> 63));
	if (net >= dl->nets || !dl->net[net].edge)
		return -ENOTCONN;
	e = command_edge(&dl->net[net], 1);
	return e && edge_send(e, &m, 1) ? 0 : -EAGAIN;
}

/* --- what must not fail ---------------------------------------------------*/

static bool
say(struct dl_conn *c, struct msg m)
{
	struct edge *e = command_edge(&c->dl->net[c->net], 1);

	m.conn = c->id;
	return e && edge_send(e, &m, 1);
}

static void
forget(struct dl_conn *c)
{
	c->dl->net[c->net].pieces -= c->lot + c->next_lot;
	room_forget(c);
	c->flags = 0;
	c->id = 0;
}

static bool
say_all(struct dl_conn *c)
{
	struct msg m = {.type = MSG_RECV_DONE, .ref = c->unsaid};

	if (c->unsaid) {
		if (!say(c, m))
			return false;
		c->unsaid = 0;
	}
	if (c->flags & CONN_SAY_FIN) {
		m = (struct msg){.type = MSG_SHUTDOWN, .arg = MSG_SHUT_WR};
		if (!say(c, m))
			return false;
		c->flags &= (uint16_t)~CONN_SAY_FIN;
	}
	if (c->flags & CONN_SAY_CLOSE) {
		m = (struct msg){.type = MSG_CLOSE,
			.flags = c->flags & CONN_ABORT ? MSGF_ABORT : 0};
		if (!say(c, m))
			return false;
		c->flags &= (uint16_t)~CONN_SAY_CLOSE;
		if (c->flags & CONN_ENDED)
			forget(c);
	}
	return true;
}

static void
say_soon(struct dl_conn *c)
{
	struct dl *dl = c->dl;

	if (unlikely(c->flags & CONN_OWES) || likely(say_all(c)))
		return;
	c->flags |= CONN_OWES;
	c->owes_next = NULL;
	*dl->owes_tail = c;
	dl->owes_tail = &c->owes_next;
}

void
command_retry(struct dl *dl)
{
	struct dl_conn *c = dl->owes, *last = NULL;

	if (likely(!c))
		return;
	dl->owes = NULL;
	dl->owes_tail = &dl->owes;
	for (; c; c = last) {
		last = c->owes_next;
		c->flags &= (uint16_t)~CONN_OWES;
		if (c->flags & CONN_OPEN)
			say_soon(c);
	}
}

void
dl_recv_done(struct dl_conn *c, size_t bytes)
{
	assert(bytes <= c->unread);
	if (!bytes || unlikely(c->flags & CONN_DONE))
		return;
	c->unread -= (uint32_t)bytes;
	c->unsaid += (uint32_t)bytes;
	say_soon(c);
}

void
dl_shutdown(struct dl_conn *c)
{
	if (c->flags & (CONN_NO_MORE_OUT | CONN_DONE | CONN_ENDED))
		return;
	c->flags |= CONN_NO_MORE_OUT | CONN_SAY_FIN;
	say_soon(c);
}

static void
let_go(struct dl_conn *c, unsigned flags)
{
	if (c->flags & CONN_DONE)
		return;
	/* What it was handed and what it did not shut down goes with it. */
	keep_forget(c);
	c->unsaid = 0;
	c->flags &= (uint16_t)~CONN_SAY_FIN;
	c->flags |= (uint16_t)(CONN_DONE | CONN_SAY_CLOSE | flags);
	say_soon(c);
}

void
dl_close(struct dl_conn *c)
{
	let_go(c, 0);
}

void
dl_abort(struct dl_conn *c)
{
	let_go(c, CONN_ABORT);
}

/* After the cleanup: the network core waits for a close, if it had none. */
void
command_let_go(struct dl_conn *c)
{
	if (!(c->flags & CONN_OPEN))
		return; /* the program was quicker */
	if (c->flags & CONN_DONE && !(c->flags & CONN_SAY_CLOSE))
		forget(c);
	else
		let_go(c, 0);
}

static int
set(struct dl_conn *c, enum msg_option option, uint32_t value)
{
	struct msg m = {
		.type = MSG_SET_OPTION, .arg = (uint16_t)option, .ref = value};

	if (c->flags & (CONN_DONE | CONN_ENDED))
		return -EPIPE;
	return say(c, m) ? 0 : -EAGAIN;
}

int
dl_set_nagle(struct dl_conn *c, int on)
{
	return set(c, MSG_OPT_NAGLE, !!on);
}

int
dl_set_keepalive(struct dl_conn *c, unsigned seconds)
{
	return set(c, MSG_OPT_KEEPALIVE, seconds);
}

/* --- sending --------------------------------------------------------------*/

static void
count(struct net *net, struct dl_conn *c, uint32_t bytes, unsigned n)
{
	c->unacked += bytes;
	net->pieces += n;
	if (c->lot) {
		c->next_lot += n;
	} else {
		c->lot = n;
		c->lot_bytes = c->unacked;
	}
}

int
command_piece(const struct dl *dl, const struct dl_piece *p, uint64_t *ref)
{
	const struct part *app = &dl->core->domain->part[PART_APP];
	uint64_t at = (uint64_t)((const uint8_t *)p->ptr - app->base);

	if (unlikely(p->len > app->bytes || at > app->bytes - p->len))
		return -EFAULT;
	if (unlikely(p->len > LIMIT_LEN_MAX))
		return -EINVAL;
	*ref = msg_data(at, (uint32_t)p->len);
	return 0;
}

/* Each slot of a run has its own piece. */
static int
make_run(struct dl_conn *c, const struct dl_piece *p, unsigned n,
	unsigned flags, struct msg *m, uint64_t *bytes)
{
	unsigned slots = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t ref;
		int rc;

		if (!p[i].len)
			continue;
		rc = command_piece(c->dl, &p[i], &ref);
		if (unlikely(rc))
			return rc;
		m[slots++] = (struct msg){
			.type = MSG_SEND,
			.flags = MSGF_MORE,
			.conn = c->id,
			.ref = ref,
		};
		*bytes += p[i].len;
	}
	if (slots)
		m[slots - 1].flags = flags & DL_FIN ? MSGF_FIN : 0;
	return (int)slots;
}

int
dl_sendv(
	struct dl_conn *c, const struct dl_piece *p, unsigned n, unsigned flags)
{
	struct net *net = &c->dl->net[c->net];
	struct msg m[DL_PIECES];
	uint64_t bytes = 0;
	struct edge *e;
	int slots;

	if (unlikely(n > DL_PIECES))
		return -EINVAL;
	if (unlikely(c->flags & (CONN_NO_MORE_OUT | CONN_DONE | CONN_ENDED)))
		return -EPIPE;
	slots = make_run(c, p, n, flags, m, &bytes);
	if (unlikely(slots <= 0)) {
		if (!slots && (flags & DL_FIN))
			dl_shutdown(c);
		return slots;
	}
	e = command_edge(net, (unsigned)slots);
	if (unlikely(!e || net->pieces + (unsigned)slots > LIMIT_SENDS ||
		    c->unacked > ROOM_UNACKED || bytes > ROOM_UNACKED ||
		    (c->flags & CONN_OWES) ||
		    !edge_send(e, m, (unsigned)slots))) {
		c->dl->count.sends_refused++;
		room_wait(c);
		return -EAGAIN;
	}
	c->dl->count.tx_bytes += bytes;
	if (flags & DL_FIN)
		c->flags |= CONN_NO_MORE_OUT;
	count(net, c, (uint32_t)bytes, (unsigned)slots);
	return 0;
}

int
dl_send(struct dl_conn *c, const void *ptr, size_t len)
{
	struct dl_piece p = {ptr, len};

	return dl_sendv(c, &p, 1, 0);
}

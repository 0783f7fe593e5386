/* room.c - connections whose program waits until it may send again. */
#include <errno.h>

#include "appcore/appcore.h"

/* So many of them are looked at in a turn. */
#define LOOKS 32

static bool
has_room(const struct dl_conn *c, unsigned pieces)
{
	const struct net *net = &c->dl->net[c->net];

	return !(c->flags & CONN_OWES) && c->unacked <= ROOM_UNACKED &&
		net->pieces + pieces <= LIMIT_SENDS &&
		command_edge(net, pieces);
}

void
room_wait(struct dl_conn *c)
{
	struct dl *dl = c->dl;

	if (c->flags & CONN_WAITS)
		return;
	c->flags |= CONN_WAITS;
	c->waits_next = NULL;
	c->waits_prev = dl->waits_last;
	if (dl->waits_last)
		dl->waits_last->waits_next = c;
	else
		dl->waits = c;
	dl->waits_last = c;
}

void
room_forget(struct dl_conn *c)
{
	struct dl *dl = c->dl;

	if (likely(!(c->flags & CONN_WAITS)))
		return;
	c->flags &= (uint16_t)~CONN_WAITS;
	if (c->waits_prev)
		c->waits_prev->waits_next = c->waits_next;
	else
		dl->waits = c->waits_next;
	if (c->waits_next)
		c->waits_next->waits_prev = c->waits_prev;
	else
		dl->waits_last = c->waits_prev;
}

static void
tell(struct dl *dl, struct dl_conn *c)
{
	if (c->handler->room)
		c->handler->room(dl, c);
	keep_turn(c);
}

/* In the order of waiting; who still has no room goes to the end, so that one
 * network core's lack does not hide another's room. */
void
room_turn(struct dl *dl)
{
	struct dl_conn *c, *last = dl->waits_last;

	for (unsigned i = 0; i < LOOKS && (c = dl->waits); i++) {
		bool end = c == last;

		room_forget(c);
		if (!has_room(c, DL_PIECES))
			room_wait(c);
		else
			tell(dl, c);
		if (end)
			break;
	}
}

int
dl_room(struct dl_conn *c, unsigned pieces)
{
	if (unlikely(c->flags & (CONN_NO_MORE_OUT | CONN_DONE | CONN_ENDED)))
		return -EPIPE;
	if (likely(has_room(c, pieces)))
		return 0;
	c->dl->count.sends_refused++;
	room_wait(c);
	return -EAGAIN;
}

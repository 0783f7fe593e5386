/* end.c - messages out and in, at one end. */
#include "apps/netpipe/end.h"

#include <string.h>

void
end_fill(uint8_t *to, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(i % 251);
}

int
end_open(struct end *e, struct dl *dl, struct dl_conn *c, uint32_t room,
	const uint8_t *prepared)
{
	e->conn = c;
	e->room = room;
	e->prepared = prepared;
	if (prepared)
		return 0;
	e->buf[0] = dl_alloc(dl, room);
	e->buf[1] = dl_alloc(dl, room);
	return e->buf[0] && e->buf[1] ? 0 : -1;
}

void
end_free(struct end *e, struct dl *dl)
{
	for (int i = 0; i < 2; i++)
		if (e->buf[i])
			dl_free(dl, e->buf[i]);
	e->buf[0] = e->buf[1] = NULL;
}

void
end_abort(struct end *e)
{
	e->over = 1;
	dl_abort(e->conn);
}

/* What waits first, as long as there is a place for it. */
static void
go_on(struct end *e)
{
	while (e->waiting && !e->over) {
		const uint8_t *ptr = e->wait[e->first].ptr;
		size_t len = e->wait[e->first].len, n;

		n = e->eat(e, ptr, len);
		if (!n || e->over)
			return;
		e->wait[e->first].ptr = ptr + n;
		e->wait[e->first].len = len - n;
		if (n == len) {
			e->first = (e->first + 1) % END_PIECES;
			e->waiting--;
		}
		dl_recv_done(e->conn, n);
	}
}

void
end_data(struct end *e, const void *ptr, size_t len)
{
	unsigned at = (e->first + e->waiting) % END_PIECES;

	if (e->over)
		return;
	if (e->waiting == END_PIECES) { /* a peer that does not wait its turn */
		end_abort(e);
		return;
	}
	e->wait[at].ptr = ptr;
	e->wait[at].len = len;
	e->waiting++;
	go_on(e);
}

void
end_acked(struct end *e, size_t bytes)
{
	e->acked += bytes;
	go_on(e);
}

size_t
end_take(struct end *e, const uint8_t *ptr, size_t len)
{
	size_t n = e->size - e->got;

	if (n > len)
		n = len;
	if (!e->prepared) {
		if (e->busy[e->in] > e->acked)
			return 0;
		memcpy(e->buf[e->in] + e->got, ptr, n);
	}
	e->got += (uint32_t)n;
	return n;
}

void
end_say(struct end *e, const void *ptr, uint32_t len)
{
	if (dl_send(e->conn, ptr, len))
		end_abort(e);
	else
		e->sent += len;
}

void
end_answer(struct end *e)
{
	e->got = 0;
	if (e->prepared) {
		end_say(e, e->prepared, e->size);
		return;
	}
	end_say(e, e->buf[e->in], e->size);
	e->busy[e->in] = e->sent;
	e->in ^= 1;
}

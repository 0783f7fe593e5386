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

void
end_data(struct end *e, const void *ptr, size_t len)
{
	const uint8_t *at = ptr;
	size_t n;

	while (len && !e->over && (n = e->eat(e, at, len)) && !e->over) {
		dl_recv_done(e->conn, n);
		at += n;
		len -= n;
	}
	if (len && !e->over)
		dl_keep(e->conn, at, len);
}

void
end_acked(struct end *e, size_t bytes)
{
	e->acked += bytes;
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

/* wire_dlibos.c - callbacks of dlibos.h to the engine's, and back. The engine
 * has a turn at the end of each of the core's, so that what is due then leaves
 * together; a timer is for the loop alone, that it does not sleep too long. In
 * an open loop it is due at once when less than a millisecond is left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/wire_dlibos.h"

void
dlibos_turn(struct dlibos *w)
{
	uint64_t now = dl_now(w->dl), next, ms;

	if (w->told)
		return;
	next = load_turn(w->load, now);
	if (load_over(w->load)) {
		w->told = true;
		dl_timer_stop(w->dl, &w->timer);
		w->over(w);
		return;
	}
	if (next >= w->armed)
		return;
	ms = next > now ? (next - now) / 1000000 : 0;
	w->armed = now + ms * 1000000;
	dl_timer_set(w->dl, &w->timer, (unsigned)ms);
}

static void
expired(struct dl *dl, struct dl_timer *t)
{
	struct dlibos *w = t->arg;

	(void)dl;
	w->armed = UINT64_MAX;
}

/* --- callbacks ------------------------------------------------------------*/

static void
connected(struct dl *dl, struct dl_conn *c, void *arg)
{
	struct dlibos_conn *dc = arg;
	struct dlibos *w = dc->w;

	dc->c = c;
	dl_conn_set_user(c, dc);
	if (dc->closing) {
		dl_abort(c);
		return;
	}
	load_connected(w->load, (unsigned)(dc - w->conn), dl_now(dl));
}

static enum tally_kind
kind_of(enum dl_why why)
{
	switch (why) {
	case DL_CLOSED:
		return TALLY_OK;
	case DL_REFUSED:
		return TALLY_REFUSED;
	case DL_RESET:
		return TALLY_RESET;
	case DL_TIMED_OUT:
		return TALLY_TIMEOUT;
	default:
		return TALLY_UNREACHABLE;
	}
}

static void
over(struct dlibos_conn *dc, enum dl_why why)
{
	struct dlibos *w = dc->w;

	dc->c = NULL;
	load_closed(
		w->load, (unsigned)(dc - w->conn), kind_of(why), dl_now(w->dl));
}

static void
connect_failed(struct dl *dl, void *arg, enum dl_why why)
{
	(void)dl;
	over(arg, why);
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	(void)dl;
	over(dl_conn_user(c), why);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	struct dlibos_conn *dc = dl_conn_user(c);
	struct dlibos *w = dc->w;

	load_bytes(w->load, (unsigned)(dc - w->conn), ptr, len, dl_now(dl));
	if (!dc->closing)
		dl_recv_done(c, len);
}

static void
acked(struct dl *dl, struct dl_conn *c, size_t bytes)
{
	struct dlibos_conn *dc = dl_conn_user(c);

	(void)dl;
	load_sent(dc->w->load, (unsigned)(dc - dc->w->conn), bytes);
}

static void
room(struct dl *dl, struct dl_conn *c)
{
	struct dlibos_conn *dc = dl_conn_user(c);

	(void)dl;
	load_room(dc->w->load, (unsigned)(dc - dc->w->conn));
}

static const struct dl_handler handler = {
	.connected = connected,
	.connect_failed = connect_failed,
	.data = data,
	.acked = acked,
	.room = room,
	.closed = closed,
};

/* --- the wire's functions -------------------------------------------------*/

static int
wire_open(void *arg, unsigned i)
{
	struct dlibos *w = arg;

	w->conn[i].closing = false;
	return dl_connect(w->dl, &w->to, w->port, &handler, &w->conn[i])
		? -EAGAIN
		: 0;
}

static int
wire_send(void *arg, unsigned i, const struct wire_piece *p, unsigned n)
{
	struct dlibos *w = arg;
	struct dl_piece piece[WIRE_PIECES];

	for (unsigned j = 0; j < n; j++)
		piece[j] = (struct dl_piece){p[j].ptr, p[j].len};
	return dl_sendv(w->conn[i].c, piece, n, 0);
}

static void
wire_close(void *arg, unsigned i)
{
	struct dlibos *w = arg;

	if (w->conn[i].closing)
		return;
	w->conn[i].closing = true;
	if (w->conn[i].c)
		dl_abort(w->conn[i].c);
}

static void *
wire_memory(void *arg, size_t bytes)
{
	struct dlibos *w = arg;

	return dl_alloc(w->dl, bytes);
}

const struct wire dlibos_wire = {
	.open = wire_open,
	.send = wire_send,
	.close = wire_close,
	.memory = wire_memory,
};

/* --- begin and end --------------------------------------------------------*/

int
dlibos_init(struct dlibos *w, struct load *l, struct dl *dl, unsigned conns,
	const char *to, uint16_t port)
{
	memset(w, 0, sizeof(*w));
	w->dl = dl;
	w->load = l;
	w->port = port;
	w->armed = UINT64_MAX;
	w->timer.expired = expired;
	w->timer.arg = w;
	if (dl_addr_parse(&w->to, to))
		return -EINVAL;
	w->conn = calloc(conns, sizeof(*w->conn));
	if (!w->conn)
		return -ENOMEM;
	for (unsigned i = 0; i < conns; i++)
		w->conn[i].w = w;
	return 0;
}

void
dlibos_fini(struct dlibos *w)
{
	free(w->conn);
	w->conn = NULL;
}

void
dlibos_start(struct dlibos *w)
{
	load_start(w->load, dl_now(w->dl));
	dlibos_turn(w);
}

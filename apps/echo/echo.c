/* echo.c - sends back what it gets.
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 -- echo [--port N]
 *
 * The shortest program that shows all there is to a connection. What came lies
 * in memory that a program can only read, and what is sent must lie in its own:
 * so this one copies, which a program with answers of its own need not do. A
 * connection has one buffer; while that is on its way, what comes waits where
 * it is, unreturned, and the peer's window shrinks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/dlibos.h"

#define BUFFER 65536

struct piece {
	const char *ptr;
	size_t len;
};

struct peer {
	char *buf;
	size_t ready; /* bytes of buf that are to be sent */
	size_t sent;  /* ... that are on their way */
	/* What came and was not copied yet, oldest first; a peer cannot have
	 * more than a window of it. */
	struct piece *waiting;
	size_t first, end, room;
	int eof;
};

static void
give_up(struct dl_conn *c)
{
	dl_abort(c);
}

static void
send_ready(struct dl_conn *c)
{
	struct peer *p = dl_conn_user(c);
	int rc = p->ready ? dl_send(c, p->buf, p->ready) : 0;

	if (rc == -EAGAIN)
		return; /* room() tries again */
	p->sent = p->ready;
	p->ready = 0;
	if (rc)
		give_up(c);
}

/* Copies what waits and sends it. */
static void
go_on(struct dl_conn *c)
{
	struct peer *p = dl_conn_user(c);
	size_t n = 0;

	if (p->sent || p->ready)
		return;
	while (p->first < p->end && n < BUFFER) {
		struct piece *w = &p->waiting[p->first];
		size_t len = w->len < BUFFER - n ? w->len : BUFFER - n;

		memcpy(p->buf + n, w->ptr, len);
		n += len;
		w->ptr += len;
		w->len -= len;
		p->first += !w->len;
	}
	if (!n) {
		if (p->eof)
			dl_close(c);
		return;
	}
	dl_recv_done(c, n);
	p->ready = n;
	send_ready(c);
}

static void
room(struct dl *dl, struct dl_conn *c)
{
	(void)dl;
	send_ready(c);
}

static void
accepted(struct dl *dl, struct dl_conn *c, void *arg)
{
	struct peer *p = calloc(1, sizeof(*p));

	(void)arg;
	dl_conn_set_user(c, p);
	if (p)
		p->buf = dl_alloc(dl, BUFFER);
	if (!p || !p->buf)
		give_up(c);
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	struct peer *p = dl_conn_user(c);

	(void)dl;
	if (p->end == p->room && p->first) {
		p->end -= p->first;
		memmove(p->waiting, p->waiting + p->first,
			p->end * sizeof(*p->waiting));
		p->first = 0;
	}
	if (p->end == p->room) {
		size_t room = p->room ? 2 * p->room : 16;
		void *more = realloc(p->waiting, room * sizeof(*p->waiting));

		if (!more) {
			give_up(c);
			return;
		}
		p->waiting = more;
		p->room = room;
	}
	p->waiting[p->end++] = (struct piece){ptr, len};
	go_on(c);
}

static void
acked(struct dl *dl, struct dl_conn *c, size_t bytes)
{
	struct peer *p = dl_conn_user(c);

	(void)dl;
	p->sent -= bytes;
	go_on(c);
}

static void
remote_closed(struct dl *dl, struct dl_conn *c)
{
	struct peer *p = dl_conn_user(c);

	(void)dl;
	p->eof = 1;
	go_on(c);
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	struct peer *p = dl_conn_user(c);

	(void)why;
	if (!p)
		return;
	dl_free(dl, p->buf);
	free(p->waiting);
	free(p);
}

static const struct dl_handler handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.room = room,
	.remote_closed = remote_closed,
	.closed = closed,
};

static void
start(struct dl *dl, void *arg)
{
	if (dl_listen(dl, NULL, *(uint16_t *)arg, &handler, NULL))
		dl_quit(dl, 1);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};
	uint16_t port = 7;

	if (argc == 3 && !strcmp(argv[1], "--port")) {
		long n = strtol(argv[2], NULL, 10);

		port = n > 0 && n < 65536 ? (uint16_t)n : 0;
	}
	if ((argc != 1 && argc != 3) || !port) {
		fputs("usage: echo [--port 1..65535]\n", stderr);
		return 2;
	}
	return dl_run(&program, &port);
}

/* echo.c - sends back what it gets.
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 -- echo [--port N]
 *
 * The shortest program that shows all there is to a connection, and to a port
 * for datagrams (RFC 862 has both). What came lies in memory that a program can
 * only read, and what is sent must lie in its own: so this one copies, which a
 * program with answers of its own need not do. A connection has one buffer,
 * which goes round; while that is full, what comes is kept where it is,
 * unreturned, and the peer's window shrinks. Datagrams that do not fit into
 * their ring are dropped, as the network may do anywhere.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/dlibos.h"

#define BUFFER 65536

/* Datagrams: as many as may be on their way, and the largest. */
#define GRAMS 64
#define GRAM  9216

struct peer {
	char *buf;
	size_t first; /* byte of buf that is not acknowledged */
	size_t used;  /* bytes from there on, round the end */
};

static void
accepted(struct dl *dl, struct dl_conn *c, void *arg)
{
	struct peer *p = calloc(1, sizeof(*p));

	(void)arg;
	dl_conn_set_user(c, p);
	if (p)
		p->buf = dl_alloc(dl, BUFFER);
	if (!p || !p->buf)
		dl_abort(c);
}

/* As much as the buffer takes in one piece; 0: not now. */
static size_t
send_back(struct dl_conn *c, const char *from, size_t len)
{
	struct peer *p = dl_conn_user(c);
	size_t at = (p->first + p->used) % BUFFER;
	size_t n = (at < p->first ? p->first : BUFFER) - at;
	int rc;

	if (p->used == BUFFER)
		return 0;
	n = n < len ? n : len;
	memcpy(p->buf + at, from, n);
	rc = dl_send(c, p->buf + at, n);
	if (rc && rc != -EAGAIN)
		dl_abort(c);
	if (rc)
		return 0;
	p->used += n;
	dl_recv_done(c, n);
	return n;
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	const char *from = ptr;
	size_t n;

	(void)dl;
	while (len && (n = send_back(c, from, len))) {
		from += n;
		len -= n;
	}
	if (len)
		dl_keep(c, from, len); /* it comes again when there is room */
}

static void
acked(struct dl *dl, struct dl_conn *c, size_t bytes)
{
	struct peer *p = dl_conn_user(c);

	(void)dl;
	p->first = (p->first + bytes) % BUFFER;
	p->used -= bytes;
}

static void
closed(struct dl *dl, struct dl_conn *c, enum dl_why why)
{
	struct peer *p = dl_conn_user(c);

	(void)why;
	if (!p)
		return;
	dl_free(dl, p->buf);
	free(p);
}

static const struct dl_handler handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.closed = closed,
};

/* --- datagrams ------------------------------------------------------------*/

/* Each is copied behind the one before it, in a ring: memory comes back in the
 * order of sending. */
struct grams {
	char *buf;
	uint16_t port;
	unsigned first, end; /* under way, modulo GRAMS */
};

/* One from a port like our own may be an echo, too, and would come for ever. */
static void
datagram(struct dl_udp *u, const void *ptr, size_t len,
	const struct dl_addr *from, uint16_t port)
{
	struct grams *g = dl_udp_user(u);
	struct dl_piece p = {g->buf + g->end % GRAMS * GRAM, len};

	if (len > GRAM || g->end - g->first == GRAMS || port == g->port)
		return;
	memcpy(g->buf + g->end % GRAMS * GRAM, ptr, len);
	if (!dl_udp_send(u, from, port, &p, 1))
		g->end++;
}

static void
sent(struct dl_udp *u, unsigned n)
{
	((struct grams *)dl_udp_user(u))->first += n;
}

static const struct dl_udp_handler udp_handler = {
	.datagram = datagram,
	.sent = sent,
};

static int
start_udp(struct dl *dl, uint16_t port)
{
	struct grams *g = calloc(1, sizeof(*g));
	struct dl_udp *u;

	if (!g)
		return -ENOMEM;
	g->port = port;
	g->buf = dl_alloc(dl, GRAMS * GRAM);
	if (!g->buf)
		return -ENOMEM;
	return dl_udp_open(dl, NULL, port, &udp_handler, g, &u);
}

static void
start(struct dl *dl, void *arg)
{
	uint16_t port = *(uint16_t *)arg;

	if (start_udp(dl, port) || dl_listen(dl, NULL, port, &handler, NULL))
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

/* webserver.c - documents out of memory.
 *
 *	dlibos run --port veth --ip 10.7.0.2/24 -- webserver [OPTION]... FOLDER
 *
 * Each core reads the folder at start into memory that it can send from, with
 * the heads of all answers ready; a request is answered by references to both,
 * so that no byte of an answer is read, written or copied for it. http_*.[ch]
 * and site.[ch] know HTTP; this file knows connections.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "apps/webserver/http_answer.h"
#include "apps/webserver/http_read.h"
#include "apps/webserver/options.h"
#include "dlibos/dlibos.h"

#define TICK_MS	  200
#define PIECE_MAX (4u << 20)
#define LINGER_MS 2000 /* a refused peer may read our answer so long */

/* Answers that a peer may have waiting; then it is not read from. */
#define ANSWERS 64

/* Pieces for which there must be room before a request is read. */
#define ROOM 64

/* A site that is served, or is still on its way to somebody. */
struct generation {
	struct site *site;
	uint64_t users; /* connections that were answered out of it */
	struct generation *older;
};

struct core {
	const struct options *opt;
	struct dl *dl;
	struct generation *site; /* the newest first */
	struct http_clock clock;
	struct http_request request; /* one for all: see http_read.h */
	struct dl_timer tick;
	struct site_report report; /* of the last load */
	uint64_t conns, requests;
	int hangups; /* that were heeded */
};

struct client {
	struct core *core;
	struct dl_conn *conn;
	struct generation *site; /* of its last answer; NULL: none yet */
	struct http_reader reader;
	uint64_t queued, acked; /* bytes of answers */
	unsigned answers;	/* sent since all was acknowledged */
	char *room;		/* of a partial answer */
	uint64_t room_until;	/* acked: then it is free */
	uint64_t since; /* the beginning of the request, or of the silence */
	struct dl_timer timer; /* of silence, or of lingering */
	bool closing;	       /* nothing more is answered */
};

/* --- sites ----------------------------------------------------------------*/

static void *
site_alloc(void *arg, size_t bytes)
{
	return dl_alloc(arg, bytes);
}

static void
site_give_back(void *arg, void *p)
{
	dl_free(arg, p);
}

static int
load(struct core *c)
{
	struct site_report *report = &c->report;
	struct site_config config = {
		.memory = {site_alloc, site_give_back, c->dl},
		.now = time(NULL),
		.max_files = c->opt->max_files,
		.max_bytes = c->opt->max_bytes,
	};
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	if (getrandom(&config.key, sizeof(config.key), 0) !=
			sizeof(config.key) ||
		site_load(&g->site, c->opt->folder, &config, report)) {
		fprintf(stderr, "webserver: %s\n", report->why);
		free(g);
		return -EIO;
	}
	if (!dl_core(c->dl))
		fprintf(stderr, "webserver: %s: %u files, %llu bytes%s%s\n",
			c->opt->folder, report->files,
			(unsigned long long)report->bytes,
			report->first[0] ? "; left out, for one: " : "",
			report->first);
	g->older = c->site;
	c->site = g;
	return 0;
}

/* Older generations go when the last answer out of them is acknowledged. */
static void
sweep(struct core *c)
{
	struct generation **at = &c->site->older;

	while (*at) {
		struct generation *g = *at;

		if (g->users) {
			at = &g->older;
			continue;
		}
		*at = g->older;
		site_free(g->site);
		free(g);
	}
}

static void
use(struct client *cl, struct generation *g)
{
	if (cl->site == g)
		return;
	if (cl->site && !--cl->site->users && cl->site != cl->core->site)
		sweep(cl->core);
	if (g)
		g->users++;
	cl->site = g;
}

/* --- answering ------------------------------------------------------------*/

/* Who has an answer on its way stays with the site that it lies in. */
static struct generation *
site_for(const struct client *cl)
{
	return cl->acked == cl->queued ? cl->core->site : cl->site;
}

static void
log_request(const struct client *cl, const struct http_request *r, int status)
{
	struct core *c = cl->core;
	char text[DL_ADDR_TEXT], path[128];
	struct dl_addr addr;
	uint16_t port;
	size_t n = 0;

	if (!c->opt->log_each || c->requests % c->opt->log_each)
		return;
	for (size_t i = 0; r && i < r->path.len && n < sizeof(path) - 1; i++)
		path[n++] = r->path.p[i] > ' ' && r->path.p[i] < 0x7f &&
				r->path.p[i] != '"'
			? r->path.p[i]
			: '?';
	path[n] = '\0';
	dl_conn_peer(cl->conn, &addr, &port);
	fprintf(stderr, "%s \"%s %s\" %d\n", dl_addr_text(&addr, text),
		r && r->method == HTTP_HEAD ? "HEAD" : "GET", path, status);
}

/* Who stays silent, or in the middle of a request, makes room for others. */
static void
timer_expired(struct dl *dl, struct dl_timer *t)
{
	struct client *cl = t->arg;
	uint64_t quiet = (dl_now(dl) - cl->since) / 1000000;
	uint64_t most = cl->core->opt->timeout_ms;

	if (!cl->closing && quiet < most) {
		dl_timer_set(dl, t, (unsigned)(most - quiet) + 1);
		return;
	}
	cl->closing = true; /* what is unread is given back */
	dl_close(cl->conn);
}

/* Nothing more is read, and what was answered still arrives. */
static void
stop(struct client *cl)
{
	cl->closing = true;
	dl_shutdown(cl->conn);
	dl_timer_set(cl->core->dl, &cl->timer, LINGER_MS);
}

/* A piece longer than PIECE_MAX goes in several. */
static bool
put(struct client *cl, const struct http_answer *a)
{
	struct dl_piece p[DL_PIECES];
	unsigned n = 0;
	int rc = 0;

	for (unsigned i = 0; i < a->pieces && !rc; i++) {
		const char *at = a->piece[i].p;
		size_t left = a->piece[i].len;

		cl->queued += left;
		while (left && !rc) {
			size_t len = left < PIECE_MAX ? left : PIECE_MAX;

			p[n++] = (struct dl_piece){at, len};
			at += len;
			left -= len;
			if (n == DL_PIECES) {
				rc = dl_sendv(cl->conn, p, n, 0);
				n = 0;
			}
		}
	}
	if (!rc)
		rc = dl_sendv(cl->conn, p, n, 0);
	if (rc) {
		dl_abort(cl->conn); /* no answer is better than half of one */
		cl->closing = true;
		return false;
	}
	cl->answers++;
	return true;
}

static void
answer(struct client *cl, const struct http_request *r, int status)
{
	struct core *c = cl->core;
	struct http_answer a = {.clock = &c->clock};

	c->requests++;
	use(cl, site_for(cl));
	if (r && !status && r->range.len) {
		if (cl->acked >= cl->room_until && !cl->room)
			cl->room = dl_alloc(c->dl, HTTP_ROOM);
		if (cl->acked >= cl->room_until)
			a.room = cl->room;
	}
	if (status)
		http_refuse(cl->site->site, r, status, &a);
	else
		http_answer(cl->site->site, r, &a);
	log_request(cl, r, a.status);
	if (!put(cl, &a))
		return;
	if (a.room_used)
		cl->room_until = cl->queued;
	if (a.close)
		stop(cl);
}

static void
go_ahead(struct client *cl)
{
	struct http_piece go;

	use(cl, site_for(cl));
	go = http_continue(cl->site->site);
	cl->queued += go.len;
	if (dl_send(cl->conn, go.p, go.len)) {
		dl_abort(cl->conn);
		cl->closing = true;
	}
}

/* Else it is kept, and comes again. */
static bool
may_answer(struct client *cl)
{
	return !cl->closing && cl->answers < ANSWERS &&
		dl_room(cl->conn, ROOM) != -EAGAIN;
}

/* Returns how many bytes of the piece are done with. */
static size_t
read_piece(struct client *cl, const char *p, size_t len)
{
	struct http_request *r = &cl->core->request;
	size_t all = 0, used;

	while (all < len && may_answer(cl)) {
		int rc = http_read(&cl->reader, r, p + all, len - all, &used);

		all += used;
		if (rc == HTTP_REQUEST) {
			answer(cl, r, 0);
		} else if (rc == HTTP_CONTINUE) {
			go_ahead(cl);
		} else if (rc == HTTP_WANT_BUFFER) {
			cl->reader.buffer = malloc(HTTP_HEAD_MAX);
			if (!cl->reader.buffer)
				answer(cl, NULL, 503);
		} else if (rc < 0) {
			answer(cl, r, -rc);
		}
	}
	return cl->closing ? len : all;
}

/* Between two requests. A request that comes byte by byte is a silence. */
static void
settle(struct client *cl)
{
	if (http_reader_idle(&cl->reader) && !cl->reader.in_body)
		cl->since = dl_now(cl->core->dl);
	if (cl->reader.buffer && http_reader_idle(&cl->reader)) {
		free(cl->reader.buffer);
		cl->reader.buffer = NULL;
	}
}

/* --- connections ----------------------------------------------------------*/

static void
accepted(struct dl *dl, struct dl_conn *conn, void *arg)
{
	struct core *c = arg;
	struct client *cl = calloc(1, sizeof(*cl));

	dl_conn_set_user(conn, cl);
	if (!cl) {
		dl_abort(conn);
		return;
	}
	cl->core = c;
	cl->conn = conn;
	cl->since = dl_now(dl);
	cl->timer.expired = timer_expired;
	cl->timer.arg = cl;
	dl_timer_set(dl, &cl->timer, c->opt->timeout_ms);
	c->conns++;
}

/* What is not answered yet stays where it is, and the peer's window shrinks. */
static void
data(struct dl *dl, struct dl_conn *conn, const void *ptr, size_t len)
{
	struct client *cl = dl_conn_user(conn);
	size_t used = read_piece(cl, ptr, len);

	(void)dl;
	dl_recv_done(conn, used);
	settle(cl);
	if (used < len)
		dl_keep(conn, (const char *)ptr + used, len - used);
}

static void
acked(struct dl *dl, struct dl_conn *conn, size_t bytes)
{
	struct client *cl = dl_conn_user(conn);

	cl->acked += bytes;
	cl->since = dl_now(dl); /* a slow reader is not a silent one */
	if (cl->acked == cl->queued)
		cl->answers = 0;
}

static void
closed(struct dl *dl, struct dl_conn *conn, enum dl_why why)
{
	struct client *cl = dl_conn_user(conn);

	(void)why;
	if (!cl)
		return;
	dl_timer_stop(dl, &cl->timer);
	use(cl, NULL);
	dl_free(dl, cl->room);
	free(cl->reader.buffer);
	cl->core->conns--;
	free(cl);
}

static const struct dl_handler handler = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.closed = closed,
};

/* --- a core ---------------------------------------------------------------*/

static atomic_int hangups; /* counted: each core looks by itself */

static void
hang_up(int sig)
{
	(void)sig;
	hangups++;
}

static void
tick(struct dl *dl, struct dl_timer *t)
{
	struct core *c = t->arg;

	http_clock_tick(&c->clock, time(NULL));
	if (c->hangups != hangups) {
		c->hangups = hangups;
		if (!load(c)) /* else the old one goes on */
			sweep(c);
	}
	dl_timer_set(dl, t, TICK_MS);
}

static void
start(struct dl *dl, void *arg)
{
	struct core *c = calloc(1, sizeof(*c));
	void *slots = dl_alloc(dl, HTTP_CLOCK_BYTES);

	if (!c || !slots) {
		fputs("webserver: out of memory\n", stderr);
		dl_quit(dl, 1);
		return;
	}
	c->opt = arg;
	c->dl = dl;
	dl_set_user(dl, c);
	http_clock_begin(&c->clock, slots, time(NULL));
	if (load(c) || dl_listen(dl, NULL, c->opt->port, &handler, c)) {
		dl_quit(dl, 1);
		return;
	}
	c->tick.expired = tick;
	c->tick.arg = c;
	dl_timer_set(dl, &c->tick, TICK_MS);
}

int
main(int argc, char **argv)
{
	static const struct dl_program program = {.start = start};
	static struct options opt;
	struct sigaction hup = {.sa_handler = hang_up, .sa_flags = SA_RESTART};

	if (options_parse(&opt, argc, argv))
		return 2;
	sigaction(SIGHUP, &hup, NULL);
	return dl_run(&program, &opt);
}

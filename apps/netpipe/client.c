/* client.c - sizes that grow, round trips of each, and what they took. The
 * first of each size warm up, and their answers are compared with what they
 * must be; the others are timed and not looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/netpipe/end.h"
#include "apps/netpipe/netpipe.h"

#define WARM	 3u
#define BY_BYTES (32u << 20) /* of each size, without --count */
#define BY_MOST	 2000u
#define BY_LEAST 20u
#define SIZES	 64 /* at most, two for each power of two */

struct client {
	struct end end; /* first: its address is the client's */
	const struct options *o;
	uint8_t *head;	   /* what announces the next size; each has its own */
	uint8_t *message;  /* the content of all */
	uint64_t *took;	   /* ns of each round trip */
	uint32_t count;	   /* of this size, timed */
	uint32_t done;	   /* the ones that warm up, too */
	uint64_t at, from; /* ns: of this round trip, of the first one timed */
	int all;	   /* every size was measured */
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t
count_of(const struct options *o, uint32_t size)
{
	uint32_t n = BY_BYTES / size;

	if (o->count)
		return o->count;
	return n < BY_LEAST ? BY_LEAST : n > BY_MOST ? BY_MOST : n;
}

/* 1 2 3 4 6 8 12 ... and the largest at last. */
static uint32_t
next_size(uint32_t size, uint32_t most)
{
	uint32_t n = 1;

	while (n <= size)
		n = n < 2 ? 2 : n & (n - 1) ? n / 3 * 4 : n / 2 * 3;

	return n < most ? n : most;
}

static int
by_time(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static void
print(struct client *c, uint64_t ns)
{
	uint32_t size = c->end.size, n = c->count;
	double us, p99, gbps;

	qsort(c->took, n, sizeof(*c->took), by_time);
	us = (double)c->took[(n - 1) / 2] / 2e3;
	p99 = (double)c->took[(uint64_t)(n - 1) * 99 / 100] / 2e3;
	gbps = ns ? 16.0 * size * n / (double)ns : 0;
	if (c->o->json)
		printf("{\"size\":%u,\"count\":%u,\"oneway_us\":%.2f,"
		       "\"p99_us\":%.2f,\"gbps\":%.6f}\n",
			size, n, us, p99, gbps);
	else
		printf("%8u %8u %10.2f %10.2f %9.4f\n", size, n, us, p99, gbps);
	fflush(stdout);
}

static void
put(uint8_t *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void
begin(struct client *c, uint32_t size)
{
	c->end.size = size;
	c->end.got = 0;
	c->count = count_of(c->o, size);
	c->done = 0;
	put(c->head, size);
	put(c->head + 4, c->count + WARM);
	end_say(&c->end, c->head, END_HEAD);
	c->head += END_HEAD;
	c->at = now_ns();
	end_say(&c->end, c->message, size);
}

static void
went_round(struct client *c)
{
	uint64_t t = now_ns();

	if (c->done >= WARM)
		c->took[c->done - WARM] = t - c->at;
	if (++c->done == WARM)
		c->from = t;
	if (c->done < WARM + c->count) {
		c->at = now_ns();
		end_answer(&c->end);
		return;
	}
	print(c, t - c->from);
	if (c->end.size == c->o->size) {
		c->all = 1;
		c->end.over = 1;
		dl_shutdown(c->end.conn);
		return;
	}
	begin(c, next_size(c->end.size, c->o->size));
}

static size_t
eat(struct end *e, const uint8_t *ptr, size_t len)
{
	struct client *c = (struct client *)(void *)e;
	uint32_t at = e->got;
	size_t n = end_take(e, ptr, len);

	if (c->done < WARM && n && memcmp(ptr, c->message + at, n)) {
		fprintf(stderr,
			"netpipe: an answer of %u bytes is not what was sent\n",
			e->size);
		end_abort(e);
		return n;
	}
	if (e->got == e->size)
		went_round(c);
	return n;
}

static void
fails(struct dl *dl, const char *what, const char *why)
{
	fprintf(stderr, "netpipe: %s: %s\n", what, why);
	dl_quit(dl, 1);
}

static void
connected(struct dl *dl, struct dl_conn *conn, void *arg)
{
	struct client *c = arg;

	dl_conn_set_user(conn, c);
	if (end_open(&c->end, dl, conn, c->o->size,
		    c->o->nocopy ? c->message : NULL)) {
		fprintf(stderr, "netpipe: no memory for messages\n");
		end_abort(&c->end);
		return;
	}
	if (!c->o->json)
		puts("   bytes    count  one way us    p99 us    Gbit/s");
	begin(c, c->o->from);
}

static void
connect_failed(struct dl *dl, void *arg, enum dl_why why)
{
	(void)arg;
	fails(dl, "no connection", dl_why(why));
}

static void
data(struct dl *dl, struct dl_conn *c, const void *ptr, size_t len)
{
	(void)dl;
	end_data(dl_conn_user(c), ptr, len);
}

static void
acked(struct dl *dl, struct dl_conn *c, size_t bytes)
{
	(void)dl;
	end_acked(dl_conn_user(c), bytes);
}

/* closed() would follow only when no late segment can come any more. */
static void
remote_closed(struct dl *dl, struct dl_conn *conn)
{
	struct client *c = dl_conn_user(conn);

	if (c->all)
		dl_quit(dl, 0);
	else
		fails(dl, "the connection ended", "by the server");
}

static void
closed(struct dl *dl, struct dl_conn *conn, enum dl_why why)
{
	struct client *c = dl_conn_user(conn);

	end_free(&c->end, dl);
	if (!c->all)
		fails(dl, "the connection ended", dl_why(why));
}

static const struct dl_handler handler = {
	.connected = connected,
	.connect_failed = connect_failed,
	.data = data,
	.acked = acked,
	.remote_closed = remote_closed,
	.closed = closed,
};

void
client_start(struct dl *dl, const struct options *o, struct client **made)
{
	uint32_t most = o->count ? o->count : BY_MOST;
	struct client *c;

	if (dl_core(dl))
		return; /* one of them is enough */
	c = *made = calloc(1, sizeof(*c));
	if (c) {
		c->o = o;
		c->end.eat = eat;
		c->took = calloc(most, sizeof(*c->took));
		c->head = dl_alloc(dl, (size_t)SIZES * END_HEAD);
		c->message = dl_alloc(dl, o->size);
	}
	if (!c || !c->took || !c->head || !c->message) {
		fails(dl, "start", "no memory");
		return;
	}
	end_fill(c->message, o->size);
	if (dl_connect(dl, &o->to, o->port, &handler, c))
		fails(dl, "no connection", "no network core");
}

void
client_free(struct client *c)
{
	if (c)
		free(c->took);
	free(c);
}

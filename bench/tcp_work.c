/* tcp_work.c - each kind of work, once and measured. */
#include "bench/tcp_work.h"

#include <stdlib.h>
#include <string.h>

#include "bench/raw.h"
#include "bench/report.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define WARM 64 /* bursts at least that are not counted */

/* --- the crowd ------------------------------------------------------------*/

static uint32_t *
shuffled(unsigned n)
{
	uint32_t *order = malloc((n + 1) * sizeof(*order));
	uint64_t x = 88172645463325252;

	if (!order)
		die(EXIT_FAIL, "no memory");
	for (unsigned i = 0; i < n; i++) {
		unsigned k;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		k = (unsigned)(x % (i + 1));
		order[i] = order[k];
		order[k] = i;
	}
	return order;
}

/* What it takes to read the counter twice. */
static uint64_t
between(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t t = clock_cycles();

		t = clock_cycles() - t;
		least = t < least ? t : least;
	}
	return least;
}

void
tcp_crowd_init(struct tcp_crowd *c, unsigned conns, unsigned how)
{
	*c = (struct tcp_crowd){
		.burst = TCP_WORK_BURST,
		.between = between(),
	};
	if (conns && conns < TCP_WORK_BURST)
		c->burst = conns;
	tcp_pair_init(&c->pair, conns, how);
	tcp_pair_open(&c->pair);
	c->order = shuffled(conns);
}

void
tcp_crowd_fini(struct tcp_crowd *c)
{
	tcp_pair_fini(&c->pair);
	free(c->order);
}

static unsigned
next(struct tcp_crowd *c)
{
	unsigned i = c->order[c->at];

	if (++c->at == c->pair.conns)
		c->at = 0;
	return i;
}

/* --- bursts ---------------------------------------------------------------*/

/* Since t; without what it takes to read the counter. */
static uint64_t
since(const struct tcp_crowd *c, uint64_t t)
{
	uint64_t cycles = clock_cycles() - t;

	return cycles > c->between ? cycles - c->between : 0;
}

static uint64_t
serve(struct tcp_crowd *c)
{
	uint64_t t = clock_cycles();

	tcp_pair_serve(&c->pair);
	return since(c, t);
}

/* A few connections have to give a burst, too. */
static uint32_t
share(const struct tcp_crowd *c, unsigned segments)
{
	return segments / c->burst * TCP_WORK_SEGMENT;
}

static uint64_t
receive(struct tcp_crowd *c, unsigned *n)
{
	for (unsigned i = 0; i < c->burst; i++)
		tcp_pair_ask(&c->pair, next(c), share(c, TCP_WORK_BURST));
	*n = tcp_pair_client(&c->pair);
	return serve(c);
}

/* Every second segment is acknowledged. All connections are visited in turn, so
 * without this passes with and without acknowledgements would alternate. */
static void
stagger(struct tcp_crowd *c)
{
	for (unsigned i = 0; i < c->pair.conns; i += 2) {
		tcp_pair_ask(&c->pair, i, TCP_WORK_SEGMENT);
		if (i % TCP_WORK_BURST)
			continue;
		tcp_pair_client(&c->pair);
		serve(c);
	}
}

static uint64_t
respond(struct tcp_crowd *c, unsigned *n)
{
	for (unsigned i = 0; i < c->burst; i++)
		tcp_pair_ask(&c->pair, next(c), 64);
	tcp_pair_client(&c->pair);
	*n = c->burst;
	return serve(c);
}

static uint64_t
be_acknowledged(struct tcp_crowd *c, unsigned *n)
{
	struct tcp_pair *p = &c->pair;
	uint64_t t;

	for (unsigned i = 0; i < c->burst; i++)
		tcp_pair_tell(p, next(c), 2 * share(c, TCP_WORK_BURST));
	tcp_pair_give(p, 2 * TCP_WORK_BURST);
	tcp_pair_sink(p);
	*n = p->server.rx_n;
	t = clock_cycles();
	tcp_pair_take(p);
	return since(c, t);
}

static uint64_t
be_visited(struct tcp_crowd *c, unsigned *n, enum tcp_visit what)
{
	uint64_t cycles = 0;

	tcp_pair_visit(&c->pair, c->burst, what);
	while (tcp_pair_client(&c->pair))
		cycles += serve(c);
	*n = c->burst;
	return cycles;
}

static uint64_t
accept_and_close(struct tcp_crowd *c, unsigned *n)
{
	return be_visited(c, n, TCP_VISIT_ACCEPT);
}

static uint64_t
accept_and_respond(struct tcp_crowd *c, unsigned *n)
{
	return be_visited(c, n, TCP_VISIT_REQUEST);
}

/* --- ends -----------------------------------------------------------------*/

static uint64_t
received(const struct tcp_pair *p)
{
	return p->received / TCP_WORK_SEGMENT;
}

static uint64_t
acknowledged(const struct tcp_pair *p)
{
	return p->acked / (2 * TCP_WORK_SEGMENT);
}

static uint64_t
answered(const struct tcp_pair *p)
{
	return p->answers;
}

static uint64_t
closed(const struct tcp_pair *p)
{
	return p->closed;
}

const struct tcp_work tcp_works[] = {
	{"rx", "a segment of 1460 bytes comes, in order", 0, false, receive,
		received, stagger},
	{"ack", "an acknowledgement comes, of two such segments", 0, false,
		be_acknowledged, acknowledged, NULL},
	{"rr64", "64 bytes come, 64 go back", 64, false, respond, answered,
		NULL},
	{"rr1k", "64 bytes come, 1024 go back", 1024, false, respond, answered,
		NULL},
	{"conn", "a connection is accepted, and closed", 0, true,
		accept_and_close, closed, NULL},
	{"visit", "the same, with a request and an answer", 64, true,
		accept_and_respond, closed, NULL},
	{0},
};

const struct tcp_work *
tcp_work_named(const char *name)
{
	for (const struct tcp_work *w = tcp_works; w->name; w++)
		if (!strcmp(w->name, name))
			return w;
	return NULL;
}

/* --- doing it -------------------------------------------------------------*/

static void
begin(struct tcp_crowd *c, const struct tcp_work *w)
{
	unsigned turns = w->own ? 0 : c->pair.conns / c->burst, n;

	if (!w->own && !c->pair.conns)
		die(EXIT_FAIL, "%s: no connections", w->name);
	tcp_pair_rest(&c->pair);
	c->pair.reply = w->reply;
	for (unsigned i = 0; i < WARM + turns; i++)
		w->burst(c, &n);
	if (w->ready)
		w->ready(c);
	tcp_pair_settle(&c->pair);
	tcp_pair_forget(&c->pair);
}

static void
end(struct tcp_crowd *c, const struct tcp_work *w, uint64_t n)
{
	const char *wrong;

	tcp_pair_rest(&c->pair);
	wrong = tcp_pair_wrong(&c->pair);
	if (wrong)
		die(EXIT_FAIL, "%s: %s", w->name, wrong);
	if (w->done(&c->pair) != n)
		die(EXIT_FAIL, "%s: %lu were begun, %lu ended", w->name,
			(unsigned long)n, (unsigned long)w->done(&c->pair));
}

double
tcp_work_cycles(struct tcp_crowd *c, const struct tcp_work *w, unsigned n)
{
	double slice[RAW_SLICES];
	uint64_t all = 0;

	begin(c, w);
	for (unsigned s = 0; s < RAW_SLICES; s++) {
		uint64_t cycles = 0, some = 0;
		unsigned k;

		while (some < n / RAW_SLICES + 1) {
			cycles += w->burst(c, &k);
			some += k;
		}
		slice[s] = (double)cycles / (double)some;
		all += some;
	}
	end(c, w, all);
	return report_median(slice, RAW_SLICES);
}

uint64_t
tcp_work_some(struct tcp_crowd *c, const struct tcp_work *w, unsigned n)
{
	uint64_t all = 0;
	unsigned k;

	begin(c, w);
	for (; all < n; all += k)
		w->burst(c, &k);
	end(c, w, all);
	return all;
}

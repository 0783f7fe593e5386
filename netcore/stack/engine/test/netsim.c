/* netsim - seeded runs of the simulator: two engines over two links with
 * faults; several connections, each sending a stream both ways. Every byte
 * arrives once and in order, every connection ends, every buffer comes back,
 * no invariant breaks, and a seed repeated makes the same run. Odd seeds run
 * over IPv6; every third one has ECN, and routers that mark.
 *
 *	netsim [A..B]		the seeds; 1..500 if not given
 *	netsim SEED -v		one, with what became of it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/sim.h"

#define CONNS	    8
#define CHUNK	    65536
#define MOST	    400000     /* bytes that a connection sends */
#define UNACKED	    (1u << 20) /* bytes queued at a time */
#define A_LONG_TIME (4000ull * 1000000000)

struct stream {
	stack_conn c;
	uint64_t sent, acked, got;
	bool open, ended, shut;
	enum stack_why why;
};

struct app {
	struct stream st[CONNS];
	unsigned accepted;
	uint64_t per; /* bytes that each of its streams sends */
	const char *bad;
};

static uint8_t pattern[CHUNK * 2];

/* --- the program ----------------------------------------------------------*/

static struct stream *
find(struct app *a, stack_conn c)
{
	for (unsigned i = 0; i < CONNS; i++)
		if (a->st[i].open && a->st[i].c == c)
			return &a->st[i];
	a->bad = "upcall for a connection that is none";
	return NULL;
}

static void
feed(struct sim_node *n, struct stream *st)
{
	struct app *a = n->user;

	while (st->sent < a->per && st->sent - st->acked < UNACKED) {
		uint64_t left = a->per - st->sent;
		uint32_t len = 1 + (uint32_t)(sim_random(n->sim) % 20000);

		if (len > left)
			len = (uint32_t)left;
		if (stack_send(
			    n->stack, st->c, pattern + st->sent % CHUNK, len))
			return;
		st->sent += len;
	}
	if (st->sent == a->per && !st->shut) {
		st->shut = true;
		stack_shutdown(n->stack, st->c);
	}
}

static void
connected(struct sim_node *n, stack_conn c)
{
	struct stream *st = find(n->user, c);

	if (st)
		feed(n, st);
}

static void
accepted(struct sim_node *n, stack_conn c)
{
	struct app *a = n->user;

	if (a->accepted == CONNS) {
		a->bad = "more connections than were made";
		return;
	}
	a->st[a->accepted++] = (struct stream){.c = c, .open = true};
	connected(n, c);
}

static void
data(struct sim_node *n, stack_conn c, const uint8_t *p, uint32_t len)
{
	struct app *a = n->user;
	struct stream *st = find(a, c);

	if (!st)
		return;
	for (uint32_t i = 0; i < len; i++)
		if (p[i] != pattern[(st->got + i) % CHUNK])
			a->bad = "a byte that was not sent";
	st->got += len;
	stack_recv_done(n->stack, c, len);
}

static void
acked(struct sim_node *n, stack_conn c, uint32_t bytes)
{
	struct app *a = n->user;
	struct stream *st = find(a, c);

	if (!st)
		return;
	st->acked += bytes;
	if (st->acked > st->sent)
		a->bad = "more acknowledged than sent";
	feed(n, st);
}

static void
closed(struct sim_node *n, stack_conn c, enum stack_why why)
{
	struct stream *st = find(n->user, c);

	if (!st)
		return;
	st->open = false;
	st->ended = true;
	st->why = why;
}

static const struct sim_program program = {
	.accepted = accepted,
	.connected = connected,
	.data = data,
	.acked = acked,
	.closed = closed,
};

/* --- a run ----------------------------------------------------------------*/

static uint32_t
ppm(struct sim *s, uint32_t max)
{
	return sim_random(s) % 3 ? 0 : (uint32_t)(sim_random(s) % max);
}

static void
make_link(struct sim *s, struct sim_link *l)
{
	l->delay_ns = 10000 + sim_random(s) % 50000000;
	l->jitter_ns = sim_random(s) % 2 ? 0 : sim_random(s) % 5000000;
	l->bits_per_s =
		sim_random(s) % 2 ? 0 : 1000000 + sim_random(s) % 1000000000;
	l->queue = 20 + (uint32_t)(sim_random(s) % 500);
	l->loss = ppm(s, 50000);
	l->reorder = ppm(s, 50000);
	l->duplicate = ppm(s, 20000);
	l->corrupt = ppm(s, 10000);
}

/* On a link that does nothing else to frames. */
static bool
mark_missed(const struct sim *s, int i)
{
	const struct sim_link *l = &s->node[i].out;

	if (l->jitter_ns || l->loss || l->reorder || l->duplicate || l->corrupt)
		return false;
	return stack_counters(s->node[!i].stack)->ecn_ce != s->node[i].marked;
}

static const char *
verdict(const struct sim *s, const struct app app[2], unsigned conns)
{
	for (int i = 0; i < 2; i++) {
		if (app[i].bad)
			return app[i].bad;
		if (s->node[i].buffers)
			return "a buffer did not come back";
		if (mark_missed(s, i))
			return "a mark was not seen";
		for (unsigned k = 0; k < conns; k++) {
			const struct stream *st = &app[i].st[k];

			if (!st->ended)
				return "a connection did not end";
			if (st->why != STACK_CLOSED)
				return "a connection did not end well";
			if (st->acked != app[i].per)
				return "bytes were not acknowledged";
			if (st->got != app[!i].per)
				return "bytes did not arrive";
		}
	}
	return NULL;
}

static void
show(const struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		const struct stack_counters *c =
			stack_counters(s->node[i].stack);
		const struct sim_link *l = &s->node[i].out;

		printf("node %d: loss %u, reorder %u, duplicate %u, corrupt %u "
		       "ppm; delay %llu us; %llu marked\n",
			i, l->loss, l->reorder, l->duplicate, l->corrupt,
			(unsigned long long)l->delay_ns / 1000,
			(unsigned long long)s->node[i].marked);
#define X(name)      \
	if (c->name) \
		printf("  %s %llu\n", #name, (unsigned long long)c->name);
		STACK_COUNTERS(X)
#undef X
	}
}

static const char *
go(struct sim *s)
{
	while (sim_step(s, A_LONG_TIME))
		for (int i = 0; i < 2; i++) {
			const char *bad = stack_check(s->node[i].stack);

			if (bad)
				return bad;
		}
	return NULL;
}

/* Some runs have little of something, or a device that cuts segments. */
static void
vary(uint64_t seed, struct stack_config *c)
{
	c->ecn = seed % 3 == 0;
	switch (seed % 8) {
	case 1:
		c->segs = 20;
		c->send_refs = 2 * c->conns;
		c->ooo = 6;
		break;
	case 2:
		c->rcv_window = 3000;
		break;
	case 3:
		c->tso = 30000;
		c->segs = seed % 16 == 3 ? 40 : c->segs;
		break;
	default:
		break;
	}
}

static const char *
run(uint64_t seed, bool verbose, uint64_t *hash)
{
	struct stack_config cfg = sim_config();
	struct sim_link none = {0};
	struct app app[2] = {{.bad = NULL}};
	struct sim *s;
	const char *bad;
	unsigned conns;

	cfg.time_wait_ms = 1000;
	vary(seed, &cfg);
	cfg.ip6_bits = 64;
	s = sim_new(seed, &cfg, &none);
	for (int i = 0; i < 2; i++) {
		make_link(s, &s->node[i].out);
		if (cfg.ecn)
			s->node[i].out.mark = 2 + seed % 40;
		s->node[i].program = &program;
		s->node[i].user = &app[i];
		app[i].per = sim_random(s) % MOST;
	}
	conns = 1 + (unsigned)(sim_random(s) % CONNS);
	stack_listen(s->node[1].stack, (struct ip_addr){0}, 80, 7);
	for (unsigned i = 0; i < conns; i++) {
		app[0].st[i].open = true;
		stack_connect(s->node[0].stack,
			seed % 2 ? sim_ip6(1) : sim_ip(1), 80, 0, i,
			&app[0].st[i].c);
	}
	sim_poll(s, 0);
	bad = go(s);
	if (!bad)
		bad = verdict(s, app, conns);
	*hash = s->hash;
	if (verbose)
		show(s);
	sim_free(s);
	return bad;
}

int
main(int argc, char **argv)
{
	unsigned long a = 1, b = 500, failed = 0;
	uint64_t h1, h2;

	if (argc > 1 && sscanf(argv[1], "%lu..%lu", &a, &b) == 1)
		b = a;
	for (unsigned i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)((i % CHUNK) * 2654435761u >> 13);
	for (unsigned long seed = a; seed <= b; seed++) {
		const char *bad = run(seed, argc > 2, &h1);

		if (!bad && seed % 15 == 0) {
			run(seed, false, &h2);
			if (h1 != h2)
				bad = "repeated, it is another run";
		}
		if (bad) {
			printf("seed %lu: %s\n", seed, bad);
			failed++;
		}
	}
	printf("%lu passed, %lu failed\n", b - a + 1 - failed, failed);
	return failed != 0;
}

/* plan.c - from a seed to a world. Faults are such that no connection is lost
 * by them: whatever ends otherwise than its programs wanted is an error. */
#include "netcore/stack/engine/test/netsim/world.h"

#include <stdlib.h>

#define MS 1000000ull

void
world_bad(struct world *w, const char *what)
{
	if (!w->bad)
		w->bad = what;
}

/* [from, to) */
static uint64_t
pick(struct world *w, uint64_t from, uint64_t to)
{
	return from + sim_random(w->s) % (to - from);
}

static bool
one_in(struct world *w, unsigned n)
{
	return sim_random(w->s) % n == 0;
}

/* Small ones are as likely as large ones. */
static uint64_t
pick_size(struct world *w, unsigned bits)
{
	return sim_random(w->s) & ((1ull << pick(w, 0, bits + 1)) - 1);
}

/* --- links ----------------------------------------------------------------*/

static uint32_t
ppm(struct world *w, unsigned in, uint32_t max)
{
	return one_in(w, in) ? (uint32_t)pick(w, 0, max) : 0;
}

static void
make_link(struct world *w, struct sim_link *l, bool far)
{
	l->delay_ns = far ? pick(w, MS, 30 * MS) : pick(w, 5000, 200000);
	if (!w->steady && one_in(w, 2)) {
		l->bits_per_s = 2000000 + pick_size(w, 30);
		l->queue = UINT32_MAX;
		l->mark = (uint32_t)pick(w, 2, 40);
	}
	if (w->weather == CLEAR)
		return;
	if (w->weather == LIGHT) {
		l->loss = ppm(w, 2, 20000);
		return;
	}
	l->jitter_ns = one_in(w, 2) ? pick(w, 1, l->delay_ns / 4 + 2) : 0;
	l->reorder = ppm(w, 3, 100000);
	l->duplicate = ppm(w, 3, 20000);
	if (w->weather == MIXED)
		return;
	l->loss = ppm(w, 3, 30000);
	l->corrupt = ppm(w, 4, 10000);
	l->split = ppm(w, 4, 50000);
	l->part = ppm(w, 4, 50000);
	l->replay = ppm(w, 3, 20000);
	l->replay_ns = pick(w, MS, one_in(w, 3) ? 20000 * MS : 1000 * MS);
	if (one_in(w, 4)) {
		l->calm_ns = pick(w, 100 * MS, 3000 * MS);
		l->burst_ns = pick(w, MS, 60 * MS);
		l->burst_loss = (uint32_t)pick(w, 300000, 1000000);
	}
	l->queue = (uint32_t)pick(w, 20, 500);
}

/* --- nodes ----------------------------------------------------------------*/

/* v6 needs 1280 (RFC 8200, 5). */
static uint16_t
make_mtu(struct world *w)
{
	static const uint16_t mtu[] = {
		576, 600, 1280, 1400, 1500, 1500, 1500, 4000, 9000};

	return mtu[pick(w, 0, sizeof(mtu) / sizeof(mtu[0]))];
}

/* Pools that are too small for all that the programs want, but not for what
 * stack.h promises. */
static void
make_small(struct world *w, struct stack_config *c)
{
	static const uint32_t window[] = {3000, 9000, 20000, 65535};

	switch (pick(w, 0, 4)) {
	case 0:
		c->segs = 2 * c->conns;
		break;
	case 1:
		c->send_refs = 2 * c->conns;
		break;
	case 2:
		c->ooo = (uint32_t)pick(w, 1, 20);
		break;
	default:
		c->rcv_window = window[pick(w, 0, 4)];
		break;
	}
	w->roomy = false;
}

static void
make_node(struct world *w, unsigned i, bool far)
{
	struct sim_node *n = &w->s->node[i];
	struct stack_config c = sim_config();

	c.conns = 4 * CONNS; /* old ones linger, and come again */
	c.half_open = 2 * CONNS;
	c.segs = 8192;
	c.ooo = 8192;
	c.mtu = make_mtu(w);
	c.ip6_bits = c.mtu >= 1280 ? 64 : 0;
	/* Where a last word may be lost, it has to be there for the next. */
	c.time_wait_ms = w->weather >= LIGHT ? 60000 : 1000;
	c.rcv_window = one_in(w, 3) ? 1 << 20 : 65535 << pick(w, 0, 4);
	c.reno = one_in(w, 3);
	c.ecn = one_in(w, 2);
	c.tx_cksum = one_in(w, 2);
	if (one_in(w, 2))
		c.tso = (uint32_t)pick(w, 10000, 65000);
	if (one_in(w, 4))
		make_small(w, &c);
	sim_boot(w->s, i, &c);
	n->program = &programs;
	n->user = w;
	make_link(w, &n->out, far);
	make_link(w, &n->in, far);
	n->dev.cksum = one_in(w, 2);
	n->dev.lro = one_in(w, 3);
	n->dev.wait_ns = one_in(w, 2) ? pick(w, 1000, 300000) : 0;
	stack_listen(n->stack, (struct ip_addr){0}, PORT, 0);
}

/* --- connections ----------------------------------------------------------*/

static void
make_side(struct world *w, struct conn *c, int i, unsigned bits)
{
	struct side *s = &c->side[i];
	uint32_t least;

	s->conn = c;
	s->bytes = (uint32_t)(one_in(w, 2) ? pick_size(w, bits)
					   : pick(w, 0, 1u << bits));
	s->chunk = (uint32_t)pick(w, 1, 40000);
	s->ahead = (uint32_t)(one_in(w, 3) ? 1 + pick_size(w, 20)
					   : pick(w, 50000, 1000000));
	s->nagle = one_in(w, 3);
	if (one_in(w, 5)) /* crumbs */
		s->chunk = (uint32_t)pick(w, 1, 300);
	least = s->chunk < s->ahead ? s->chunk : s->ahead;
	if (s->bytes / 300 > least) /* or it takes for ever */
		s->bytes %= 300 * least;
	if (one_in(w, 4)) {
		s->idle_at = (uint32_t)pick(w, 0, s->bytes + 1);
		s->idle_ns = pick(w, MS, one_in(w, 3) ? 40000 * MS : 500 * MS);
	}
	if (one_in(w, 6))
		s->deaf_ns = pick(w, MS, one_in(w, 3) ? 30000 * MS : 500 * MS);
	s->end = one_in(w, 2) ? END_SHUT : END_CLOSE;
	if (one_in(w, 10))
		s->end = one_in(w, 2) ? END_EARLY : END_ABORT;
}

/* What there is to read is known when both sides are: at most 200 gulps. */
static void
make_reader(struct world *w, struct side *s)
{
	uint32_t all = other(s)->bytes;

	if (one_in(w, 5)) {
		s->gulp = (uint32_t)pick(w, all / 200 + 1, all + 2);
		s->gulp_ns = pick(w, MS, 100 * MS);
	}
	s->end_at = (uint32_t)pick(w, 0, s->bytes + 1);
}

static void
make_conn(struct world *w, struct conn *c, unsigned bits)
{
	unsigned i = (unsigned)(c - w->conn), n = w->s->nodes;
	unsigned a = (unsigned)pick(w, 0, n);
	unsigned b = (unsigned)((a + pick(w, 1, n)) % n);

	c->w = w;
	c->side[0].node = &w->s->node[a];
	c->side[1].node = &w->s->node[b];
	c->v6 = one_in(w, 2) && c->side[0].node->cfg.ip6_bits &&
		c->side[1].node->cfg.ip6_bits;
	c->port = PORT;
	c->lport = (uint16_t)(CLIENT + i);
	c->begin_ns = pick_size(w, 33); /* eight seconds */
	if (one_in(w, 8)) {
		c->kind = BOTH_OPEN;
		c->port = (uint16_t)(PEER + i);
	} else if (one_in(w, 12)) {
		c->kind = TO_NOBODY;
		c->port = PORT + 1;
	}
	make_side(w, c, 0, bits);
	make_side(w, c, 1, bits);
	make_reader(w, &c->side[0]);
	make_reader(w, &c->side[1]);
}

/* The same ends again, soon after the first was over, or broken off in the
 * middle. What of it is still on its way by then is of an older clock (RFC
 * 7323, 5). */
static void
make_again(struct world *w, struct conn *c, struct conn *first, unsigned bits)
{
	make_conn(w, c, bits);
	c->kind = TO_LISTENER;
	c->side[0].node = first->side[0].node;
	c->side[1].node = first->side[1].node;
	c->v6 = first->v6;
	c->port = first->port;
	c->lport = first->lport;
	if (one_in(w, 2)) {
		first->side[0].end = END_ABORT;
		first->side[0].end_at =
			first->side[0].bytes - first->side[0].bytes / 8;
		first->sure = false;
	}
	first->next = c;
	first->next_ns = pick(w, 5 * MS, one_in(w, 2) ? 50 * MS : 3000 * MS);
}

static bool
orderly(const struct side *s)
{
	return s->end == END_SHUT || s->end == END_CLOSE;
}

static void
make_conns(struct world *w)
{
	/* Few that are large, or many that are small. */
	unsigned bits = (unsigned)pick(w, w->weather == LIGHT ? 18 : 10,
		w->weather == LIGHT ? 22 : 23);
	unsigned most = bits < 17 ? CONNS : bits < 20 ? 16 : 5;

	w->conns = (unsigned)pick(w, 1, most + 1);
	for (unsigned i = 0; i < w->conns; i++) {
		struct conn *c = &w->conn[i];
		struct conn *before = i ? &w->conn[i - 1] : NULL;

		if (before && before->kind == TO_LISTENER && one_in(w, 4))
			make_again(w, c, before, bits);
		else
			make_conn(w, c, bits);
		c->sure = orderly(&c->side[0]) && orderly(&c->side[1]);
	}
}

static void
begin(struct sim_node *n, void *arg)
{
	(void)n;
	program_begin(arg);
}

struct world *
world_new(uint64_t seed)
{
	struct world *w = calloc(1, sizeof(*w));
	bool far, narrow;

	if (!w)
		abort();
	w->s = sim_net(seed * 0x2545f4914f6cdd1d, 2 + seed % 7);
	w->weather = (enum weather)(pick(w, 0, 8) / 2);
	w->roomy = true;
	w->forged = seed % 5 < 2;
	w->steady = one_in(w, 2);
	far = one_in(w, 2);
	narrow = w->weather == STORMY && one_in(w, 12);
	for (unsigned i = 0; i < w->s->nodes; i++)
		make_node(w, i, far);
	if (narrow) /* which nobody tells them (RFC 4821) */
		w->s->node[0].in.mtu = (uint32_t)pick(w, 1280, 1500);
	make_conns(w);
	w->watch = watch_new(w);
	for (unsigned i = 0; i < w->conns; i++) {
		struct conn *c = &w->conn[i];

		if (i && w->conn[i - 1].next == c)
			continue;
		sim_after(c->side[0].node, c->begin_ns, begin, c);
	}
	return w;
}

void
world_free(struct world *w)
{
	for (unsigned i = 0; i < 2 * w->conns; i++) {
		struct side *s = &w->conn[i / 2].side[i % 2];

		for (; s->first != s->last; s->first++)
			free(s->piece[s->first % PIECES].mem);
	}
	sim_free(w->s);
	watch_free(w->watch);
	free(w);
}

/* fifo_latency - how long is a message under way, next to what the machine
 * itself takes to move a line?
 *
 * Two pinned CPUs play ping-pong and poll for it: over the bare line, over two
 * of our FIFOs, over a whole edge (check, handler, flush), over two ck_rings
 * and two rte_rings. One way is half a round trip.
 */
#include "bench/duo.h"
#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "bench/rival.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "noc/edge.h"

#define PASSES 3 /* of all contenders, in turn, in a round */

/* One side's private state. The asker keeps the time. */
struct side {
	struct fifo_tx tx;
	struct fifo_rx rx;
	struct edge edge;
	uint64_t got; /* ref of the message that came last */
	struct raw_timer timer;
} PAIR_ALIGNED;

struct game {
	struct side side[2];
	unsigned trips PAIR_ALIGNED;
	struct edge_page *page[2]; /* each with its slots behind it */
	struct rival_ck *ck[2];	   /* [i] is written by side i */
	struct rte_ring *rte[2];
};

static struct msg
ball(uint64_t ref)
{
	return (struct msg){.type = MSG_PING, .ref = ref};
}

static void
expect(uint64_t got, uint64_t want)
{
	if (unlikely(got != want))
		die(EXIT_FAIL, "message %llu came as %llu",
			(unsigned long long)want, (unsigned long long)got);
}

/* --- throwing and catching, one pair of functions a contender ------------*/

static inline void
fifo_throw(struct game *g, int me, uint64_t ref)
{
	struct side *s = &g->side[me];
	struct msg m = ball(ref);

	while (unlikely(!fifo_room(&s->tx)))
		if (fifo_refresh(&s->tx) < 0)
			die(EXIT_FAIL, "impossible index");
	fifo_put(&s->tx, &m, 1);
}

static inline uint64_t
fifo_catch(struct game *g, int me)
{
	struct side *s = &g->side[me];
	struct msg m[LIMIT_BURST];
	unsigned n;

	while (!(n = fifo_peek(&s->rx, m, LIMIT_BURST)))
		cpu_relax();
	fifo_skip(&s->rx, n);
	fifo_tell(&s->rx);
	return m[0].ref;
}

static inline void
edge_throw(struct game *g, int me, uint64_t ref)
{
	struct edge *e = &g->side[me].edge;
	struct msg m = ball(ref);

	if (me)
		m.type = MSG_PONG;
	if (!edge_send(e, &m, 1))
		die(EXIT_FAIL, "the edge went down");
	edge_flush(e);
}

static void
edge_caught(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct side *s = arg;

	(void)e;
	(void)n;
	s->got = m->ref;
}

static inline uint64_t
edge_catch(struct game *g, int me)
{
	struct side *s = &g->side[me];

	while (!edge_serve(&s->edge, LIMIT_BURST))
		cpu_relax();
	return s->got;
}

static inline void
ck_throw(struct game *g, int me, uint64_t ref)
{
	struct msg m = ball(ref);

	while (!ck_ring_enqueue_spsc_msg(&g->ck[me]->ring, g->ck[me]->slot, &m))
		;
}

static inline uint64_t
ck_catch(struct game *g, int me)
{
	struct rival_ck *r = g->ck[!me];
	struct msg m;

	while (!ck_ring_dequeue_spsc_msg(&r->ring, r->slot, &m))
		cpu_relax();
	return m.ref;
}

static inline void
rte_throw(struct game *g, int me, uint64_t ref)
{
	struct msg m = ball(ref);

	while (!rte_ring_sp_enqueue_bulk_elem(
		g->rte[me], &m, sizeof(m), 1, NULL))
		;
}

static inline uint64_t
rte_catch(struct game *g, int me)
{
	struct msg m[LIMIT_BURST];

	while (!rte_ring_sc_dequeue_burst_elem(
		g->rte[!me], m, sizeof(*m), LIMIT_BURST, NULL))
		cpu_relax();
	return m[0].ref;
}

/* --- the game -------------------------------------------------------------*/

#define PLAYERS(name)                                                      \
	static void name##_ask(void *arg)                                  \
	{                                                                  \
		struct game *g = arg;                                      \
		struct raw_timer *t = &g->side[0].timer;                   \
		unsigned trips = g->trips;                                 \
		uint64_t ref = 0;                                          \
                                                                           \
		for (unsigned s = 0; s < RAW_SLICES; s++) {                \
			t->at[s] = clock_cycles();                         \
			for (unsigned i = 0; i < trips; i++, ref += 2) {   \
				name##_throw(g, 0, ref + 1);               \
				expect(name##_catch(g, 0), ref + 2);       \
			}                                                  \
		}                                                          \
		t->at[RAW_SLICES] = clock_cycles();                        \
	}                                                                  \
	static void name##_answer(void *arg)                               \
	{                                                                  \
		struct game *g = arg;                                      \
		uint64_t trips = (uint64_t)g->trips * RAW_SLICES, ref = 0; \
                                                                           \
		for (uint64_t i = 0; i < trips; i++, ref += 2) {           \
			expect(name##_catch(g, 1), ref + 1);               \
			name##_throw(g, 1, ref + 2);                       \
		}                                                          \
	}

PLAYERS(fifo)
PLAYERS(edge)
PLAYERS(ck)
PLAYERS(rte)

static void
open_edge(struct game *g, int me)
{
	struct edge_config c = {
		.own = g->page[me],
		.peer = g->page[!me],
		.slots = LIMIT_FIFO,
		.in = me ? MSG_COMMAND : MSG_EVENT,
		.in_bytes = 4096,
		.bell_in = -1,
		.bell_out = -1,
		.handler = edge_caught,
		.arg = &g->side[me],
	};

	if (edge_init(&g->side[me].edge, &c))
		die(EXIT_FAIL, "out of memory");
}

static struct game *
open_game(unsigned trips)
{
	struct game *g = duo_memory(sizeof(*g));

	g->trips = trips;
	for (int i = 0; i < 2; i++) {
		g->page[i] = duo_memory(edge_bytes(LIMIT_FIFO));
		g->ck[i] = rival_ck_make();
		g->rte[i] = rival_rte_make();
	}
	for (int i = 0; i < 2; i++) {
		struct side *s = &g->side[i];

		fifo_tx_init(&s->tx, g->page[i] + 1, &g->page[!i]->taken,
			LIMIT_FIFO);
		fifo_rx_init(&s->rx, g->page[!i] + 1, &g->page[i]->taken,
			LIMIT_FIFO);
		open_edge(g, i);
	}
	return g;
}

static void
close_game(struct game *g)
{
	for (int i = 0; i < 2; i++) {
		edge_fini(&g->side[i].edge);
		duo_free(g->page[i], edge_bytes(LIMIT_FIFO));
		rival_ck_free(g->ck[i]);
		rival_rte_free(g->rte[i]);
	}
	duo_free(g, sizeof(*g));
}

/* One way, in ns. A fresh game each time: the FIFO and the edge begin on the
 * same zeroed pages. */
static double
play(const struct opt *o, duo_fn *ask, duo_fn *answer, unsigned trips)
{
	struct game *g = open_game(trips);
	double ns;

	duo_run(o->cpu, ask, answer, g);
	ns = raw_ns(&g->side[0].timer, trips) / 2;
	close_game(g);
	return ns;
}

static void
one_round(struct report *r, const struct opt *o)
{
	unsigned trips = o->quick ? 200 : 2000;
	double ns[7][PASSES];

	for (unsigned p = 0; p < PASSES; p++) {
		ns[0][p] = raw_trip_ns(o->cpu, trips) / 2;
		ns[1][p] = play(o, fifo_ask, fifo_answer, trips);
		ns[2][p] = play(o, edge_ask, edge_answer, trips);
		ns[3][p] = play(o, ck_ask, ck_answer, trips);
		ns[4][p] = play(o, rte_ask, rte_answer, trips);
		ns[5][p] = raw_tight_trip_ns(o->cpu, trips) / 2;
		ns[6][p] = raw_shared_trip_ns(o->cpu, trips) / 2;
	}
	for (unsigned i = 0; i < 7; i++)
		ns[i][0] = report_median(ns[i], PASSES);
	report_add(r, "oneway_vs_half_cacheline", "ratio", ns[1][0] / ns[0][0]);
	report_add(r, "edge_vs_half_cacheline", "ratio", ns[2][0] / ns[0][0]);
	report_add(r, "oneway_vs_half_shared", "ratio", ns[1][0] / ns[6][0]);
	report_add(r, "oneway_vs_half_tight", "ratio", ns[1][0] / ns[5][0]);
	report_add(r, "raw_half_trip_ns", "ns", ns[0][0]);
	report_add(r, "raw_half_shared_trip_ns", "ns", ns[6][0]);
	report_add(r, "raw_half_tight_trip_ns", "ns", ns[5][0]);
	report_add(r, "oneway_ns", "ns", ns[1][0]);
	report_add(r, "edge_oneway_ns", "ns", ns[2][0]);
	report_add(r, "ck_oneway_ns", "ns", ns[3][0]);
	report_add(r, "rte_oneway_ns", "ns", ns[4][0]);
}

int
main(int argc, char **argv)
{
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	clock_hz();
	report_init(&r, "fifo_latency");
	for (unsigned i = 0; i < o.rounds; i++)
		one_round(&r, &o);
	report_note(&r, "oneway_vs_half_cacheline",
		"bar: at most 1.5; each line has one writer");
	report_note(&r, "oneway_vs_half_shared",
		"against one line that both write, which protection forbids");
	report_note(
		&r, "edge_vs_half_cacheline", "with check, handler and flush");
	report_note(
		&r, "oneway_vs_half_tight", "the same, polled without a pause");
	report_note(
		&r, "raw_half_trip_ns", "CPUs %d and %d", o.cpu[0], o.cpu[1]);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}

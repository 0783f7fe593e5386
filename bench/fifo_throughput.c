/* fifo_throughput - how many messages a second go through the FIFO, next to
 * rings whose two sides trust each other?
 *
 * 16-byte messages, 1 to 32 a batch, rings of LIMIT_FIFO slots. The producer
 * makes each message, the consumer takes up to LIMIT_BURST at a time, adds
 * both words of each up and checks their order: the same code for all three.
 * Of each run the median slice counts.
 */
#include <string.h>

#include "bench/duo.h"
#include "bench/opt.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "bench/rival.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "noc/edge.h"

#define PASSES 3 /* of all contenders, in turn, in a round and batch size */

enum contender { OURS, RTE, CK, CONTENDERS };

struct producer {
	struct fifo_tx tx;
	unsigned batch;
	uint64_t count; /* messages in all */
} PAIR_ALIGNED;

struct consumer {
	struct fifo_rx rx;
	uint64_t slice; /* messages in a slice */
	uint64_t next;	/* number of the message that comes next */
	uint64_t sum, wrong;
	struct raw_timer timer;
} PAIR_ALIGNED;

struct run {
	struct producer p;
	struct consumer c;
	struct edge_page *page[2] PAIR_ALIGNED;
	struct rte_ring *rte;
	struct rival_ck *ck;
};

/* --- making and checking messages ----------------------------------------*/

/* Message i: 48 bits of i in the first word, all 63 in the second. */
static inline void
make(struct msg *m, uint64_t i, unsigned n)
{
	for (unsigned k = 0; k < n; k++, i++) {
		uint64_t w[2] = {i << 16 | MSG_PING, i};

		memcpy(&m[k], w, sizeof(w));
	}
}

static inline void
check(struct consumer *c, const struct msg *m, unsigned n)
{
	uint64_t next = c->next, sum = c->sum, wrong = c->wrong;

	for (unsigned k = 0; k < n; k++, next++) {
		uint64_t w[2];

		memcpy(w, &m[k], sizeof(w));
		wrong |= w[0] ^ (next << 16 | MSG_PING);
		sum += w[0] + w[1];
	}
	c->next = next;
	c->sum = sum;
	c->wrong = wrong;
}

/* What check() must have come to after `count` messages. */
static void
must_be_whole(const struct consumer *c, uint64_t count)
{
	uint64_t numbers = count * (count - 1) / 2;
	uint64_t sum = numbers + (numbers << 16) + count * MSG_PING;

	if (c->next != count || c->wrong || c->sum != sum)
		die(EXIT_FAIL, "messages were lost or changed");
}

/* --- putting and taking, a pair of functions a contender ------------------*/

static inline bool
ours_put(struct run *r, const struct msg *m, unsigned n)
{
	struct fifo_tx *f = &r->p.tx;

	if (unlikely(fifo_room(f) < n)) {
		if (fifo_refresh(f) < 0)
			die(EXIT_FAIL, "impossible index");
		if (fifo_room(f) < n)
			return false;
	}
	fifo_put(f, m, n);
	return true;
}

static inline unsigned
ours_take(struct run *r)
{
	struct fifo_rx *f = &r->c.rx;
	struct msg m[LIMIT_BURST];
	unsigned n = fifo_peek(f, m, LIMIT_BURST);

	check(&r->c, m, n);
	fifo_skip(f, n);
	if (fifo_owed(f) >= LIMIT_FIFO / 4 || (!n && fifo_owed(f)))
		fifo_tell(f);
	return n;
}

static inline bool
rte_put(struct run *r, const struct msg *m, unsigned n)
{
	return rte_ring_sp_enqueue_bulk_elem(r->rte, m, sizeof(*m), n, NULL);
}

static inline unsigned
rte_take(struct run *r)
{
	struct msg m[LIMIT_BURST];
	unsigned n = rte_ring_sc_dequeue_burst_elem(
		r->rte, m, sizeof(*m), LIMIT_BURST, NULL);

	check(&r->c, m, n);
	return n;
}

/* It has no batches: what does not fit is put again by the caller's loop. */
static inline bool
ck_put(struct run *r, struct msg *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		while (!ck_ring_enqueue_spsc_msg(
			&r->ck->ring, r->ck->slot, &m[i]))
			cpu_relax();
	return true;
}

static inline unsigned
ck_take(struct run *r)
{
	struct msg m;
	unsigned n = 0;

	while (n < LIMIT_BURST &&
		ck_ring_dequeue_spsc_msg(&r->ck->ring, r->ck->slot, &m)) {
		check(&r->c, &m, 1);
		n++;
	}
	return n;
}

/* --- a run ----------------------------------------------------------------*/

#define SIDES(name)                                            \
	static void name##_produce(void *arg)                  \
	{                                                      \
		struct run *r = arg;                           \
		unsigned n = r->p.batch;                       \
		struct msg m[LIMIT_BURST];                     \
                                                               \
		for (uint64_t i = 0; i < r->p.count; i += n) { \
			make(m, i, n);                         \
			while (!name##_put(r, m, n))           \
				cpu_relax();                   \
		}                                              \
	}                                                      \
	static void name##_consume(void *arg)                  \
	{                                                      \
		struct run *r = arg;                           \
		uint64_t end = 0;                              \
                                                               \
		for (unsigned s = 0; s <= RAW_SLICES; s++) {   \
			while (r->c.next < end)                \
				if (!name##_take(r))           \
					cpu_relax();           \
			r->c.timer.at[s] = clock_cycles();     \
			end += r->c.slice;                     \
		}                                              \
	}

SIDES(ours)
SIDES(rte)
SIDES(ck)

static const struct {
	const char *name;
	duo_fn *produce, *consume;
} contender[CONTENDERS] = {
	[OURS] = {"ours", ours_produce, ours_consume},
	[RTE] = {"rte", rte_produce, rte_consume},
	[CK] = {"ck", ck_produce, ck_consume},
};

/* Millions of messages a second. slice is a multiple of batch. */
static double
run(const struct opt *o, enum contender who, unsigned batch, unsigned slice)
{
	struct run *r = duo_memory(sizeof(*r));
	double ns;

	for (int i = 0; i < 2; i++)
		r->page[i] = duo_memory(edge_bytes(LIMIT_FIFO));
	r->rte = rival_rte_make();
	r->ck = rival_ck_make();
	r->p.batch = batch;
	r->p.count = (uint64_t)slice * RAW_SLICES;
	r->c.slice = slice;
	fifo_tx_init(&r->p.tx, r->page[0] + 1, &r->page[1]->taken, LIMIT_FIFO);
	fifo_rx_init(&r->c.rx, r->page[0] + 1, &r->page[1]->taken, LIMIT_FIFO);
	duo_run(o->cpu, contender[who].produce, contender[who].consume, r);
	must_be_whole(&r->c, r->p.count);
	ns = raw_ns(&r->c.timer, slice);
	rival_ck_free(r->ck);
	rival_rte_free(r->rte);
	for (int i = 0; i < 2; i++)
		duo_free(r->page[i], edge_bytes(LIMIT_FIFO));
	duo_free(r, sizeof(*r));
	return 1e3 / ns;
}

static void
one_batch(struct report *r, const struct opt *o, unsigned batch)
{
	unsigned slice = o->quick ? 1u << 11 : 1u << 13;
	double rate[CONTENDERS][PASSES], best;
	char name[REPORT_NAME];

	for (unsigned p = 0; p < PASSES; p++)
		for (unsigned i = 0; i < CONTENDERS; i++)
			rate[i][p] = run(o, i, batch, slice);
	for (unsigned i = 0; i < CONTENDERS; i++)
		rate[i][0] = report_median(rate[i], PASSES);
	best = rate[RTE][0] > rate[CK][0] ? rate[RTE][0] : rate[CK][0];
	snprintf(name, sizeof(name), "b%u_vs_best", batch);
	report_add(r, name, "ratio", rate[OURS][0] / best);
	if (batch >= 16)
		report_note(r, name, "bar: at least 1.0");
	snprintf(name, sizeof(name), "b%u_mmsg_s", batch);
	report_add(r, name, "Mmsg/s", rate[OURS][0]);
	for (unsigned i = RTE; i < CONTENDERS; i++) {
		snprintf(name, sizeof(name), "b%u_%s_mmsg_s", batch,
			contender[i].name);
		report_add(r, name, "Mmsg/s", rate[i][0]);
	}
}

int
main(int argc, char **argv)
{
	struct report r;
	struct opt o;

	opt_parse(&o, argc, argv);
	clock_hz();
	report_init(&r, "fifo_throughput");
	for (unsigned i = 0; i < o.rounds; i++) {
		report_add(&r, "round_trip_ns", "ns",
			raw_trip_ns(o.cpu, o.quick ? 200 : 2000));
		for (unsigned batch = 1; batch <= LIMIT_BURST; batch *= 2)
			one_batch(&r, &o, batch);
	}
	report_note(&r, "round_trip_ns", "raw cache line, CPUs %d and %d",
		o.cpu[0], o.cpu[1]);
	report_print(&r, o.json, stdout);
	report_fini(&r);
	return 0;
}

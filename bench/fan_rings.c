/* fan_rings.c - the bare rings of fifo_fanin: k rings of one kind, filled in
 * turn by one thread and emptied in turn, in bursts, by the other. */
#include <string.h>

#include "bench/duo.h"
#include "bench/fan_rings.h"
#include "bench/raw.h"
#include "bench/rival.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "noc/edge.h"

struct side {
	struct fifo_tx tx;
	struct fifo_rx rx;
	struct edge_page *page[2];
	struct rte_ring *rte;
	struct rival_ck *ck;
	uint64_t sent PAIR_ALIGNED; /* by the producer */
	uint64_t next PAIR_ALIGNED; /* number that the consumer awaits */
} PAIR_ALIGNED;

struct fan {
	struct side ring[FAN_RINGS_MAX];
	unsigned rings, kind;
	uint64_t slice;
	uint32_t done PAIR_ALIGNED;
	uint64_t wrong PAIR_ALIGNED;
	struct raw_timer timer;
};

/* Whole bursts or none: a ring without room is passed over. */
static bool
put(struct side *r, unsigned kind, struct msg *m)
{
	switch (kind) {
	case FAN_FIFO:
		if (fifo_room(&r->tx) < LIMIT_BURST)
			fifo_refresh(&r->tx);
		if (fifo_room(&r->tx) < LIMIT_BURST)
			return false;
		fifo_put(&r->tx, m, LIMIT_BURST);
		return true;
	case FAN_RTE:
		return rte_ring_sp_enqueue_bulk_elem(
			r->rte, m, sizeof(*m), LIMIT_BURST, NULL);
	default:
		if (ck_ring_capacity(&r->ck->ring) - 1 -
				ck_ring_size(&r->ck->ring) <
			LIMIT_BURST)
			return false;
		for (unsigned i = 0; i < LIMIT_BURST; i++)
			ck_ring_enqueue_spsc_msg(
				&r->ck->ring, r->ck->slot, &m[i]);
		return true;
	}
}

static unsigned
get(struct side *r, unsigned kind, struct msg *m)
{
	unsigned n = 0;

	switch (kind) {
	case FAN_FIFO:
		n = fifo_peek(&r->rx, m, LIMIT_BURST);
		fifo_skip(&r->rx, n);
		if (fifo_owed(&r->rx) >= LIMIT_FIFO / 4 ||
			(!n && fifo_owed(&r->rx)))
			fifo_tell(&r->rx);
		return n;
	case FAN_RTE:
		return rte_ring_sc_dequeue_burst_elem(
			r->rte, m, sizeof(*m), LIMIT_BURST, NULL);
	default:
		while (n < LIMIT_BURST &&
			ck_ring_dequeue_spsc_msg(
				&r->ck->ring, r->ck->slot, &m[n]))
			n++;
		return n;
	}
}

static void
produce(void *arg)
{
	struct fan *f = arg;
	struct msg m[LIMIT_BURST];

	while (!atomic_load_acq_32(&f->done))
		for (unsigned i = 0; i < f->rings; i++) {
			struct side *r = &f->ring[i];

			for (unsigned k = 0; k < LIMIT_BURST; k++)
				m[k] = (struct msg){.type = MSG_PING,
					.conn = (uint32_t)(r->sent + k),
					.ref = r->sent + k};
			if (put(r, f->kind, m))
				r->sent += LIMIT_BURST;
		}
}

static unsigned
turn(struct fan *f)
{
	struct msg m[LIMIT_BURST];
	unsigned got = 0;

	for (unsigned i = 0; i < f->rings; i++) {
		struct side *r = &f->ring[i];
		unsigned n = get(r, f->kind, m);

		for (unsigned k = 0; k < n; k++, r->next++)
			f->wrong |= (m[k].conn ^ (uint32_t)r->next) |
				(m[k].ref ^ r->next);
		got += n;
	}
	return got;
}

static void
consume(void *arg)
{
	struct fan *f = arg;
	uint64_t got = 0;

	for (unsigned s = 0; s <= RAW_SLICES; s++) {
		while (got < s * f->slice)
			got += turn(f);
		f->timer.at[s] = clock_cycles();
	}
	atomic_store_rel_32(&f->done, 1);
}

static void
open_ring(struct side *r)
{
	for (int k = 0; k < 2; k++)
		r->page[k] = duo_memory(edge_bytes(LIMIT_FIFO));
	fifo_tx_init(&r->tx, r->page[0] + 1, &r->page[1]->taken, LIMIT_FIFO);
	fifo_rx_init(&r->rx, r->page[0] + 1, &r->page[1]->taken, LIMIT_FIFO);
	r->rte = rival_rte_make();
	r->ck = rival_ck_make();
}

static void
close_ring(struct side *r)
{
	for (int k = 0; k < 2; k++)
		duo_free(r->page[k], edge_bytes(LIMIT_FIFO));
	rival_rte_free(r->rte);
	rival_ck_free(r->ck);
}

double
fan_rings_ns(
	const int cpu[2], enum fan_kind kind, unsigned rings, unsigned slice)
{
	struct fan *f = duo_memory(sizeof(*f));
	double ns;

	f->rings = rings;
	f->kind = kind;
	f->slice = slice;
	for (unsigned i = 0; i < rings; i++)
		open_ring(&f->ring[i]);
	duo_run(cpu, consume, produce, f);
	if (f->wrong)
		die(EXIT_FAIL, "a message was changed, lost or doubled");
	ns = raw_ns(&f->timer, slice);
	for (unsigned i = 0; i < rings; i++)
		close_ring(&f->ring[i]);
	duo_free(f, sizeof(*f));
	return ns;
}

/* edge.c - parking, ringing, serving; the sleep protocol.
 *
 * No wake-up is lost. Let the sleeper store `asleep`, fence, and look at its
 * inbox; let the producer store a message, fence, and look at `asleep`. Then
 * one of them sees what the other stored. The producer's fence would cost it
 * every flush, so the sleeper's is a heavy one that counts for both (cpu.h);
 * where the kernel has none, or sleep is so frequent that it pays too often,
 * own_fence is set and each side fences for itself.
 * What the sleeper may wait for besides messages is credit for what it parked:
 * it says so (EDGE_WANTS_CREDIT), and the side that gives credit looks too.
 *
 * noc/model/ has this as a model that is checked exhaustively.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "noc/bell.h"
#include "noc/edge.h"

static const char *const downs[] = {
	[EDGE_UP] = "up",
	[EDGE_PEER_GONE] = "peer gone",
	[EDGE_BAD_MESSAGES] = "too many bad messages",
	[EDGE_BAD_INDEX] = "impossible consumer index",
};

const char *
edge_down_name(unsigned down)
{
	return down < sizeof(downs) / sizeof(*downs) ? downs[down] : "?";
}

static int
init_common(struct edge *e, const struct edge_config *c)
{
	memset(e, 0, sizeof(*e));
	e->in = c->in;
	e->in_bytes = c->in_bytes;
	e->handler = c->handler;
	e->arg = c->arg;
	e->own_fence = c->own_fence;
	e->bell_in = c->bell_in;
	e->bell_out = c->bell_out;
	e->ring = c->ring;
	e->ring_arg = c->ring_arg;
	e->count = c->count ? c->count : &e->counters;
	e->park = aligned_alloc(CACHELINE, LIMIT_PARK * sizeof(*e->park));
	return e->park ? 0 : -ENOMEM;
}

int
edge_init(struct edge *e, const struct edge_config *c)
{
	int rc = init_common(e, c);

	if (rc)
		return rc;
	e->own = c->own;
	e->peer = c->peer;
	fifo_tx_init(&e->tx, e->own + 1, &e->peer->taken, c->slots);
	fifo_rx_init(&e->rx, e->peer + 1, &e->own->taken, c->slots);
	return 0;
}

int
edge_init_direct(struct edge *e, const struct edge_config *c)
{
	int rc = init_common(e, c);

	e->bell_in = e->bell_out = -1;
	return rc;
}

void
edge_join_direct(struct edge *a, struct edge *b)
{
	a->direct = b;
	b->direct = a;
}

void
edge_fini(struct edge *e)
{
	free(e->park);
	e->park = NULL;
	if (e->bell_in >= 0)
		close(e->bell_in);
	if (e->bell_out >= 0)
		close(e->bell_out);
	e->bell_in = e->bell_out = -1;
}

/* --- parking -------------------------------------------------------------*/

#define PARK_MASK (LIMIT_PARK - 1)
_Static_assert(!(LIMIT_PARK & PARK_MASK), "the parking place is a ring");

static bool
park(struct edge *e, const struct msg *m, unsigned n)
{
	if (n > edge_room(e)) {
		e->count->refused++;
		return false;
	}
	for (unsigned i = 0; i < n; i++)
		e->park[e->park_head++ & PARK_MASK] = m[i];
	e->parked += n;
	e->count->parked += n;
	return true;
}

/* The run that was parked first, copied out of the ring. */
static unsigned
first_parked(const struct edge *e, struct msg run[LIMIT_RUN])
{
	unsigned n = 0;

	do
		run[n] = e->park[(e->park_tail + n) & PARK_MASK];
	while (run[n++].flags & MSGF_MORE);
	return n;
}

static void
unpark(struct edge *e, unsigned n)
{
	e->park_tail += n;
	e->parked -= n;
}

/* Credits, after a look at the consumer's index if they do not suffice. */
static bool
has_credit(struct edge *e, unsigned n)
{
	int64_t under_way;

	if (fifo_room(&e->tx) >= n)
		return true;
	under_way = fifo_refresh(&e->tx);
	if (under_way < 0) {
		e->down = EDGE_BAD_INDEX;
		return false;
	}
	if ((uint64_t)under_way > e->count->high_water)
		e->count->high_water = (uint64_t)under_way;
	return fifo_room(&e->tx) >= n;
}

static void
put(struct edge *e, const struct msg *m, unsigned n)
{
	fifo_put(&e->tx, m, n);
	e->wrote = true;
	e->count->sent += n;
}

static void
retry_parked(struct edge *e)
{
	struct msg run[LIMIT_RUN];

	while (e->parked && !e->down) {
		unsigned n = first_parked(e, run);

		if (!has_credit(e, n))
			return;
		put(e, run, n);
		unpark(e, n);
	}
}

/* --- direct calls --------------------------------------------------------*/

static void
call(struct edge *from, const struct msg *m, unsigned n)
{
	struct edge *to = from->direct;

	to->busy = true;
	from->count->sent += n;
	to->count->received += n;
	to->handler(to->arg, to, m, n);
	to->busy = false;
}

/* What was sent to us while we were on the call stack. */
static unsigned
serve_direct(struct edge *e, unsigned max)
{
	struct edge *from = e->direct;
	struct msg run[LIMIT_RUN];
	unsigned done = 0;

	while (from->parked && done < max) {
		unsigned n = first_parked(from, run);

		unpark(from, n);
		call(from, run, n);
		done += n;
	}
	return done;
}

/* A side that is at work is not called into: the message waits until the
 * side's own turn, and everything behind it too. */
static bool
send_direct(struct edge *e, const struct msg *m, unsigned n)
{
	if (e->direct->busy || e->parked)
		return park(e, m, n);
	call(e, m, n);
	return true;
}

/* --- sending -------------------------------------------------------------*/

bool
edge_send_slow(struct edge *e, const struct msg *m, unsigned n)
{
	assert(n && n <= LIMIT_RUN && msg_run(m) == n);
	if (e->down)
		return false;
	if (e->direct)
		return send_direct(e, m, n);
	retry_parked(e);
	if (e->parked || !has_credit(e, n))
		return !e->down && park(e, m, n);
	put(e, m, n);
	return true;
}

static void
ring(struct edge *e, uint32_t asleep)
{
	e->rung = asleep;
	if (e->bell_out < 0 && !e->ring)
		return;
	e->count->rings++;
	if (e->ring)
		e->ring(e->ring_arg);
	else if (bell_ring(e->bell_out))
		e->down = EDGE_PEER_GONE;
}

/* Something that the other side may wait for is written; does it sleep? */
static void
look(struct edge *e, bool messages)
{
	uint32_t asleep;

	if (unlikely(e->own_fence))
		atomic_full_fence();
	else
		ck_pr_barrier(); /* the sleeper's fence is ours as well */
	asleep = atomic_load_32(&e->peer->asleep);
	if (likely(!(asleep & EDGE_ASLEEP)) || asleep == e->rung)
		return;
	if (messages || (asleep & EDGE_WANTS_CREDIT))
		ring(e, asleep);
}

void
edge_flush(struct edge *e)
{
	bool told = false;

	if (unlikely(e->direct || e->down))
		return;
	if (unlikely(e->parked))
		retry_parked(e);
	if (fifo_owed(&e->rx)) {
		fifo_tell(&e->rx);
		told = true;
	}
	if (e->wrote || told) {
		look(e, e->wrote);
		e->wrote = false;
	}
}

/* --- receiving -----------------------------------------------------------*/

static void
bad(struct edge *e, int why)
{
	e->count->bad[why]++;
	if (++e->bads >= LIMIT_BAD)
		e->down = EDGE_BAD_MESSAGES;
}

/* Takes whole runs out of n copied messages; returns how many messages. */
static unsigned
serve_copies(struct edge *e, const struct msg *m, unsigned n, bool cut)
{
	unsigned i = 0;

	while (i < n && !e->down) {
		int run = msg_check(&m[i], n - i, e->in, e->in_bytes);

		if (unlikely(run < 0)) {
			/* Perhaps it is only our burst that ends too soon. */
			if (cut && i && n - i < LIMIT_RUN)
				break;
			bad(e, -run);
			run = 1;
		} else {
			e->count->received += (unsigned)run;
			e->handler(e->arg, e, &m[i], (unsigned)run);
		}
		i += (unsigned)run;
	}
	return i;
}

/* The network side takes a command only while there is parking for what it
 * may be answered with. The application side takes always: so one of the two
 * always drains, and with it the other. Between application cores both take
 * always. */
static bool
may_serve(const struct edge *e)
{
	return e->in != MSG_COMMAND || edge_room(e) >= LIMIT_BURST;
}

unsigned
edge_serve(struct edge *e, unsigned max)
{
	struct msg m[LIMIT_BURST];
	unsigned n, done;

	if (unlikely(e->down))
		return 0;
	if (unlikely(e->direct != NULL))
		return serve_direct(e, max);
	if (max > LIMIT_BURST)
		max = LIMIT_BURST;
	if (max < LIMIT_RUN)
		max = LIMIT_RUN;
	if (unlikely(!may_serve(e)))
		return 0;
	n = fifo_peek(&e->rx, m, max);
	if (!n)
		return 0;
	done = serve_copies(e, m, n, n == max);
	fifo_skip(&e->rx, done);
	return done;
}

/* --- sleeping ------------------------------------------------------------*/

void
edge_fall_asleep(struct edge *e)
{
	uint32_t word = e->own->asleep & ~(uint32_t)(EDGE_EPISODE - 1);

	word += EDGE_EPISODE | EDGE_ASLEEP;
	if (e->parked)
		word |= EDGE_WANTS_CREDIT;
	atomic_store_32(&e->own->asleep, word);
}

void
edge_wake(struct edge *e)
{
	atomic_store_32(&e->own->asleep,
		e->own->asleep & ~(uint32_t)(EDGE_EPISODE - 1));
}

bool
edge_peer_sleeps(const struct edge *e)
{
	uint32_t asleep;

	if (e->direct)
		return true;
	asleep = atomic_load_32(&e->peer->asleep);
	return asleep & EDGE_ASLEEP && asleep != e->rung;
}

bool
edge_pending(const struct edge *e)
{
	if (e->direct)
		return e->direct->parked;
	if (e->down || (!fifo_empty(&e->rx) && may_serve(e)))
		return true;
	return e->parked &&
		atomic_load_acq_32(&e->peer->taken) !=
		e->tx.limit - (e->tx.mask + 1);
}

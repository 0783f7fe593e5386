/* fifo.h - a ring of messages with one producer and one consumer, who do not
 * trust each other.
 *
 *	the producer's pages		the consumer's page
 *	+---------------------+		+----------------+
 *	| slot 0 | slot 1 |.. |		| taken | asleep |
 *	+---------------------+		+----------------+
 *	writes ^      reads |		reads |   ^ writes
 *	       |            v                 v   |
 *	    producer      consumer	 producer  consumer
 *
 * A page has one writer, and the MMU sees to it (mem/). There is no shared
 * producer index: a slot says itself whether it is full. Message number i lies
 * in slot i mod size, and both of its words carry the *lap bit*, the inverse
 * of bit log2(size) of i: 1 in the first lap over the zeroed memory, 0 in the
 * second, and so on. So one cache line moves for a message, not two, and up to
 * four messages move with it; and a slot that is seen half written is not
 * taken, whatever the processor promises about 16-byte stores.
 *
 * Invariants, with head and tail the private counts of the two sides:
 *  I1  tail <= head <= tail + size: a slot is written only with credit, and
 *      credit is what the consumer said it took.
 *  I2  a slot's words carry the lap of message tail only after all of that
 *      message is written [R1], so that the consumer reads it whole [A1].
 *  I3  a batch is written from its last slot to its first: it is seen whole
 *      or not at all. (Every load of the consumer happens after that of the
 *      slot before it.)
 *  I4  the consumer's copy is its own: nothing of a slot is read twice.
 *
 * What makes it fast: lines are fetched before they are needed. The producer
 * asks for lines that it has credit for, so that nobody reads them any more;
 * the consumer only when it is behind, for else it would take lines away from
 * the producer that is writing them.
 *
 * A hostile producer can show any 16 bytes in any slot: it is as if it had
 * sent them. A hostile consumer can show any `taken`: one that goes backwards
 * or beyond head is told by fifo_refresh(); else it only loses its own
 * messages.
 *
 * Single producer, single consumer, wait-free on both sides.
 */
#ifndef NOC_FIFO_H
#define NOC_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/bits.h"
#include "dlibos/base/cacheline.h"
#include "noc/msg.h"

struct fifo_tx {
	pair128 *slot;
	const uint32_t *taken; /* on the consumer's page */
	uint32_t head;	       /* messages written */
	uint32_t limit;	       /* may grow up to this without looking */
	uint32_t mask;	       /* slots - 1 */
	uint32_t shift;	       /* log2(slots) */
};

struct fifo_rx {
	const pair128 *slot;
	uint32_t *taken; /* on our own page */
	uint32_t tail;	 /* messages taken */
	uint32_t told;	 /* what *taken says */
	uint32_t took;	 /* how many the last time */
	uint32_t mask;
	uint32_t shift;
};

#define FIFO_LAP_BITS ((pair128){(uint64_t)MSGF_LAP << 8, 1ull << 63})

/* How many slots ahead lines are fetched, as bench/fifo_throughput likes it. */
#define FIFO_TX_AHEAD LIMIT_BURST
#define FIFO_RX_AHEAD (2 * LIMIT_BURST)

/* Batches from here on are worth fetching for. */
#define FIFO_TX_BIG 16

/* A message by its words, whatever it was written as. */
typedef pair128 __attribute__((may_alias)) fifo_msg;
typedef uint64_t __attribute__((may_alias)) fifo_word;

/* The memory of `slots` slots. Both sides begin when it is zero; slots is a
 * power of two between LIMIT_FIFO_MIN and LIMIT_FIFO_MAX. */
void fifo_tx_init(
	struct fifo_tx *f, void *slot, const uint32_t *taken, uint32_t slots);
void fifo_rx_init(
	struct fifo_rx *f, const void *slot, uint32_t *taken, uint32_t slots);

/* The lap bits of message number i. */
static inline pair128
fifo_lap(uint32_t i, uint32_t shift)
{
	uint64_t full = 1 ^ (i >> shift & 1);

	return (pair128){full << 15, full << 63};
}

static inline bool
fifo_none(pair128 v)
{
	return !(v[0] | v[1]);
}

/* --- the producer --------------------------------------------------------*/

/* Credits known without looking. */
static inline uint32_t
fifo_room(const struct fifo_tx *f)
{
	return f->limit - f->head;
}

/* Looks at what the consumer took. Returns the messages under way, or
 * -EPROTO, the credits unchanged, when it claims what cannot be. */
int64_t fifo_refresh(struct fifo_tx *f);

/* One message, word by word: it was made just now, and reading 16 bytes that
 * were written as smaller ones has to wait until the writes are through. */
static inline void
fifo_put_one(pair128 *slot, const struct msg *m, pair128 lap)
{
	const fifo_word *in = (const fifo_word *)m;
	uint64_t *to = (uint64_t *)slot;

	/* [R1] pairs with [A1] in fifo_peek() */
	atomic_store_rel_64(&to[1], in[1] | lap[1]);
	atomic_store_rel_64(&to[0], in[0] | lap[0]);
}

/* Slots that do not wrap, from the last to the first (I3). */
static inline void
fifo_put_run(pair128 *slot, const struct msg *m, unsigned n, pair128 lap)
{
	const fifo_msg *in = (const fifo_msg *)m;

	/* [R1] pairs with [A1] in fifo_peek() */
	for (unsigned i = n; i-- > 0;)
		atomic_store_pair(&slot[i], in[i] | lap);
}

/* Writes a batch of n messages, n > 0, for which the caller knows that there
 * is room: whole or not at all (I3). */
static inline void
fifo_put(struct fifo_tx *f, const struct msg *m, unsigned n)
{
	uint32_t h = f->head, at = h & f->mask, left = f->mask + 1 - at;
	pair128 lap = fifo_lap(h, f->shift);

	if (n >= FIFO_TX_BIG && fifo_room(f) >= FIFO_TX_AHEAD + n)
		for (unsigned i = 0; i < n; i += 4)
			prefetch_for_write(
				&f->slot[(h + FIFO_TX_AHEAD + i) & f->mask]);
	if (unlikely(n > left)) {
		fifo_put_run(f->slot, m + left, n - left, lap ^ FIFO_LAP_BITS);
		f->head += n - left;
		n = left;
	}
	if (n == 1)
		fifo_put_one(&f->slot[at], m, lap);
	else
		fifo_put_run(&f->slot[at], m, n, lap);
	f->head += n;
}

/* --- the consumer --------------------------------------------------------*/

/* Copies up to max of the next messages, without their lap bits; they stay in
 * the ring until fifo_skip(). */
static inline unsigned
fifo_peek(const struct fifo_rx *f, struct msg *out, unsigned max)
{
	fifo_msg *to = (fifo_msg *)out;
	bool behind = f->took >= max / 2;
	uint32_t i = f->tail;
	unsigned n = 0;

	/* Line by line while whole lines are full, then slot by slot. */
	while (n + 4 <= max && !(i & 3)) {
		const pair128 *s = &f->slot[i & f->mask];
		pair128 lap = fifo_lap(i, f->shift), a, b, c, d;

		if (behind)
			__builtin_prefetch(
				&f->slot[(i + FIFO_RX_AHEAD) & f->mask]);
		/* [A1] pairs with [R1] in fifo_put_...() */
		a = atomic_load_pair(s) ^ lap;
		b = atomic_load_pair(s + 1) ^ lap;
		c = atomic_load_pair(s + 2) ^ lap;
		d = atomic_load_pair(s + 3) ^ lap;
		if (!fifo_none((a | b | c | d) & FIFO_LAP_BITS))
			break;
		to[n] = a;
		to[n + 1] = b;
		to[n + 2] = c;
		to[n + 3] = d;
		n += 4;
		i += 4;
	}
	for (; n < max; n++, i++) {
		pair128 v = atomic_load_pair(&f->slot[i & f->mask]) ^
			fifo_lap(i, f->shift);

		if (!fifo_none(v & FIFO_LAP_BITS))
			break;
		to[n] = v;
	}
	return n;
}

/* Takes n messages that were peeked at. */
static inline void
fifo_skip(struct fifo_rx *f, unsigned n)
{
	f->tail += n;
	f->took = n;
}

static inline bool
fifo_empty(const struct fifo_rx *f)
{
	pair128 v = atomic_load_pair(&f->slot[f->tail & f->mask]) ^
		fifo_lap(f->tail, f->shift);

	return !fifo_none(v & FIFO_LAP_BITS);
}

/* Messages taken whose credit was not given back yet. */
static inline uint32_t
fifo_owed(const struct fifo_rx *f)
{
	return f->tail - f->told;
}

/* Gives all credit back: the copies are made, the slots may be overwritten. */
static inline void
fifo_tell(struct fifo_rx *f)
{
	f->told = f->tail;
	/* [R2] pairs with [A2] in fifo_refresh() */
	atomic_store_rel_32(f->taken, f->tail);
}

#endif

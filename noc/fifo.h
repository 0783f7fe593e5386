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
 *  I3  of a batch the first slot is written last: it is seen whole or not
 *      at all. (Every load of the consumer happens after that of the slot
 *      before it.)
 *  I4  the consumer's copy is its own: nothing of a slot is read twice.
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
	uint32_t *taken;     /* on our own page */
	uint32_t tail;	     /* messages taken */
	uint32_t told;	     /* what *taken says */
	uint32_t mask;
	uint32_t shift;
};

#define FIFO_LAP_BITS ((pair128){(uint64_t)MSGF_LAP << 8, 1ull << 63})

/* The memory of `slots` slots. Both sides begin when it is zero; slots is a
 * power of two between LIMIT_FIFO_MIN and LIMIT_FIFO_MAX. */
void fifo_tx_init(struct fifo_tx *f, void *slot, const uint32_t *taken,
	uint32_t slots);
void fifo_rx_init(struct fifo_rx *f, const void *slot, uint32_t *taken,
	uint32_t slots);

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

/* Writes a batch of n messages, for which the caller knows that there is
 * room: whole or not at all (I3). */
static inline void
fifo_put(struct fifo_tx *f, const struct msg *m, unsigned n)
{
	const pair128 *in = (const pair128 *)(const void *)m;
	uint32_t h = f->head, i;

	for (i = 1; i < n; i++)
		atomic_store_pair(&f->slot[(h + i) & f->mask],
			in[i] | fifo_lap(h + i, f->shift));
	/* [R1] pairs with [A1] in fifo_peek() */
	atomic_store_pair(&f->slot[h & f->mask], in[0] | fifo_lap(h, f->shift));
	f->head = h + n;
}

/* --- the consumer --------------------------------------------------------*/

/* Copies up to max of the next messages, without their lap bits; they stay in
 * the ring until fifo_skip(). */
static inline unsigned
fifo_peek(const struct fifo_rx *f, struct msg *out, unsigned max)
{
	pair128 *to = (pair128 *)(void *)out;
	uint32_t i = f->tail;
	unsigned n = 0;

	/* Line by line while whole lines are full, then slot by slot. */
	while (n + 4 <= max && !(i & 3)) {
		const pair128 *s = &f->slot[i & f->mask];
		pair128 lap = fifo_lap(i, f->shift);
		/* [A1] pairs with [R1] in fifo_put() */
		pair128 a = atomic_load_pair(s) ^ lap;
		pair128 b = atomic_load_pair(s + 1) ^ lap;
		pair128 c = atomic_load_pair(s + 2) ^ lap;
		pair128 d = atomic_load_pair(s + 3) ^ lap;

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

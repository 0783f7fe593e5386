/* wheel.h - timers by number, on a hierarchical timing wheel: three levels of
 * 2048 slots, of 1, 2^11 and 2^22 ticks each: most retransmission timers are
 * set on the first level, and not met twice. A tick is a millisecond of
 * any clock that does not go back; ticks are 32 bits and wrap.
 *
 * One thread owns a wheel. Setting and cancelling are O(1); what one call of
 * wheel_advance() does is bounded, however far time jumped; skipping idle time
 * is a search in bitmaps. A timer never expires before its tick. It is meant
 * for one entry per connection, at the nearest of its deadlines, and some for
 * the stack.
 *
 * Putting a deadline off is a store: the timer stays where it is, and goes to
 * where it belongs when it is met there. Bringing it forward moves it.
 *
 * Order of use, in a loop: wheel_advance() until it returns less than max and
 * wheel_next() is in the future; wheel_wait_ns() before sleeping. An index that
 * wheel_advance() returned is not set any more. If working off the first of
 * them sets or cancels another, then that one is told all the same: look at the
 * connection's own deadlines before acting.
 *
 * Reach: a tick to set is less than WHEEL_REACH ahead of the time last given to
 * wheel_advance(); what lies behind it is due at once. wheel_advance() must be
 * called at least every 20 hours while timers are set, and must not be that far
 * behind with its work: 2^31 ticks, less the reach.
 *
 * Invariants (wheel_check() walks them); `now` is how far the wheel has come:
 * [I1] a timer that is set stands at `at`, with now <= at and at <= due (modulo
 *      2^32); if it was late when it was set, then at is the `now` of then.
 * [I2] it is in level l, slot s, where digit l is the highest in which `at`
 *      differs from what `now` was when it was put there, and s that byte of
 *      `at`. So all bytes above are still those of `now`, and s is not behind.
 * [I3] a slot's bit is set exactly if there is a timer in it.
 * [I4] no timer has to be looked at before `soon`.
 * [I5] a timer that is not set has next == 0, like memory never touched.
 */
#ifndef NETCORE_STACK_CORE_WHEEL_H
#define NETCORE_STACK_CORE_WHEEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/bits.h"

#define WHEEL_TICK_NS 1000000u
#define WHEEL_REACH   (24u * 24 * 3600 * 1000) /* ticks: 24 days */
#define WHEEL_LEVELS  3
#define WHEEL_BITS    11 /* of a level */
#define WHEEL_SLOTS   (1u << WHEEL_BITS)
#define WHEEL_FIRST   (1 + WHEEL_LEVELS * WHEEL_SLOTS) /* node of timer 0 */
#define WHEEL_TOUCH   4 /* timers looked at for each that may be returned */

/* A ring through each slot: node 0 is none, the slots' heads come next, then
 * the timers. */
struct wheel_timer {
	uint32_t next, prev;
	uint32_t at;  /* the tick at which it stands */
	uint32_t due; /* the tick at which it expires */
};

struct wheel {
	struct wheel_timer *node;
	uint32_t now;
	uint32_t soon;
	uint32_t count; /* timers that are set */
	uint32_t timers;
	uint64_t map[WHEEL_LEVELS][WHEEL_SLOTS / 64];
};

static inline uint64_t
wheel_bytes(uint32_t timers)
{
	return ((uint64_t)WHEEL_FIRST + timers) * sizeof(struct wheel_timer);
}

/* mem: wheel_bytes() bytes, zero, aligned to 16; it stays the caller's. */
void wheel_init(struct wheel *w, void *mem, uint32_t timers, uint32_t now);

/* Up to max (> 0) timers that are due by `now`, in the order of their ticks.
 * At most WHEEL_TOUCH * max timers are looked at; if that was not enough, then
 * wheel_next() is not in the future, and the next call goes on. */
unsigned wheel_advance_far(
	struct wheel *w, uint32_t now, unsigned max, uint32_t *out);

/* The part of wheel_set() that is not a store. */
void wheel_move(struct wheel *w, uint32_t index, uint32_t tick);

/* A timer that is not set is left alone. */
void wheel_cancel(struct wheel *w, uint32_t index);

/* Whether all invariants hold; walks everything, for tests. */
bool wheel_check(const struct wheel *w);

/* Sets a timer, or moves it. */
static inline void
wheel_set(struct wheel *w, uint32_t index, uint32_t tick)
{
	struct wheel_timer *t = &w->node[WHEEL_FIRST + index];

	assert(index < w->timers);
	if (likely(t->next &&
		    (int32_t)(tick - w->now) >= (int32_t)(t->at - w->now)))
		t->due = tick;
	else
		wheel_move(w, index, tick);
}

static inline void
wheel_prefetch(const struct wheel *w, uint32_t index)
{
	__builtin_prefetch(&w->node[WHEEL_FIRST + index]);
}

static inline bool
wheel_is_set(const struct wheel *w, uint32_t index)
{
	return w->node[WHEEL_FIRST + index].next != 0;
}

/* The tick last set. */
static inline uint32_t
wheel_due(const struct wheel *w, uint32_t index)
{
	return w->node[WHEEL_FIRST + index].due;
}

/* As wheel_advance_far(): most calls come before anything is due. */
static inline unsigned
wheel_advance(struct wheel *w, uint32_t now, unsigned max, uint32_t *out)
{
	if (likely((int32_t)(w->soon - now) > 0 &&
		    (int32_t)(now - w->now) >= 0 && w->count)) {
		w->now = now;
		return 0;
	}
	return wheel_advance_far(w, now, max, out);
}

/* Nothing is set, and nobody has to call wheel_advance(): the time comes along,
 * or what is set after a silence of weeks would seem to lie behind it. */
static inline void
wheel_rest(struct wheel *w, uint32_t now)
{
	if (unlikely(!w->count))
		w->now = now;
}

/* The next tick at which wheel_advance() has work; false if nothing is set. No
 * timer is due before it. Being early costs a wake: a timer is looked at once a
 * level, so thrice before it is due, once more if it was put off, and once if
 * it was the next one and was cancelled. */
static inline bool
wheel_next(const struct wheel *w, uint32_t *tick)
{
	*tick = w->soon;
	return w->count != 0;
}

/* The tick of a time, for wheel_advance(), and the tick by which a deadline has
 * passed, for wheel_set(). The divisor is a constant: the compiler makes a
 * multiplication of it. */
static inline uint32_t
wheel_tick(uint64_t ns)
{
	return (uint32_t)(ns / WHEEL_TICK_NS);
}

static inline uint32_t
wheel_tick_after(uint64_t ns)
{
	return (uint32_t)(ns / WHEEL_TICK_NS + (ns % WHEEL_TICK_NS != 0));
}

/* How long to sleep at most: 0 if there is work, UINT64_MAX if no timer is set.
 */
static inline uint64_t
wheel_wait_ns(const struct wheel *w, uint64_t now_ns)
{
	int32_t ticks = (int32_t)(w->soon - wheel_tick(now_ns));

	if (!w->count)
		return UINT64_MAX;
	if (ticks <= 0)
		return 0;
	return (uint64_t)ticks * WHEEL_TICK_NS - now_ns % WHEEL_TICK_NS;
}

#endif

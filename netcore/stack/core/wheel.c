/* wheel.c - where a timer stands is told by the highest digit, of 11 bits, in
 * which its tick differs from now:
 *
 *	now	001 234 567
 *	at	001 234 580	level 0, slot 580
 *	at	001 235 000	level 1, slot 235
 *	at	002 000 000	level 2, slot 002
 *
 * When now reaches the beginning of a slot of a higher level, say 001 235 000,
 * the timers in it differ from now in lower digits only, and are spread over
 * the levels below. Until that is done now does not move on, so a call may stop
 * anywhere in it. now jumps from one slot that is in use to the next; each jump
 * finds a timer, so that bounding the timers bounds the call.
 *
 * Level 2 wraps as ticks do, at half of its slots. With a reach below 2^31,
 * what is in the slots behind now is ahead of it.
 */
#include "netcore/stack/core/wheel.h"

#define WORDS (WHEEL_SLOTS / 64)

_Static_assert(sizeof(struct wheel_timer) == 16, "four to a cache line");
_Static_assert(WHEEL_LEVELS *WHEEL_BITS >= 32, "the levels cover a tick");
_Static_assert(WHEEL_LEVELS == 3, "link_node() has as many");
_Static_assert(WHEEL_REACH < 1u << 31, "ticks are compared by their sign");

static uint32_t
head_of(unsigned level, unsigned slot)
{
	return 1 + level * WHEEL_SLOTS + slot;
}

void
wheel_init(struct wheel *w, void *mem, uint32_t timers, uint32_t now)
{
	assert(mem && timers <= UINT32_MAX - WHEEL_FIRST);
	*w = (struct wheel){
		.node = mem, .now = now, .soon = now, .timers = timers};
	for (uint32_t h = 1; h < WHEEL_FIRST; h++)
		w->node[h].next = w->node[h].prev = h;
}

/* It was alone in its ring if both its neighbours are the head. */
static inline void
unlink_node(struct wheel *w, struct wheel_timer *t)
{
	uint32_t next = t->next, prev = t->prev, slot = next - 1;

	w->node[next].prev = prev;
	w->node[prev].next = next;
	t->next = 0;
	w->count--;
	if (next == prev)
		w->map[slot / WHEEL_SLOTS][slot % WHEEL_SLOTS / 64] &=
			~(1ull << slot % 64);
}

/* at is not before now. */
static inline void
link_node(struct wheel *w, uint32_t n, uint32_t at)
{
	uint32_t far = at ^ w->now;
	unsigned level =
		(far >> WHEEL_BITS != 0) + (far >> 2 * WHEEL_BITS != 0);
	unsigned slot = at >> level * WHEEL_BITS & (WHEEL_SLOTS - 1);
	uint32_t begin = at >> level * WHEEL_BITS << level * WHEEL_BITS;
	uint32_t head = head_of(level, slot), last = w->node[head].prev;
	struct wheel_timer *t = &w->node[n];

	t->at = at;
	t->next = head;
	t->prev = last;
	w->node[last].next = n;
	w->node[head].prev = n;
	w->map[level][slot / 64] |= 1ull << slot % 64;
	if (!w->count++ || (int32_t)(begin - w->soon) < 0)
		w->soon = begin;
}

void
wheel_move(struct wheel *w, uint32_t index, uint32_t tick)
{
	struct wheel_timer *t = &w->node[WHEEL_FIRST + index];

	if (t->next)
		unlink_node(w, t);
	t->due = tick;
	link_node(w, WHEEL_FIRST + index,
		(int32_t)(tick - w->now) > 0 ? tick : w->now);
}

void
wheel_cancel(struct wheel *w, uint32_t index)
{
	assert(index < w->timers);
	if (w->node[WHEEL_FIRST + index].next)
		unlink_node(w, &w->node[WHEEL_FIRST + index]);
}

/* The first bit at or after `from`, or around the end before it; WHEEL_SLOTS if
 * there is none. Nothing is so far ahead as to be in the word of `from`, but
 * before it: the reach is half the slots of level 3. */
static unsigned
next_slot(const uint64_t map[WORDS], unsigned from)
{
	uint64_t ahead = map[from / 64] >> from % 64;

	if (ahead)
		return from + (unsigned)__builtin_ctzll(ahead);
	for (unsigned k = 1; k < WORDS; k++) {
		unsigned i = (from / 64 + k) % WORDS;

		if (map[i])
			return i * 64 + (unsigned)__builtin_ctzll(map[i]);
	}
	return WHEEL_SLOTS;
}

/* The tick at which the next slot in use begins, and its head. The lower level
 * goes first where two begin together. count > 0. */
static uint32_t
next_begin(const struct wheel *w, uint32_t *head)
{
	uint32_t best = UINT32_MAX;

	*head = 0;
	for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
		unsigned shift = level * WHEEL_BITS;
		unsigned slot = next_slot(
			w->map[level], w->now >> shift & (WHEEL_SLOTS - 1));
		uint32_t above = (uint32_t)(UINT64_MAX << shift << WHEEL_BITS);
		uint32_t begin = (w->now & above) | slot << shift;

		if (slot < WHEEL_SLOTS && (!*head || begin - w->now < best)) {
			best = begin - w->now;
			*head = head_of(level, slot);
		}
	}
	return w->now + best;
}

/* Takes one timer out of the slot that begins now, and returns true if it is
 * due; else it goes to where it belongs. */
static bool
meet(struct wheel *w, uint32_t n)
{
	struct wheel_timer *t = &w->node[n];

	unlink_node(w, t);
	if ((int32_t)(t->due - w->now) <= 0)
		return true;
	link_node(w, n, t->due);
	return false;
}

unsigned
wheel_advance_far(struct wheel *w, uint32_t now, unsigned max, uint32_t *out)
{
	uint64_t work = (uint64_t)max * WHEEL_TOUCH;
	unsigned found = 0;
	uint32_t head, n;

	assert(max);
	if ((int32_t)(now - w->now) < 0)
		now = w->now;
	while (w->count) {
		w->soon = next_begin(w, &head);
		if (w->soon - w->now > now - w->now)
			break;
		w->now = w->soon;
		if (!work || found == max)
			return found;
		do {
			n = w->node[head].next;
			if (meet(w, n))
				out[found++] = n - WHEEL_FIRST;
			work--;
		} while (work && found < max && w->node[head].next != head);
	}
	w->now = now;
	return found;
}

static bool
check_slot(
	const struct wheel *w, unsigned level, unsigned slot, uint32_t *count)
{
	uint32_t head = head_of(level, slot), n = w->node[head].next, at, begin;
	unsigned shift = level * WHEEL_BITS;

	if ((w->map[level][slot / 64] >> slot % 64 & 1) != (n != head))
		return false;
	for (uint32_t prev = head; n != head; prev = n, n = w->node[n].next) {
		if (n < WHEEL_FIRST || n - WHEEL_FIRST >= w->timers ||
			w->node[n].prev != prev || *count == w->count)
			return false;
		++*count;
		at = w->node[n].at;
		begin = at >> shift << shift;
		if ((at >> shift & (WHEEL_SLOTS - 1)) != slot ||
			((uint64_t)(at ^ w->now) >> shift >> WHEEL_BITS) ||
			(int32_t)(begin - w->now) < 0 ||
			(int32_t)(begin - w->soon) < 0)
			return false;
		if ((int32_t)(w->node[n].due - at) < 0 && at != w->now)
			return false;
	}
	return w->node[head].prev < WHEEL_FIRST + w->timers;
}

bool
wheel_check(const struct wheel *w)
{
	uint32_t count = 0;

	for (unsigned level = 0; level < WHEEL_LEVELS; level++)
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
			if (!check_slot(w, level, slot, &count))
				return false;
	return count == w->count;
}

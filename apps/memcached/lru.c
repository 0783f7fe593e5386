/* lru.c - whoever is here has the class, and tries an item's stripe before he
 * touches it: the order of locks is the other way round.
 */
#include "apps/memcached/lru.h"

#define LRU_TRIES      5   /* items that are looked at in each segment */
#define LRU_TRIES_MORE 500 /* the second time, if all of them are in use */

void
lru_insert(struct slab_class *k, struct item *it, enum segment_id seg)
{
	struct segment *to = &k->seg[seg];

	it->where = (uint8_t)(WHERE_CLASS(it->where) | seg << 6);
	it->prev = NULL;
	it->next = to->head;
	if (to->head)
		to->head->prev = it;
	else
		to->tail = it;
	to->head = it;
	to->number++;
	to->bytes += item_total(it);
}

void
lru_remove(struct slab_class *k, struct item *it)
{
	struct segment *from = &k->seg[WHERE_SEGMENT(it->where)];

	if (it->prev)
		it->prev->next = it->next;
	else
		from->head = it->next;
	if (it->next)
		it->next->prev = it->prev;
	else
		from->tail = it->prev;
	from->number--;
	from->bytes -= item_total(it);
}

static void
move(struct slab_class *k, struct item *it, enum segment_id seg)
{
	lru_remove(k, it);
	lru_insert(k, it, seg);
}

static void
throw_out(struct store *s, struct item *it)
{
	struct store_class *n = count_of(s, it);
	bool fetched = it->state & ITEM_FETCHED;

	if (item_over(s, it) || item_flushed(s, it)) {
		count(&n->reclaimed);
		if (!fetched)
			count(&n->expired_unfetched);
	} else {
		count(&n->evicted);
		class_of(s, it)->evictions++;
		relaxed_store_64(&n->evicted_time, s->now - it->time);
		if (it->exptime)
			count(&n->evicted_nonzero);
		if (!fetched)
			count(&n->evicted_unfetched);
		if (it->state & ITEM_ACTIVE)
			count(&n->evicted_active);
	}
	store_unlink_in(s, it);
}

/* What is in use goes to the head: it is needed right now, and must not stand
 * in the way at the tail. */
static bool
evict_from(struct store *s, uint32_t cls, enum segment_id seg, unsigned tries)
{
	struct slab_class *k = &s->c->classes[cls];
	struct item *it = k->seg[seg].tail, *before;
	bool done = false;

	for (unsigned i = 0; it && !done && i < tries; i++, it = before) {
		struct lock *stripe = stripe_of(s, it->hash);

		before = it->prev;
		if (!lock_try(s->shared, stripe)) {
			count(&s->of[cls].lrutail_reflocked);
			continue;
		}
		done = ref_idle(s->shared, it) &&
			!(s->c->config.no_evict && !item_over(s, it) &&
				!item_flushed(s, it));
		if (done) {
			throw_out(s, it);
		} else if (!s->c->config.no_evict) {
			count(&s->of[cls].lrutail_reflocked);
			move(k, it, seg);
		}
		lock_drop(s->shared, stripe);
	}
	return done;
}

static bool
evict(struct store *s, uint32_t cls, unsigned tries)
{
	static const enum segment_id order[] = {
		SEG_COLD, SEG_HOT, SEG_WARM, SEG_TEMP};

	for (unsigned i = 0; i < SEGMENTS; i++)
		if (evict_from(s, cls, order[i], tries)) {
			if (order[i] != SEG_COLD)
				count(&s->of[cls].direct_reclaims);
			return true;
		}
	return false;
}

bool
lru_evict(struct store *s, uint32_t cls)
{
	return evict(s, cls, LRU_TRIES) ||
		(!s->c->config.no_evict && evict(s, cls, LRU_TRIES_MORE));
}

/* What becomes of the tail of a segment: where it goes, SEGMENTS if it stays.
 */
static enum segment_id
tail_goes(struct store *s, const struct item *it, enum segment_id seg,
	bool too_large, uint32_t max_age)
{
	if (it->state & ITEM_ACTIVE)
		return SEG_WARM;
	if (seg != SEG_COLD && (too_large || s->now - it->time > max_age))
		return SEG_COLD;
	return SEGMENTS;
}

static bool
pull_tail(struct store *s, uint32_t cls, enum segment_id seg, uint64_t limit,
	uint32_t max_age)
{
	struct slab_class *k = &s->c->classes[cls];
	struct item *it = k->seg[seg].tail;
	struct lock *stripe;
	enum segment_id to;

	if (!it)
		return false;
	stripe = stripe_of(s, it->hash);
	if (!lock_try(s->shared, stripe))
		return false;
	to = tail_goes(s, it, seg, k->seg[seg].bytes > limit, max_age);
	if (to != SEGMENTS) {
		if (to == SEG_COLD)
			count(&s->of[cls].moves_to_cold);
		else if (seg == SEG_WARM)
			count(&s->of[cls].moves_within_lru);
		else
			count(&s->of[cls].moves_to_warm);
		item_state(it, 0, ITEM_ACTIVE);
		move(k, it, to);
	}
	lock_drop(s->shared, stripe);
	return to != SEGMENTS;
}

unsigned
lru_juggle(struct store *s, uint32_t cls, unsigned budget)
{
	const struct store_config *c = &s->c->config;
	struct slab_class *k = &s->c->classes[cls];
	uint64_t all = k->seg[SEG_HOT].bytes + k->seg[SEG_WARM].bytes +
		k->seg[SEG_COLD].bytes;
	struct item *cold = k->seg[SEG_COLD].tail;
	/* The time of an item at the tail may be set by a reader: a hint. */
	uint32_t then = cold ? relaxed_load_32(&cold->time) : s->now;
	double age = s->now > then ? s->now - then : 0;
	unsigned done = 0;

	/* An age counts only where there is one to compare with. */
	uint32_t hot = cold ? (uint32_t)(age * c->hot_factor) : UINT32_MAX;
	uint32_t warm = cold ? (uint32_t)(age * c->warm_factor) : UINT32_MAX;

	while (done < budget &&
		pull_tail(s, cls, SEG_HOT, all * c->hot_percent / 100, hot))
		done++;
	while (done < budget &&
		pull_tail(s, cls, SEG_WARM, all * c->warm_percent / 100, warm))
		done++;
	while (done < budget && pull_tail(s, cls, SEG_COLD, UINT64_MAX, 0))
		done++;
	return done;
}

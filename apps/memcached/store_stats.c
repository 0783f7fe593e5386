/* store_stats.c - the views' counters are added up when somebody asks; each
 * view writes its own. A reset only remembers what they were.
 *
 * Both structs are nothing but numbers, and are added up as such.
 */
#include <string.h>

#include "apps/memcached/store_in.h"

#define NUMBERS(type) (sizeof(type) / sizeof(uint64_t))

static void
add_up(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] += relaxed_load_64(&from[i]);
}

static void
take_off(uint64_t *to, const uint64_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] -= from[i];
}

static void
class_counts(struct store *s, unsigned cls, struct store_class *out)
{
	memset(out, 0, sizeof(*out));
	for (struct store *v = s->c->views; v; v = v->next)
		add_up((uint64_t *)out, (const uint64_t *)&v->of[cls],
			NUMBERS(struct store_class));
	for (unsigned i = 0; i < SEGMENTS; i++)
		out->get_hits += out->hits_to[i];
	/* Not a sum: of the view that knows of the last one. */
	out->evicted_time = 0;
	for (struct store *v = s->c->views; v; v = v->next) {
		uint64_t time = relaxed_load_64(&v->of[cls].evicted_time);

		if (time > out->evicted_time)
			out->evicted_time = time;
	}
}

static void
counts(struct store *s, struct store_stats *out)
{
	memset(out, 0, sizeof(*out));
	for (struct store *v = s->c->views; v; v = v->next)
		add_up((uint64_t *)out, (const uint64_t *)&v->n,
			NUMBERS(struct store_stats));
}

static uint64_t
age(const struct store *s, const struct segment *seg)
{
	uint32_t time = seg->tail ? relaxed_load_32(&seg->tail->time) : s->now;

	return s->now > time ? s->now - time : 0;
}

/* How things are, of a class that is locked. */
static void
class_state(const struct store *s, const struct slab_class *k,
	struct store_class *out)
{
	out->chunk_size = k->size;
	out->chunks_per_page = k->per_page;
	out->total_pages = k->pages;
	out->total_chunks = (uint64_t)k->pages * k->per_page;
	out->used_chunks = k->used;
	out->free_chunks = out->total_chunks - k->used;
	out->free_chunks_end = k->carving
		? k->per_page - s->c->pages[k->carving - 1].carved
		: 0;
	out->number_hot = k->seg[SEG_HOT].number;
	out->number_warm = k->seg[SEG_WARM].number;
	out->number_cold = k->seg[SEG_COLD].number;
	out->number_temp = k->seg[SEG_TEMP].number;
	out->number = out->number_hot + out->number_warm + out->number_cold +
		out->number_temp;
	out->age_hot = age(s, &k->seg[SEG_HOT]);
	out->age_warm = age(s, &k->seg[SEG_WARM]);
	out->age = age(s, &k->seg[SEG_COLD]);
	out->mem_requested = k->requested;
}

bool
store_class_stats(struct store *s, unsigned cls, struct store_class *out)
{
	struct slab_class *k;

	if (cls == 0 || cls > s->c->last_class)
		return false;
	k = &s->c->classes[cls];
	class_counts(s, cls, out);
	lock_take(s->shared, &s->c->stats_lock);
	take_off((uint64_t *)out, (const uint64_t *)&s->c->class_base[cls],
		NUMBERS(struct store_class));
	lock_drop(s->shared, &s->c->stats_lock);
	lock_take(s->shared, &k->lock);
	class_state(s, k, out);
	lock_drop(s->shared, &k->lock);
	return true;
}

static void
add_class(struct store_stats *out, const struct store_class *k)
{
	out->get_hits += k->get_hits;
	out->curr_items += k->number;
	out->bytes += k->mem_requested;
	out->evictions += k->evicted;
	out->reclaimed += k->reclaimed;
	out->evicted_unfetched += k->evicted_unfetched;
	out->evicted_active += k->evicted_active;
	out->expired_unfetched += k->expired_unfetched;
	out->crawler_reclaimed += k->crawler_reclaimed;
	out->crawler_items_checked += k->crawler_items_checked;
	out->lrutail_reflocked += k->lrutail_reflocked;
	out->direct_reclaims += k->direct_reclaims;
	out->moves_to_cold += k->moves_to_cold;
	out->moves_to_warm += k->moves_to_warm;
	out->moves_within_lru += k->moves_within_lru;
	out->active_slabs += k->total_pages > 0;
}

static void
table_state(struct store *s, struct store_stats *out)
{
	const struct table *t = &s->c->table;
	struct lock *stripe = &s->c->stripes[0];

	/* Who has a stripe sees no table change. */
	lock_take(s->shared, stripe);
	out->hash_power_level = 31 - (unsigned)__builtin_clz(t->mask + 1);
	out->hash_is_expanding = t->old != NULL;
	out->hash_bytes = ((uint64_t)t->mask + 1) * sizeof(t->buckets[0]);
	if (t->old)
		out->hash_bytes +=
			((uint64_t)t->old_mask + 1) * sizeof(t->old[0]);
	lock_drop(s->shared, stripe);
}

void
store_stats(struct store *s, struct store_stats *out)
{
	struct store_common *c = s->c;
	struct store_class k;

	counts(s, out);
	lock_take(s->shared, &c->stats_lock);
	take_off((uint64_t *)out, (const uint64_t *)&c->base,
		NUMBERS(struct store_stats));
	lock_drop(s->shared, &c->stats_lock);
	for (unsigned i = 1; store_class_stats(s, i, &k); i++)
		add_class(out, &k);
	table_state(s, out);
	lock_take(s->shared, &c->page_lock);
	out->limit_maxbytes = c->config.limit;
	out->total_malloced = (uint64_t)c->page_count * c->page_size;
	out->slab_global_page_pool = c->pool_count;
	lock_drop(s->shared, &c->page_lock);
}

void
store_stats_reset(struct store *s)
{
	struct store_common *c = s->c;
	struct store_class k;
	struct store_stats n;

	counts(s, &n);
	lock_take(s->shared, &c->stats_lock);
	c->base = n;
	for (unsigned i = 1; i <= c->last_class; i++) {
		class_counts(s, i, &k);
		k.evicted_time = 0;
		c->class_base[i] = k;
	}
	lock_drop(s->shared, &c->stats_lock);
}

unsigned
store_classes(const struct store *s)
{
	return s->c->last_class;
}

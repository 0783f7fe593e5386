/* store.c - finding, holding and making items. */
#include <string.h>

#include "apps/memcached/keyhash.h"
#include "apps/memcached/lru.h"
#include "apps/memcached/slab.h"
#include "apps/memcached/slab_move.h"
#include "apps/memcached/table.h"

#define STORE_MONTH (60 * 60 * 24 * 30)
/* An item thrown out of a page that leaves its class frees no chunk. */
#define STORE_EVICTIONS 4
#define STORE_MOVES	4

uint32_t
store_now(const struct store *s)
{
	return s->now;
}

void
store_clock(struct store *s, uint32_t now)
{
	uint32_t at;

	if (now > s->now)
		s->now = now;
	at = relaxed_load_32(&s->c->flush_at);
	/* Of several threads that see it, one flushes. */
	if (at != 0 && at <= s->now && ck_pr_cas_32(&s->c->flush_at, at, 0))
		ck_pr_inc_32(&s->c->born);
}

uint32_t
store_exptime(const struct store *s, int64_t exptime)
{
	if (exptime == 0)
		return 0;
	if (exptime < 0)
		return 1; /* long ago */
	if (exptime <= STORE_MONTH)
		exptime += s->now;
	return exptime < UINT32_MAX ? (uint32_t)exptime : UINT32_MAX;
}

/* --- references -----------------------------------------------------------*/

static void
give_back(struct store *s, struct item *it)
{
	struct slab_class *k = class_of(s, it);

	lock_take(s->shared, &k->lock);
	slab_put(s, it);
	lock_drop(s->shared, &k->lock);
}

void
store_hold(struct store *s, struct item *it)
{
	ref_add(s->shared, it, REF_USER);
}

void
store_release(struct store *s, struct item *it)
{
	if (ref_sub(s->shared, it, REF_USER))
		give_back(s, it);
}

void
store_lend(struct store *s, struct item *it)
{
	ref_add(s->shared, it, REF_LENT - REF_USER);
}

void
store_returned(struct store *s, struct item *it)
{
	if (ref_sub(s->shared, it, REF_LENT))
		give_back(s, it);
}

/* --- into the table, and out of it ----------------------------------------*/

void
store_link(struct store *s, struct item *it)
{
	const struct store_config *c = &s->c->config;
	struct slab_class *k = class_of(s, it);
	bool temp = it->exptime > s->now && it->exptime - s->now <= c->temp_ttl;

	it->born = relaxed_load_32(&s->c->born);
	relaxed_store_32(&it->time, s->now);
	ref_add(s->shared, it, REF_LINKED);
	count(&s->n.total_items);
	table_insert(&s->c->table, it);
	lock_take(s->shared, &k->lock);
	item_state(it, ITEM_LINKED, 0);
	lru_insert(k, it, temp ? SEG_TEMP : SEG_HOT);
	lock_drop(s->shared, &k->lock);
}

void
store_unlink_in(struct store *s, struct item *it)
{
	table_remove(&s->c->table, it);
	lru_remove(class_of(s, it), it);
	item_state(it, 0, ITEM_LINKED);
	if (ref_sub(s->shared, it, REF_LINKED))
		slab_put(s, it);
}

void
store_unlink(struct store *s, struct item *it)
{
	struct slab_class *k = class_of(s, it);

	lock_take(s->shared, &k->lock);
	store_unlink_in(s, it);
	lock_drop(s->shared, &k->lock);
}

/* --- finding --------------------------------------------------------------*/

static inline struct item *
look(struct store *s, const char *key, size_t len, uint32_t hash,
	uint64_t **why)
{
	struct item *it = table_find(&s->c->table, key, len, hash);

	*why = NULL;
	if (!it)
		return NULL;
	if (item_flushed(s, it))
		*why = &s->n.get_flushed;
	else if (item_over(s, it))
		*why = &s->n.get_expired;
	else
		return it;
	store_unlink(s, it);
	return NULL;
}

struct item *
store_look(struct store *s, const char *key, size_t len, uint32_t hash,
	uint64_t **why)
{
	return look(s, key, len, hash, why);
}

/* Got again while it is cold: it gets warm at once. Where the class is busy,
 * who pulls the tail sees to it. */
__attribute__((noinline)) static void
warm_up(struct store *s, struct item *it)
{
	struct slab_class *k = class_of(s, it);

	if (WHERE_SEGMENT(it->where) != SEG_COLD ||
		!lock_try(s->shared, &k->lock)) {
		item_state(it, ITEM_ACTIVE, 0);
		return;
	}
	lru_remove(k, it);
	lru_insert(k, it, SEG_WARM);
	lock_drop(s->shared, &k->lock);
	count(&count_of(s, it)->moves_to_warm);
}

static inline void
mark(struct store *s, struct item *it)
{
	if (it->time != s->now)
		relaxed_store_32(&it->time, s->now);
	if (it->state & ITEM_ACTIVE)
		return;
	if (!(it->state & ITEM_FETCHED))
		item_state(it, ITEM_FETCHED, 0);
	else if (WHERE_SEGMENT(it->where) != SEG_TEMP)
		warm_up(s, it);
}

/* A get is counted once: its class and segment say all. */
static inline void
count_hit(struct store *s, const struct item *it)
{
	count(&count_of(s, it)->hits_to[WHERE_SEGMENT(it->where)]);
}

static inline void
bump(struct store *s, struct item *it)
{
	count_hit(s, it);
	mark(s, it);
}

void
store_bump(struct store *s, struct item *it)
{
	mark(s, it);
}

void
store_count_hit(struct store *s, const struct item *it)
{
	count_hit(s, it);
}

static inline struct item *
enter_at(struct store *s, const char *key, size_t len, uint32_t hash,
	struct entered *e)
{
	e->stripe = stripe_of(s, hash);
	lock_take(s->shared, e->stripe);
	return look(s, key, len, hash, &e->why);
}

static inline struct item *
enter(struct store *s, const char *key, size_t len, struct entered *e)
{
	e->stripe = NULL;
	e->why = NULL;
	if (len - 1 >= ITEM_KEY_MAX)
		return NULL;
	return enter_at(s, key, len, keyhash(s->c->config.secret, key, len), e);
}

struct item *
store_enter(struct store *s, const char *key, size_t len, struct entered *e)
{
	return enter(s, key, len, e);
}

void
store_leave(struct store *s, const struct entered *e)
{
	if (e->stripe)
		lock_drop(s->shared, e->stripe);
}

void
store_missed(struct store *s, const struct entered *e)
{
	count(&s->n.get_misses);
	if (e->why)
		count(e->why);
}

static inline struct item *
got(struct store *s, struct item *it, const struct entered *e)
{
	if (it) {
		bump(s, it);
		ref_add(s->shared, it, REF_USER);
	} else {
		store_missed(s, e);
	}
	if (e->stripe)
		lock_drop(s->shared, e->stripe);
	return it;
}

struct item *
store_find(struct store *s, const char *key, size_t len)
{
	struct entered e;
	struct item *it = enter(s, key, len, &e);

	return got(s, it, &e);
}

/* Another thread may free a table that was outgrown: who shares one reads
 * nothing of it without a lock, and asks for that lock. */
uint32_t
store_ahead(struct store *s, const char *key, size_t len)
{
	uint32_t hash = keyhash(s->c->config.secret, key, len);

	if (s->shared)
		__builtin_prefetch(stripe_of(s, hash), 1);
	else
		__builtin_prefetch(table_bucket(&s->c->table, hash));
	return hash;
}

/* Where an item ends is not known before it is here; nor is it asked whether
 * there is one: nothing comes of an address that is none. */
void
store_near(const struct store *s, uint32_t hash)
{
	uintptr_t it;

	if (s->shared)
		return;
	it = (uintptr_t)*table_bucket(&s->c->table, hash);
	__builtin_prefetch((const void *)it, 1);
	__builtin_prefetch((const void *)(it + 64));
}

struct item *
store_find_ahead(struct store *s, const char *key, size_t len, uint32_t hash)
{
	struct entered e;
	struct item *it = enter_at(s, key, len, hash, &e);

	return got(s, it, &e);
}

struct item *
store_peek(struct store *s, const char *key, size_t len)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);

	count(&s->n.cmd_meta);
	if (it)
		ref_add(s->shared, it, REF_USER);
	store_leave(s, &e);
	return it;
}

/* --- making ---------------------------------------------------------------*/

static unsigned
digits(uint32_t v)
{
	unsigned n = 1;

	for (; v >= 10; v /= 10)
		n++;
	return n;
}

/* Returns what is behind the number. */
static char *
put_number(char *to, uint32_t v, unsigned n)
{
	for (char *p = to + n; p > to; v /= 10)
		*--p = (char)('0' + v % 10);
	return to + n;
}

static void
write_text(struct item *it, const char *key)
{
	char *p = it->text;

	memcpy(p, "VALUE ", ITEM_TEXT_KEY);
	memcpy(p + ITEM_TEXT_KEY, key, it->key_len);
	p += ITEM_TEXT_KEY + it->key_len;
	*p++ = ' ';
	p = put_number(p, it->flags, digits(it->flags));
	*p++ = ' ';
	p = put_number(p, it->len, digits(it->len));
	memcpy(p, "\r\n", 2);
	memcpy(p + 2 + it->len, "\r\nEND\r\n", ITEM_TAIL);
}

static struct item *
try_chunk(struct store *s, uint32_t cls, size_t total)
{
	struct slab_class *k = &s->c->classes[cls];
	struct item *it;

	lock_take(s->shared, &k->lock);
	it = slab_get(s, cls);
	for (unsigned i = 0; !it && i < STORE_EVICTIONS; i++) {
		if (!lru_evict(s, cls))
			break;
		it = slab_get(s, cls);
	}
	if (it)
		k->requested += total;
	lock_drop(s->shared, &k->lock);
	return it;
}

/* Of the next larger class that has one: near, or any. */
static struct item *
larger_chunk(struct store *s, uint32_t cls, size_t total, bool near)
{
	const struct store_common *c = s->c;
	struct item *it = NULL;

	for (uint32_t i = cls + 1; !it && i <= c->last_class; i++) {
		if (near && !slab_near(c, cls, i))
			break;
		it = try_chunk(s, i, total);
	}
	if (it)
		count(&s->n.larger_chunks);
	return it;
}

/* There may be fewer pages than classes. A class that has nothing to throw out
 * borrows from one that is not much larger; with none, a page is emptied, and
 * the client waits as long as that takes. An error is told only after all. */
static struct item *
get_chunk(struct store *s, uint32_t cls, size_t total)
{
	struct item *it = try_chunk(s, cls, total);
	/* What another thread holds, it holds for a moment. */
	unsigned tries = s->shared ? STORE_MOVES : 1;

	if (it)
		return it;
	relaxed_store_32(&s->c->hungry, cls);
	it = larger_chunk(s, cls, total, true);
	for (unsigned i = 0; !it && i < tries; i++)
		if (slab_move_now(s, cls))
			it = try_chunk(s, cls, total);
	if (!it)
		it = larger_chunk(s, cls, total, false);
	if (!it) {
		count(&s->of[cls].outofmemory);
		count(&s->n.store_no_memory);
	}
	return it;
}

/* Bytes of the text around key and data. */
static size_t
head_len(uint32_t flags, size_t len)
{
	return ITEM_TEXT_KEY + 1 + digits(flags) + 1 + digits((uint32_t)len) +
		2;
}

bool
store_fits(const struct store *s, size_t key_len, uint32_t flags, size_t len)
{
	return len < s->c->config.item_max && key_len <= ITEM_KEY_MAX &&
		slab_class_for(s->c,
			ITEM_HEADER + head_len(flags, len) + key_len + len +
				ITEM_TAIL) > 0;
}

enum store_result
store_make(struct store *s, struct item **out, const char *key, size_t key_len,
	uint32_t flags, uint32_t exptime, size_t len)
{
	size_t head, total;
	struct item *it;
	uint32_t cls;

	if (key_len - 1 >= ITEM_KEY_MAX)
		return STORE_INVALID;
	head = head_len(flags, len);
	total = ITEM_HEADER + head + key_len + len + ITEM_TAIL;
	cls = len < s->c->config.item_max ? slab_class_for(s->c, total) : 0;
	if (!cls) {
		count(&s->n.store_too_large);
		return STORE_TOO_LARGE;
	}
	it = get_chunk(s, cls, total);
	if (!it)
		return STORE_NO_MEMORY;
	it->cas = 0;
	it->hash = keyhash(s->c->config.secret, key, key_len);
	it->exptime = exptime;
	relaxed_store_32(&it->time, s->now);
	it->flags = flags;
	it->len = (uint32_t)len;
	it->key_len = (uint8_t)key_len;
	it->head_len = (uint8_t)head;
	write_text(it, key);
	*out = it;
	return STORE_OK;
}

enum store_result
store_alloc(struct store *s, struct item **out, const char *key, size_t key_len,
	uint32_t flags, int64_t exptime, size_t len)
{
	return store_make(
		s, out, key, key_len, flags, store_exptime(s, exptime), len);
}

void
store_set_binary(struct item *it)
{
	item_state(it, ITEM_BINARY, 0);
}

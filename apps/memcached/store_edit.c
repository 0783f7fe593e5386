/* store_edit.c - what reads and changes an item at once: sums, ends, and the
 * meta get.
 */
#include <string.h>

#include "apps/memcached/number.h"
#include "apps/memcached/store_in.h"

#define NUMBER_MAX 20 /* digits of 2^64 - 1 */

static void
touch(struct store *s, struct item *it, int64_t exptime)
{
	relaxed_store_32(&it->exptime, store_exptime(s, exptime));
}

/* Returns its length; the number ends at text + NUMBER_MAX. */
static uint32_t
write_number(char text[NUMBER_MAX], uint64_t v)
{
	uint32_t n = 0;

	do {
		text[NUMBER_MAX - ++n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return n;
}

static void
fill_number(struct item *it, const char *number, uint32_t n)
{
	memcpy(item_data(it), number, n);
	memset(item_data(it) + n, ' ', it->len - n);
}

/* A new item for a sum; of the old one's state it has only how its key is
 * shown. The old one is held, or it might be thrown out to make room. */
static enum store_result
replace_number(struct store *s, struct item *old, const char *number,
	uint32_t n, struct item **out)
{
	enum store_result r;

	store_hold(s, old);
	r = store_make(s, out, item_key(old), old->key_len, old->flags,
		old->exptime, n);
	if (r == STORE_OK) {
		fill_number(*out, number, n);
		item_state(*out, old->state & ITEM_BINARY, 0);
		store_unlink(s, old);
		store_link(s, *out);
	}
	store_release(s, old);
	return r;
}

/* Where nobody reads it, the number is written over the old one. */
static enum store_result
write_sum(struct store *s, struct item **it, uint64_t value)
{
	char text[NUMBER_MAX];
	uint32_t n = write_number(text, value);
	const char *number = text + NUMBER_MAX - n;
	struct item *new;
	enum store_result r;

	if (n <= (*it)->len && ref_idle(s->shared, *it)) {
		fill_number(*it, number, n);
		count(&s->n.incr_in_place);
		return STORE_OK;
	}
	r = replace_number(s, *it, number, n, &new);
	if (r != STORE_OK)
		return r;
	*it = new;
	return STORE_OK;
}

static void
count_sum(struct store *s, const struct item *it, bool decr)
{
	if (it) {
		count(decr ? &s->n.decr_hits : &s->n.incr_hits);
		count(decr ? &count_of(s, it)->decr_hits
			   : &count_of(s, it)->incr_hits);
	} else {
		count(decr ? &s->n.decr_misses : &s->n.incr_misses);
	}
}

static enum store_result
make_counter(struct store *s, const char *key, size_t len,
	const struct store_sum *sum, struct item **out)
{
	char text[NUMBER_MAX];
	uint32_t n = write_number(text, sum->initial);
	enum store_result r = store_make(
		s, out, key, len, 0, store_exptime(s, sum->vivify_time), n);

	if (r != STORE_OK)
		return r;
	fill_number(*out, text + NUMBER_MAX - n, n);
	item_state(*out, sum->binary ? ITEM_BINARY : 0, 0);
	(*out)->cas = next_cas(s);
	store_link(s, *out);
	*sum->made = true;
	return STORE_OK;
}

static enum store_result
add(struct store *s, struct item **it, const struct store_sum *sum,
	uint64_t *value)
{
	struct item *old = *it;
	enum store_result r;
	uint64_t v;

	if (old->len && sum->cas != 0 && sum->cas != old->cas)
		return STORE_EXISTS;
	if (!number_u64(item_data(old), old->len, &v))
		return STORE_NOT_A_NUMBER;
	if (sum->before)
		*sum->before = old->exptime;
	count_sum(s, old, sum->decr);
	if (sum->decr)
		v = sum->delta < v ? v - sum->delta : 0;
	else
		v += sum->delta;
	r = write_sum(s, it, v);
	if (r != STORE_OK)
		return r;
	relaxed_store_64(
		&(*it)->cas, sum->new_cas ? sum->new_cas : next_cas(s));
	relaxed_store_32(&(*it)->time, s->now);
	if (sum->touch)
		touch(s, *it, sum->exptime);
	if (*it == old) /* a new one is held already */
		ref_add(s->shared, old, REF_USER);
	*value = v;
	return STORE_OK;
}

enum store_result
store_add(struct store *s, const char *key, size_t len,
	const struct store_sum *sum, uint64_t *value, struct item **out)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);
	enum store_result r = STORE_NOT_FOUND;

	if (it) {
		r = add(s, &it, sum, value);
	} else if (sum->vivify && e.stripe) {
		r = make_counter(s, key, len, sum, &it);
		*value = sum->initial;
	} else {
		count_sum(s, NULL, sum->decr);
	}
	store_leave(s, &e);
	if (r != STORE_OK)
		return r;
	if (out)
		*out = it;
	else
		store_release(s, it);
	return STORE_OK;
}

/* --- ends -----------------------------------------------------------------*/

static void
count_touch(struct store *s, const struct item *it)
{
	count(&s->n.cmd_touch);
	if (it) {
		count(&s->n.touch_hits);
		count(&count_of(s, it)->touch_hits);
	} else {
		count(&s->n.touch_misses);
	}
}

enum store_result
store_touch(struct store *s, const char *key, size_t len, int64_t exptime)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);

	count_touch(s, it);
	if (it) {
		store_bump(s, it);
		touch(s, it, exptime);
	}
	store_leave(s, &e);
	return it ? STORE_OK : STORE_NOT_FOUND;
}

struct item *
store_find_touch(struct store *s, const char *key, size_t len, int64_t exptime)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);

	count_touch(s, it);
	if (it) {
		store_bump(s, it);
		touch(s, it, exptime);
		ref_add(s->shared, it, REF_USER);
	} else if (e.why) {
		count(e.why);
	}
	store_leave(s, &e);
	return it;
}

/* --- meta get -------------------------------------------------------------*/

/* An empty item, for whose value the caller got the token. */
static enum store_result
vivify(struct store *s, const char *key, size_t len,
	const struct store_ask *ask, struct item **out)
{
	enum store_result r = store_make(
		s, out, key, len, 0, store_exptime(s, ask->vivify_time), 0);

	if (r != STORE_OK)
		return r;
	(*out)->cas = ask->new_cas ? ask->new_cas : next_cas(s);
	item_state(*out, ITEM_TOKEN | (ask->binary ? ITEM_BINARY : 0), 0);
	store_link(s, *out);
	return STORE_OK;
}

/* Who is to make a new value: the first who sees that one is wanted. Whether it
 * ends soon is asked before or behind a touch, as the words of the get are. */
static void
hand_token(struct store *s, struct item *it, const struct store_ask *ask,
	struct store_told *told)
{
	bool wanted = it->state & ITEM_STALE;
	uint32_t end = ask->touch_first ? it->exptime : told->before;

	told->stale = wanted;
	if (ask->recache && end != 0 &&
		end < store_exptime(s, ask->recache_ttl))
		wanted = true;
	told->sent = it->state & ITEM_TOKEN;
	if (!wanted || told->sent)
		return;
	told->won = true;
	item_state(it, ITEM_TOKEN, 0);
}

static void
meta_hit(struct store *s, struct item *it, const struct store_ask *ask,
	struct store_told *told)
{
	told->hit = it->state & ITEM_FETCHED;
	told->idle = s->now > it->time ? s->now - it->time : 0;
	told->before = it->exptime;
	if (ask->touch) {
		touch(s, it, ask->exptime);
		count_touch(s, it);
	} else {
		store_count_hit(s, it);
	}
	hand_token(s, it, ask, told);
	if (!ask->no_bump)
		store_bump(s, it);
	ref_add(s->shared, it, REF_USER);
}

/* Memory for the item that a miss makes is the only thing that may be
 * missing. */
static enum store_result
meta_miss(struct store *s, const char *key, size_t len,
	const struct store_ask *ask, struct item **out)
{
	enum store_result r = vivify(s, key, len, ask, out);

	if (r != STORE_OK)
		return r;
	store_count_hit(s, *out);
	if (!ask->no_bump)
		store_bump(s, *out);
	return STORE_OK;
}

struct item *
store_meta_get(struct store *s, const char *key, size_t len,
	const struct store_ask *ask, struct store_told *told,
	enum store_result *why)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);

	*told = (struct store_told){0};
	*why = STORE_OK;
	if (it) {
		meta_hit(s, it, ask, told);
	} else {
		*why = STORE_NOT_FOUND;
		if (ask->vivify && e.stripe)
			*why = meta_miss(s, key, len, ask, &it);
		if (!it)
			store_missed(s, &e);
		told->won = told->made = it != NULL;
	}
	store_leave(s, &e);
	return it;
}

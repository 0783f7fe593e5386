/* store_edit.c - what reads and changes an item at once: sums, ends, and the
 * meta get.
 */
#include <string.h>

#include "apps/memcached/store_in.h"

#define NUMBER_MAX 20 /* digits of 2^64 - 1 */

static void
touch(struct store *s, struct item *it, int64_t exptime)
{
	relaxed_store_32(&it->exptime, store_exptime(s, exptime));
}

/* Digits, and spaces behind them: what a shorter sum left. */
static bool
read_number(struct item *it, uint64_t *value)
{
	const char *p = item_data(it), *end = p + it->len;
	uint64_t v = 0;

	if (it->len == 0 || it->len > NUMBER_MAX || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	while (p < end && *p == ' ')
		p++;
	*value = v;
	return p == end;
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

/* A new item for a sum; what it is to be told of the old one is copied. The
 * old one is held, or it might be thrown out to make room. */
static enum store_result
replace_number(struct store *s, struct item *old, const char *number,
	uint32_t n, struct item **out)
{
	uint32_t len = n > old->len ? n : old->len;
	enum store_result r;

	store_hold(s, old);
	r = store_make(s, out, item_key(old), old->key_len, old->flags,
		old->exptime, len);
	if (r == STORE_OK) {
		fill_number(*out, number, n);
		item_state(*out,
			old->state &
				(ITEM_BINARY | ITEM_FETCHED | ITEM_STALE |
					ITEM_TOKEN),
			0);
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
add(struct store *s, struct item **it, const struct store_sum *sum,
	uint64_t *value)
{
	struct item *old = *it;
	enum store_result r;
	uint64_t v;

	if (!old) {
		count_sum(s, NULL, sum->decr);
		return STORE_NOT_FOUND;
	}
	if (sum->cas != 0 && sum->cas != old->cas)
		return STORE_EXISTS;
	if (!read_number(old, &v))
		return STORE_NOT_A_NUMBER;
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
	enum store_result r = add(s, &it, sum, value);

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
	if (it)
		touch(s, it, exptime);
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
	} else {
		store_missed(s, &e);
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

/* Who is to make a new value: the first who sees that one is wanted. */
static void
hand_token(struct store *s, struct item *it, const struct store_ask *ask,
	struct store_told *told)
{
	bool wanted = it->state & ITEM_STALE;

	told->stale = wanted;
	if (ask->recache && it->exptime != 0 &&
		(int64_t)it->exptime - s->now < ask->recache_ttl)
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
	hand_token(s, it, ask, told);
	if (ask->touch) {
		touch(s, it, ask->exptime);
		count_touch(s, it);
	}
	if (!ask->no_bump)
		store_bump(s, it);
	ref_add(s->shared, it, REF_USER);
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
	count(&s->n.cmd_meta);
	if (it) {
		meta_hit(s, it, ask, told);
	} else {
		store_missed(s, &e);
		*why = STORE_NOT_FOUND;
		if (ask->vivify && e.stripe)
			*why = vivify(s, key, len, ask, &it);
		told->won = told->made = it != NULL;
	}
	store_leave(s, &e);
	return it;
}

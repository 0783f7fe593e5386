/* store_put.c - what changes what is stored: one item for another, or none. */
#include <string.h>

#include "apps/memcached/store_in.h"

/* Whether the old item, NULL if there is none, lets the new one in. */
static enum store_result
permitted(struct item *old, const struct store_how *how)
{
	bool joins = how->mode == STORE_APPEND || how->mode == STORE_PREPEND;

	if (!old) {
		if (how->mode == STORE_CAS)
			return STORE_NOT_FOUND;
		if (how->mode == STORE_REPLACE || (joins && !how->vivify))
			return STORE_NOT_STORED;
		return STORE_OK;
	}
	if (how->mode == STORE_ADD)
		return STORE_NOT_STORED;
	if (how->mode != STORE_CAS && how->cas == 0)
		return STORE_OK;
	if (how->cas == old->cas || (how->stale && how->cas < old->cas))
		return STORE_OK;
	return STORE_EXISTS;
}

/* A third item, of the old one's data and the new one's. The old one keeps its
 * reference meanwhile, or it might be thrown out to make room. */
static enum store_result
join(struct store *s, struct item *old, struct item *it, bool behind,
	struct item **out)
{
	struct item *first = behind ? old : it, *second = behind ? it : old;
	enum store_result r;

	store_hold(s, old);
	r = store_make(s, out, item_key(old), old->key_len, old->flags,
		old->exptime, (size_t)old->len + it->len);
	if (r == STORE_OK) {
		char *to = item_data(*out);

		memcpy(to, item_data(first), first->len);
		memcpy(to + first->len, item_data(second), second->len);
		item_state(*out, old->state & ITEM_BINARY, 0);
	}
	store_release(s, old);
	return r;
}

/* A value made from an older one than that which was invalidated. */
static void
stay_stale(const struct item *old, struct item *it)
{
	it->exptime = old->exptime;
	item_state(it, ITEM_STALE | (old->state & ITEM_TOKEN), 0);
}

/* STORE_ADD finds an item that is there used, as memcached does. */
static void
count_put(struct store *s, struct item *old, struct item *it,
	const struct store_how *how, enum store_result r)
{
	count(&s->n.cmd_set);
	count(&count_of(s, it)->cmd_set);
	if (how->mode == STORE_ADD && old)
		relaxed_store_32(&old->time, s->now);
	if (how->mode != STORE_CAS)
		return;
	if (r == STORE_NOT_FOUND) {
		count(&s->n.cas_misses);
	} else if (r == STORE_EXISTS) {
		count(&s->n.cas_badval);
		count(&count_of(s, old)->cas_badval);
	} else {
		count(&s->n.cas_hits);
		count(&count_of(s, old)->cas_hits);
	}
}

/* Once what is put is known to be permitted. */
static enum store_result
exchange(struct store *s, struct item *old, struct item *it,
	const struct store_how *how, uint64_t *cas)
{
	bool behind = how->mode == STORE_APPEND;
	struct item *joined = NULL;

	if (old && (behind || how->mode == STORE_PREPEND)) {
		enum store_result r = join(s, old, it, behind, &joined);

		if (r != STORE_OK)
			return r;
		it = joined;
	} else if (old && how->stale && how->cas != 0 && how->cas < old->cas) {
		stay_stale(old, it);
	}
	it->cas = how->new_cas ? how->new_cas : next_cas(s);
	if (cas)
		*cas = it->cas;
	if (old)
		store_unlink(s, old);
	store_link(s, it);
	if (joined)
		store_release(s, joined);
	return STORE_OK;
}

enum store_result
store_put(struct store *s, struct item *it, const struct store_how *how,
	uint64_t *cas)
{
	struct lock *stripe = stripe_of(s, it->hash);
	enum store_result r;
	struct item *old;
	uint64_t *why;

	lock_take(s->shared, stripe);
	old = store_look(s, item_key(it), it->key_len, it->hash, &why);
	if (old == it) { /* it was put already */
		r = STORE_INVALID;
	} else {
		r = permitted(old, how);
		count_put(s, old, it, how, r);
		if (r == STORE_OK)
			r = exchange(s, old, it, how, cas);
	}
	lock_drop(s->shared, stripe);
	return r;
}

void
store_discard(struct store *s, const char *key, size_t len)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);

	if (it)
		store_unlink(s, it);
	store_leave(s, &e);
}

enum store_result
store_delete(struct store *s, const char *key, size_t len, uint64_t cas)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);
	enum store_result r = STORE_NOT_FOUND;

	if (!it) {
		count(&s->n.delete_misses);
	} else if (cas != 0 && cas != it->cas) {
		r = STORE_EXISTS;
	} else {
		count(&s->n.delete_hits);
		count(&count_of(s, it)->delete_hits);
		store_unlink(s, it);
		r = STORE_OK;
	}
	store_leave(s, &e);
	return r;
}

enum store_result
store_invalidate(struct store *s, const char *key, size_t len,
	const struct store_invalid *how)
{
	struct entered e;
	struct item *it = store_enter(s, key, len, &e);
	enum store_result r = STORE_NOT_FOUND;

	if (!it) {
		count(&s->n.delete_misses);
	} else if (how->cas != 0 && how->cas != it->cas) {
		r = STORE_EXISTS;
	} else {
		if (how->touch)
			relaxed_store_32(
				&it->exptime, store_exptime(s, how->exptime));
		/* The next who gets it is to make the new value. */
		item_state(it, ITEM_STALE, ITEM_TOKEN);
		relaxed_store_64(
			&it->cas, how->new_cas ? how->new_cas : next_cas(s));
		r = STORE_OK;
	}
	store_leave(s, &e);
	return r;
}

void
store_flush(struct store *s, int64_t exptime)
{
	uint32_t at = store_exptime(s, exptime);

	count(&s->n.cmd_flush);
	if (at > s->now) {
		relaxed_store_32(&s->c->flush_at, at);
		return;
	}
	relaxed_store_32(&s->c->flush_at, 0);
	/* What is stored was not there a month ago. */
	if (exptime <= 0 || at == s->now)
		ck_pr_inc_32(&s->c->born);
}

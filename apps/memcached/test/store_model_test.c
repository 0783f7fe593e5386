/* store_model_test - 200,000 operations at random, each compared with a model
 * that is a row of keys; nothing is thrown out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/store_kit.h"

#define KEYS  500
#define STEPS 200000
#define VALUE 1500 /* bytes of the longest */

struct entry {
	bool there;
	char value[VALUE + 1];
	uint32_t exptime;
	uint64_t cas;
};

struct model {
	struct kit k;
	struct entry e[KEYS];
	struct item *lent[KEYS]; /* as a slow reader has them */
	char lent_text[KEYS][VALUE + 64];
	unsigned seed;
};

static unsigned
draw(struct model *m, unsigned n)
{
	return (unsigned)rand_r(&m->seed) % n;
}

static void
name(char key[16], unsigned i)
{
	snprintf(key, 16, "key:%u", i * 7919);
}

static struct entry *
live(struct model *m, unsigned i)
{
	struct entry *e = &m->e[i];

	if (e->there && e->exptime && e->exptime <= m->k.now)
		e->there = false;
	return e;
}

static void
some_value(struct model *m, char *value)
{
	unsigned n = draw(m, 4) ? draw(m, 40) : draw(m, VALUE / 4);

	if (draw(m, 3) == 0) {
		snprintf(value, 24, "%llu",
			(unsigned long long)draw(m, 1000000) *
				draw(m, 1000000) * draw(m, 30000000));
		return;
	}
	for (unsigned i = 0; i < n; i++)
		value[i] = (char)('a' + draw(m, 26));
	value[n] = 0;
}

static enum store_result
model_put(struct model *m, struct entry *e, const char *value,
	const struct store_how *how, uint32_t exptime)
{
	char joined[VALUE + 1];

	switch (how->mode) {
	case STORE_CAS:
		if (!e->there)
			return STORE_NOT_FOUND;
		if (e->cas != how->cas)
			return STORE_EXISTS;
		break;
	case STORE_ADD:
		if (e->there)
			return STORE_NOT_STORED;
		break;
	case STORE_SET:
		break;
	default:
		if (!e->there)
			return STORE_NOT_STORED;
	}
	if (how->mode == STORE_APPEND || how->mode == STORE_PREPEND) {
		bool behind = how->mode == STORE_APPEND;

		snprintf(joined, sizeof(joined), "%s%s",
			behind ? e->value : value, behind ? value : e->value);
		value = joined;
		exptime = e->exptime;
	}
	e->there = true;
	memmove(e->value, value, strlen(value) + 1);
	e->exptime = exptime;
	(void)m;
	return STORE_OK;
}

static void
do_put(struct model *m, unsigned i)
{
	struct store_how how = {.mode = draw(m, 6)};
	struct entry *e = live(m, i);
	char key[16], value[VALUE + 1];
	int64_t exptime = draw(m, 3) ? 0 : (int64_t)draw(m, 20) - 1;
	uint64_t cas = 0;
	enum store_result want, got;
	struct item *it;

	name(key, i);
	some_value(m, value);
	if (how.mode == STORE_CAS)
		how.cas = draw(m, 2) ? e->cas : e->cas + 1 + draw(m, 3);
	if (e->there && strlen(e->value) + strlen(value) > VALUE)
		how.mode = how.mode == STORE_CAS ? STORE_CAS : STORE_SET;
	want = model_put(m, e, value, &how, store_exptime(m->k.s, exptime));
	assert_int_equal(store_alloc(m->k.s, &it, key, strlen(key), 7, exptime,
				 strlen(value)),
		STORE_OK);
	memcpy(item_data(it), value, strlen(value));
	got = store_put(m->k.s, it, &how, &cas);
	store_release(m->k.s, it);
	assert_int_equal(got, want);
	if (got == STORE_OK)
		e->cas = cas;
}

static bool
number(const char *text, uint64_t *v)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || (text[digits] && text[digits] != ' '))
		return false;
	errno = 0;
	*v = strtoull(text, NULL, 10);
	return errno == 0;
}

static void
do_sum(struct model *m, unsigned i)
{
	struct store_sum sum = {.decr = draw(m, 2), .delta = draw(m, 100000)};
	struct entry *e = live(m, i);
	uint64_t before, value = 0;
	char key[16], text[sizeof(e->value)];
	int width = (int)strlen(e->value);
	struct item *it;
	enum store_result r;

	if (draw(m, 3) == 0)
		sum.delta *= 1844674407370955;
	name(key, i);
	it = kit_find(&m->k, key);
	if (it && it == m->lent[i]) /* another item, as long as its number */
		width = 0;
	if (it)
		store_release(m->k.s, it);
	r = store_add(m->k.s, key, strlen(key), &sum, &value, &it);
	if (!e->there) {
		assert_int_equal(r, STORE_NOT_FOUND);
		return;
	}
	if (!number(e->value, &before)) {
		assert_int_equal(r, STORE_NOT_A_NUMBER);
		return;
	}
	assert_int_equal(r, STORE_OK);
	before = !sum.decr	     ? before + sum.delta
		: sum.delta < before ? before - sum.delta
				     : 0;
	assert_int_equal(value, before);
	snprintf(text, sizeof(text), "%-*llu", width,
		(unsigned long long)before);
	memcpy(e->value, text, strlen(text) + 1);
	e->cas = it->cas;
	store_release(m->k.s, it);
}

static void
do_rest(struct model *m, unsigned i)
{
	struct entry *e = live(m, i);
	int64_t exptime = draw(m, 3) ? 0 : draw(m, 30);
	enum store_result want = e->there ? STORE_OK : STORE_NOT_FOUND;
	char key[16];

	name(key, i);
	if (draw(m, 2)) {
		assert_int_equal(
			store_touch(m->k.s, key, strlen(key), exptime), want);
		e->exptime = store_exptime(m->k.s, exptime);
	} else {
		assert_int_equal(kit_delete(&m->k, key), want);
		e->there = false;
	}
}

/* What was lent stays as it was, whatever becomes of its key. */
static void
do_lend(struct model *m, unsigned i)
{
	struct item *it = m->lent[i];
	char key[16];

	if (it) {
		assert_memory_equal(
			it->text, m->lent_text[i], item_text_len(it, true));
		store_returned(m->k.s, it);
		m->lent[i] = NULL;
		return;
	}
	name(key, i);
	it = kit_find(&m->k, key);
	if (!it)
		return;
	memcpy(m->lent_text[i], it->text, item_text_len(it, true));
	store_lend(m->k.s, it);
	m->lent[i] = it;
}

static void
step(struct model *m)
{
	unsigned i = draw(m, KEYS), what = draw(m, 100);
	struct entry *e;
	char key[16];

	name(key, i);
	if (what < 30)
		do_put(m, i);
	else if (what < 50)
		do_sum(m, i);
	else if (what < 60)
		do_lend(m, i);
	else if (what < 65)
		do_rest(m, i);
	else if (what < 70)
		store_work(m->k.s, draw(m, 50));
	else if (what == 70 && draw(m, 10) == 0)
		kit_later(&m->k, draw(m, 4));
	else if (what == 71 && draw(m, 200) == 0) {
		store_flush(m->k.s, 0);
		for (i = 0; i < KEYS; i++)
			m->e[i].there = false;
	} else {
		e = live(m, i);
		kit_expect(&m->k, key, e->there ? e->value : NULL);
	}
}

static void
like_the_model(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	const char *seed = getenv("STORE_SEED");

	(void)state;
	assert_non_null(m);
	m->seed = seed ? (unsigned)strtoul(seed, NULL, 10) : 4711;
	print_message("STORE_SEED=%u\n", m->seed);
	kit_init(&m->k);
	m->k.config.hashpower = 4;
	kit_open(&m->k);
	for (unsigned n = 0; n < STEPS; n++)
		step(m);
	for (unsigned i = 0; i < KEYS; i++)
		if (m->lent[i])
			do_lend(m, i);
	assert_int_equal(kit_stats(&m->k).evictions, 0);
	assert_true(kit_stats(&m->k).incr_in_place > 100);
	assert_true(kit_stats(&m->k).get_expired > 10);
	assert_true(kit_stats(&m->k).hash_power_level > 6);
	kit_close(&m->k);
	free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* store_test - the rules, one by one. */
#include <stdio.h>

#include "apps/memcached/test/store_kit.h"

static struct kit k;

static int
open_kit(void **state)
{
	(void)state;
	kit_init(&k);
	kit_open(&k);
	return 0;
}

static int
close_kit(void **state)
{
	(void)state;
	kit_close(&k);
	return 0;
}

static void
modes(void **state)
{
	struct store_stats n;

	(void)state;
	kit_expect(&k, "a", NULL);
	assert_int_equal(
		kit_mode(&k, STORE_REPLACE, "a", "x"), STORE_NOT_STORED);
	assert_int_equal(
		kit_mode(&k, STORE_APPEND, "a", "x"), STORE_NOT_STORED);
	assert_int_equal(
		kit_mode(&k, STORE_PREPEND, "a", "x"), STORE_NOT_STORED);
	assert_int_equal(kit_mode(&k, STORE_CAS, "a", "x"), STORE_NOT_FOUND);
	assert_int_equal(kit_mode(&k, STORE_ADD, "a", "1"), STORE_OK);
	assert_int_equal(kit_mode(&k, STORE_ADD, "a", "2"), STORE_NOT_STORED);
	kit_expect(&k, "a", "1");
	assert_int_equal(kit_mode(&k, STORE_REPLACE, "a", "23"), STORE_OK);
	assert_int_equal(kit_mode(&k, STORE_APPEND, "a", "4"), STORE_OK);
	assert_int_equal(kit_mode(&k, STORE_PREPEND, "a", "01"), STORE_OK);
	kit_expect(&k, "a", "01234");
	kit_set(&k, "a", "");
	kit_expect(&k, "a", "");
	assert_int_equal(kit_delete(&k, "a"), STORE_OK);
	assert_int_equal(kit_delete(&k, "a"), STORE_NOT_FOUND);
	kit_expect(&k, "a", NULL);
	n = kit_stats(&k);
	assert_int_equal(n.cmd_set, 10);
	assert_int_equal(n.get_hits, 3);
	assert_int_equal(n.get_misses, 2);
	assert_int_equal(n.delete_hits, 1);
	assert_int_equal(n.delete_misses, 1);
	assert_int_equal(n.cas_misses, 1);
	assert_int_equal(n.curr_items, 0);
	assert_int_equal(n.bytes, 0);
}

static void
cas(void **state)
{
	struct store_how how = {.mode = STORE_CAS};

	(void)state;
	kit_set(&k, "a", "1");
	how.cas = kit_cas(&k, "a");
	assert_int_equal(kit_put(&k, "a", "2", &how, 0), STORE_OK);
	assert_int_equal(kit_put(&k, "a", "3", &how, 0), STORE_EXISTS);
	kit_expect(&k, "a", "2");
	assert_true(kit_cas(&k, "a") > how.cas);
	how.mode = STORE_APPEND;
	assert_int_equal(kit_put(&k, "a", "3", &how, 0), STORE_EXISTS);
	assert_int_equal(store_delete(k.s, "a", 1, how.cas), STORE_EXISTS);
	how = (struct store_how){.mode = STORE_SET, .new_cas = 99};
	assert_int_equal(kit_put(&k, "a", "4", &how, 0), STORE_OK);
	assert_int_equal(kit_cas(&k, "a"), 99);
	assert_int_equal(store_delete(k.s, "a", 1, 99), STORE_OK);
	assert_int_equal(kit_stats(&k).cas_hits, 1);
	assert_int_equal(kit_stats(&k).cas_badval, 1);
	how = (struct store_how){.mode = STORE_APPEND, .vivify = true};
	assert_int_equal(kit_put(&k, "a", "5", &how, 0), STORE_OK);
	kit_expect(&k, "a", "5");
}

static enum store_result
sum(const char *key, bool decr, uint64_t delta, uint64_t *value)
{
	struct store_sum how = {.decr = decr, .delta = delta};

	return store_add(k.s, key, strlen(key), &how, value, NULL);
}

static void
sums(void **state)
{
	static const char *const bad[] = {
		"", "x", "-1", "1x", " ", "+", "+-1", "18446744073709551616"};
	static const char *const good[] = {"1", " 1", "+1", "1 x", "1\t",
		"\n\v1\r", "000000000000000000001", "-18446744073709551615"};
	uint64_t v, in_place;
	struct item *it;

	(void)state;
	assert_int_equal(sum("a", false, 1, &v), STORE_NOT_FOUND);
	kit_set(&k, "a", "10");
	assert_int_equal(sum("a", true, 1, &v), STORE_OK);
	assert_int_equal(v, 9);
	kit_expect(&k, "a", "9 ");
	assert_int_equal(sum("a", false, 1, &v), STORE_OK);
	kit_expect(&k, "a", "10");
	assert_int_equal(sum("a", true, 11, &v), STORE_OK);
	assert_int_equal(v, 0);
	assert_int_equal(sum("a", false, UINT64_MAX, &v), STORE_OK);
	kit_expect(&k, "a", "18446744073709551615");
	assert_int_equal(sum("a", false, 3, &v), STORE_OK);
	assert_int_equal(v, 2);
	assert_int_equal(kit_stats(&k).incr_in_place, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kit_set(&k, "b", bad[i]);
		assert_int_equal(sum("b", false, 1, &v), STORE_NOT_A_NUMBER);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		kit_set(&k, "b", good[i]);
		assert_int_equal(sum("b", false, 1, &v), STORE_OK);
		assert_int_equal(v, 2);
	}
	/* Somebody sends it: it stays as it is. */
	in_place = kit_stats(&k).incr_in_place;
	kit_set(&k, "c", "5");
	it = kit_find(&k, "c");
	store_lend(k.s, it);
	assert_int_equal(sum("c", false, 1, &v), STORE_OK);
	assert_memory_equal(it->text, "VALUE c 7 1\r\n5\r\nEND\r\n", 21);
	kit_expect(&k, "c", "6");
	assert_int_equal(kit_stats(&k).incr_in_place, in_place);
	store_returned(k.s, it);
	kit_set(&k, "c", "10");
	it = kit_find(&k, "c");
	assert_int_equal(sum("c", true, 1, &v), STORE_OK);
	kit_expect(&k, "c", "9"); /* and no space */
	store_release(k.s, it);
}

static void
ends(void **state)
{
	static const struct {
		int64_t exptime;
		uint32_t at;
	} rule[] = {
		{0, 0},
		{1, KIT_NOW + 1},
		{30 * 86400, KIT_NOW + 30 * 86400},
		{30 * 86400 + 1, 30 * 86400 + 1},
		{KIT_NOW + 5, KIT_NOW + 5},
		{-1, 1},
		{INT64_MIN, 1},
		{INT64_MAX, UINT32_MAX},
	};
	struct store_how set = {.mode = STORE_SET};

	(void)state;
	for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++)
		assert_int_equal(
			store_exptime(k.s, rule[i].exptime), rule[i].at);
	kit_put(&k, "past", "x", &set, -1);
	kit_expect(&k, "past", NULL);
	kit_put(&k, "long", "x", &set, 10);
	kit_put(&k, "short", "x", &set, 2);
	kit_later(&k, 1);
	kit_expect(&k, "short", "x");
	kit_later(&k, 1);
	kit_expect(&k, "short", NULL);
	assert_int_equal(store_touch(k.s, "short", 5, 9), STORE_NOT_FOUND);
	kit_later(&k, 5);
	assert_int_equal(store_touch(k.s, "long", 4, 100), STORE_OK);
	kit_later(&k, 50);
	kit_expect(&k, "long", "x");
	store_release(k.s, store_find_touch(k.s, "long", 4, 0));
	kit_later(&k, 1000000);
	kit_expect(&k, "long", "x");
	assert_int_equal(kit_stats(&k).get_expired, 2);
	assert_int_equal(kit_stats(&k).touch_hits, 2);
	assert_int_equal(kit_stats(&k).touch_misses, 1);
}

static void
crawler(void **state)
{
	struct store_how set = {.mode = STORE_SET};
	struct item *it;

	(void)state;
	kit_put(&k, "a", "x", &set, 5);
	kit_put(&k, "b", "x", &set, 5);
	kit_put(&k, "c", "x", &set, 0);
	it = kit_find(&k, "b");
	kit_later(&k, 5);
	kit_work(&k);
	assert_int_equal(kit_stats(&k).crawler_reclaimed, 2);
	assert_int_equal(kit_stats(&k).expired_unfetched, 1);
	assert_int_equal(kit_stats(&k).curr_items, 1);
	assert_memory_equal(it->text, "VALUE b 7 1\r\nx\r\n", 16);
	assert_int_equal(kit_class(&k, kit_class_of(&k, "c")).used_chunks, 2);
	store_release(k.s, it);
	assert_int_equal(kit_class(&k, kit_class_of(&k, "c")).used_chunks, 1);
}

/* Who asks for it has it within a few calls that follow one another. */
static void
crawler_soon(void **state)
{
	char key[16];

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		kit_put(&k, key, "x", &(struct store_how){0}, 9 + i % 2);
	}
	kit_later(&k, 8);
	kit_work(&k); /* those that are hot have cooled */
	kit_later(&k, 1);
	assert_false(store_work(k.s, 100));
	store_crawl(k.s);
	while (store_work(k.s, 100))
		;
	assert_int_equal(kit_stats(&k).crawler_reclaimed, 25000);
	assert_int_equal(kit_stats(&k).curr_items, 25000);
}

static void
flush(void **state)
{
	(void)state;
	kit_set(&k, "a", "1");
	store_flush(k.s, 0);
	kit_set(&k, "b", "2");
	kit_expect(&k, "a", NULL);
	kit_expect(&k, "b", "2");
	assert_int_equal(kit_stats(&k).get_flushed, 1);
	store_flush(k.s, 10);
	kit_later(&k, 9);
	kit_set(&k, "c", "3");
	kit_expect(&k, "b", "2");
	kit_later(&k, 1);
	kit_set(&k, "d", "4");
	kit_expect(&k, "b", NULL);
	kit_expect(&k, "d", "4");
	kit_work(&k);
	assert_int_equal(kit_stats(&k).curr_items, 1);
	/* Nothing is left of the delay. */
	kit_later(&k, 100);
	kit_expect(&k, "d", "4");
	/* Nothing was there then; and a flush to come is none any more. */
	store_flush(k.s, 10);
	store_flush(k.s, 60 * 60 * 24 * 31);
	kit_expect(&k, "d", "4");
	kit_later(&k, 100);
	kit_expect(&k, "d", "4");
	store_flush(k.s, k.now);
	kit_expect(&k, "d", NULL);
	kit_set(&k, "e", "5");
	store_flush(k.s, -1);
	kit_expect(&k, "e", NULL);
}

/* What is referred to stays, whatever becomes of its key. */
static void
references(void **state)
{
	struct item *held, *lent;
	unsigned cls;

	(void)state;
	kit_set(&k, "a", "old");
	cls = kit_class_of(&k, "a");
	held = kit_find(&k, "a");
	lent = kit_find(&k, "a");
	assert_ptr_equal(held, lent);
	store_lend(k.s, lent);
	kit_set(&k, "a", "new");
	kit_expect(&k, "a", "new");
	kit_delete(&k, "a");
	for (int i = 0; i < 100; i++) {
		char key[8] = {'k', (char)('0' + i / 10), (char)('0' + i % 10)};

		kit_set(&k, key, "xyz");
	}
	assert_memory_equal(held->text, "VALUE a 7 3\r\nold\r\nEND\r\n", 23);
	assert_int_equal(kit_class(&k, cls).used_chunks, 101);
	store_release(k.s, held);
	assert_int_equal(kit_class(&k, cls).used_chunks, 101);
	assert_memory_equal(held->text, "VALUE a 7 3\r\nold\r\nEND\r\n", 23);
	store_returned(k.s, lent);
	assert_int_equal(kit_class(&k, cls).used_chunks, 100);
	assert_int_equal(kit_stats(&k).curr_items, 100);
}

static struct store_told
mget(const char *key, struct store_ask ask, enum store_result want)
{
	struct store_told told;
	enum store_result why;
	struct item *it;

	it = store_meta_get(k.s, key, strlen(key), &ask, &told, &why);
	assert_int_equal(why, want);
	assert_true((it != NULL) == (want == STORE_OK));
	if (it)
		store_release(k.s, it);
	return told;
}

static void
meta(void **state)
{
	struct store_ask viv = {.vivify = true, .vivify_time = 30};
	struct store_ask fresh = {.recache = true, .recache_ttl = 20};
	struct store_how how = {.mode = STORE_SET};
	struct store_invalid bad = {.touch = true, .exptime = 50};
	struct store_told t;
	uint64_t before;

	(void)state;
	mget("a", (struct store_ask){0}, STORE_NOT_FOUND);
	t = mget("a", viv, STORE_OK);
	assert_true(t.won && t.made && !t.sent && !t.stale);
	t = mget("a", viv, STORE_OK);
	assert_true(!t.won && t.sent && t.hit);
	kit_later(&k, 3);
	t = mget("a", viv, STORE_OK);
	assert_true(t.hit && t.idle == 3);
	before = kit_cas(&k, "a");
	kit_put(&k, "a", "x", &how, 30);
	t = mget("a", fresh, STORE_OK);
	assert_true(!t.won && !t.sent);
	kit_later(&k, 11);
	assert_true(mget("a", fresh, STORE_OK).won);
	t = mget("a", fresh, STORE_OK);
	assert_true(!t.won && t.sent && !t.stale);

	assert_int_equal(store_invalidate(k.s, "a", 1, &bad), STORE_OK);
	t = mget("a", (struct store_ask){0}, STORE_OK);
	assert_true(t.won && t.stale && !t.sent);
	t = mget("a", (struct store_ask){0}, STORE_OK);
	assert_true(!t.won && t.stale && t.sent);
	/* A value made from what was before it is taken, and stays stale. */
	how = (struct store_how){
		.mode = STORE_CAS, .cas = before, .stale = true};
	assert_int_equal(kit_put(&k, "a", "y", &how, 0), STORE_OK);
	t = mget("a", (struct store_ask){0}, STORE_OK);
	assert_true(!t.won && t.stale && t.sent);
	kit_later(&k, 50);
	mget("a", (struct store_ask){0}, STORE_NOT_FOUND);
	assert_int_equal(store_invalidate(k.s, "a", 1, &bad), STORE_NOT_FOUND);
}

static void
lengths(void **state)
{
	char key[300];
	struct item *it;
	enum store_result r = STORE_OK;

	(void)state;
	memset(key, 'k', sizeof(key));
	for (size_t len = 0; len < sizeof(key); len++) {
		bool good = len >= 1 && len <= ITEM_KEY_MAX;

		r = store_alloc(k.s, &it, key, len, UINT32_MAX, 0, len);
		assert_int_equal(r, good ? STORE_OK : STORE_INVALID);
		if (!good) {
			assert_null(store_find(k.s, key, len));
			assert_int_equal(store_delete(k.s, key, len, 0),
				STORE_NOT_FOUND);
			continue;
		}
		memset(item_data(it), 'd', len);
		assert_int_equal(
			store_put(k.s, it, &(struct store_how){0}, NULL),
			STORE_OK);
		assert_int_equal(
			store_put(k.s, it, &(struct store_how){0}, NULL),
			STORE_INVALID);
		store_release(k.s, it);
		it = store_find(k.s, key, len);
		assert_int_equal(it->key_len, len);
		assert_int_equal(it->len, len);
		store_release(k.s, it);
	}
	r = store_alloc(k.s, &it, "k", 1, 0, 0, SIZE_MAX);
	assert_int_equal(r, STORE_TOO_LARGE);
	assert_int_equal(
		store_alloc(k.s, &it, "k", 1, 0, 0, 1 << 20), STORE_TOO_LARGE);
	assert_int_equal(kit_stats(&k).store_too_large, 2);
	assert_false(store_fits(k.s, 1, 0, SIZE_MAX));
	for (size_t len = (1 << 20) - 200; len < (1 << 20); len++) {
		r = store_alloc(k.s, &it, "k", 1, 0, 0, len);
		assert_int_equal(r == STORE_OK, store_fits(k.s, 1, 0, len));
		if (r == STORE_OK) {
			memset(item_data(it), 'd', len);
			store_release(k.s, it);
		}
	}
}

/* Each item is in the smallest class that holds it. */
static void
sizes(void **state)
{
	static const uint32_t largest[] = {1 << 10, 1 << 14, 1 << 20, 3 << 20};
	static const double factor[] = {1.01, 1.25, 2.0, 50.0};

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		kit_close(&k);
		kit_init(&k);
		k.config.item_max = largest[i / 4];
		k.config.factor = factor[i % 4];
		k.config.limit = 200u << 20;
		kit_open(&k);
		for (size_t len = 0; store_fits(k.s, 3, 0, len); len += 13) {
			struct store_class c;
			struct item *it;
			size_t total;
			unsigned cls;

			assert_int_equal(
				store_alloc(k.s, &it, "key", 3, 0, 0, len),
				STORE_OK);
			cls = it->where & 63;
			total = ITEM_HEADER + item_text_len(it, true);
			assert_true(total <= kit_class(&k, cls).chunk_size);
			if (store_class_stats(k.s, cls - 1, &c))
				assert_true(total > c.chunk_size);
			store_release(k.s, it);
			len += len / 20;
		}
		assert_int_equal(kit_class(&k, store_classes(k.s)).chunk_size,
			largest[i / 4]);
	}
}

static void
growth(void **state)
{
	char key[16];

	(void)state;
	kit_close(&k);
	kit_init(&k);
	k.config.hashpower = 4; /* it ends at every size with any number left */
	kit_open(&k);
	for (unsigned i = 0; i < 400000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		kit_set(&k, key, key);
		store_work(k.s, 1 + i % 5);
	}
	assert_int_equal(kit_stats(&k).hash_power_level, 19);
	for (unsigned i = 0; i < 400000; i++) {
		snprintf(key, sizeof(key), "%u", i);
		kit_expect(&k, key, key);
	}
	assert_int_equal(kit_stats(&k).curr_items, 400000);
	store_stats_reset(k.s);
	assert_int_equal(kit_stats(&k).get_hits, 0);
	assert_int_equal(kit_stats(&k).curr_items, 400000);
}

static void
complaints(void **state)
{
	struct store_config c = k.config;
	struct store *s;

	(void)state;
	c.limit = 1000;
	assert_non_null(store_complaint(&c));
	assert_true(store_open(&s, &c, KIT_NOW) < 0);
	c = k.config;
	c.factor = 1.0;
	assert_non_null(store_complaint(&c));
	c = k.config;
	c.item_max = 1u << 31;
	assert_non_null(store_complaint(&c));
	c = k.config;
	c.warm_percent = UINT32_MAX;
	assert_non_null(store_complaint(&c));
	assert_true(store_join(&s, k.s, NULL) < 0);
}

#define RULE(f) cmocka_unit_test_setup_teardown(f, open_kit, close_kit)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RULE(modes),
		RULE(cas),
		RULE(sums),
		RULE(ends),
		RULE(crawler),
		RULE(crawler_soon),
		RULE(flush),
		RULE(references),
		RULE(meta),
		RULE(lengths),
		RULE(sizes),
		RULE(growth),
		RULE(complaints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* store_slab_test - memory: what is kept when there is not enough, segments,
 * and pages that change their class. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/store_kit.h"

#define MIB (1u << 20)

static struct kit k;
static char value[MIB];

static void
set(unsigned key, size_t len, enum store_result want)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", key);
	memset(value, 'a' + (int)(key % 26), len);
	value[len] = 0;
	assert_int_equal(kit_mode(&k, STORE_SET, text, value), want);
}

/* Whether it is there; if it is, with what was set. */
static bool
check(unsigned key, size_t len)
{
	char text[16];
	struct item *it;

	snprintf(text, sizeof(text), "%u", key);
	it = kit_find(&k, text);
	if (!it)
		return false;
	assert_int_equal(it->len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(item_data(it)[i], 'a' + (int)(key % 26));
	store_release(k.s, it);
	return true;
}

static void
open_of(unsigned mib)
{
	kit_init(&k);
	k.config.limit = mib * MIB;
	kit_open(&k);
}

/* Ten times as much as there is room for. */
static void
pressure(void **state)
{
	const unsigned keys = 40 * 1024;
	unsigned found = 0;
	struct store_stats n;

	(void)state;
	open_of(4);
	for (unsigned i = 0; i < keys; i++) {
		set(i, 1000, STORE_OK);
		if (i % 8 == 0)
			store_work(k.s, 20);
	}
	for (unsigned i = 0; i < keys; i++)
		found += check(i, 1000);
	n = kit_stats(&k);
	assert_int_equal(found, n.curr_items);
	assert_int_equal(found + n.evictions + n.slab_reassign_evictions, keys);
	assert_true(check(keys - 1, 1000));
	assert_false(check(0, 1000));
	assert_true(found > 2000);
	assert_true(k.count <= 4);
	assert_true(n.total_malloced <= n.limit_maxbytes);
	kit_close(&k);
}

/* What is got now and then outlives what is not. */
static void
warm(void **state)
{
	unsigned found = 0;
	struct store_stats n;

	(void)state;
	open_of(4);
	for (unsigned i = 0; i < 500; i++)
		set(i, 1000, STORE_OK);
	for (unsigned i = 500; i < 40000; i++) {
		set(i, 1000, STORE_OK);
		check(i % 500, 1000);
		if (i % 100 == 0)
			kit_later(&k, 1);
		store_work(k.s, 4);
	}
	for (unsigned i = 0; i < 500; i++)
		found += check(i, 1000);
	n = kit_stats(&k);
	assert_true(found > 450);
	assert_true(n.moves_to_cold > 30000);
	assert_true(n.moves_to_warm >= 450);
	assert_true(n.evicted_unfetched > 30000);
	assert_true(n.moves_within_lru > 0);
	kit_close(&k);
}

/* A fifth of the bytes is hot, and what was got twice is warm. */
static void
segments(void **state)
{
	struct store_class c;

	(void)state;
	kit_init(&k);
	kit_open(&k);
	for (unsigned i = 1000; i < 4000; i++)
		set(i, 1000, STORE_OK);
	for (unsigned i = 1000; i < 1300; i++) {
		check(i, 1000);
		check(i, 1000);
	}
	kit_work(&k);
	c = kit_class(&k, kit_class_of(&k, "1000"));
	assert_in_range(c.number_hot, 595, 600);
	assert_int_equal(c.number_warm, 300);
	assert_int_equal(c.number, 3000);
	assert_int_equal(c.moves_to_warm, 300);
	assert_int_equal(c.moves_to_cold, c.number_cold);
	/* From cold straight to warm, the second time. */
	check(1300, 1000);
	check(1300, 1000);
	assert_int_equal(
		kit_class(&k, kit_class_of(&k, "1300")).number_warm, 301);
	kit_close(&k);
}

/* What is lent is not thrown out; without anything else, there is no memory. */
static void
all_lent(void **state)
{
	static struct item *lent[2048];
	unsigned n = 0;
	char key[16];

	(void)state;
	kit_init(&k);
	k.config.limit = MIB;
	kit_open(&k);
	for (unsigned i = 0; i < 2048; i++) {
		struct item *it;

		snprintf(key, sizeof(key), "%u", i);
		if (store_alloc(k.s, &it, key, strlen(key), 7, 0, 1000) !=
			STORE_OK)
			break;
		memset(item_data(it), 'x', 1000);
		assert_int_equal(
			store_put(k.s, it, &(struct store_how){0}, NULL),
			STORE_OK);
		store_lend(k.s, it);
		lent[n++] = it;
	}
	assert_in_range(n, 800, 1024);
	set(5000, 1000, STORE_NO_MEMORY);
	assert_true(kit_stats(&k).store_no_memory >= 2);
	assert_true(kit_stats(&k).lrutail_reflocked > 0);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(item_data(lent[i])[999], 'x');
		if (i == 17) {
			store_returned(k.s, lent[i]);
			break;
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (i != 17)
			store_returned(k.s, lent[i]);
	set(5000, 1000, STORE_OK);
	kit_close(&k);
}

/* What is appended to or added to is not thrown out for what comes of it, even
 * if it is the only one that could be. */
static void
alone(void **state)
{
	static struct item *lent[16384];
	struct store_sum one = {.delta = 1};
	struct item *piece, *it;
	unsigned n = 0;
	uint64_t v;

	(void)state;
	kit_init(&k);
	k.config.limit = MIB;
	kit_open(&k);
	assert_int_equal(
		store_alloc(k.s, &piece, "only", 4, 7, 0, 1), STORE_OK);
	*item_data(piece) = 'y';
	kit_set(&k, "only", "9");
	while (store_alloc(k.s, &it, "x", 1, 7, 0, 1) == STORE_OK) {
		assert_true(n < 16384);
		lent[n++] = it;
		/* Nothing but this can be thrown out. */
		if (kit_stats(&k).evictions)
			break;
	}
	store_release(k.s, lent[--n]);
	kit_set(&k, "only", "9");
	assert_int_equal(
		store_put(k.s, piece, &(struct store_how){.mode = STORE_APPEND},
			NULL),
		STORE_NO_MEMORY);
	kit_expect(&k, "only", "9");
	assert_int_equal(
		store_add(k.s, "only", 4, &one, &v, NULL), STORE_NO_MEMORY);
	kit_expect(&k, "only", "9");
	store_release(k.s, piece);
	assert_int_equal(store_add(k.s, "only", 4, &one, &v, NULL), STORE_OK);
	kit_expect(&k, "only", "10");
	while (n)
		store_release(k.s, lent[--n]);
	kit_close(&k);
}

static void
no_eviction(void **state)
{
	unsigned n = 0;

	(void)state;
	kit_init(&k);
	k.config.limit = 2 * MIB;
	k.config.no_evict = true;
	kit_open(&k);
	memset(value, 'x', 1000);
	value[1000] = 0;
	for (;; n++) {
		char key[16];

		snprintf(key, sizeof(key), "%u", n);
		if (kit_put(&k, key, value, &(struct store_how){0}, 100) !=
			STORE_OK)
			break;
	}
	kit_work(&k);
	assert_int_equal(kit_stats(&k).evictions, 0);
	assert_int_equal(kit_stats(&k).curr_items, n);
	assert_true(n > 1600);
	set(n, 1000, STORE_NO_MEMORY);
	kit_later(&k, 100);
	set(n, 1000, STORE_OK);
	assert_int_equal(kit_stats(&k).reclaimed, 1);
	kit_work(&k);
	assert_int_equal(kit_stats(&k).curr_items, 1);
	kit_close(&k);
}

/* Other sizes find room after all was taken by one. */
static void
moves(void **state)
{
	unsigned failed = 0;
	struct store_stats n;

	(void)state;
	open_of(16);
	for (unsigned i = 0; i < 32000; i++) {
		set(i, 1000, STORE_OK);
		if (i % 100 == 0)
			kit_later(&k, 1);
		store_work(k.s, 10);
	}
	set(100000, 200000, STORE_OK);
	for (unsigned i = 0; i < 2000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "l%u", i);
		memset(value, 'l', 50000);
		value[50000] = 0;
		failed += kit_mode(&k, STORE_SET, key, value) != STORE_OK;
		kit_later(&k, 1);
		for (unsigned j = 0; j < 10; j++)
			store_work(k.s, 100);
	}
	n = kit_stats(&k);
	/* The page is the new class's alone. */
	for (unsigned i = 0; i < 32000; i++)
		set(i, 1000, STORE_OK);
	memset(value, 'l', 50000);
	value[50000] = 0;
	kit_expect(&k, "l1999", value);
	kit_expect(&k, "l1998", value);
	for (unsigned i = 0; i < 32000; i++)
		check(i, 1000);
	assert_int_equal(failed, 0);
	assert_int_equal(n.slab_moves_at_once, 1);
	assert_true(n.slabs_moved >= 5);
	assert_true(n.slab_reassign_evictions > 1000);
	assert_true(kit_class(&k, kit_class_of(&k, "l1999")).total_pages > 4);
	assert_true(k.count <= 16);
	kit_close(&k);
}

/* Of a page that is to leave, one item is in use: the page waits, and stays in
 * the end. */
static void
stuck(void **state)
{
	struct item *lent[4 * 1024];
	unsigned n = 0;

	(void)state;
	open_of(4);
	for (unsigned i = 0; i < 3000; i++) {
		char key[16];

		set(i, 1000, STORE_OK);
		snprintf(key, sizeof(key), "%u", i);
		if (i % 100 == 0 && (lent[n] = kit_find(&k, key))) {
			store_lend(k.s, lent[n]);
			n++;
		}
	}
	set(90000, 100000, STORE_OK);
	for (unsigned i = 0; i < 2000; i++)
		store_work(k.s, 1000);
	assert_int_equal(kit_stats(&k).slabs_moved, 0);
	assert_true(kit_stats(&k).slab_reassign_busy > 0);
	for (unsigned i = 0; i < 3000; i++)
		set(i, 1000, STORE_OK);
	while (n)
		store_returned(k.s, lent[--n]);
	for (unsigned i = 0; i < 2000; i++)
		store_work(k.s, 1000);
	assert_true(kit_stats(&k).slabs_moved > 0);
	kit_close(&k);
}

static void
few_pages(void **state)
{
	(void)state;
	kit_init(&k);
	k.room = 0;
	kit_open(&k);
	set(1, 10, STORE_NO_MEMORY);
	assert_int_equal(kit_stats(&k).pages_refused, 1);
	kit_close(&k);
	kit_init(&k);
	k.room = 5;
	kit_open(&k);
	for (unsigned i = 0; i < 20000; i++)
		set(i, 1000, STORE_OK);
	kit_work(&k);
	set(1, 5000, STORE_OK);
	assert_true(check(1, 5000));
	kit_close(&k);
}

static void
temporary(void **state)
{
	unsigned cls;

	(void)state;
	kit_init(&k);
	k.config.temp_ttl = 61;
	kit_open(&k);
	kit_put(&k, "a", "x", &(struct store_how){0}, 61);
	kit_put(&k, "b", "x", &(struct store_how){0}, 62);
	cls = kit_class_of(&k, "a");
	for (int i = 0; i < 5; i++)
		kit_expect(&k, "a", "x");
	assert_int_equal(kit_class(&k, cls).number_temp, 1);
	assert_int_equal(kit_class(&k, cls).number_hot, 1);
	assert_int_equal(kit_class(&k, cls).hits_to[3], 5);
	kit_later(&k, 61);
	kit_work(&k);
	assert_int_equal(kit_class(&k, cls).number, 1);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pressure),
		cmocka_unit_test(warm),
		cmocka_unit_test(segments),
		cmocka_unit_test(all_lent),
		cmocka_unit_test(alone),
		cmocka_unit_test(no_eviction),
		cmocka_unit_test(moves),
		cmocka_unit_test(stuck),
		cmocka_unit_test(few_pages),
		cmocka_unit_test(temporary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* store_shared_test - two threads in one store. Meant for the thread sanitizer,
 * and true without it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/store_kit.h"

#define STEPS	 40000
#define COUNTERS 64
#define KEYS	 20000
#define LENT	 32

static struct kit k;
static pthread_mutex_t page_mutex = PTHREAD_MUTEX_INITIALIZER;
static void *(*kit_page)(void *arg, size_t bytes);

struct worker {
	struct store *s;
	unsigned seed;
	uint64_t found;
	unsigned refused, walked;
	struct store_walk walk;
	struct item *lent[LENT];
};

/* The kit's pages are for one thread. */
static void *
page(void *arg, size_t bytes)
{
	void *p;

	pthread_mutex_lock(&page_mutex);
	p = kit_page(arg, bytes);
	pthread_mutex_unlock(&page_mutex);
	return p;
}

static void
run_two(void *(*run)(void *arg), struct worker w[2])
{
	pthread_t t;

	w[0] = (struct worker){.s = k.s, .seed = 1, .walk.classes = UINT64_MAX};
	w[1] = (struct worker){.seed = 2, .walk.classes = UINT64_MAX};
	assert_int_equal(store_join(&w[1].s, k.s, &k), 0);
	assert_int_equal(pthread_create(&t, NULL, run, &w[1]), 0);
	run(&w[0]);
	pthread_join(t, NULL);
}

static void
open_shared(uint64_t limit)
{
	kit_init(&k);
	kit_page = k.config.page;
	k.config.page = page;
	k.config.shared = true;
	k.config.limit = limit;
	k.config.hashpower = 6;
	k.config.stripes = 5;
	kit_open(&k);
}

static unsigned
draw(struct worker *w, unsigned n)
{
	return (unsigned)rand_r(&w->seed) % n;
}

/* --- sums -----------------------------------------------------------------*/

static void *
add_ones(void *arg)
{
	struct store_sum one = {.delta = 1};
	struct worker *w = arg;
	struct item *it;
	uint64_t v;
	char key[16];

	for (unsigned i = 0; i < STEPS; i++) {
		snprintf(key, sizeof(key), "n%u", draw(w, COUNTERS));
		/* A reader makes some of them new items. */
		it = draw(w, 4) ? NULL : store_find(w->s, key, strlen(key));
		assert_int_equal(
			store_add(w->s, key, strlen(key), &one, &v, NULL),
			STORE_OK);
		if (it)
			store_release(w->s, it);
		if (i % 50 == 0)
			store_work(w->s, 20);
	}
	return NULL;
}

static void
sums(void **state)
{
	struct worker w[2];
	struct store_sum none = {0};
	uint64_t sum = 0, v;
	char key[16];

	(void)state;
	open_shared(64 << 20);
	for (unsigned i = 0; i < COUNTERS; i++) {
		snprintf(key, sizeof(key), "n%u", i);
		kit_set(&k, key, "0000000");
	}
	run_two(add_ones, w);
	for (unsigned i = 0; i < COUNTERS; i++) {
		snprintf(key, sizeof(key), "n%u", i);
		assert_int_equal(
			store_add(k.s, key, strlen(key), &none, &v, NULL),
			STORE_OK);
		sum += v;
	}
	assert_int_equal(sum, 2 * STEPS);
	assert_int_equal(kit_stats(&k).incr_hits, 2 * STEPS + COUNTERS);
	kit_close(&k);
}

/* Both make each of them: one is the first, and the other one adds to it. */
static void *
make_counters(void *arg)
{
	struct worker *w = arg;
	bool made;
	struct store_sum one = {
		.delta = 1, .vivify = true, .initial = 5, .made = &made};
	uint64_t v;
	char key[16];

	for (unsigned i = 0; i < STEPS; i++) {
		made = false;
		snprintf(key, sizeof(key), "m%u", i);
		assert_int_equal(
			store_add(w->s, key, strlen(key), &one, &v, NULL),
			STORE_OK);
		assert_int_equal(v, made ? 5 : 6);
		w->found += made;
	}
	return NULL;
}

static void
made_counters(void **state)
{
	struct worker w[2];

	(void)state;
	open_shared(64 << 20);
	run_two(make_counters, w);
	assert_int_equal(w[0].found + w[1].found, STEPS);
	assert_int_equal(kit_stats(&k).incr_hits, STEPS);
	assert_int_equal(kit_stats(&k).incr_misses, 0);
	assert_int_equal(kit_stats(&k).cmd_set, 0);
	kit_close(&k);
}

/* --- everything, with too little memory -----------------------------------*/

static size_t
length(unsigned key)
{
	return 20 + key % 7 * 300;
}

static void
check(struct item *it, unsigned key)
{
	assert_int_equal(it->len, length(key));
	for (size_t i = 0; i < it->len; i++)
		assert_int_equal(item_data(it)[i], 'a' + (int)(key % 26));
}

static void
set(struct worker *w, const char *text, unsigned key)
{
	struct store_how how = {.mode = draw(w, 3)};
	int64_t exptime = draw(w, 4) ? 0 : 1;
	struct item *it;

	if (store_alloc(w->s, &it, text, strlen(text), 7, exptime,
		    length(key)) != STORE_OK)
		return;
	memset(item_data(it), 'a' + (int)(key % 26), length(key));
	store_put(w->s, it, &how, NULL);
	store_release(w->s, it);
}

static void
get(struct worker *w, const char *text, unsigned key)
{
	size_t len = strlen(text);
	uint32_t hash = store_ahead(w->s, text, len);
	unsigned i = draw(w, LENT);
	struct item *it;

	store_near(w->s, hash);
	it = key % 2 ? store_find(w->s, text, len)
		     : store_find_ahead(w->s, text, len, hash);

	if (!it)
		return;
	w->found++;
	check(it, key);
	if (draw(w, 4)) {
		store_release(w->s, it);
		return;
	}
	if (w->lent[i]) {
		check(w->lent[i],
			(unsigned)strtoul(item_key(w->lent[i]), NULL, 10));
		store_returned(w->s, w->lent[i]);
	}
	w->lent[i] = it;
	store_lend(w->s, it);
}

/* A step of a list, and the next. */
static void
look(struct worker *w)
{
	struct item *item[8];
	struct store_walked to = {.item = item, .most = 8, .looks = 500};

	if (!store_walk(w->s, &w->walk, &to))
		w->walk.page = w->walk.chunk = 0;
	for (unsigned i = 0; i < to.n; i++) {
		check(item[i], (unsigned)strtoul(item_key(item[i]), NULL, 10));
		store_release(w->s, item[i]);
	}
	w->walked += to.n;
}

static void *
churn(void *arg)
{
	struct worker *w = arg;
	struct store_stats n;
	char text[16];

	for (unsigned i = 0; i < STEPS; i++) {
		unsigned key = draw(w, KEYS), what = draw(w, 100);

		snprintf(text, sizeof(text), "%u", key);
		if (what < 50)
			get(w, text, key);
		else if (what < 85)
			set(w, text, key);
		else if (what < 90)
			store_delete(w->s, text, strlen(text), 0);
		else if (what < 92)
			store_touch(w->s, text, strlen(text), draw(w, 3));
		else
			store_work(w->s, draw(w, 100));
		if (i % 1000 == 0)
			store_clock(w->s, KIT_NOW + i / 1000);
		if (i == STEPS / 2)
			store_flush(w->s, 1);
		if (i % 500 == 0)
			store_stats(w->s, &n);
		if (i % 50 == 0)
			look(w);
		if (i % 5000 == 0)
			store_crawl(w->s);
	}
	for (unsigned i = 0; i < LENT; i++)
		if (w->lent[i])
			store_returned(w->s, w->lent[i]);
	return NULL;
}

static void
pressure(void **state)
{
	struct worker w[2];
	struct store_stats n;

	(void)state;
	open_shared(8 << 20);
	run_two(churn, w);
	n = kit_stats(&k);
	assert_true(n.evictions > 100);
	assert_true(n.get_expired > 10);
	assert_true(n.hash_power_level > 7);
	assert_int_equal(n.get_hits, w[0].found + w[1].found);
	assert_true(w[0].walked > 100 && w[1].walked > 100);
	assert_true(k.count <= 8);
	kit_close(&k);
}

/* --- more sizes than pages, the largest last ------------------------------*/

static void *
grow(void *arg)
{
	struct worker *w = arg;
	struct item *it;
	char text[16];

	for (unsigned i = 0; i < STEPS / 8; i++) {
		unsigned key = draw(w, KEYS);
		size_t len = (size_t)40 << i / 100 % 14;

		snprintf(text, sizeof(text), "%u", key);
		if (store_alloc(w->s, &it, text, strlen(text), 7, 0, len) !=
			STORE_OK) {
			w->refused++;
			continue;
		}
		memset(item_data(it), 'a' + (int)(key % 26), len);
		store_put(w->s, it, &(struct store_how){0}, NULL);
		store_release(w->s, it);
		it = store_find(w->s, text, strlen(text));
		if (it) {
			w->found += item_data(it)[it->len - 1] ==
				'a' + (int)(key % 26);
			store_release(w->s, it);
		}
		if (i % 50 == 0)
			store_work(w->s, 100);
	}
	return NULL;
}

static void
many_sizes(void **state)
{
	struct worker w[2];
	struct store_stats n;

	(void)state;
	open_shared(6 << 20);
	run_two(grow, w);
	n = kit_stats(&k);
	print_message("%u refused; %u moves, %u at once, %u busy, %u larger\n",
		w[0].refused + w[1].refused, (unsigned)n.slabs_moved,
		(unsigned)n.slab_moves_at_once, (unsigned)n.slab_reassign_busy,
		(unsigned)n.larger_chunks);
	assert_int_equal(w[0].refused + w[1].refused, n.store_no_memory);
	assert_int_equal(n.get_hits, w[0].found + w[1].found);
	assert_true(n.slab_moves_at_once > 0);
	assert_true(n.larger_chunks > 0);
	kit_close(&k);
}

/* --- how many there are, while they come and go ---------------------------*/

static void *
come_and_go(void *arg)
{
	struct worker *w = arg;
	struct item *it;

	for (unsigned i = 0; i < 10 * STEPS; i++) {
		if (w->seed == 1) {
			store_work(w->s, 1);
			continue;
		}
		assert_int_equal(
			store_alloc(w->s, &it, "k", 1, 7, 0, 1), STORE_OK);
		*item_data(it) = 'a';
		store_put(w->s, it, &(struct store_how){0}, NULL);
		store_release(w->s, it);
		assert_int_equal(store_delete(w->s, "k", 1, 0), STORE_OK);
	}
	return NULL;
}

/* There is one at most, and the table does not grow. */
static void
counting(void **state)
{
	struct worker w[2];

	(void)state;
	open_shared(4 << 20);
	run_two(come_and_go, w);
	assert_int_equal(kit_stats(&k).hash_power_level, 6);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(made_counters),
		cmocka_unit_test(pressure),
		cmocka_unit_test(many_sizes),
		cmocka_unit_test(counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* store_kit.c - memory for a store, and its short ways. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/store_kit.h"

static void *
page(void *arg, size_t bytes)
{
	struct kit *k = arg;
	void *p;

	if (k->count == k->room)
		return NULL;
	p = aligned_alloc(64, bytes);
	assert_non_null(p);
	memset(p, 0xa5, bytes); /* not what anybody relies on */
	k->pages[k->count++] = p;
	return p;
}

void
kit_init(struct kit *k)
{
	memset(k, 0, sizeof(*k));
	store_defaults(&k->config);
	k->config.page = page;
	k->config.arg = k;
	k->config.secret[0] = 0x1234567890abcdef;
	k->config.secret[1] = 0xfedcba0987654321;
	k->room = KIT_PAGES;
	k->now = KIT_NOW;
}

void
kit_open(struct kit *k)
{
	const char *why = store_complaint(&k->config);

	if (why)
		fail_msg("%s", why);
	assert_int_equal(store_open(&k->s, &k->config, k->now), 0);
}

void
kit_close(struct kit *k)
{
	struct store_stats n = kit_stats(k);
	uint64_t used = 0;

	for (unsigned i = 1; i <= store_classes(k->s); i++) {
		struct store_class c = kit_class(k, i);

		used += c.used_chunks;
		assert_true(c.free_chunks <= c.total_chunks);
	}
	assert_int_equal(used, n.curr_items);
	store_close(k->s);
	for (unsigned i = 0; i < k->count; i++)
		free(k->pages[i]);
}

void
kit_later(struct kit *k, uint32_t seconds)
{
	k->now += seconds;
	store_clock(k->s, k->now);
}

void
kit_work(struct kit *k)
{
	/* Twice round all pages, in any state of the cursors. */
	for (unsigned i = 0; i < 3000 && (store_work(k->s, 1000) || i < 300);
		i++)
		;
}

enum store_result
kit_put(struct kit *k, const char *key, const char *value,
	const struct store_how *how, int64_t exptime)
{
	enum store_result r;
	struct item *it;

	r = store_alloc(k->s, &it, key, strlen(key), 7, exptime, strlen(value));
	if (r != STORE_OK)
		return r;
	memcpy(item_data(it), value, strlen(value));
	r = store_put(k->s, it, how, NULL);
	store_release(k->s, it);
	return r;
}

enum store_result
kit_mode(
	struct kit *k, enum store_mode mode, const char *key, const char *value)
{
	return kit_put(k, key, value, &(struct store_how){.mode = mode}, 0);
}

void
kit_set(struct kit *k, const char *key, const char *value)
{
	assert_int_equal(kit_mode(k, STORE_SET, key, value), STORE_OK);
}

struct item *
kit_find(struct kit *k, const char *key)
{
	size_t len = strlen(key);
	uint32_t hash = store_ahead(k->s, key, len);

	/* Both ways in turn. */
	if (hash & 1)
		return store_find(k->s, key, len);
	store_near(k->s, hash);
	return store_find_ahead(k->s, key, len, hash);
}

void
kit_expect(struct kit *k, const char *key, const char *value)
{
	struct item *it = kit_find(k, key);
	static char text[1 << 21];
	int n;

	if (!value) {
		assert_null(it);
		return;
	}
	if (!it)
		fail_msg("%s is not there", key);
	n = snprintf(text, sizeof(text), "VALUE %s 7 %zu\r\n%s\r\nEND\r\n", key,
		strlen(value), value);
	assert_int_equal(item_text_len(it, true), n);
	assert_int_equal(item_text_len(it, false), n - 5);
	assert_memory_equal(it->text, text, (size_t)n);
	assert_memory_equal(item_key(it), key, strlen(key));
	store_release(k->s, it);
}

enum store_result
kit_delete(struct kit *k, const char *key)
{
	return store_delete(k->s, key, strlen(key), 0);
}

uint64_t
kit_cas(struct kit *k, const char *key)
{
	struct item *it = store_peek(k->s, key, strlen(key));
	uint64_t cas;

	assert_non_null(it);
	cas = it->cas;
	store_release(k->s, it);
	return cas;
}

struct store_stats
kit_stats(struct kit *k)
{
	struct store_stats n;

	store_stats(k->s, &n);
	return n;
}

struct store_class
kit_class(struct kit *k, unsigned cls)
{
	struct store_class c;

	assert_true(store_class_stats(k->s, cls, &c));
	return c;
}

unsigned
kit_class_of(struct kit *k, const char *key)
{
	struct item *it = store_peek(k->s, key, strlen(key));
	unsigned cls;

	assert_non_null(it);
	cls = it->where & 63;
	store_release(k->s, it);
	return cls;
}

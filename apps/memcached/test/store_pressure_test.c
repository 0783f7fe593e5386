/* store_pressure_test - far more than there is room for, of sizes that need
 * more classes than there are pages: nothing is refused for want of memory
 * while anything could make room. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/memcached/test/store_kit.h"

#define MIB  (1u << 20)
#define LENT 32 /* items that are being sent */

static struct kit k;

/* The key's number says all: the same in each run. */
static uint32_t
mix(uint32_t i)
{
	i = (i ^ i >> 16) * 0x45d9f3bu;
	i = (i ^ i >> 16) * 0x45d9f3bu;
	return i ^ i >> 16;
}

/* Nine of ten are small, most of the bytes are not. */
static size_t
size_of(uint32_t i)
{
	uint32_t h = mix(i);

	return 50 + (h % 10 ? h % 1000 : h % 60000);
}

static enum store_result
set(uint32_t i, size_t len, struct item **held)
{
	enum store_result r;
	struct item *it;
	char key[24];

	snprintf(key, sizeof(key), "pressure-%u", i);
	r = store_alloc(k.s, &it, key, strlen(key), 7, 0, len);
	if (r != STORE_OK)
		return r;
	memset(item_data(it), (int)(mix(i) & 255), len);
	r = store_put(k.s, it, &(struct store_how){0}, NULL);
	if (held)
		*held = it;
	else
		store_release(k.s, it);
	return r;
}

static void
expect(const struct item *it, uint32_t i, size_t len)
{
	const char *data = item_data((struct item *)(uintptr_t)it);

	assert_int_equal(it->len, len);
	for (size_t n = 0; n < len; n++)
		if (data[n] != (char)mix(i))
			fail_msg("key %u, byte %zu", i, n);
}

static bool
found(uint32_t i)
{
	struct item *it;
	char key[24];

	snprintf(key, sizeof(key), "pressure-%u", i);
	it = kit_find(&k, key);
	if (!it)
		return false;
	expect(it, i, size_of(i));
	store_release(k.s, it);
	return true;
}

static uint64_t
bytes_of_classes(void)
{
	uint64_t bytes = 0;

	for (unsigned i = 1; i <= store_classes(k.s); i++) {
		struct store_class c = kit_class(&k, i);

		bytes += c.used_chunks * c.chunk_size;
	}
	return bytes;
}

/* Sets `keys` keys, some of which stay lent for a while. */
static unsigned
fill(unsigned keys, unsigned sets_a_second, unsigned lend)
{
	static struct item *lent[LENT];
	static uint32_t name[LENT];
	unsigned refused = 0;

	for (uint32_t i = 0; i < keys; i++) {
		struct item **slot = NULL;

		if (lend && i % 13 == 0)
			slot = &lent[i / 13 % lend];
		if (slot && *slot) {
			uint32_t old = name[slot - lent];

			expect(*slot, old, size_of(old));
			store_returned(k.s, *slot);
			*slot = NULL;
		}
		refused += set(i, size_of(i), slot) != STORE_OK;
		if (slot && *slot) {
			store_lend(k.s, *slot);
			name[slot - lent] = i;
		}
		if (i % sets_a_second == 0)
			kit_later(&k, 1);
		if (i % 100 == 0)
			store_work(k.s, 200);
	}
	for (unsigned i = 0; i < LENT; i++)
		if (lent[i]) {
			store_returned(k.s, lent[i]);
			lent[i] = NULL;
		}
	return refused;
}

static void
mixed_sizes(unsigned mib, unsigned keys, unsigned sets_a_second, unsigned lend)
{
	struct store_stats n;
	unsigned there = 0, refused;

	kit_init(&k);
	k.config.limit = (uint64_t)mib * MIB;
	kit_open(&k);
	refused = fill(keys, sets_a_second, lend);
	n = kit_stats(&k);
	for (uint32_t i = 0; i < keys; i++)
		there += found(i);
	print_message("%u MiB: %u refused, %u there, %u KiB, in chunks of "
		      "%u KiB; %u moves, %u at once, %u busy, %u larger\n",
		mib, refused, there, (unsigned)(n.bytes >> 10),
		(unsigned)(bytes_of_classes() >> 10), (unsigned)n.slabs_moved,
		(unsigned)n.slab_moves_at_once, (unsigned)n.slab_reassign_busy,
		(unsigned)n.larger_chunks);
	assert_int_equal(refused, 0);
	assert_int_equal(n.store_no_memory, 0);
	assert_int_equal(there, n.curr_items);
	assert_true(found(keys - 1));
	assert_true(k.count <= mib);
	/* What is stored, without what chunks have to spare. */
	if (mib >= 16)
		assert_true(n.bytes >= (uint64_t)mib * MIB * 7 / 10);
	kit_close(&k);
}

static void
quick(void **state)
{
	(void)state;
	mixed_sizes(16, 48000, 20000, LENT);
}

static void
slow(void **state)
{
	(void)state;
	mixed_sizes(16, 48000, 100, LENT);
}

static void
larger(void **state)
{
	(void)state;
	mixed_sizes(64, 100000, 500, LENT);
}

static void
smaller(void **state)
{
	(void)state;
	mixed_sizes(2, 5000, 100, 0);
	mixed_sizes(1, 5000, 100, 0);
}

/* The oldest items, more than are looked at first, are being sent. */
static void
tail_lent(void **state)
{
	static struct item *lent[400];
	unsigned refused = 0;

	(void)state;
	kit_init(&k);
	k.config.limit = 2 * MIB;
	kit_open(&k);
	for (uint32_t i = 0; i < 400; i++) {
		assert_int_equal(set(i, 1000, &lent[i]), STORE_OK);
		store_lend(k.s, lent[i]);
	}
	for (uint32_t i = 400; i < 4000; i++)
		refused += set(i, 1000, NULL) != STORE_OK;
	for (uint32_t i = 0; i < 400; i++) {
		expect(lent[i], i, 1000);
		store_returned(k.s, lent[i]);
	}
	assert_int_equal(refused, 0);
	kit_close(&k);
}

/* All large items are being sent, each in a page of its own: the pages of the
 * small ones are emptied, until one of each has an item that is in use. */
static void
large_lent(void **state)
{
	struct item *lent[8], *small;
	uint32_t n = 0;

	(void)state;
	kit_init(&k);
	k.config.limit = 8 * MIB;
	kit_open(&k);
	for (uint32_t i = 100; i < 20000; i++)
		assert_int_equal(set(i, 1000, NULL), STORE_OK);
	assert_int_equal(set(20000, 1000, &small), STORE_OK);
	store_lend(k.s, small);
	while (n < 8 && set(n, 800000, &lent[n]) == STORE_OK) {
		store_lend(k.s, lent[n]);
		n++;
	}
	assert_int_equal(n, 7);
	expect(small, 20000, 1000);
	store_returned(k.s, small);
	assert_int_equal(set(n, 800000, &lent[n]), STORE_OK);
	store_lend(k.s, lent[n]);
	for (uint32_t i = 0; i <= n; i++) {
		expect(lent[i], i, 800000);
		store_returned(k.s, lent[i]);
	}
	/* And back again. */
	for (uint32_t i = 100; i < 20000; i++)
		assert_int_equal(set(i, 1000, NULL), STORE_OK);
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quick),
		cmocka_unit_test(slow),
		cmocka_unit_test(larger),
		cmocka_unit_test(smaller),
		cmocka_unit_test(tail_lent),
		cmocka_unit_test(large_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* flow_test - the flow table against an array that says what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/core/flow.h"
#include "netcore/stack/core/test/rand.h"

struct conn {
	uint32_t hash;
	bool in;
	struct flow_key key;
};

static struct flow flow;
static struct conn *conns;

/* spare: connections that have a key, but no room. */
static void
setup(uint32_t connections, unsigned eighths, uint32_t spare)
{
	struct flow_config c = {
		.connections = connections,
		.eighths = eighths,
		.stride = sizeof(struct conn),
	};
	void *mem;

	c.secret = (struct sip_key){rand64(), rand64()};
	conns = calloc((size_t)connections + spare, sizeof(*conns));
	assert_non_null(conns);
	c.keys = &conns->key;
	mem = aligned_alloc(CACHELINE, flow_bytes(&c));
	assert_non_null(mem);
	memset(mem, 0, flow_bytes(&c));
	flow_init(&flow, mem, &c);
	assert_true(flow_check(&flow));
}

static void
teardown(void)
{
	assert_true(flow_check(&flow));
	free(flow.bucket);
	free(conns);
}

/* Unlike each other for unlike n, as those of many clients of one server. */
static struct flow_key
nth_key(uint32_t n)
{
	uint8_t local[16] = {0x20, 1, 0xd, 0xb8}, remote[16] = {0x20, 1, 0xd};

	if (n % 4)
		return flow_key4(80, 0x0a000000 + (n >> 12),
			(uint16_t)(1024 + n % 4096));
	memcpy(remote + 12, &n, sizeof(n));
	return flow_key6(local, 80, remote, (uint16_t)n);
}

static void
insert(uint32_t i)
{
	conns[i].hash = flow_hash(&flow, &conns[i].key);
	assert_int_equal(flow_insert(&flow, conns[i].hash, i), 0);
	conns[i].in = true;
}

static uint32_t
find(uint32_t i)
{
	return flow_find(&flow, &conns[i].key, flow_hash(&flow, &conns[i].key));
}

static void
each_part_of_a_key_counts(void **state)
{
	uint8_t a[16] = {0xfe, 0x80, 1}, b[16] = {0xfe, 0x80, 2};
	struct flow_key k[] = {
		flow_key4(2, 3, 4),
		flow_key4(9, 3, 4),
		flow_key4(2, 9, 4),
		flow_key4(2, 3, 9),
		flow_key4(4, 3, 2),
		flow_key4(4, 0, 2), /* nobody's */
		flow_key6(a, 2, b, 4),
		flow_key6(b, 2, a, 4),
		flow_key6(a, 9, b, 4),
		flow_key6(a, 2, b, 9),
		flow_key6(a, 4, b, 2),
		flow_key6(a, 2, a, 4),
	};
	const uint32_t n = sizeof(k) / sizeof(*k);

	(void)state;
	setup(n + 16, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		conns[i].key = k[i];
		assert_int_equal(find(i), FLOW_NONE);
		insert(i);
		for (uint32_t j = 0; j < n; j++) {
			assert_true(flow_key_equal(&k[i], &k[j]) == (i == j));
			assert_true(
				(flow_hash(&flow, &k[i]) ==
					flow_hash(&flow, &k[j])) == (i == j));
		}
	}
	/* the last byte of an IPv6 address, too */
	for (uint32_t i = n; i < n + 16; i++) {
		a[15] = (uint8_t)i;
		conns[i].key = flow_key6(b, 2, a, 4);
		insert(i);
	}
	for (uint32_t i = 0; i < n + 16; i++)
		assert_int_equal(find(i), i);
	teardown();
}

static void
each_byte_of_a_key_counts(void **state)
{
	uint8_t a[16] = {0xfe, 0x80, 1}, b[16] = {0xfe, 0x80, 2};
	struct flow_key k[] = {flow_key4(2, 3, 4), flow_key6(a, 2, b, 4)};
	const size_t bytes[] = {8, sizeof(k[1])};
	struct flow_key other;

	(void)state;
	setup(1, 7, 0);
	for (unsigned v = 0; v < 2; v++) {
		for (size_t at = 0; at < bytes[v]; at++) {
			other = k[v];
			((uint8_t *)&other)[at] ^= 0x10;
			assert_false(flow_key_equal(&k[v], &other));
			assert_false(flow_key_equal(&other, &k[v]));
			assert_int_not_equal(flow_hash(&flow, &k[v]),
				flow_hash(&flow, &other));
		}
		assert_true(flow_key_equal(&k[v], &k[v]));
		assert_false(flow_key_equal(&k[v], &k[!v]));
	}
	teardown();
}

/* All hashes the same: one sequence through all buckets, counts at their most.
 * No fewer than the limit get in, and all are found and can go. */
static void
equal_hashes_are_told_apart(void **state)
{
	const uint32_t n = 7 * 512;

	(void)state;
	setup(n, 7, 1);
	for (uint32_t i = 0; i <= n; i++) {
		conns[i].key = nth_key(i);
		assert_int_equal(
			flow_insert(&flow, 0x1234567, i), i < n ? 0 : -ENOSPC);
	}
	assert_int_equal(flow.mask, 511);
	assert_true(flow_check(&flow));
	for (uint32_t i = 0; i <= n; i++)
		assert_int_equal(flow_find(&flow, &conns[i].key, 0x1234567),
			i < n ? i : FLOW_NONE);
	for (uint32_t i = 0; i < n; i += 2)
		assert_true(flow_remove(&flow, 0x1234567, i));
	assert_false(flow_remove(&flow, 0x1234567, 0));
	assert_false(flow_remove(&flow, 0x1234568, 1));
	assert_false(flow_remove(&flow, 0, 1));
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(flow_find(&flow, &conns[i].key, 0x1234567),
			i % 2 ? i : FLOW_NONE);
	teardown();
}

/* Hashes of equal low bits have one home, and ways of their own from there. Its
 * count gets to its most and stays; no other does. */
static void
equal_low_bits_part_again(void **state)
{
	const uint32_t n = 2000;
	struct flow_measure m;

	(void)state;
	setup(7 << 13, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		conns[i].key = nth_key(i);
		conns[i].hash = (uint32_t)rand64() << 13 | 5;
		assert_int_equal(flow_insert(&flow, conns[i].hash, i), 0);
	}
	flow_measure(&flow, &m);
	print_message("%u with the home of all: %.2f buckets, most %u\n", n,
		(double)m.visits / n, m.most);
	assert_true(m.most <= 16);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(
			flow_find(&flow, &conns[i].key, conns[i].hash), i);
	for (uint32_t i = 0; i < n; i++)
		assert_true(flow_remove(&flow, conns[i].hash, i));
	for (uint32_t i = 0; i <= flow.mask; i++)
		assert_true(flow.bucket[i].ref[0] < FLOW_PASSED || i == 5);
	teardown();
}

static void
keys_of_equal_low_bits_spread(void **state)
{
	struct flow_measure m;
	uint32_t n = 7 << 11;

	(void)state;
	setup(n, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		conns[i].key = flow_key4(80, i << 16, 1024);
		insert(i);
	}
	flow_measure(&flow, &m);
	assert_true(m.most <= 24);
	assert_true(m.visits < n + n / 4);
	/* and so do NIC hashes of one receive queue */
	for (uint32_t low = 0; low <= flow.mask; low++)
		memset(&flow.bucket[low], 0, sizeof(*flow.bucket));
	flow.count = 0;
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(flow_insert(&flow,
					 flow_hash_nic(&flow, i << 16 | 3), i),
			0);
	flow_measure(&flow, &m);
	assert_true(m.most <= 24);
	assert_true(m.visits < n + n / 4);
	teardown();
}

#define FEW    2000
#define CHURNS 3000000

/* Few enough to fill a table again and again; some with hashes made alike. */
static void
a_random_program_agrees_with_an_array(void **state)
{
	uint32_t n = 0, i;

	(void)state;
	print_message("seed %#lx\n", rand_state);
	setup(7 * 128, 7, FEW - 7 * 128);
	for (i = 0; i < FEW; i++) {
		conns[i].key = nth_key(i);
		conns[i].hash = flow_hash(&flow, &conns[i].key);
		if (i % 8 == 0)
			conns[i].hash = 0xabc00000 + i % 128;
	}
	for (uint32_t step = 0; step < CHURNS; step++) {
		i = rand_below(FEW);
		assert_int_equal(flow_find(&flow, &conns[i].key, conns[i].hash),
			conns[i].in ? i : FLOW_NONE);
		if (conns[i].in && (step % 8192 > 6000 || !rand_below(8))) {
			assert_true(flow_remove(&flow, conns[i].hash, i));
			conns[i].in = false;
			n--;
		} else if (!conns[i].in && n == 7 * 128) {
			assert_int_equal(
				flow_insert(&flow, conns[i].hash, i), -ENOSPC);
			assert_false(flow_remove(&flow, conns[i].hash, i));
		} else if (!conns[i].in) {
			assert_int_equal(
				flow_insert(&flow, conns[i].hash, i), 0);
			conns[i].in = true;
			n++;
		}
		assert_int_equal(flow.count, n);
		if (step % 5000 == 0)
			assert_true(flow_check(&flow));
	}
	teardown();
}

static void
show(const char *when, uint32_t n)
{
	struct flow_measure m;
	uint64_t visits = 0;
	uint32_t most = 0, v, at, hash;

	flow_measure(&flow, &m);
	assert_int_equal(m.entries, n);
	for (uint32_t k = 0; k < 1000000; k++) {
		hash = (uint32_t)rand64();
		at = hash & flow.mask;
		for (v = 1; flow.bucket[at].ref[0] >= FLOW_PASSED; v++)
			at = (at + flow_step(hash)) & flow.mask;
		visits += v;
		most = v > most ? v : most;
	}
	print_message("%s, %u in %u slots: hit %.3f buckets, most %u; miss "
		      "%.3f, most %u in a million\n",
		when, n, (flow.mask + 1) * FLOW_SLOTS, (double)m.visits / n,
		m.most, (double)visits / 1e6, most);
	assert_true(m.visits < n + n / 3);
	assert_true(m.most < 40 && most < 80);
}

static void
find_all(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (flow_find(&flow, &conns[i].key, conns[i].hash) !=
			(conns[i].in ? i : FLOW_NONE))
			fail_msg("connection %u", i);
}

/* Then as many come and go as there are, twice over, at full load. */
static void
millions(uint32_t n, unsigned eighths)
{
	uint32_t spare = n / 16, i;

	setup(n, eighths, spare);
	for (i = 0; i < n + spare; i++) {
		conns[i].key = nth_key(i);
		conns[i].hash = flow_hash(&flow, &conns[i].key);
	}
	for (i = 0; i < n; i++)
		insert(i);
	find_all(n + spare);
	show("filled", n);
	for (uint32_t k = 0; k < 2 * n; k++) {
		uint32_t out = k % (n + spare), in = (k + n) % (n + spare);

		assert_true(flow_remove(&flow, conns[out].hash, out));
		conns[out].in = false;
		insert(in);
	}
	find_all(n + spare);
	show("churned", n);
	for (i = 0; i < n + spare; i++)
		if (conns[i].in)
			assert_true(flow_remove(&flow, conns[i].hash, i));
	assert_int_equal(flow.count, 0);
	teardown();
}

static void
millions_at_seven_eighths(void **state)
{
	(void)state;
	millions(7 << 18, 7);
}

static void
a_million_at_a_half(void **state)
{
	(void)state;
	millions(1 << 20, 4);
}

static void
a_guess_is_mostly_right(void **state)
{
	const uint32_t n = 7 << 10;
	uint32_t right = 0;

	(void)state;
	setup(n, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		conns[i].key = nth_key(i);
		insert(i);
	}
	for (uint32_t i = 0; i < n; i++) {
		flow_prefetch(&flow, conns[i].hash);
		right += flow_guess(&flow, conns[i].hash) == i;
	}
	assert_true(right > n * 8 / 10);
	teardown();
}

static void
the_check_sees_damage(void **state)
{
	const uint32_t n = 7 * 16;

	(void)state;
	setup(n, 7, 0);
	for (uint32_t i = 0; i < n; i++) {
		conns[i].key = nth_key(i);
		insert(i);
	}
	for (uint32_t b = 0; b <= flow.mask; b++) {
		struct flow_bucket was = flow.bucket[b];

		flow.bucket[b].ref[0] += FLOW_PASSED;
		assert_false(flow_check(&flow));
		flow.bucket[b] = was;
		flow.bucket[b].tag[0] = 0;
		assert_false(flow_check(&flow));
		flow.bucket[b] = was;
	}
	flow.count--;
	assert_false(flow_check(&flow));
	flow.count++;
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_of_a_key_counts),
		cmocka_unit_test(each_byte_of_a_key_counts),
		cmocka_unit_test(equal_hashes_are_told_apart),
		cmocka_unit_test(equal_low_bits_part_again),
		cmocka_unit_test(keys_of_equal_low_bits_spread),
		cmocka_unit_test(a_random_program_agrees_with_an_array),
		cmocka_unit_test(millions_at_seven_eighths),
		cmocka_unit_test(a_million_at_a_half),
		cmocka_unit_test(a_guess_is_mostly_right),
		cmocka_unit_test(the_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

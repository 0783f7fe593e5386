/* mates_test - a device and the engine come to the same core, and frames are
 * handed on accordingly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <rte_thash.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/driver/mates.h"

#define SHARES 3

static unsigned short seed[3] = {1, 2, 3};

static uint32_t
any(void)
{
	return (uint32_t)mrand48() ^ (uint32_t)nrand48(seed);
}

static struct steer
drawn(uint16_t bits)
{
	return (struct steer){.key = any(), .shares = SHARES, .rss_bits = bits};
}

/* DPDK's own software for what devices do, with the key as rss.c gives it; in
 * words of host order, addresses first. */
static uint32_t
device(const struct steer *s, uint32_t *tuple, uint32_t words)
{
	uint16_t key = steer_rss_key(s);
	uint8_t bytes[64];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 2 ? key : key >> 8);
	return rte_softrss(tuple, words, bytes);
}

static void
a_device_hashes_like_us(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct steer s = drawn((uint16_t)(1 + i % 9));
		uint32_t words = i % 2 ? 3 : 9, t[9], back[9], addrs = 0, h;
		unsigned half = (words - 1) / 2;
		uint16_t ports;

		for (unsigned k = 0; k < words; k++)
			t[k] = any();
		memcpy(back, t + half, half * sizeof(*t));
		memcpy(back + half, t, half * sizeof(*t));
		back[words - 1] = t[words - 1] << 16 | t[words - 1] >> 16;
		for (unsigned k = 0; k + 1 < words; k++)
			addrs ^= t[k];
		ports = (uint16_t)(t[words - 1] ^ t[words - 1] >> 16);
		h = device(&s, t, words);
		assert_int_equal(device(&s, back, words), h);
		h &= (1u << s.rss_bits) - 1;
		assert_int_equal(steer_share(&s, addrs, ports),
			h * SHARES >> s.rss_bits);
	}
}

/* Flows of one client to one server, whatever the key, go everywhere. */
static void
each_gets_its_part(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct steer s = drawn(7);
		unsigned got[SHARES] = {0};

		for (uint32_t port = 32768; port < 32768 + 3000; port++)
			got[steer_share(&s, 0x0a000003, (uint16_t)port)]++;
		for (unsigned k = 0; k < SHARES; k++)
			assert_in_range(got[k], 500, 1500);
	}
}

static void
what_is_whose(void **state)
{
	const struct steer s = {.key = 7, .shares = SHARES};
	uint8_t f[60] = {0};
	uint32_t share;

	(void)state;
	memcpy(f + 12, "\x08\x00\x45", 3);
	f[23] = 6;
	f[26] = 10;
	f[30] = 20;
	f[35] = 3;
	f[37] = 5;
	share = steer_share(&s, 0x1e000000, 3 ^ 5);
	assert_int_equal(mates_whose(&s, f, 60), share);
	assert_int_equal(mates_whose(&s, f, 38), share);
	assert_int_equal(mates_whose(&s, f, 37), MATES_NOBODY);
	assert_int_equal(mates_whose(&s, f, 33), MATES_NOBODY);
	f[20] = 0x20; /* more parts follow */
	assert_int_equal(mates_whose(&s, f, 60), MATES_ALL);
	f[20] = 0x40;
	assert_int_equal(mates_whose(&s, f, 60), share);
	f[14] = 0x4f; /* options beyond its end */
	assert_int_equal(mates_whose(&s, f, 60), MATES_NOBODY);
	f[14] = 0x41;
	assert_int_equal(mates_whose(&s, f, 60), MATES_NOBODY);
	f[14] = 0x45;
	f[23] = 1;
	assert_int_equal(mates_whose(&s, f, 60), MATES_ALL);
	f[13] = 6; /* ARP */
	assert_int_equal(mates_whose(&s, f, 42), MATES_ALL);
	f[12] = 0x88;
	assert_int_equal(mates_whose(&s, f, 60), MATES_NOBODY);
	memcpy(f + 12, "\x86\xdd", 2);
	f[20] = 17;
	assert_int_equal(mates_whose(&s, f, 53), MATES_NOBODY);
	assert_int_not_equal(mates_whose(&s, f, 58), MATES_NOBODY);
	assert_int_not_equal(mates_whose(&s, f, 58), MATES_ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_hashes_like_us),
		cmocka_unit_test(each_gets_its_part),
		cmocka_unit_test(what_is_whose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* cksum_test - the internet checksum against a loop over bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/cksum_short.h"
#include "netcore/stack/test/wire_pad.h"

/* RFC 1071 as it is written: 16 bits at a time, the odd byte padded. */
static uint16_t
naive(const uint8_t *p, size_t len, uint32_t start)
{
	uint64_t sum = start;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint64_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
known_vectors(void **state)
{
	/* RFC 1071, section 3; a header of IPv4 whose checksum is 0xb861. */
	const uint8_t rfc[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint8_t ip[] = {0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0,
		0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};

	(void)state;
	assert_int_equal(cksum_finish(cksum_partial(rfc, 8, 0)), 0x220d);
	assert_int_equal(cksum_finish(cksum_partial(ip, 20, 0)), 0xb861);
	assert_false(cksum_ok(ip, 20, 0));
	ip[10] = 0xb8;
	ip[11] = 0x61;
	assert_true(cksum_ok(ip, 20, 0));
	assert_int_equal(cksum_finish(0), 0xffff);
}

static void
every_length_and_alignment(void **state)
{
	static uint8_t bytes[64 + 300];
	uint64_t seed = WIRE_SEED;

	(void)state;
	pad_fill(&seed, bytes, sizeof(bytes));
	for (size_t at = 0; at < 64; at++) {
		for (size_t len = 0; len <= 300; len++) {
			const uint8_t *p = bytes + at;
			uint16_t want = naive(p, len, 0);

			assert_int_equal(
				cksum_finish(cksum_partial(p, len, 0)), want);
			assert_int_equal(
				cksum_finish(cksum_partial_plain(p, len, 0)),
				want);
			assert_int_equal(
				cksum_finish(cksum_short(p, len, 0)), want);
		}
	}
}

static void
nothing_is_read_beyond_the_end(void **state)
{
	uint8_t bytes[300];
	uint64_t seed = WIRE_SEED;

	(void)state;
	pad_fill(&seed, bytes, sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		uint8_t *p = pad_copy(bytes, len);

		assert_int_equal(cksum_finish(cksum_partial(p, len, 0)),
			naive(bytes, len, 0));
		assert_int_equal(cksum_finish(cksum_short(p, len, 0)),
			naive(bytes, len, 0));
		free(p);
	}
}

/* All ones carry at every addition; a start near 2^64 carries at the first. */
static void
long_ones_and_carries(void **state)
{
	static uint8_t bytes[70000];
	uint64_t seed = WIRE_SEED;

	(void)state;
	for (int i = 0; i < 400; i++) {
		size_t len = pad_random(&seed) % 65536;
		uint32_t start = (uint32_t)pad_random(&seed) & 0xffff;
		const uint8_t *p = bytes + pad_random(&seed) % 4000;
		uint16_t be = htobe16((uint16_t)start), want;

		if (i % 8 == 0)
			memset(bytes, 0xff, sizeof(bytes));
		else if (i % 8 == 1)
			pad_fill(&seed, bytes, sizeof(bytes));
		want = naive(p, len, start);
		assert_int_equal(cksum_finish(cksum_partial(p, len, be)), want);
		assert_int_equal(
			cksum_finish(cksum_partial_plain(p, len, be)), want);
		assert_int_equal(
			cksum_finish(cksum_short(p, len % CKSUM_SHORT, be)),
			naive(p, len % CKSUM_SHORT, start));
		/* 2^64 - 1 is a multiple of 0xffff: it adds nothing. */
		if (start)
			assert_int_equal(cksum_finish(cksum_join(~0ull,
						 cksum_partial(p, len, be))),
				want);
	}
}

static void
pieces_of_any_length(void **state)
{
	uint8_t bytes[2000];
	uint64_t seed = WIRE_SEED;

	(void)state;
	pad_fill(&seed, bytes, sizeof(bytes));
	for (int i = 0; i < 3000; i++) {
		size_t len = pad_random(&seed) % sizeof(bytes), at = 0;
		size_t most = 1 + pad_random(&seed) % 400;
		struct cksum c = {0};

		while (at < len) {
			size_t n = pad_random(&seed) % (most + 1);

			if (n > len - at)
				n = len - at;
			cksum_add(&c, bytes + at, n);
			at += n;
			assert_int_equal(c.odd, at % 2);
		}
		if (cksum_finish(c.sum) != naive(bytes, len, 0))
			fail_msg("round %d: %zu bytes", i, len);
	}
}

static void
pseudo_headers(void **state)
{
	uint8_t p[40];
	uint64_t seed = WIRE_SEED;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t src = (uint32_t)pad_random(&seed);
		uint32_t dst = (uint32_t)pad_random(&seed);
		uint16_t len = (uint16_t)pad_random(&seed);
		uint8_t v4[12] = {(uint8_t)(src >> 24), (uint8_t)(src >> 16),
			(uint8_t)(src >> 8), (uint8_t)src, (uint8_t)(dst >> 24),
			(uint8_t)(dst >> 16), (uint8_t)(dst >> 8), (uint8_t)dst,
			0, 17, (uint8_t)(len >> 8), (uint8_t)len};

		assert_int_equal(cksum_finish(cksum_pseudo4(src, dst, 17, len)),
			naive(v4, 12, 0));
		pad_fill(&seed, p, 32);
		memset(p + 32, 0, 8);
		p[33] = (uint8_t)(i & 1);
		p[34] = (uint8_t)(len >> 8);
		p[35] = (uint8_t)len;
		p[39] = 58;
		assert_int_equal(cksum_finish(cksum_pseudo6(p, p + 16, 58,
					 (uint32_t)(i & 1) << 16 | len)),
			naive(p, 40, 0));
	}
}

static void
amended_is_summed_anew(void **state)
{
	uint8_t p[40];
	uint64_t seed = WIRE_SEED;

	(void)state;
	/* The example of RFC 1624, section 4, where equation 2 goes wrong. */
	assert_int_equal(cksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
	for (int i = 0; i < 20000; i++) {
		uint16_t was, is, sum;
		uint32_t from, to, at = (uint32_t)(pad_random(&seed) % 18) * 2;

		pad_fill(&seed, p, sizeof(p));
		sum = naive(p, sizeof(p), 0);
		was = (uint16_t)(p[at] << 8 | p[at + 1]);
		from = (uint32_t)was << 16 | (uint32_t)p[at + 2] << 8 |
			p[at + 3];
		to = (uint32_t)pad_random(&seed);
		is = (uint16_t)(to >> 16);
		p[at] = (uint8_t)(is >> 8);
		p[at + 1] = (uint8_t)is;
		assert_int_equal(
			cksum_update16(sum, was, is), naive(p, sizeof(p), 0));
		p[at + 2] = (uint8_t)(to >> 8);
		p[at + 3] = (uint8_t)to;
		assert_int_equal(
			cksum_update32(sum, from, to), naive(p, sizeof(p), 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_vectors),
		cmocka_unit_test(every_length_and_alignment),
		cmocka_unit_test(nothing_is_read_beyond_the_end),
		cmocka_unit_test(long_ones_and_carries),
		cmocka_unit_test(pieces_of_any_length),
		cmocka_unit_test(pseudo_headers),
		cmocka_unit_test(amended_is_summed_anew),
	};

	print_message("the wide sum is %s\n",
		cksum_is_wide() ? "AVX2"
				: "missing here: plain C in its place");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

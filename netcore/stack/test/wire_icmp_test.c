/* wire_icmp_test - ICMP of both versions, quotes, neighbour discovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"

static const uint8_t src[16] = {0xfe, 0x80, [15] = 1};
static const uint8_t dst[16] = {0xfe, 0x80, [15] = 2};

/* The start of a TCP segment that we sent, in both versions. */
static const uint8_t sent4[28] = {0x45, 0, 5, 0xdc, 0, 0, 0x40, 0, 60, 6, 0, 0,
	10, 0, 0, 2, 10, 0, 0, 9, 0x1f, 0x90, 0xc0, 0, 1, 2, 3, 4};
static const uint8_t sent6[48] = {0x60, 0, 0, 0, 5, 0, 6, 60,
	0x20, [23] = 2, [24] = 0x20, [39] = 9, 0x1f, 0x90, 0xc0, 0, 1, 2, 3, 4};

static enum wire_bad
parse4(uint8_t *p, size_t len, struct wire_icmp *m)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad;

	if (len >= 4) {
		be_put16(copy + 2, 0);
		be_put16(copy + 2, cksum_finish(cksum_partial(copy, len, 0)));
	}
	bad = wire_icmp4_parse(&c, m);
	free(copy);
	return bad;
}

static enum wire_bad
parse6(const uint8_t *p, size_t len, struct wire_icmp6 *m)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad;

	if (len >= 4)
		wire_icmp6_seal(copy, len, src, dst);
	bad = wire_icmp6_parse(&c, src, dst, 255, m);
	free(copy);
	return bad;
}

static void
echoes(void **state)
{
	uint64_t seed = WIRE_SEED;
	uint8_t data[100], a[108], b[108];

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		struct wire_icmp i = {.type = WIRE_ICMP4_ECHO_REPLY,
			.id = (uint16_t)pad_random(&seed),
			.seq = (uint16_t)pad_random(&seed)};
		struct wire_icmp m;
		struct wire_icmp6 m6;
		struct cursor c = cursor_of(a, len + 8);

		pad_fill(&seed, data, len);
		assert_int_equal(
			wire_icmp4_emit_echo(a, len + 7, &i, data, len), 0);
		assert_int_equal(
			wire_icmp4_emit_echo(a, len + 8, &i, data, len),
			len + 8);
		assert_int_equal(wire_icmp4_parse(&c, &m), WIRE_OK);
		assert_true(m.id == i.id && m.seq == i.seq && !m.is_error);
		assert_int_equal(cursor_left(&c), len);
		assert_memory_equal(c.p, data, len);
		a[len] ^= 1;
		c = cursor_of(a, len + 8);
		assert_int_equal(wire_icmp4_parse(&c, &m), WIRE_BAD_ICMP_CKSUM);
		i.type = WIRE_ICMP6_ECHO;
		assert_int_equal(wire_icmp6_emit_echo(
					 b, len + 7, &i, src, dst, data, len),
			0);
		assert_int_equal(wire_icmp6_emit_echo(
					 b, len + 8, &i, src, dst, data, len),
			len + 8);
		c = cursor_of(b, len + 8);
		assert_int_equal(
			wire_icmp6_parse(&c, src, dst, 64, &m6), WIRE_OK);
		assert_true(m6.m.id == i.id && m6.m.seq == i.seq && !m6.is_nd);
		assert_memory_equal(c.p, data, len);
		c = cursor_of(b, len + 8);
		assert_int_equal(wire_icmp6_parse(&c, src, src, 64, &m6),
			WIRE_BAD_ICMP_CKSUM);
	}
}

static void
errors4(void **state)
{
	uint8_t p[1500] = {3, 4, 0, 0, 0, 0, 0x05, 0x14}, out[1500];
	struct wire_icmp m;

	(void)state;
	memcpy(p + 8, sent4, 28);
	for (size_t n = 0; n < 36; n++)
		assert_int_equal(parse4(p, n, &m),
			n < 8 ? WIRE_BAD_ICMP_SHORT : WIRE_BAD_ICMP_QUOTE);
	assert_int_equal(parse4(p, 36, &m), WIRE_OK);
	assert_true(m.is_error && m.mtu == 1300 && m.quote.has_ports);
	assert_true(m.quote.src4 == 0x0a000002 && m.quote.dst4 == 0x0a000009);
	assert_true(m.quote.sport == 8080 && m.quote.dport == 0xc000);
	assert_true(m.quote.seq == 0x01020304 && m.quote.proto == 6);
	for (unsigned type = 0; type < 256; type++) {
		unsigned max = type == 3 ? 15
			: type == 11	 ? 1
			: type == 12	 ? 2
					 : 0;
		bool known = type == 0 || type == 3 || type == 8 ||
			type == 11 || type == 12;

		p[0] = (uint8_t)type;
		for (unsigned code = 0; code < 20; code++) {
			p[1] = (uint8_t)code;
			assert_int_equal(parse4(p, 36, &m),
				!known		     ? WIRE_BAD_ICMP_TYPE
					: code > max ? WIRE_BAD_ICMP_CODE
						     : WIRE_OK);
		}
	}
	p[0] = 12;
	p[1] = 0;
	p[4] = 20;
	assert_int_equal(parse4(p, 36, &m), WIRE_OK);
	assert_int_equal(m.pointer, 20);
	p[14] = 0x20; /* a later fragment has no ports */
	p[15] = 1;
	assert_int_equal(parse4(p, 28, &m), WIRE_OK);
	assert_false(m.quote.has_ports);
	p[8] = 0x44;
	assert_int_equal(parse4(p, 36, &m), WIRE_BAD_ICMP_QUOTE);
	p[8] = 0x65;
	assert_int_equal(parse4(p, 36, &m), WIRE_BAD_ICMP_QUOTE);
	/* Emitted: port unreachable, no longer than it may be. */
	m = (struct wire_icmp){.type = 3, .code = WIRE_UNREACH4_PORT};
	memcpy(p, sent4, 28);
	assert_int_equal(wire_icmp4_emit_error(out, 1500, &m, p, 27), 0);
	assert_int_equal(wire_icmp4_emit_error(out, 35, &m, p, 1500), 0);
	assert_int_equal(wire_icmp4_emit_error(out, 36, &m, p, 1500), 36);
	assert_int_equal(wire_icmp4_emit_error(out, 1500, &m, p, 1500), 556);
	assert_int_equal(parse4(out, 556, &m), WIRE_OK);
	assert_true(m.type == 3 && m.code == 3 && m.quote.seq == 0x01020304);
}

static void
errors6(void **state)
{
	uint8_t p[1500] = {2, 0, 0, 0, 0, 0, 5, 0}, out[1500];
	struct wire_icmp6 m;
	struct wire_icmp i = {
		.type = WIRE_ICMP6_PARAM, .code = 1, .pointer = 6};

	(void)state;
	memcpy(p + 8, sent6, 48);
	for (size_t n = 0; n < 56; n++)
		assert_int_equal(parse6(p, n, &m),
			n < 8 ? WIRE_BAD_ICMP_SHORT : WIRE_BAD_ICMP_QUOTE);
	assert_int_equal(parse6(p, 56, &m), WIRE_OK);
	assert_true(m.m.is_error && m.m.mtu == 1280 && m.m.quote.v6);
	assert_true(m.m.quote.sport == 8080 && m.m.quote.seq == 0x01020304);
	assert_memory_equal(m.m.quote.dst6, sent6 + 24, 16);
	p[0] = 1;
	p[1] = 9;
	assert_int_equal(parse6(p, 56, &m), WIRE_BAD_ICMP_CODE);
	p[0] = 200;
	assert_int_equal(parse6(p, 56, &m), WIRE_BAD_ICMP_TYPE);
	memcpy(p, sent6, 48);
	assert_int_equal(
		wire_icmp6_emit_error(out, 55, &i, src, dst, p, 99), 0);
	assert_int_equal(
		wire_icmp6_emit_error(out, 99, &i, src, dst, p, 47), 0);
	assert_int_equal(
		wire_icmp6_emit_error(out, 1500, &i, src, dst, p, 1500), 1240);
	assert_int_equal(parse6(out, 1240, &m), WIRE_OK);
	assert_true(m.m.type == 4 && m.m.code == 1 && m.m.pointer == 6);
	/* An echo of ours came back in an error. */
	p[6] = 58;
	p[40] = 128;
	i.type = WIRE_ICMP6_TIME;
	assert_int_equal(
		wire_icmp6_emit_error(out, 1500, &i, src, dst, p, 48), 56);
	assert_int_equal(parse6(out, 56, &m), WIRE_OK);
	assert_true(m.m.quote.has_echo && m.m.quote.echo_id == 0x0102);
}

static void
neighbours(void **state)
{
	const uint8_t lla[6] = {2, 0, 0, 0, 0, 7};
	uint8_t p[WIRE_ND_MAX];
	struct wire_icmp6 m;

	(void)state;
	assert_int_equal(wire_nd_emit_rs(p, 15, src, dst, lla), 0);
	assert_int_equal(wire_nd_emit_rs(p, 8, src, dst, NULL), 8);
	assert_int_equal(wire_nd_emit_rs(p, 16, src, dst, lla), 16);
	assert_int_equal(parse6(p, 16, &m), WIRE_OK);
	assert_true(m.is_nd && m.m.type == WIRE_ICMP6_RS && m.nd.has_slla);
	assert_int_equal(m.nd.hop_limit, 255);
	assert_int_equal(wire_nd_emit_ns(p, 31, src, dst, dst, lla), 0);
	assert_int_equal(wire_nd_emit_ns(p, 32, src, dst, dst, lla), 32);
	for (size_t n = 8; n < 32; n++)
		assert_int_equal(parse6(p, n, &m),
			n < 24		 ? WIRE_BAD_ND_SHORT
				: n > 24 ? WIRE_BAD_ND_OPTION
					 : WIRE_OK);
	assert_int_equal(parse6(p, 32, &m), WIRE_OK);
	assert_memory_equal(m.nd.target, dst, 16);
	assert_memory_equal(m.nd.slla, lla, 6);
	p[25] = 0;
	assert_int_equal(parse6(p, 32, &m), WIRE_BAD_ND_OPTION);
	p[8] = 0xff;
	assert_int_equal(parse6(p, 24, &m), WIRE_BAD_ND_TARGET);
	p[1] = 1;
	assert_int_equal(parse6(p, 24, &m), WIRE_BAD_ICMP_CODE);
	assert_int_equal(wire_nd_emit_na(p, 32, src, dst, src,
				 WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, lla),
		32);
	assert_int_equal(parse6(p, 32, &m), WIRE_OK);
	assert_int_equal(m.nd.flags, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE);
	assert_true(m.nd.has_tlla && !m.nd.has_slla);
}

static void
routers(void **state)
{
	uint8_t p[16 + 8 + 8 + 32 * 6] = {134, 0, 0, 0, 64, 0x80, 7, 8, 0, 0, 0,
		1, 0, 0, 0, 2, 1, 1, 2, 0, 0, 0, 0, 9, 5, 1, 0, 0, 0, 0, 5,
		0xdc};
	struct wire_icmp6 m;

	(void)state;
	for (int i = 0; i < 6; i++) {
		uint8_t *x = p + 32 + 32 * i;

		x[0] = 3;
		x[1] = 4;
		x[2] = i == 1 ? 129 : 64; /* the second is no prefix */
		x[3] = 0xc0;
		x[7] = 100;
		x[11] = 50;
		x[16] = 0x20;
		x[17] = (uint8_t)i;
	}
	assert_int_equal(parse6(p, sizeof(p), &m), WIRE_OK);
	assert_true(m.nd.ra_hop_limit == 64 && m.nd.flags == WIRE_RA_MANAGED);
	assert_true(m.nd.ra_lifetime == 0x708 && m.nd.ra_reachable == 1);
	assert_true(m.nd.ra_retrans == 2 && m.nd.mtu == 1500);
	assert_true(m.nd.has_slla && m.nd.slla[5] == 9);
	assert_int_equal(m.nd.prefixes, 4);
	assert_int_equal(m.nd.prefix[1].addr[1], 2);
	assert_true(m.nd.prefix[0].valid == 100 &&
		m.nd.prefix[0].preferred == 50 && m.nd.prefix[0].len == 64);
	for (size_t n = 8; n < sizeof(p); n++) {
		enum wire_bad bad = parse6(p, n, &m);

		if (n < 16)
			assert_int_equal(bad, WIRE_BAD_ND_SHORT);
		else if (n % 8)
			assert_int_equal(bad, WIRE_BAD_ND_OPTION);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echoes),
		cmocka_unit_test(errors4),
		cmocka_unit_test(errors6),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(routers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

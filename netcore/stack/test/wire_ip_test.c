/* wire_ip_test - IPv4 and IPv6 headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"

static enum wire_bad
parse4(const uint8_t *p, size_t len, struct wire_ipv4 *ip, size_t *left)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad = wire_ipv4_parse(&c, ip);

	*left = cursor_left(&c);
	free(copy);
	return bad;
}

/* A packet of 60 bytes with a header of hlen, its checksum right. */
static void
make4(uint8_t p[64], unsigned hlen, const uint8_t *opt, size_t optlen)
{
	static const uint8_t head[20] = {0x45, 0x02, 0, 60, 0x12, 0x34, 0x40, 0,
		64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

	memset(p, 0, 64);
	memcpy(p, head, 20);
	p[0] = (uint8_t)(0x40 | hlen / 4);
	if (optlen)
		memcpy(p + 20, opt, optlen);
}

static void
seal4(uint8_t *p)
{
	be_put16(p + 10, 0);
	be_put16(p + 10, cksum_finish(cksum_partial(p, (p[0] & 15) * 4u, 0)));
}

static void
ipv4_truncations(void **state)
{
	uint8_t p[64];
	struct wire_ipv4 ip;
	size_t left;

	(void)state;
	for (unsigned hlen = 20; hlen <= 60; hlen += 4) {
		make4(p, hlen, NULL, 0);
		seal4(p);
		for (size_t n = 0; n < 60; n++)
			assert_int_equal(parse4(p, n, &ip, &left),
				n < 20		   ? WIRE_BAD_IPV4_SHORT
					: n < hlen ? WIRE_BAD_IPV4_IHL
						   : WIRE_BAD_IPV4_LENGTH);
		assert_int_equal(parse4(p, 64, &ip, &left), WIRE_OK);
		assert_int_equal(left, 60 - hlen);
		assert_true(ip.len == left && ip.hlen == hlen);
		assert_true(ip.src == 0x0a000001 && ip.dst == 0x0a000002);
		assert_true(ip.id == 0x1234 && ip.frag == WIRE_IPV4_DF);
		assert_true(ip.ttl == 64 && ip.proto == WIRE_IP_TCP);
		assert_true(ip.tos == WIRE_ECN_ECT0);
		assert_int_equal(ip.cksum, be_get16(p + 10));
	}
}

static enum wire_bad
spoil4(unsigned hlen, size_t at, uint8_t value)
{
	uint8_t p[64];
	struct wire_ipv4 ip;
	size_t left;

	make4(p, hlen, NULL, 0);
	p[at] = value;
	seal4(p);
	return parse4(p, 64, &ip, &left);
}

static enum wire_bad
options4(const uint8_t *opt, size_t len)
{
	uint8_t p[64];
	struct wire_ipv4 ip;
	size_t left;

	make4(p, 32, opt, len);
	seal4(p);
	return parse4(p, 64, &ip, &left);
}

#define OPTIONS(...)                             \
	options4((const uint8_t[]){__VA_ARGS__}, \
		sizeof((const uint8_t[]){__VA_ARGS__}))

static void
ipv4_refusals(void **state)
{
	uint8_t p[64];
	struct wire_ipv4 ip;
	size_t left;

	(void)state;
	for (unsigned v = 0; v < 16; v++)
		assert_int_equal(spoil4(20, 0, (uint8_t)(v << 4 | 5)),
			v == 4 ? WIRE_OK : WIRE_BAD_IPV4_VERSION);
	for (unsigned ihl = 0; ihl < 5; ihl++)
		assert_int_equal(spoil4(20, 0, (uint8_t)(0x40 | ihl)),
			WIRE_BAD_IPV4_IHL);
	for (unsigned len = 0; len < 256; len++)
		for (unsigned hlen = 20; hlen < 28; hlen += 4)
			assert_int_equal(spoil4(hlen, 3, (uint8_t)len),
				len >= hlen && len <= 64
					? WIRE_OK
					: WIRE_BAD_IPV4_LENGTH);
	for (unsigned hlen = 20; hlen <= 60; hlen += 8) {
		make4(p, hlen, NULL, 0);
		seal4(p);
		for (unsigned bit = 8; bit < hlen * 8; bit++) {
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(
				parse4(p, 64, &ip, &left), WIRE_BAD_IPV4_CKSUM);
			p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	assert_int_equal(OPTIONS(1, 1, 148, 4, 0, 0, 0, 9), WIRE_OK);
	assert_int_equal(OPTIONS(131, 7, 4, 1, 2, 3, 4), WIRE_BAD_IPV4_ROUTE);
	assert_int_equal(OPTIONS(1, 137, 3, 4), WIRE_BAD_IPV4_ROUTE);
	assert_int_equal(OPTIONS(7, 0), WIRE_BAD_IPV4_OPTION);
	assert_int_equal(OPTIONS(7, 1), WIRE_BAD_IPV4_OPTION);
	assert_int_equal(OPTIONS(7, 13), WIRE_BAD_IPV4_OPTION);
	assert_int_equal(OPTIONS(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 7),
		WIRE_BAD_IPV4_OPTION);
	/* MF with 40 bytes is a fragment, with 39 none; the end at 65535. */
	assert_int_equal(spoil4(20, 6, 0x20), WIRE_OK);
	make4(p, 20, NULL, 0);
	p[6] = 0x20;
	p[3] = 59;
	seal4(p);
	assert_int_equal(parse4(p, 64, &ip, &left), WIRE_BAD_IPV4_FRAG);
	p[3] = 60;
	be_put16(p + 6, 0x1fff);
	seal4(p);
	assert_int_equal(parse4(p, 64, &ip, &left), WIRE_BAD_IPV4_FRAG);
	be_put16(p + 6, (65535 - 60) / 8);
	seal4(p);
	assert_int_equal(parse4(p, 64, &ip, &left), WIRE_OK);
	assert_true(wire_ipv4_is_frag(&ip));
	assert_int_equal(wire_ipv4_offset(&ip), 65472);
}

static void
ipv4_martians(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		unsigned want = a == 0 ? WIRE_MARTIAN_UNSPEC
			: a == 127     ? WIRE_MARTIAN_LOOPBACK
			: a >= 240     ? WIRE_MARTIAN_RESERVED
			: a >= 224     ? WIRE_MARTIAN_MULTICAST
				       : 0;

		for (unsigned hlen = 20; hlen < 28; hlen += 4) {
			struct wire_ipv4 ip;
			uint8_t p[64];
			size_t left;

			make4(p, hlen, NULL, 0);
			p[12] = (uint8_t)a;
			seal4(p);
			assert_int_equal(parse4(p, 64, &ip, &left), WIRE_OK);
			assert_int_equal(wire_ipv4_martian(ip.src), want);
		}
	}
}

static void
ipv4_round_trips(void **state)
{
	static uint8_t buf[WIRE_IPV4_PACKET];
	uint64_t seed = WIRE_SEED;
	struct wire_ipv4 a, b;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct cursor c = cursor_of(buf, sizeof(buf));

		memset(&b, 0, sizeof(b));
		pad_fill(&seed, &a, sizeof(a));
		a.frag &= WIRE_IPV4_DF;
		a.len %= 65515;
		for (size_t size = 0; size < 20; size++)
			assert_int_equal(wire_ipv4_emit(buf, size, &a), 0);
		assert_int_equal(wire_ipv4_emit(buf, 20, &a), 20);
		assert_int_equal(wire_ipv4_parse(&c, &b), WIRE_OK);
		assert_int_equal(b.hlen, 20);
		a.cksum = b.cksum;
		assert_memory_equal(&a, &b, offsetof(struct wire_ipv4, hlen));
	}
	a.len = 65516;
	assert_int_equal(wire_ipv4_emit(buf, 20, &a), 0);
}

/* A packet of IPv6 whose extension headers are ext. */
static enum wire_bad
parse6(uint8_t first, const uint8_t *ext, size_t len, struct wire_ipv6 *ip)
{
	static uint8_t p[WIRE_IPV6_LEN + 400];
	uint8_t *copy;
	struct cursor c;
	enum wire_bad bad;

	memset(p, 0, sizeof(p));
	p[0] = 0x60;
	be_put16(p + 4, (uint16_t)len);
	p[6] = first;
	p[8] = 0x20;
	if (len)
		memcpy(p + 40, ext, len);
	copy = pad_copy(p, 40 + len);
	c = cursor_of(copy, 40 + len);
	bad = wire_ipv6_parse(&c, ip);
	if (!bad)
		assert_int_equal(cursor_left(&c), ip->len);
	free(copy);
	return bad;
}

#define EXT(ip, first, ...)                           \
	parse6(first, (const uint8_t[]){__VA_ARGS__}, \
		sizeof((const uint8_t[]){__VA_ARGS__}), ip)

static void
ipv6_fixed_header(void **state)
{
	uint64_t seed = WIRE_SEED;
	uint8_t buf[60] = {0};
	struct wire_ipv6 a, b;
	struct cursor c;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		pad_fill(&seed, &a, offsetof(struct wire_ipv6, exts));
		a.src[0] = 0x20;
		a.flow &= 0xfffff;
		a.proto = WIRE_IP_TCP;
		a.len = (uint16_t)(i % 21);
		for (size_t size = 0; size < 40; size++)
			assert_int_equal(wire_ipv6_emit(buf, size, &a), 0);
		assert_int_equal(wire_ipv6_emit(buf, 40, &a), 40);
		c = cursor_of(buf, sizeof(buf));
		assert_int_equal(wire_ipv6_parse(&c, &b), WIRE_OK);
		assert_memory_equal(&a, &b, sizeof(a));
	}
	for (size_t n = 0; n < 40u + a.len; n++) {
		uint8_t *copy = pad_copy(buf, n);

		c = cursor_of(copy, n);
		assert_int_equal(wire_ipv6_parse(&c, &b),
			n < 40 ? WIRE_BAD_IPV6_SHORT : WIRE_BAD_IPV6_LENGTH);
		free(copy);
	}
	buf[0] = 0x40;
	c = cursor_of(buf, sizeof(buf));
	assert_int_equal(wire_ipv6_parse(&c, &b), WIRE_BAD_IPV6_VERSION);
}

static void
ipv6_extensions(void **state)
{
	const uint8_t chain[32] = {60, 0, 5, 2, 0, 0, 1, 0, 43, 0, 1, 4, 0, 0,
		0, 0, 44, 0, 4, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 7};
	uint8_t many[320] = {0};
	struct wire_ipv6 ip;

	(void)state;
	assert_int_equal(parse6(0, chain, 32, &ip), WIRE_OK);
	assert_true(ip.proto == 6 && ip.exts == 4 && ip.ext_len == 32);
	assert_true(ip.has_frag && ip.frag_id == 7 && !wire_ipv6_is_frag(&ip));
	for (size_t n = 0; n < 32; n++)
		assert_int_equal(
			parse6(0, chain, n, &ip), WIRE_BAD_IPV6_EXT_SHORT);
	assert_int_equal(
		EXT(&ip, 60, 6, 1, 0, 0, 0, 0, 0, 0), WIRE_BAD_IPV6_EXT_SHORT);
	for (int i = 0; i < 9; i++)
		many[8 * i] = 60;
	many[56] = 6;
	assert_int_equal(parse6(60, many, 64, &ip), WIRE_OK);
	many[56] = 60;
	assert_int_equal(parse6(60, many, 72, &ip), WIRE_BAD_IPV6_EXT_MANY);
	memset(many, 0, sizeof(many));
	many[0] = 6;
	many[1] = 31;
	assert_int_equal(parse6(60, many, 320, &ip), WIRE_OK);
	many[1] = 32;
	assert_int_equal(parse6(60, many, 320, &ip), WIRE_BAD_IPV6_EXT_MANY);
	assert_int_equal(
		EXT(&ip, 60, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0),
		WIRE_BAD_IPV6_EXT_ORDER);
	assert_int_equal(EXT(&ip, 60, 6, 0, 0x3e, 4, 0, 0, 0, 0), WIRE_OK);
	assert_int_equal(
		EXT(&ip, 60, 6, 0, 0x3e, 5, 0, 0, 0, 0), WIRE_BAD_IPV6_OPTION);
	assert_int_equal(
		EXT(&ip, 60, 6, 0, 0, 0, 0, 0, 0, 1), WIRE_BAD_IPV6_OPTION);
	for (unsigned bits = 0x40; bits < 0x100; bits += 0x40)
		assert_int_equal(
			EXT(&ip, 0, 6, 0, (uint8_t)bits, 4, 0, 0, 0, 0),
			WIRE_BAD_IPV6_OPTION);
	assert_int_equal(
		EXT(&ip, 43, 6, 0, 0, 0, 0, 0, 0, 0), WIRE_BAD_IPV6_ROUTE);
	assert_int_equal(
		EXT(&ip, 43, 6, 0, 4, 1, 0, 0, 0, 0), WIRE_BAD_IPV6_ROUTE);
}

static void
ipv6_fragments(void **state)
{
	struct wire_ipv6 ip;

	(void)state;
	assert_int_equal(
		EXT(&ip, 44, 60, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8),
		WIRE_OK);
	assert_true(wire_ipv6_is_frag(&ip) && ip.more && ip.offset == 0);
	assert_true(ip.proto == 60 && ip.len == 8 && ip.frag_id == 9);
	assert_int_equal(EXT(&ip, 44, 6, 0, 1, 0, 0, 0, 0, 9, 1), WIRE_OK);
	assert_true(wire_ipv6_is_frag(&ip) && ip.offset == 256 && ip.len == 1);
	assert_int_equal(
		EXT(&ip, 44, 6, 0, 0, 1, 0, 0, 0, 9, 1, 2), WIRE_BAD_IPV6_FRAG);
	assert_int_equal(
		EXT(&ip, 44, 6, 0, 0, 1, 0, 0, 0, 9), WIRE_BAD_IPV6_FRAG);
	assert_int_equal(EXT(&ip, 44, 6, 0, 0xff, 0xf8, 0, 0, 0, 9, 1, 2, 3, 4,
				 5, 6, 7, 8),
		WIRE_BAD_IPV6_FRAG);
	assert_int_equal(
		EXT(&ip, 44, 44, 0, 0, 0, 0, 0, 0, 9, 6, 0, 0, 0, 0, 0, 0, 9),
		WIRE_BAD_IPV6_FRAG);
}

static void
ipv6_fragment_headers(void **state)
{
	uint64_t seed = WIRE_SEED;
	uint8_t buf[56] = {0};
	struct wire_ipv6 a = {.proto = WIRE_IP_FRAGMENT, .len = 16}, b;
	struct cursor c;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		a.proto = WIRE_IP_FRAGMENT;
		assert_int_equal(wire_ipv6_emit(buf, 40, &a), 40);
		pad_fill(&seed, &a.frag_id, sizeof(a.frag_id));
		a.proto = i & 1 ? WIRE_IP_ICMPV6 : WIRE_IP_UDP;
		a.offset = (uint16_t)(i * 8);
		a.more = i & 2;
		for (size_t size = 0; size < 8; size++)
			assert_int_equal(
				wire_ipv6_emit_frag(buf + 40, size, &a), 0);
		assert_int_equal(wire_ipv6_emit_frag(buf + 40, 8, &a), 8);
		c = cursor_of(buf, sizeof(buf));
		assert_int_equal(wire_ipv6_parse(&c, &b), WIRE_OK);
		assert_true(b.has_frag && b.exts == 1 && b.len == 8);
		assert_int_equal(b.proto, a.proto);
		assert_int_equal(b.offset, a.offset);
		assert_int_equal(b.more, a.more);
		assert_int_equal(b.frag_id, a.frag_id);
	}
}

static void
ipv6_martians(void **state)
{
	uint8_t a[16] = {0};

	(void)state;
	assert_int_equal(wire_ipv6_martian(a), WIRE_MARTIAN_UNSPEC);
	a[15] = 1;
	assert_int_equal(wire_ipv6_martian(a), WIRE_MARTIAN_LOOPBACK);
	a[15] = 2;
	assert_int_equal(wire_ipv6_martian(a), 0);
	a[10] = a[11] = 0xff;
	assert_int_equal(wire_ipv6_martian(a), WIRE_MARTIAN_MAPPED);
	a[0] = 0xff;
	assert_int_equal(wire_ipv6_martian(a), WIRE_MARTIAN_MULTICAST);
	a[0] = 0xfe;
	assert_int_equal(wire_ipv6_martian(a), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_truncations),
		cmocka_unit_test(ipv4_refusals),
		cmocka_unit_test(ipv4_martians),
		cmocka_unit_test(ipv4_round_trips),
		cmocka_unit_test(ipv6_fixed_header),
		cmocka_unit_test(ipv6_extensions),
		cmocka_unit_test(ipv6_fragments),
		cmocka_unit_test(ipv6_fragment_headers),
		cmocka_unit_test(ipv6_martians),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

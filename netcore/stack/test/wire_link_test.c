/* wire_link_test - Ethernet and ARP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"

static enum wire_bad
parse(const uint8_t *p, size_t len, struct wire_eth *e, size_t *left)
{
	uint8_t *copy = pad_copy(p, len);
	struct cursor c = cursor_of(copy, len);
	enum wire_bad bad = wire_eth_parse(&c, e);

	*left = cursor_left(&c);
	free(copy);
	return bad;
}

static void
eth_refusals(void **state)
{
	uint8_t p[20] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0, 9,
		0x08, 0x06};
	struct wire_eth e;
	size_t left;

	(void)state;
	for (size_t n = 0; n <= 18; n++)
		assert_int_equal(parse(p, n, &e, &left),
			n < 14 ? WIRE_BAD_ETH_SHORT : WIRE_OK);
	assert_int_equal(left, 4);
	assert_memory_equal(e.dst, p, 6);
	assert_memory_equal(e.src, p + 6, 6);
	p[12] = 0x81;
	for (size_t n = 0; n <= 18; n++)
		assert_int_equal(parse(p, n, &e, &left),
			n < 18 ? WIRE_BAD_ETH_SHORT : WIRE_OK);
	assert_true(e.tagged && e.tci == 9 && e.type == WIRE_ETH_ARP);
	be_put16(p + 16, 0x5ff);
	assert_int_equal(parse(p, 20, &e, &left), WIRE_BAD_ETH_TYPE);
	be_put16(p + 16, WIRE_ETH_VLAN);
	assert_int_equal(parse(p, 20, &e, &left), WIRE_BAD_ETH_VLAN);
	be_put16(p + 12, WIRE_ETH_QINQ);
	assert_int_equal(parse(p, 20, &e, &left), WIRE_BAD_ETH_VLAN);
	be_put16(p + 12, 0x5ff);
	assert_int_equal(parse(p, 20, &e, &left), WIRE_BAD_ETH_TYPE);
	be_put16(p + 12, 0x600);
	assert_int_equal(parse(p, 20, &e, &left), WIRE_OK);
}

static void
eth_round_trips(void **state)
{
	uint64_t seed = WIRE_SEED;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		static const uint16_t types[] = {
			WIRE_ETH_IPV4, WIRE_ETH_ARP, WIRE_ETH_IPV6, 0x9000};
		struct wire_eth a, b;
		uint8_t buf[WIRE_ETH_MAX];
		size_t n, left;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		pad_fill(&seed, a.both, 12);
		a.type = types[i % 4];
		a.tagged = i / 4 % 2;
		a.tci = a.tagged ? (uint16_t)pad_random(&seed) : 0;
		n = wire_eth_emit(buf, sizeof(buf), &a);
		assert_int_equal(n, a.tagged ? 18 : 14);
		for (size_t size = 0; size < n; size++)
			assert_int_equal(wire_eth_emit(buf, size, &a), 0);
		assert_int_equal(parse(buf, n, &b, &left), WIRE_OK);
		assert_int_equal(left, 0);
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void
arp_is_read_and_written(void **state)
{
	const uint8_t good[28] = {0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 1, 10,
		0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2};
	uint8_t p[28], out[28];
	struct wire_arp a;
	struct cursor c;

	(void)state;
	for (size_t n = 0; n <= 28; n++) {
		uint8_t *copy = pad_copy(good, n);

		c = cursor_of(copy, n);
		assert_int_equal(wire_arp_parse(&c, &a),
			n < 28 ? WIRE_BAD_ARP_SHORT : WIRE_OK);
		free(copy);
	}
	assert_true(a.spa == 0x0a000001 && a.tpa == 0x0a000002);
	for (size_t size = 0; size < 28; size++)
		assert_int_equal(wire_arp_emit(out, size, &a), 0);
	assert_int_equal(wire_arp_emit(out, 28, &a), 28);
	assert_memory_equal(out, good, 28);
	for (size_t at = 0; at < 9; at++) {
		memcpy(p, good, 28);
		p[at] ^= 1;
		c = cursor_of(p, 28);
		assert_int_equal(wire_arp_parse(&c, &a),
			at < 6		 ? WIRE_BAD_ARP_FORM
				: at < 8 ? WIRE_BAD_ARP_OP
					 : WIRE_BAD_ARP_SENDER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eth_refusals),
		cmocka_unit_test(eth_round_trips),
		cmocka_unit_test(arp_is_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

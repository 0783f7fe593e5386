/* share_test - two engines and more that have one address: of whatever comes,
 * exactly one sees to it, and the others say nothing. Each part is played by
 * one engine after the other. */
#include <errno.h>
#include <string.h>

#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define PORTS 200u
#define FROM  40000u

static const unsigned shares_tried[] = {2, 3, 7};

static void
start(unsigned share, unsigned shares)
{
	struct stack_config c = one_config6();

	c.conns = c.half_open = 2 * PORTS;
	c.segs = c.send_refs = 4 * PORTS;
	c.steer = (struct steer){.key = 0x1234567,
		.share = (uint16_t)share,
		.shares = (uint16_t)shares};
	one_start(&c);
	one_know6();
	assert_int_equal(stack_listen(one.s, (struct ip_addr){0, 0}, 80, 5), 0);
}

/* How many frames go out because of what was done. */
static unsigned
answers(void)
{
	one_send();
	return one.sent;
}

static void
segment(uint16_t sport, uint8_t flags)
{
	struct wire_tcp t = {.sport = sport,
		.dport = 80,
		.flags = flags,
		.seq = 1000,
		.ack = flags & WIRE_TCP_ACK ? 77 : 0,
		.window = 1000};

	one_tcp(&t);
}

/* Each port's flow, to be answered by one engine; and none has much less than
 * its part of them. */
static void
by_port(void (*give)(uint16_t port))
{
	for (unsigned k = 0; k < 3; k++) {
		unsigned shares = shares_tried[k];
		uint8_t answered[PORTS] = {0};

		for (unsigned share = 0; share < shares; share++) {
			unsigned ours = 0;

			start(share, shares);
			for (unsigned i = 0; i < PORTS; i++) {
				unsigned n;

				one.now += 20000000;
				give((uint16_t)(FROM + i));
				n = answers();
				answered[i] += n;
				ours += n;
			}
			assert_int_equal(one.n->rx_not_ours, PORTS - ours);
			assert_in_range(
				ours, PORTS / shares / 2, PORTS / shares * 2);
			one_down(NULL);
		}
		for (unsigned i = 0; i < PORTS; i++)
			assert_int_equal(answered[i], 1);
	}
}

static void
give_syn(uint16_t port)
{
	segment(port, WIRE_TCP_SYN);
}

static void
give_stray(uint16_t port) /* which is refused by a reset */
{
	segment(port, WIRE_TCP_ACK);
}

static void
datagram(uint8_t b[WIRE_UDP_LEN], uint16_t port)
{
	struct wire_udp u = {.sport = port, .dport = 9, .len = 24};

	wire_udp_emit(b, WIRE_UDP_LEN, &u);
}

static void
give_datagram(uint16_t port) /* to a port that nobody has: it is told */
{
	uint8_t b[WIRE_UDP_LEN + 24] = {0};

	datagram(b, port);
	one_ip(WIRE_IP_UDP, 0, 1, b, sizeof(b));
}

static void
a_syn_is_answered_by_one(void **state)
{
	(void)state;
	by_port(give_syn);
}

static void
a_stray_segment_is_refused_by_one(void **state)
{
	(void)state;
	by_port(give_stray);
}

static void
a_datagram_is_refused_by_one(void **state)
{
	(void)state;
	by_port(give_datagram);
}

/* Ports are in the first piece only: all collect, one hands up. */
static void
pieces_are_collected_by_all(void **state)
{
	unsigned got[2];
	uint8_t b[WIRE_UDP_LEN + 24] = {0};

	(void)state;
	for (unsigned share = 0; share < 2; share++) {
		start(share, 2);
		assert_int_equal(
			stack_udp_bind(one.s, (struct ip_addr){0, 0}, 9, 77),
			0);
		for (unsigned i = 0; i < 20; i++) {
			datagram(b, (uint16_t)(FROM + i));
			one_piece(WIRE_IP_UDP, 0, true, (uint16_t)i, b, 16);
			one_piece(WIRE_IP_UDP, 16, false, (uint16_t)i, b + 16,
				16);
		}
		assert_int_equal(one.n->reassembled, 20);
		assert_int_equal(one.n->rx_not_ours + one.datagrams, 20);
		assert_int_equal(one.released, 40 - 2 * one.datagrams);
		got[share] = one.datagrams;
		one_down(NULL);
	}
	assert_int_equal(got[0] + got[1], 20);
	assert_true(got[0] && got[1]);
}

static void
echo4(void)
{
	struct wire_icmp m = {.type = WIRE_ICMP4_ECHO, .id = 7, .seq = 1};
	uint8_t b[64];
	size_t n = wire_icmp4_emit_echo(b, sizeof(b), &m, "abcd", 4);

	one_ip(WIRE_IP_ICMP, 0, 1, b, (uint32_t)n);
}

static void
echo6(void)
{
	struct wire_icmp m = {.type = WIRE_ICMP6_ECHO, .id = 7, .seq = 1};
	uint8_t b[64], us[16], peer[16];
	size_t n;

	ip_addr_put(one_addr6(1), us);
	ip_addr_put(one_addr6(2), peer);
	n = wire_icmp6_emit_echo(b, sizeof(b), &m, peer, us, "abcd", 4);
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_ICMPV6, 64, b, (uint32_t)n);
}

static void
unknown4(void)
{
	uint8_t b[32] = {0};

	one_ip(99, 0, 1, b, sizeof(b));
}

static void
unknown6(void)
{
	uint8_t b[32] = {0};

	one_ip6(one_addr6(2), one_addr6(1), 99, 64, b, sizeof(b));
}

static void
what_has_no_ports_is_answered_by_one(void **state)
{
	void (*const give[])(void) = {echo4, echo6, unknown4, unknown6};

	(void)state;
	for (unsigned k = 0; k < sizeof(give) / sizeof(*give); k++) {
		unsigned n = 0;

		for (unsigned share = 0; share < 7; share++) {
			start(share, 7);
			give[k]();
			n += answers();
			assert_int_equal(one.n->rx_not_ours, !one.sent);
			one_down(NULL);
		}
		assert_int_equal(n, 1);
	}
}

/* The questions of start() were answered by share 0 alone, but all know who
 * asked: nobody needs to ask back. */
static void
neighbours_are_heard_by_all(void **state)
{
	(void)state;
	for (unsigned share = 0; share < 3; share++) {
		start(share, 3);
		assert_int_equal(one.n->arp_replies, share == 0);
		assert_int_equal(one.n->nd_replies, share == 0);
		assert_int_equal(one.n->arp_requests + one.n->nd_requests,
			share == 0 ? one.n->nd_requests : 0);
		for (unsigned i = 0; i < 20; i++)
			segment((uint16_t)(FROM + i), WIRE_TCP_SYN);
		assert_true(answers() > 0);
		for (unsigned i = 0; i < one.sent; i++)
			assert_int_equal(one.out[i].bytes[23], WIRE_IP_TCP);
		one_down(NULL);
	}
}

static void
connect_to(struct ip_addr peer)
{
	uint16_t used[3][PORTS];
	struct ip_addr ip;

	for (unsigned share = 0; share < 3; share++) {
		start(share, 3);
		for (unsigned i = 0; i < PORTS; i++) {
			stack_conn c;

			assert_int_equal(
				stack_connect(one.s, peer, 443, 0, 0, &c), 0);
			assert_int_equal(
				stack_local(one.s, c, &ip, &used[share][i]), 0);
		}
		one_down(NULL);
	}
	for (unsigned i = 0; i < PORTS; i++)
		for (unsigned k = 0; k < PORTS; k++) {
			assert_int_not_equal(used[0][i], used[1][k]);
			assert_int_not_equal(used[0][i], used[2][k]);
			assert_int_not_equal(used[1][i], used[2][k]);
		}
}

/* Two never take the same port to the same peer, and what is answered comes to
 * who has asked: no other engine lets it in. */
static void
connects_are_from_ports_of_ours(void **state)
{
	stack_conn c;
	uint16_t port;
	struct ip_addr ip;

	(void)state;
	connect_to(ip_addr_v4(ONE_PEER));
	connect_to(one_addr6(2));
	start(0, 2);
	assert_int_equal(
		stack_connect(one.s, ip_addr_v4(ONE_PEER), 443, 0, 0, &c), 0);
	assert_int_equal(stack_local(one.s, c, &ip, &port), 0);
	assert_int_equal(
		stack_connect(one.s, ip_addr_v4(ONE_PEER), 443, port, 0, &c),
		-EADDRINUSE);
	one_down(NULL);
	start(1, 2);
	assert_int_equal(
		stack_connect(one.s, ip_addr_v4(ONE_PEER), 443, port, 0, &c),
		-EADDRNOTAVAIL);
	one_down(NULL);
}

static void
a_share_is_one_of_them(void **state)
{
	struct steer s = {.key = 99, .shares = 5};
	unsigned seen = 0;

	(void)state;
	for (uint32_t p = 0; p < 65536; p += 7) {
		uint32_t n = steer_share(&s, 0x0a000001, (uint16_t)p);

		assert_in_range(n, 0, 4);
		seen |= 1u << n;
	}
	assert_int_equal(seen, 31);
	s.shares = 0;
	assert_true(steer_is_ours(&s, 5, 1));
	s.shares = 1;
	assert_true(steer_is_ours(&s, 5, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_is_answered_by_one),
		cmocka_unit_test(a_stray_segment_is_refused_by_one),
		cmocka_unit_test(a_datagram_is_refused_by_one),
		cmocka_unit_test(pieces_are_collected_by_all),
		cmocka_unit_test(what_has_no_ports_is_answered_by_one),
		cmocka_unit_test(neighbours_are_heard_by_all),
		cmocka_unit_test(connects_are_from_ports_of_ours),
		cmocka_unit_test(a_share_is_one_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

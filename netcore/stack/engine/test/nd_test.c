/* nd_test - neighbour discovery (RFC 4861): who asks, who answers, who is there
 * no more, and who has our address (RFC 4862). */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

#define SECOND 1000000000ull

static int
up(void **state)
{
	struct stack_config c = one_config6();

	(void)state;
	one_start(&c);
	return 0;
}

static void
advertise(uint32_t who, uint8_t station, uint8_t flags, uint8_t hop_limit)
{
	uint8_t src[16], dst[16], b[32], mac[6] = {2, 0, 0, 0, 0, station};
	size_t n;

	ip_addr_put(one_addr6(who), src);
	ip_addr_put(one_addr6(1), dst);
	n = wire_nd_emit_na(
		b, sizeof(b), src, dst, src, flags, station ? mac : NULL);
	one_ip6(one_addr6(who), one_addr6(1), WIRE_IP_ICMPV6, hop_limit, b,
		(uint32_t)n);
}

static void
solicit(struct ip_addr from, uint32_t target, uint8_t station,
	uint8_t hop_limit)
{
	struct ip_addr group = {0xff02ull << 48, 0x1ff000000ull + target};
	uint8_t src[16], dst[16], what[16], b[32];
	uint8_t mac[6] = {2, 0, 0, 0, 0, station};
	size_t n;

	ip_addr_put(from, src);
	ip_addr_put(group, dst);
	ip_addr_put(one_addr6(target), what);
	n = wire_nd_emit_ns(b, sizeof(b), src, dst, what, station ? mac : NULL);
	one_ip6(from, group, WIRE_IP_ICMPV6, hop_limit, b, (uint32_t)n);
}

/* RFC 4861, 7.2.3, 7.2.4; from nobody: RFC 4862, 5.4.3. */
static void
questions_are_answered(void **state)
{
	struct ip_addr nobody = {0, 0};
	struct wire_ipv6 ip;
	struct wire_icmp6 m;

	(void)state;
	solicit(one_addr6(2), 1, 5, 255);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_true(one_is_nd(0, &ip, &m));
	assert_int_equal(m.m.type, WIRE_ICMP6_NA);
	assert_int_equal(m.nd.flags, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE);
	assert_true(m.nd.has_tlla);
	assert_int_equal(one_station(0), 5);
	solicit(nobody, 1, 0, 255);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_true(one_is_nd(0, &ip, &m));
	assert_int_equal(m.nd.flags, WIRE_NA_OVERRIDE);
	assert_int_equal(ip.dst[0], 0xff);
	assert_int_equal(one.n->nd_conflicts, 1);
	/* from beyond a router; of nobody, with an address; not of us */
	solicit(one_addr6(2), 1, 5, 254);
	solicit(nobody, 1, 5, 255);
	assert_int_equal(one.n->nd_bad, 2);
	solicit(one_addr6(2), 0x77, 5, 255);
	assert_int_equal(one.n->drop_not_ours, 1);
	one_send();
	assert_int_equal(one.sent, 0);
}

/* RFC 4861, 7.2.5. */
static void
answers_are_weighed(void **state)
{
	stack_conn h;

	(void)state;
	advertise(2, 5, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, 255);
	assert_int_equal(one.n->neigh_ignored, 1); /* unasked */
	h = one_begin(one_addr6(2), 4000);
	assert_int_equal(one.sent, 1);
	assert_int_equal(one.out[0].bytes[0], 0x33);
	advertise(2, 5, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, 64);
	assert_int_equal(one.n->nd_bad, 1);
	advertise(2, 0, WIRE_NA_SOLICITED, 255); /* says no address */
	one_send();
	assert_int_equal(one.sent, 0);
	advertise(2, 5, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, 255);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 5);
	/* another address without `override` is doubt, with it is taken */
	advertise(2, 6, 0, 255);
	assert_int_equal(one.n->neigh_moved, 0);
	one_pass(SECOND); /* the SYN again */
	one_send();
	assert_int_equal(one_station(0), 5);
	advertise(2, 6, WIRE_NA_OVERRIDE, 255);
	assert_int_equal(one.n->neigh_moved, 1);
	one_pass(2 * SECOND);
	one_send();
	assert_int_equal(one_station(0), 6);
	assert_int_equal(stack_close(one.s, h, true), 0);
	advertise(1, 6, WIRE_NA_OVERRIDE, 255); /* ours */
	solicit(one_addr6(1), 1, 6, 255);
	assert_int_equal(one.n->nd_conflicts, 2);
}

static void
routers_are_not_heeded(void **state)
{
	struct ip_addr from = {0xfe80ull << 48, 2};
	struct ip_addr all = {0xff02ull << 48, 1};
	uint8_t src[16], dst[16], b[16] = {WIRE_ICMP6_RA, [6] = 7, [7] = 8};

	(void)state;
	ip_addr_put(from, src);
	ip_addr_put(all, dst);
	wire_icmp6_seal(b, sizeof(b), src, dst);
	one_ip6(from, all, WIRE_IP_ICMPV6, 255, b, sizeof(b));
	assert_int_equal(one.n->nd_router_ignored, 1);
	one_ip6(from, all, WIRE_IP_ICMPV6, 1, b, sizeof(b));
	assert_int_equal(one.n->nd_bad, 1);
	one_send();
	assert_int_equal(one.sent, 0);
}

static void
a_flood_of_questions(void **state)
{
	stack_conn h;

	(void)state;
	solicit(one_addr6(2), 1, 5, 255);
	one_send();
	h = one_begin(one_addr6(2), 4000);
	assert_int_equal(one.sent, 1);
	for (uint32_t i = 0; i < 50000; i++) {
		solicit(one_addr6(0x10000 + i), 1, 6, 255);
		if (i % 100 == 99)
			one_send();
	}
	one_pass(SECOND);
	one_send();
	assert_int_equal(one.sent, 1); /* the SYN again, and no question */
	assert_int_equal(one_station(0), 5);
	assert_int_equal(stack_close(one.s, h, true), 0);
}

/* RFC 4861, 5.2: what is not of our network goes to the router, which is told
 * to us by our configuration; what is of the link never does. */
static void
beyond_the_link_goes_by_the_router(void **state)
{
	const struct ip_addr far = {0x20010db8ull << 32, 1};
	const struct ip_addr link = {0xfe80ull << 48, 0x77};
	struct stack_config c = one_config6();
	struct wire_icmp6 m;
	struct wire_ipv6 ip;

	(void)state;
	c.gateway6 = one_addr6(0xfe);
	one_again(&c);
	one_begin(far, 4000);
	assert_int_equal(one.sent, 1);
	assert_true(one_is_nd(0, &ip, &m));
	assert_true(ip_addr_eq(ip_addr_v6(m.nd.target), one_addr6(0xfe)));
	advertise(0xfe, 9, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, 255);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 9);
	assert_true(ip_addr_eq(ip_addr_v6(one.out[0].bytes + 38), far));
	one_begin(link, 4000);
	assert_int_equal(one.sent, 1);
	assert_true(one_is_nd(0, &ip, &m));
	assert_true(ip_addr_eq(ip_addr_v6(m.nd.target), link));
	assert_int_equal(ip.src[0], 0xfe);
}

/* --- who is there no more -------------------------------------------------*/

/* To the second, which is a neighbour already. */
static stack_conn
established(void)
{
	struct wire_tcp syn,
		t = {.sport = 80,
			.dport = 4000,
			.seq = 1000,
			.flags = WIRE_TCP_SYN | WIRE_TCP_ACK,
			.window = 60000};
	stack_conn h = one_begin(one_addr6(2), 4000);
	uint8_t us[16], peer[16], b[64];
	struct cursor c;
	size_t n;

	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + 54, one.out[0].len - 54);
	assert_int_equal(wire_tcp_parse(&c, &syn), WIRE_OK);
	t.ack = syn.seq + 1;
	ip_addr_put(one_addr6(1), us);
	ip_addr_put(one_addr6(2), peer);
	n = wire_tcp_emit(b, sizeof(b), &t);
	be_put16(b + 16,
		cksum_finish(cksum_partial(b, n,
			cksum_pseudo6(peer, us, WIRE_IP_TCP, (uint32_t)n))));
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_TCP, 64, b, (uint32_t)n);
	assert_int_equal(one.connected, 1);
	one_send();
	return h;
}

/* A byte goes out, or does not; and a question, or none: to one station, or by
 * 0 to all who could be asked. */
static void
frames_of(stack_conn h, int asked, uint8_t data_to)
{
	struct wire_icmp6 m;
	struct wire_ipv6 ip;
	int questions = -1;
	uint8_t data = 0;

	stack_send(one.s, h, "x", 1);
	one_send();
	for (unsigned i = 0; i < one.sent; i++) {
		if (!one_is_nd(i, &ip, &m)) {
			data = one_station(i);
			continue;
		}
		assert_int_equal(questions, -1);
		assert_int_equal(m.m.type, WIRE_ICMP6_NS);
		assert_true(m.nd.has_slla);
		assert_true(ip_addr_eq(ip_addr_v6(m.nd.target), one_addr6(2)));
		questions = ip.dst[0] == 0xff ? 0 : one_station(i);
		assert_int_equal(one.out[i].bytes[0], questions ? 2 : 0x33);
	}
	assert_int_equal(questions, asked);
	assert_int_equal(data, data_to);
}

/* RFC 4861, 7.3, 10: in use after five seconds without a word, it is asked, in
 * private, three times a second apart, while data goes on; then all are asked,
 * and nothing goes there until somebody answers. */
static void
who_is_silent_is_asked(void **state)
{
	stack_conn h;

	(void)state;
	solicit(one_addr6(2), 1, 5, 255);
	one_send();
	h = established();
	one.now += 6 * SECOND;
	for (unsigned i = 0; i < 3; i++) {
		frames_of(h, 5, 5);
		frames_of(h, -1, 5);
		one.now += SECOND;
	}
	frames_of(h, 0, 0);
	assert_int_equal(one.n->neigh_lost, 1);
	frames_of(h, -1, 0);
	advertise(2, 7, WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, 255);
	frames_of(h, -1, 7);
	one.now += 29 * SECOND; /* reachable for 30, and 5 more */
	frames_of(h, -1, 7);
	one.now += 2 * SECOND;
	frames_of(h, -1, 7);
	one.now += 4 * SECOND;
	frames_of(h, -1, 7);
	one.now += 2 * SECOND;
	frames_of(h, 7, 7);
	/* 7.2.5: an answer without its address confirms the one we have. */
	advertise(2, 0, WIRE_NA_SOLICITED, 255);
	one.now += 20 * SECOND;
	frames_of(h, -1, 7);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(questions_are_answered),
		T(answers_are_weighed),
		T(routers_are_not_heeded),
		T(a_flood_of_questions),
		T(beyond_the_link_goes_by_the_router),
		T(who_is_silent_is_asked),
	};

	return cmocka_run_group_tests_name("engine_nd", tests, NULL, NULL);
}

/* neigh_test - who is on our link: ARP (RFC 826, 5227), ageing, floods, and who
 * waits for an answer. Of neighbour discovery see nd_test.c. */
#include <errno.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

#define SECOND 1000000000ull
#define OTHER  0x0a000009u

static int
up(void **state)
{
	struct stack_config c = one_config6();

	(void)state;
	c.ip4_bits = 8;
	one_start(&c);
	return 0;
}

/* --- what went out --------------------------------------------------------*/

static bool
is_question4(unsigned i, uint32_t ip)
{
	struct cursor c = cursor_of(one.out[i].bytes + 14, 28);
	struct wire_arp a;

	return one_type(i) == 0x0806 && wire_arp_parse(&c, &a) == WIRE_OK &&
		a.op == WIRE_ARP_REQUEST && a.tpa == ip && a.spa == ONE_IP;
}

static stack_conn
established(void)
{
	struct wire_tcp syn,
		t = {.sport = 80,
			.dport = 4000,
			.seq = 1000,
			.flags = WIRE_TCP_SYN | WIRE_TCP_ACK,
			.window = 60000};
	stack_conn h = one_begin(ip_addr_v4(ONE_PEER), 4000);
	struct cursor c;

	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + 34, one.out[0].len - 34);
	assert_int_equal(wire_tcp_parse(&c, &syn), WIRE_OK);
	t.ack = syn.seq + 1;
	one_tcp(&t);
	one_send();
	return h;
}

/* --- ARP ------------------------------------------------------------------*/

/* RFC 5227, 2.3; RFC 4862, 5.4.2. */
static void
it_says_that_it_is_there(void **state)
{
	struct wire_ipv6 ip;
	struct wire_icmp6 m;

	(void)state;
	assert_int_equal(one.sent, 4);
	assert_true(is_question4(0, ONE_IP));
	assert_int_equal(one.out[0].bytes[0], 255);
	for (unsigned i = 1; i < 3; i++) {
		assert_true(one_is_nd(i, &ip, &m));
		assert_int_equal(m.m.type, WIRE_ICMP6_NS);
		assert_false(m.nd.has_slla);
		assert_int_equal(wire_ipv6_martian(ip.src), 1); /* :: */
		assert_int_equal(ip.dst[0], 0xff);
		assert_int_equal(one.out[i].bytes[0], 0x33);
		assert_memory_equal(ip.dst + 13, m.nd.target + 13, 3);
	}
	assert_int_equal(m.nd.target[0], 0xfd);
	assert_int_equal(one.n->nd_conflicts, 0);
}

static void
nobody_is_believed_unasked(void **state)
{
	(void)state;
	one_arp(WIRE_ARP_REPLY, 9, OTHER, ONE_IP);
	one_arp(WIRE_ARP_REQUEST, 9, OTHER, OTHER);
	one_arp(WIRE_ARP_REQUEST, 9, OTHER, 0x0a000008);
	assert_int_equal(one.n->neigh_ignored, 3);
	one_begin(ip_addr_v4(OTHER), 4000);
	assert_int_equal(one.sent, 1);
	assert_true(is_question4(0, OTHER));
	one_arp(WIRE_ARP_REPLY, 9, OTHER, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 9);
}

/* RFC 5227, 2.1.1: who wants an address; 2.4: who has ours. */
static void
our_address_is_ours(void **state)
{
	(void)state;
	one_arp(WIRE_ARP_REQUEST, 9, 0, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_type(0), 0x0806);
	assert_int_equal(one_station(0), 9);
	one_arp(WIRE_ARP_REQUEST, 9, ONE_IP, ONE_IP);
	one_arp(WIRE_ARP_REPLY, 9, ONE_IP, ONE_IP);
	one_arp(WIRE_ARP_REQUEST, 9, 0x7f000001, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(one.n->arp_conflicts, 2);
	assert_int_equal(one.n->drop_martian, 1);
}

/* RFC 5227, 3: a station that moved says so. */
static void
who_moves_is_followed(void **state)
{
	stack_conn h;

	(void)state;
	h = established();
	one_arp(WIRE_ARP_REQUEST, 7, ONE_PEER, ONE_PEER);
	assert_int_equal(one.n->neigh_moved, 1);
	assert_int_equal(stack_send(one.s, h, "abc", 3), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 7);
}

/* Everybody of a /8 asks for us: what is in use stays. */
static void
a_flood_takes_no_place(void **state)
{
	stack_conn h;

	(void)state;
	h = established();
	for (uint32_t i = 0; i < 50000; i++) {
		one_arp(WIRE_ARP_REQUEST, 7, 0x0a010000 + i, ONE_IP);
		if (i % 100 == 99)
			one_send();
	}
	assert_null(stack_check(one.s));
	assert_true(one.n->neigh_evicted > 40000);
	assert_int_equal(stack_send(one.s, h, "abc", 3), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_type(0), 0x0800);
	assert_int_equal(one_station(0), 2);
}

/* The same by packets that we answer: questions for those who never answer
 * take no place from those who do. */
static void
answers_to_nobody_take_no_place(void **state)
{
	stack_conn h;
	unsigned i = 0;

	(void)state;
	h = established();
	for (uint32_t k = 0; k < 20000; k++) {
		struct wire_icmp m = {.type = WIRE_ICMP4_ECHO};
		uint8_t b[8], frame[64];
		uint32_t len;

		wire_icmp4_emit_echo(b, sizeof(b), &m, NULL, 0);
		len = one_make(frame, WIRE_IP_ICMP, 0, 1, b, sizeof(b));
		be_put32(frame + 26, 0x0a010000 + k);
		be_put16(frame + 24, 0);
		be_put16(frame + 24,
			cksum_finish(cksum_partial(frame + 14, 20, 0)));
		one_rx(frame, len);
		if (k % 50 == 49)
			one_send();
		one.now += 1000000;
	}
	assert_null(stack_check(one.s));
	assert_true(one.n->neigh_dropped > 1000);
	assert_int_equal(stack_send(one.s, h, "abc", 3), 0);
	one_send();
	while (one_type(i) != 0x0800 && i + 1 < one.sent)
		i++;
	assert_int_equal(one_type(i), 0x0800);
	assert_int_equal(one_station(i), 2);
	assert_true(is_question4(one.sent - 1, ONE_PEER)); /* in private */
	assert_int_equal(one_station(one.sent - 1), 2);
}

/* --- ageing ---------------------------------------------------------------*/

static void
frames_of(stack_conn h, bool question, bool data)
{
	unsigned asked = 0, sent = 0;

	stack_send(one.s, h, "x", 1);
	one_send();
	for (unsigned i = 0; i < one.sent; i++)
		if (one_type(i) == 0x0806)
			asked += is_question4(i, ONE_PEER);
		else
			sent++;
	assert_int_equal(asked, question);
	assert_int_equal(sent != 0, data);
}

/* RFC 4861, 7.3: in use after a while without a word, it is asked; in private,
 * three times, and then it is gone. */
static void
who_is_silent_is_asked(void **state)
{
	stack_conn h;

	(void)state;
	h = established();
	one.now += 6 * SECOND; /* it was known by its question alone */
	for (unsigned i = 0; i < 3; i++) {
		frames_of(h, true, true);
		for (unsigned k = 0; k < one.sent; k++)
			assert_int_equal(one_station(k), 2);
		frames_of(h, false, true);
		one.now += SECOND;
	}
	frames_of(h, true, false);
	assert_int_equal(one_station(0), 255);
	assert_int_equal(one.n->neigh_lost, 1);
	frames_of(h, false, false);
	one_arp(WIRE_ARP_REPLY, 3, ONE_PEER, ONE_IP);
	frames_of(h, false, true);
	assert_int_equal(one_station(0), 3);
	one.now += 29 * SECOND;
	frames_of(h, false, true);
	one.now += 4 * SECOND; /* its time is over: it may say something */
	frames_of(h, false, true);
	one.now += 6 * SECOND;
	frames_of(h, true, true);
	one_arp(WIRE_ARP_REPLY, 3, ONE_PEER, ONE_IP);
	one.now += 20 * SECOND;
	frames_of(h, false, true);
}

/* --- who waits ------------------------------------------------------------*/

static void
all_that_wait_are_told(void **state)
{
	stack_conn h[5];

	(void)state;
	for (uint16_t i = 0; i < 5; i++)
		h[i] = one_begin(ip_addr_v4(OTHER), (uint16_t)(4000 + i));
	assert_int_equal(stack_close(one.s, h[0], true), 0);
	assert_int_equal(stack_close(one.s, h[2], true), 0);
	assert_null(stack_check(one.s));
	assert_int_equal(one.n->arp_requests, 1);
	one_arp(WIRE_ARP_REPLY, 9, OTHER, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(one_station(i), 9);
}

static void
ping_from(uint32_t ip, uint16_t seq)
{
	struct wire_icmp m = {.type = WIRE_ICMP4_ECHO, .seq = seq};
	uint8_t b[12], frame[64];
	uint32_t len;

	wire_icmp4_emit_echo(b, sizeof(b), &m, "abcd", 4);
	len = one_make(frame, WIRE_IP_ICMP, 0, 1, b, sizeof(b));
	be_put32(frame + 26, ip);
	be_put16(frame + 24, 0);
	be_put16(frame + 24, cksum_finish(cksum_partial(frame + 14, 20, 0)));
	assert_true(one_rx(frame, len));
}

static void
frames_wait_for_a_while(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < 6; i++)
		ping_from(OTHER, i);
	assert_int_equal(one.n->neigh_dropped, 2); /* four of one */
	assert_int_equal(one.released, 2);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_true(is_question4(0, OTHER));
	one_pass(SECOND);
	one_send();
	assert_int_equal(one.sent, 1);
	one_arp(WIRE_ARP_REPLY, 9, OTHER, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(one_station(i), 9);
	/* nobody answers: they are given back, and nothing is due any more */
	ping_from(0x0a000008, 1);
	for (unsigned i = 0; i < 5; i++) {
		one_pass(SECOND);
		one_send();
	}
	assert_int_equal(one.n->neigh_dropped, 3);
	assert_int_equal(one.released, 3);
	assert_int_equal(stack_deadline(one.s), UINT64_MAX);
}

static void
no_way_is_no_frame(void **state)
{
	stack_conn h;

	(void)state;
	assert_int_equal(
		stack_connect(one.s, ip_addr_v4(0xe0000001), 80, 0, 0, &h),
		-EINVAL);
	one_begin(ip_addr_v4(0x0b000001), 4000); /* beyond, without a router */
	assert_int_equal(one.sent, 0);
	assert_true(one.n->no_route > 0);
	for (unsigned i = 0; i < 20; i++) {
		one_pass(SECOND);
		one_send();
	}
	assert_int_equal(one.closed, 1);
	assert_int_equal(one.why, STACK_UNREACHABLE);
}

/* RFC 1122, 3.3.1.1: what is not of our network goes to the router, whose
 * address alone is asked for; the last of our network is still a neighbour. */
static void
beyond_the_link_goes_by_the_router(void **state)
{
	const uint32_t router = 0x0a0000fe, far[] = {0x0a000100, 0x08080808};
	struct stack_config c = one_config();

	(void)state;
	c.gateway4 = ip_addr_v4(router);
	one_again(&c);
	one_begin(ip_addr_v4(far[0]), 4000);
	assert_int_equal(one.sent, 1);
	assert_true(is_question4(0, router));
	one_arp(WIRE_ARP_REPLY, 9, router, ONE_IP);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 9);
	assert_int_equal(be_get32(one.out[0].bytes + 30), far[0]);
	one_begin(ip_addr_v4(far[1]), 4000); /* it is known now */
	assert_int_equal(one.sent, 1);
	assert_int_equal(one_station(0), 9);
	one_begin(ip_addr_v4(0x0a0000fd), 4000);
	assert_int_equal(one.sent, 1);
	assert_true(is_question4(0, 0x0a0000fd));
	assert_int_equal(one.n->no_route, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(it_says_that_it_is_there),
		T(nobody_is_believed_unasked),
		T(our_address_is_ours),
		T(who_moves_is_followed),
		T(a_flood_takes_no_place),
		T(answers_to_nobody_take_no_place),
		T(who_is_silent_is_asked),
		T(all_that_wait_are_told),
		T(frames_wait_for_a_while),
		T(no_way_is_no_frame),
		T(beyond_the_link_goes_by_the_router),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

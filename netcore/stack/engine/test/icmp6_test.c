/* icmp6_test - IPv6 beside TCP: echoes, errors that we send (RFC 4443), errors
 * that we get (RFC 8201, 5927), packets that are not for us. */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define L4 54 /* where the contents of a packet of ours begin */

static uint8_t us[16], peer[16];

static int
up(void **state)
{
	ip_addr_put(one_addr6(1), us);
	ip_addr_put(one_addr6(2), peer);
	return one_up6(state);
}

static bool
ping(struct ip_addr to, uint16_t seq, const void *data, uint32_t len)
{
	struct wire_icmp m = {.type = WIRE_ICMP6_ECHO, .id = 7, .seq = seq};
	uint8_t b[1500], dst[16];
	size_t n;

	ip_addr_put(to, dst);
	n = wire_icmp6_emit_echo(b, sizeof(b), &m, peer, dst, data, len);
	return one_ip6(one_addr6(2), to, WIRE_IP_ICMPV6, 64, b, (uint32_t)n);
}

static struct wire_icmp
sent_icmp(unsigned i, struct cursor *c)
{
	struct one_frame *o = &one.out[i];
	struct wire_icmp6 m;
	struct wire_ipv6 ip;

	*c = cursor_of(o->bytes + 14, o->len - 14);
	assert_int_equal(wire_ipv6_parse(c, &ip), WIRE_OK);
	assert_memory_equal(ip.dst, peer, 16);
	assert_int_equal(ip.proto, WIRE_IP_ICMPV6);
	assert_int_equal(wire_icmp6_parse(c, ip.src, ip.dst, 64, &m), WIRE_OK);
	return m.m;
}

static void
echoes_come_back(void **state)
{
	struct ip_addr link = {0xfe80ull << 48, 0x00000000fffe000001ull};
	uint8_t data[1452];
	struct wire_icmp m;
	struct cursor c;

	(void)state;
	for (uint32_t len = 1; len <= sizeof(data); len += 49) {
		memset(data, (int)len, sizeof(data));
		one.now += 1000000;
		assert_true(ping(one_addr6(1), (uint16_t)len, data, len));
		one_send();
		assert_int_equal(one.sent, 1);
		m = sent_icmp(0, &c);
		assert_int_equal(m.type, WIRE_ICMP6_ECHO_REPLY);
		assert_int_equal(m.seq, len);
		assert_int_equal(cursor_left(&c), len);
		assert_memory_equal(c.p, data, len);
		assert_ptr_equal(one.out[0].piece, one_last() + L4 + 8);
		assert_ptr_equal(one.out[0].buf, one_last());
	}
	/* our address of the link: fe80:: and the MAC's (RFC 4291) */
	link.lo = 0x000000fffe000001ull;
	assert_true(ping(link, 1, "x", 1));
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one.out[0].bytes[22], 0xfe);
}

static void
no_echo_is_too_large(void **state)
{
	uint8_t data[1453] = {0};

	(void)state;
	assert_true(ping(one_addr6(1), 1, data, 1452));
	assert_false(ping(one_addr6(1), 2, data, 1453));
	assert_int_equal(one.n->icmp_ignored, 1);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one.out[0].len, 14 + 1500);
}

static void
what_is_not_for_us(void **state)
{
	struct ip_addr all = {0xff02ull << 48, 1};
	uint8_t b[12] = {WIRE_ICMP6_ECHO, 0, 1, 2};

	(void)state;
	assert_false(ping(all, 1, "x", 1));
	assert_int_equal(one.n->icmp_ignored, 1);
	assert_false(ping(one_addr6(3), 1, "x", 1));
	assert_int_equal(one.n->drop_not_ours, 1);
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_ICMPV6, 64, b, sizeof(b));
	assert_int_equal(one.n->drop_cksum, 1);
	one_ip6(all, one_addr6(1), WIRE_IP_TCP, 64, b, sizeof(b));
	one_ip6(one_addr6(1), one_addr6(1), WIRE_IP_TCP, 64, b, sizeof(b));
	one_ip6((struct ip_addr){0, 0}, one_addr6(1), WIRE_IP_TCP, 64, b,
		sizeof(b));
	assert_int_equal(one.n->drop_martian, 3);
	one_ip6(one_addr6(2), all, WIRE_IP_TCP, 64, b, sizeof(b));
	assert_int_equal(one.n->drop_not_ours, 2);
	one_send();
	assert_int_equal(one.sent, 0);
}

/* RFC 4443, 3.4, code 1; RFC 8200, 4. The pointer finds what is unknown behind
 * extension headers too. */
static void
unknown_protocols_are_told(void **state)
{
	uint8_t ext[40] = {99, 0, 1, 4}, data[32] = {0};
	struct wire_icmp m;
	struct cursor c;

	(void)state;
	one_ip6(one_addr6(2), one_addr6(1), 99, 64, data, sizeof(data));
	one_send();
	assert_int_equal(one.sent, 1);
	m = sent_icmp(0, &c);
	assert_int_equal(m.type, WIRE_ICMP6_PARAM);
	assert_int_equal(m.code, 1);
	assert_int_equal(m.pointer, 6);
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_DSTOPTS, 64, ext,
		sizeof(ext));
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(sent_icmp(0, &c).pointer, 40);
	for (unsigned i = 0; i < 40; i++)
		one_ip6(one_addr6(2), one_addr6(1), 99, 64, data, 32);
	assert_int_equal(one.n->icmp_sent, 16);
}

/* RFC 4443, 2.4 (c): as much of it as a packet of 1280 bytes takes. */
static void
errors_quote_much(void **state)
{
	static const uint32_t len[] = {10, 11, 1191, 1192, 1193, 1460};
	uint8_t data[1460];
	struct cursor c;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 5);
	for (unsigned i = 0; i < 6; i++) {
		uint32_t quote = 40 + len[i] < 1232 ? 40 + len[i] : 1232;

		assert_true(one_ip6(
			one_addr6(2), one_addr6(1), 99, 64, data, len[i]));
		one_send();
		assert_int_equal(one.sent, 1);
		assert_int_equal(one.out[0].len, L4 + 8 + quote);
		assert_memory_equal(
			one.out[0].bytes + L4 + 8, one_last() + 14, quote);
		assert_ptr_equal(one.out[0].buf, one_last());
		assert_int_equal(sent_icmp(0, &c).type, WIRE_ICMP6_PARAM);
	}
}

/* --- datagrams ------------------------------------------------------------*/

static void
datagram(uint16_t port, bool sum)
{
	struct wire_udp u = {.sport = 9, .dport = port, .len = 4};
	uint8_t b[12] = {[8] = 'a', 'b', 'c', 'd'};

	wire_udp_emit(b, WIRE_UDP_LEN, &u);
	be_put16(b + 6, 0);
	if (sum)
		be_put16(b + 6,
			cksum_finish(cksum_partial(b, 12,
				cksum_pseudo6(peer, us, WIRE_IP_UDP, 12))));
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_UDP, 64, b, sizeof(b));
}

/* RFC 8200, 8.1: the checksum is no option. RFC 4443, 3.1: code 4. */
static void
datagrams_go_both_ways(void **state)
{
	struct cursor c;
	struct wire_udp u;
	struct wire_icmp m;
	const uint8_t *p;

	(void)state;
	assert_int_equal(
		stack_udp_bind(one.s, (struct ip_addr){0, 0}, 53, 1), 0);
	datagram(53, true);
	assert_int_equal(one.datagrams, 1);
	assert_memory_equal(one.text, "abcd", 4);
	assert_true(ip_addr_eq(one.got.ip, one_addr6(2)));
	datagram(53, false);
	assert_int_equal(one.datagrams, 1);
	assert_int_equal(one.n->drop_bad_frame, 1);
	datagram(54, true);
	one_send();
	assert_int_equal(one.sent, 1);
	m = sent_icmp(0, &c);
	assert_int_equal(m.type, WIRE_ICMP6_UNREACH);
	assert_int_equal(m.code, WIRE_UNREACH6_PORT);
	assert_int_equal(
		stack_udp_send(one.s, 53, one_addr6(2), 9, "xyz", 3, us), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + L4, one.out[0].len - L4);
	p = c.p;
	assert_int_equal(wire_udp_parse(&c, true, &u), WIRE_OK);
	assert_int_equal(u.len, 3);
	assert_true(cksum_ok(p, 11, cksum_pseudo6(us, peer, WIRE_IP_UDP, 11)));
}

/* --- errors about connections ---------------------------------------------*/

static struct wire_tcp syn;

static void
segment(struct wire_tcp *t)
{
	uint8_t b[64];
	size_t n;

	t->sport = 80;
	t->dport = 4000;
	t->window = 60000;
	t->cksum = 0;
	n = wire_tcp_emit(b, sizeof(b), t);
	be_put16(b + 16,
		cksum_finish(cksum_partial(b, n,
			cksum_pseudo6(peer, us, WIRE_IP_TCP, (uint32_t)n))));
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_TCP, 64, b, (uint32_t)n);
}

static stack_conn
begin(void)
{
	struct cursor c;
	stack_conn h;

	assert_int_equal(
		stack_connect(one.s, one_addr6(2), 80, 4000, 0, &h), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + L4, one.out[0].len - L4);
	assert_int_equal(wire_tcp_parse(&c, &syn), WIRE_OK);
	assert_int_equal(syn.mss, 1440);
	return h;
}

static void
error(uint8_t type, uint8_t code, uint32_t word, uint32_t seq)
{
	struct wire_icmp m = {
		.type = type, .code = code, .mtu = word, .pointer = word};
	struct wire_ipv6 ip = {.proto = WIRE_IP_TCP, .hop_limit = 1, .len = 20};
	struct wire_tcp t = {.sport = 4000, .dport = 80, .seq = seq};
	uint8_t q[60], b[100];
	size_t n;

	memcpy(ip.src, us, 16);
	memcpy(ip.dst, peer, 16);
	wire_ipv6_emit(q, 40, &ip);
	wire_tcp_emit(q + 40, 20, &t);
	n = wire_icmp6_emit_error(b, sizeof(b), &m, peer, us, q, sizeof(q));
	one_ip6(one_addr6(2), one_addr6(1), WIRE_IP_ICMPV6, 64, b, (uint32_t)n);
}

static void
hard_errors_end_what_begins(void **state)
{
	(void)state;
	begin();
	error(WIRE_ICMP6_UNREACH, WIRE_UNREACH6_PORT, 0, syn.seq + 1);
	assert_int_equal(one.n->icmp_out_of_window, 1);
	error(WIRE_ICMP6_UNREACH, WIRE_UNREACH6_NO_ROUTE, 0, syn.seq);
	error(WIRE_ICMP6_TIME, 0, 0, syn.seq);
	assert_int_equal(one.closed, 0);
	error(WIRE_ICMP6_UNREACH, WIRE_UNREACH6_PORT, 0, syn.seq);
	assert_int_equal(one.closed, 1);
	assert_int_equal(one.why, STACK_REFUSED);
	begin();
	error(WIRE_ICMP6_UNREACH, WIRE_UNREACH6_PROHIBITED, 0, syn.seq);
	assert_int_equal(one.why, STACK_UNREACHABLE);
	assert_int_equal(one.closed, 2);
}

/* RFC 8201, 4: never below 1280. */
static void
too_large_is_cut(void **state)
{
	static const uint8_t data[1440];
	struct wire_tcp t = {.seq = 1000,
		.flags = WIRE_TCP_SYN | WIRE_TCP_ACK,
		.opts = WIRE_TCP_MSS,
		.mss = 1440};
	struct ip_addr ip;
	uint16_t port;
	stack_conn h;

	(void)state;
	h = begin();
	t.ack = syn.seq + 1;
	segment(&t);
	assert_int_equal(one.connected, 1);
	assert_int_equal(stack_peer(one.s, h, &ip, &port), 0);
	assert_true(ip_addr_eq(ip, one_addr6(2)) && port == 80);
	assert_int_equal(stack_local(one.s, h, &ip, &port), 0);
	assert_true(ip_addr_eq(ip, one_addr6(1)) && port == 4000);
	one_send();
	assert_int_equal(stack_send(one.s, h, data, sizeof(data)), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one.out[0].len - one.out[0].headers, 1440);
	error(WIRE_ICMP6_TOO_BIG, 0, 600, syn.seq + 5000);
	assert_int_equal(one.n->mss_lowered, 0);
	error(WIRE_ICMP6_TOO_BIG, 0, 600, syn.seq + 1);
	assert_int_equal(one.n->mss_lowered, 1);
	one_send();
	assert_int_equal(one.sent, 2);
	assert_int_equal(one.out[0].len - one.out[0].headers, 1220);
	assert_int_equal(one.out[1].len - one.out[1].headers, 220);
	error(WIRE_ICMP6_UNREACH, WIRE_UNREACH6_PORT, 0, syn.seq + 1);
	assert_int_equal(one.n->icmp_soft, 1);
	assert_int_equal(one.closed, 0);
}

/* Which listener gets whom. */
static void
listeners_of_both_families(void **state)
{
	struct wire_tcp t = {.seq = 1, .flags = WIRE_TCP_SYN};

	(void)state;
	assert_int_equal(stack_listen(one.s, ip_addr_v4(0), 4000, 1), 0);
	segment(&t);
	one_send();
	assert_int_equal(one.n->resets_sent, 1); /* that is of IPv4 alone */
	assert_int_equal(
		stack_listen(one.s, (struct ip_addr){0, 0}, 4000, 2), 0);
	segment(&t);
	one_send();
	assert_int_equal(one.n->syn_received, 1);
	assert_int_equal(one.n->resets_sent, 1);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(echoes_come_back),
		T(no_echo_is_too_large),
		T(what_is_not_for_us),
		T(unknown_protocols_are_told),
		T(errors_quote_much),
		T(datagrams_go_both_ways),
		T(hard_errors_end_what_begins),
		T(too_large_is_cut),
		T(listeners_of_both_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

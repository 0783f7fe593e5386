/* icmp_test - echoes, errors that we send, errors that we get. */
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"

#define L4 34 /* where the contents of a packet of ours begin */

static bool
ping(uint16_t id, uint16_t seq, const void *data, uint32_t len)
{
	struct wire_icmp m = {.type = WIRE_ICMP4_ECHO, .id = id, .seq = seq};
	uint8_t b[1500];
	size_t n = wire_icmp4_emit_echo(b, sizeof(b), &m, data, len);

	return one_ip(WIRE_IP_ICMP, 0, 7, b, (uint32_t)n);
}

static struct wire_icmp
sent_icmp(unsigned i, struct cursor *c)
{
	struct one_frame *o = &one.out[i];
	struct wire_ipv4 ip;
	struct wire_icmp m;

	*c = cursor_of(o->bytes + 14, o->len - 14);
	assert_int_equal(wire_ipv4_parse(c, &ip), WIRE_OK);
	assert_int_equal(ip.src, ONE_IP);
	assert_int_equal(ip.dst, ONE_PEER);
	assert_int_equal(ip.proto, WIRE_IP_ICMP);
	assert_int_equal(wire_icmp4_parse(c, &m), WIRE_OK);
	return m;
}

static void
echoes_come_back(void **state)
{
	uint8_t data[1472];
	struct wire_icmp m;
	struct cursor c;

	(void)state;
	for (uint32_t len = 1; len <= sizeof(data); len += 49) {
		memset(data, (int)len, sizeof(data));
		one.now += 1000000;
		assert_true(ping(0x1234, (uint16_t)len, data, len));
		one_send();
		assert_int_equal(one.sent, 1);
		m = sent_icmp(0, &c);
		assert_int_equal(m.type, WIRE_ICMP4_ECHO_REPLY);
		assert_int_equal(m.id, 0x1234);
		assert_int_equal(m.seq, len);
		assert_int_equal(cursor_left(&c), len);
		assert_memory_equal(c.p, data, len);
		/* from where it lies, and the buffer goes along */
		assert_ptr_equal(one.out[0].piece, one_last() + L4 + 8);
		assert_ptr_equal(one.out[0].buf, one_last());
	}
	/* nothing to carry, and a sum that is 0 */
	assert_false(ping(0, 0, NULL, 0));
	one_send();
	assert_int_equal(sent_icmp(0, &c).type, WIRE_ICMP4_ECHO_REPLY);
	assert_null(one.out[0].buf);
}

/* A link may bring more than its MTU; we keep to it. */
static void
no_echo_is_too_large(void **state)
{
	uint8_t data[1473] = {0};

	(void)state;
	assert_true(ping(1, 1, data, 1472));
	assert_false(ping(1, 2, data, 1473));
	assert_int_equal(one.n->icmp_ignored, 1);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_int_equal(one.out[0].len, 14 + 1500);
}

static void
echoes_are_limited(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(ping(1, (uint16_t)i, "x", 1), i < 64);
	assert_int_equal(one.n->echoes, 64);
	assert_int_equal(one.n->echoes_limited, 36);
	one_send();
	assert_int_equal(one.sent, 64);
	one.now += 5000000;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ping(1, (uint16_t)i, "x", 1), i < 5);
}

static void
bad_echoes_are_dropped(void **state)
{
	uint8_t b[12] = {WIRE_ICMP4_ECHO, 0, 1, 2, 3};
	uint8_t all[64];
	uint32_t n;

	(void)state;
	assert_false(one_ip(WIRE_IP_ICMP, 0, 1, b, sizeof(b)));
	assert_int_equal(one.n->drop_cksum, 1);
	ping(1, 1, "abcd", 4);
	one_send();
	n = one.out[0].len;
	memcpy(all, one_last(), n);
	memset(all, 0xff, 6); /* to everybody */
	assert_false(one_rx(all, n));
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(one.n->echoes, 1);
}

/* RFC 1122, 3.2.1.3; RFC 1812, 5.3.7: of an address that is no other host's, or
 * to one that is not ours. */
static void
what_is_not_for_us(void **state)
{
	static const uint32_t nobody[] = {
		0, 0x7f000001, 0xe0000001, 0xf0000001, UINT32_MAX, ONE_IP};
	struct wire_icmp m = {.type = WIRE_ICMP4_ECHO};
	uint8_t b[8], frame[64];
	uint32_t n;

	(void)state;
	wire_icmp4_emit_echo(b, sizeof(b), &m, NULL, 0);
	for (unsigned i = 0; i < 8; i++) {
		n = one_make(frame, WIRE_IP_ICMP, 0, 1, b, sizeof(b));
		if (i < 6)
			be_put32(frame + 26, nobody[i]);
		else
			be_put32(frame + 30, i == 6 ? ONE_IP + 1 : 0xe0000001);
		be_put16(frame + 24, 0);
		be_put16(frame + 24,
			cksum_finish(cksum_partial(frame + 14, 20, 0)));
		assert_false(one_rx(frame, n));
	}
	assert_int_equal(one.n->drop_martian, 6);
	assert_int_equal(one.n->drop_not_ours, 2);
	one_send();
	assert_int_equal(one.sent, 0);
}

static void
unknown_protocols_are_told(void **state)
{
	uint8_t data[64] = {1, 2, 3, 4}, all[128];
	struct wire_icmp m;
	struct cursor c;
	uint32_t n;

	(void)state;
	one_ip(99, 0, 1, data, sizeof(data));
	one_send();
	assert_int_equal(one.sent, 1);
	m = sent_icmp(0, &c);
	assert_int_equal(m.type, WIRE_ICMP4_UNREACH);
	assert_int_equal(m.code, WIRE_UNREACH4_PROTO);
	assert_int_equal(m.quote.proto, 99);
	assert_int_equal(m.quote.src4, ONE_PEER);
	n = one_make(all, 99, 0, 1, data, sizeof(data));
	memset(all, 0xff, 6);
	one_rx(all, n);
	one_send();
	assert_int_equal(one.sent, 0);
	for (unsigned i = 0; i < 40; i++)
		one_ip(99, 0, 1, data, sizeof(data));
	assert_int_equal(one.n->icmp_sent, 16);
	assert_int_equal(one.n->icmp_limited, 25);
}

/* --- errors about connections ---------------------------------------------*/

static struct wire_tcp syn;

static stack_conn
begin(void)
{
	struct cursor c;
	stack_conn h;

	assert_int_equal(
		stack_connect(one.s, ip_addr_v4(ONE_PEER), 80, 4000, 0, &h), 0);
	one_send();
	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + L4, one.out[0].len - L4);
	assert_int_equal(wire_tcp_parse(&c, &syn), WIRE_OK);
	return h;
}

static stack_conn
established_by(uint8_t opts)
{
	stack_conn h = begin();
	struct wire_tcp t = {.sport = 80,
		.dport = 4000,
		.seq = 1000,
		.ack = syn.seq + 1,
		.flags = WIRE_TCP_SYN | WIRE_TCP_ACK,
		.window = 60000,
		.opts = opts,
		.mss = 1460};

	one_tcp(&t);
	assert_int_equal(one.connected, 1);
	one_send();
	return h;
}

static stack_conn
established(void)
{
	return established_by(WIRE_TCP_MSS);
}

/* About what we sent with that sequence number. */
static void
error_of(uint8_t type, uint8_t code, uint32_t mtu, uint32_t seq)
{
	struct wire_icmp m = {.type = type, .code = code, .mtu = mtu};
	struct wire_ipv4 ip = {.src = ONE_IP,
		.dst = ONE_PEER,
		.proto = WIRE_IP_TCP,
		.ttl = 1,
		.len = 20};
	struct wire_tcp t = {.sport = 4000, .dport = 80, .seq = seq};
	uint8_t q[40], b[100];
	size_t n;

	wire_ipv4_emit(q, 20, &ip);
	wire_tcp_emit(q + 20, 20, &t);
	n = wire_icmp4_emit_error(b, sizeof(b), &m, q, sizeof(q));
	one_ip(WIRE_IP_ICMP, 0, 1, b, (uint32_t)n);
}

static void
error(uint8_t code, uint32_t mtu, uint32_t seq)
{
	error_of(WIRE_ICMP4_UNREACH, code, mtu, seq);
}

static void
hard_errors_end_what_begins(void **state)
{
	(void)state;
	begin();
	error(WIRE_UNREACH4_PORT, 0, syn.seq + 1); /* was never sent */
	error(WIRE_UNREACH4_PORT, 0, syn.seq - 1);
	assert_int_equal(one.n->icmp_out_of_window, 2);
	error(WIRE_UNREACH4_HOST, 0, syn.seq); /* may pass */
	assert_int_equal(one.closed, 0);
	error(WIRE_UNREACH4_PORT, 0, syn.seq);
	assert_int_equal(one.closed, 1);
	assert_int_equal(one.why, STACK_REFUSED);
	begin();
	error(13, 0, syn.seq); /* prohibited */
	assert_int_equal(one.closed, 2);
	assert_int_equal(one.why, STACK_UNREACHABLE);
	error(13, 0, syn.seq);
	assert_int_equal(one.n->icmp_not_ours, 1);
}

/* RFC 1122, 4.2.3.9: whatever their codes are. */
static void
other_errors_end_nothing(void **state)
{
	(void)state;
	begin();
	for (uint8_t code = 0; code < 3; code++) {
		error_of(WIRE_ICMP4_TIME, code, 0, syn.seq);
		error_of(WIRE_ICMP4_PARAM, code, 0, syn.seq);
	}
	assert_int_equal(one.closed, 0);
	assert_int_equal(one.n->icmp_ignored, 5);
	assert_int_equal(one.n->drop_bad_frame, 1); /* no such code */
	assert_int_equal(one.n->icmp_soft, 0);
}

static void
nothing_ends_what_is_open(void **state)
{
	stack_conn h;

	(void)state;
	h = established();
	assert_int_equal(stack_send(one.s, h, "abc", 3), 0);
	one_send();
	error(WIRE_UNREACH4_PORT, 0, syn.seq + 1);
	assert_int_equal(one.n->icmp_soft, 1);
	assert_int_equal(one.closed, 0);
}

static void
answer(uint32_t ack)
{
	one_tcp(&(struct wire_tcp){.sport = 80,
		.dport = 4000,
		.seq = 1001,
		.ack = ack,
		.flags = WIRE_TCP_ACK,
		.window = 60000});
}

static uint32_t
payload(unsigned i, uint32_t *seq)
{
	struct one_frame *o = &one.out[i];

	*seq = be_get32(o->bytes + L4 + 4);
	assert_int_equal(o->bytes[14 + 6] & 0x40, 0x40); /* DF */
	return o->len - o->headers;
}

static void
too_large_is_cut(void **state)
{
	static const uint8_t data[2920];
	uint32_t seq, next = 0;
	stack_conn h;

	(void)state;
	h = established();
	assert_int_equal(stack_send(one.s, h, data, sizeof(data)), 0);
	one_send();
	assert_int_equal(one.sent, 2);
	assert_int_equal(payload(0, &seq), 1460);
	error(WIRE_UNREACH4_FRAG_NEEDED, 1000, syn.seq + 1 + 2920);
	assert_int_equal(one.n->icmp_out_of_window, 1);
	error(WIRE_UNREACH4_FRAG_NEEDED, 1500, syn.seq + 1);
	error(WIRE_UNREACH4_FRAG_NEEDED, 9000, syn.seq + 1);
	assert_int_equal(one.n->icmp_ignored, 2);
	assert_int_equal(one.n->mss_lowered, 0);
	error(WIRE_UNREACH4_FRAG_NEEDED, 1000, syn.seq + 1);
	assert_int_equal(one.n->mss_lowered, 1);
	assert_null(stack_check(one.s));
	/* no congestion: an answer begins no recovery */
	answer(syn.seq + 1);
	assert_int_equal(one.n->recoveries, 0);
	one_send();
	assert_int_equal(one.sent, 4);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t len = payload(i, &seq);

		assert_int_equal(seq, syn.seq + 1 + next);
		assert_int_equal(len, i % 2 ? 500 : 960);
		next += len;
	}
	answer(syn.seq + 1 + 960);
	error(WIRE_UNREACH4_FRAG_NEEDED, 68, syn.seq + 1 + 960);
	one_send();
	/* no smaller than 576, and only what is larger */
	assert_int_equal(one.n->mss_lowered, 2);
	assert_int_equal(one.sent, 2);
	assert_int_equal(payload(0, &seq), 536);
	assert_int_equal(seq, syn.seq + 1 + 1460);
	assert_int_equal(payload(1, &seq), 960 - 536);
	assert_int_equal(stack_send(one.s, h, data, sizeof(data)), 0);
	one_send();
	assert_int_equal(payload(0, &seq), 536);
}

/* Twenty thousand bytes go out, and are acknowledged: the longest segment. */
static uint32_t
longest(stack_conn h, uint32_t *una)
{
	static const uint8_t data[20000];
	uint32_t end = *una + sizeof(data), most = 0, seq;

	assert_int_equal(stack_send(one.s, h, data, sizeof(data)), 0);
	for (unsigned turn = 0; *una != end && turn < 100; turn++) {
		one_send();
		for (unsigned i = 0; i < one.sent; i++) {
			uint32_t len;

			if (one_type(i) == WIRE_ETH_ARP) {
				one_arp(WIRE_ARP_REPLY, 2, ONE_PEER, ONE_IP);
				continue;
			}
			len = payload(i, &seq);
			most = len > most ? len : most;
			*una = seq + len;
		}
		answer(*una);
	}
	assert_int_equal(*una, end);
	return most;
}

/* RFC 1191, 6.3: what a router said holds for ten minutes; then it is tried
 * whether more fits. */
static void
a_router_is_believed_for_a_while(void **state)
{
	uint32_t una, ms = 0;
	stack_conn h;

	(void)state;
	h = established_by(WIRE_TCP_MSS | WIRE_TCP_SACK_OK);
	una = syn.seq + 1;
	assert_int_equal(longest(h, &una), 1460);
	assert_int_equal(stack_send(one.s, h, "x", 1), 0);
	one_send();
	error(WIRE_UNREACH4_FRAG_NEEDED, 1000, una);
	answer(++una);
	for (; ms < 590000; ms += 10000, one.now += 10000000000) {
		stack_timers(one.s, one.now);
		assert_int_equal(longest(h, &una), 960);
	}
	one.now += 11000000000;
	stack_timers(one.s, one.now);
	assert_int_equal(longest(h, &una), 1460);
	assert_int_equal(one.n->mss_raised, 1);
	assert_int_equal(one.n->retransmits, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, one_up, one_down)
	const struct CMUnitTest tests[] = {
		T(echoes_come_back),
		T(no_echo_is_too_large),
		T(echoes_are_limited),
		T(bad_echoes_are_dropped),
		T(what_is_not_for_us),
		T(unknown_protocols_are_told),
		T(hard_errors_end_what_begins),
		T(other_errors_end_nothing),
		T(nothing_ends_what_is_open),
		T(too_large_is_cut),
		T(a_router_is_believed_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

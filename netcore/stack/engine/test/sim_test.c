/* sim_test.c - the simulator itself: what its devices do, looked at with the
 * parsers of the engine; and where frames go, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/engine/test/sim/own.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define PAYLOAD 2500
#define MSS	1000
#define SEQ	0xfffffc00u /* it wraps in the second piece */

/* --- frames ---------------------------------------------------------------*/

static uint8_t
byte_at(unsigned i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

static uint64_t
put_ip(uint8_t *p, bool v6, uint8_t proto, uint32_t len, size_t *n)
{
	struct wire_ipv4 ip4 = {.src = 0x0a000001,
		.dst = 0x0a000002,
		.id = 0xffff,
		.frag = WIRE_IPV4_DF,
		.tos = 4,
		.proto = proto,
		.ttl = 64,
		.len = (uint16_t)len};
	struct wire_ipv6 ip6 = {
		.proto = proto, .hop_limit = 64, .len = (uint16_t)len};

	if (!v6) {
		*n = wire_ipv4_emit(p, WIRE_IPV4_LEN, &ip4);
		return cksum_pseudo4(ip4.src, ip4.dst, proto, ip4.len);
	}
	ip_addr_put(host_ip6(1), ip6.src);
	ip_addr_put(host_ip6(2), ip6.dst);
	*n = wire_ipv6_emit(p, WIRE_IPV6_LEN, &ip6);
	return cksum_pseudo6(ip6.src, ip6.dst, proto, len);
}

/* As an engine leaves it to a device: with the sum of the pseudo header. */
static uint32_t
make_tcp(uint8_t *frame, bool v6, uint8_t flags, uint32_t seq, uint32_t payload)
{
	struct wire_eth e = {.type = v6 ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4};
	struct wire_tcp t = {
		.sport = 80,
		.dport = 5000,
		.seq = seq,
		.ack = 77,
		.flags = flags,
		.window = 500,
		.opts = WIRE_TCP_TS,
		.ts_val = 11,
		.ts_ecr = 12,
	};
	size_t at, n;
	uint64_t sum;
	uint16_t c;

	host_mac(e.dst, 2);
	host_mac(e.src, 1);
	at = wire_eth_emit(frame, WIRE_ETH_LEN, &e);
	sum = put_ip(
		frame + at, v6, WIRE_IP_TCP, WIRE_TCP_LEN_TS + payload, &n);
	at += n;
	n = wire_tcp_emit(frame + at, WIRE_TCP_LEN_MAX, &t);
	c = cksum_fold(sum);
	memcpy(frame + at + 16, &c, 2);
	at += n;
	for (unsigned i = 0; i < payload; i++)
		frame[at + i] = byte_at(i);
	return (uint32_t)at + payload;
}

/* --- cutting (RFC 9293, 3.8; what cards call segmentation offload) ---------*/

struct cuts {
	unsigned n;
	bool v6;
};

/* Each piece is what the first parsers that come say. */
static void
check_piece(void *arg, const uint8_t *frame, uint32_t len)
{
	static const uint32_t lens[] = {MSS, MSS, PAYLOAD - 2 * MSS};
	static const uint8_t flags[] = {WIRE_TCP_ACK | WIRE_TCP_CWR,
		WIRE_TCP_ACK, WIRE_TCP_ACK | WIRE_TCP_PSH | WIRE_TCP_FIN};
	struct cuts *cuts = arg;
	unsigned n = cuts->n++;
	struct cursor c = cursor_of(frame, len);
	struct wire_eth e;
	struct wire_ipv4 ip4;
	struct wire_ipv6 ip6;
	struct wire_tcp t;
	uint64_t pseudo;
	uint32_t left;

	assert_true(n < 3);
	assert_int_equal(wire_eth_parse(&c, &e), WIRE_OK);
	assert_int_equal(e.dst[5], 2);
	assert_int_equal(e.src[5], 1);
	left = (uint32_t)cursor_left(&c);
	if (cuts->v6) {
		assert_int_equal(wire_ipv6_parse(&c, &ip6), WIRE_OK);
		assert_int_equal(ip6.len + WIRE_IPV6_LEN, left);
		assert_int_equal(ip6.hop_limit, 64);
		pseudo = cksum_pseudo6(ip6.src, ip6.dst, WIRE_IP_TCP, ip6.len);
	} else {
		assert_int_equal(wire_ipv4_parse(&c, &ip4), WIRE_OK);
		assert_int_equal(ip4.len + WIRE_IPV4_LEN, left);
		assert_int_equal(ip4.id, (uint16_t)(0xffff + n));
		assert_int_equal(ip4.frag, WIRE_IPV4_DF);
		assert_int_equal(ip4.tos, 4);
		assert_int_equal(ip4.ttl, 64);
		pseudo = cksum_pseudo4(ip4.src, ip4.dst, WIRE_IP_TCP, ip4.len);
	}
	assert_int_equal(
		wire_tcp_verify(c.p, cursor_left(&c), pseudo), WIRE_OK);
	assert_int_equal(wire_tcp_parse(&c, &t), WIRE_OK);
	assert_int_equal(t.seq, SEQ + n * MSS);
	assert_int_equal(t.ack, 77);
	assert_int_equal(t.window, 500);
	assert_int_equal(t.flags, flags[n]);
	assert_int_equal(t.opts, WIRE_TCP_TS);
	assert_int_equal(t.ts_val, 11);
	assert_int_equal(t.ts_ecr, 12);
	assert_int_equal(cursor_left(&c), lens[n]);
	for (unsigned i = 0; i < lens[n]; i++)
		assert_int_equal(c.p[i], byte_at(n * MSS + i));
}

static void
a_super_segment_is_cut(void **state)
{
	uint8_t frame[4096];

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct cuts cuts = {.v6 = v6};
		uint32_t len = make_tcp(frame, v6,
			WIRE_TCP_ACK | WIRE_TCP_PSH | WIRE_TCP_FIN |
				WIRE_TCP_CWR,
			SEQ, PAYLOAD);

		assert_int_equal(
			dev_cut(frame, len, MSS, check_piece, &cuts), 3);
		assert_int_equal(cuts.n, 3);
	}
}

/* --- checksums ------------------------------------------------------------*/

static void
a_checksum_is_completed_and_any_bit_counts(void **state)
{
	uint8_t frame[256];

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		uint32_t len = make_tcp(frame, v6, WIRE_TCP_ACK, 5, 99);

		assert_false(dev_right(frame, len));
		assert_true(dev_complete(frame, len));
		assert_true(dev_right(frame, len));
		assert_false(dev_complete(frame, len));
		/* IPv6 protects addresses, length and protocol alone. */
		for (uint32_t i = WIRE_ETH_LEN + (v6 ? 8 : 0); i < len; i++)
			for (unsigned bit = 0; bit < 8; bit++) {
				frame[i] ^= (uint8_t)(1 << bit);
				assert_false(dev_right(frame, len));
				frame[i] ^= (uint8_t)(1 << bit);
			}
	}
}

/* A sum of 0 is sent as its other form (RFC 768). */
static void
a_datagram_never_says_that_it_has_no_checksum(void **state)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_udp u = {.sport = 1, .dport = 2, .len = 2};
	uint8_t frame[64];
	size_t at = wire_eth_emit(frame, WIRE_ETH_LEN, &e), n;
	uint64_t sum = put_ip(frame + at, false, WIRE_IP_UDP, 10, &n);
	uint16_t c = cksum_fold(sum);
	unsigned zeros = 0;

	(void)state;
	at += n;
	for (unsigned i = 0; i < 65536; i++) {
		assert_int_equal(wire_udp_emit(frame + at, 8, &u), 8);
		memcpy(frame + at + 6, &c, 2);
		be_put16(frame + at + 8, (uint16_t)i);
		assert_true(dev_complete(frame, (uint32_t)at + 10));
		assert_true(be_get16(frame + at + 6));
		assert_true(dev_right(frame, (uint32_t)at + 10));
		zeros += be_get16(frame + at + 6) == 0xffff;
	}
	assert_true(zeros >= 1);
}

/* --- joining --------------------------------------------------------------*/

struct pieces {
	uint8_t *frame[8];
	uint32_t len[8];
	unsigned n;
};

static void
keep_piece(void *arg, const uint8_t *frame, uint32_t len)
{
	struct pieces *p = arg;

	p->frame[p->n] = malloc(len);
	memcpy(p->frame[p->n], frame, len);
	p->len[p->n++] = len;
}

static void
what_was_cut_is_joined_again(void **state)
{
	uint8_t frame[4096];

	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		struct pieces p = {.n = 0};
		uint32_t len = make_tcp(
			frame, v6, WIRE_TCP_ACK | WIRE_TCP_PSH, SEQ, PAYLOAD);
		struct dev_view v;

		dev_cut(frame, len, MSS, keep_piece, &p);
		/* Not the one after the next. */
		assert_false(
			dev_join(&p.frame[0], &p.len[0], p.frame[2], p.len[2]));
		assert_true(
			dev_join(&p.frame[0], &p.len[0], p.frame[1], p.len[1]));
		assert_true(
			dev_join(&p.frame[0], &p.len[0], p.frame[2], p.len[2]));
		/* A PSH was the end. */
		make_tcp(frame, v6, WIRE_TCP_ACK, SEQ + PAYLOAD, PAYLOAD);
		assert_false(dev_join(&p.frame[0], &p.len[0], frame, len));
		make_tcp(frame, v6, WIRE_TCP_ACK | WIRE_TCP_PSH, SEQ, PAYLOAD);
		assert_int_equal(p.len[0], len);
		assert_true(dev_look(p.frame[0], len, &v));
		be_put16(frame + v.l4 + 16, be_get16(p.frame[0] + v.l4 + 16));
		assert_memory_equal(p.frame[0], frame, len);
		for (unsigned i = 0; i < p.n; i++)
			free(p.frame[i]);
	}
}

/* Each byte of the headers that is not allowed to differ. */
static void
nothing_new_is_joined(void **state)
{
	(void)state;
	for (int v6 = 0; v6 < 2; v6++) {
		unsigned l4 = WIRE_ETH_LEN + (v6 ? 40 : 20), joined = 0;
		uint8_t next[512];
		uint32_t len = make_tcp(next, v6, WIRE_TCP_ACK, 105, 100);

		for (unsigned i = 0; i < l4 + WIRE_TCP_LEN_TS; i++) {
			uint8_t *first = malloc(512);
			uint32_t was =
				make_tcp(first, v6, WIRE_TCP_ACK, 5, 100);
			bool free_to = (!v6 &&
					       (i == 18 || i == 19 || i == 24 ||
						       i == 25)) ||
				i == l4 + 16 || i == l4 + 17;
			bool yes;

			next[i] ^= 1;
			yes = dev_join(&first, &was, next, len);
			next[i] ^= 1;
			assert_int_equal(yes, free_to);
			joined += yes;
			free(first);
		}
		assert_int_equal(joined, v6 ? 2 : 6);
	}
}

/* --- the switch and its links ---------------------------------------------*/

struct seen {
	unsigned n[SIM_NODES];
	uint64_t at;
};

static void
count(struct sim *s, int to, const uint8_t *frame, uint32_t len)
{
	struct seen *seen = s->tap_user;

	(void)frame, (void)len;
	seen->n[to]++;
	seen->at = s->now;
}

static void
send_to(struct sim *s, unsigned from, unsigned to, uint32_t len)
{
	uint8_t *frame = calloc(1, len);

	host_mac(frame, (uint8_t)(to + 1));
	if (to == SIM_NODES)
		memset(frame, 0xff, 6);
	wire_send(&s->node[from], frame, len);
}

static void
frames_go_to_one_or_to_all_others(void **state)
{
	struct stack_config cfg = sim_config();
	struct sim *s = sim_net(1, 5);
	struct seen seen = {.n = {0}};

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		sim_boot(s, i, &cfg);
	sim_run(s, UINT64_MAX); /* they have said who they are */
	s->seen = count;
	s->tap_user = &seen;
	send_to(s, 3, 1, 60);
	sim_run(s, UINT64_MAX);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(seen.n[i], i == 1);
	send_to(s, 3, SIM_NODES, 60); /* a broadcast */
	send_to(s, 3, 40, 60);	      /* for somebody unknown */
	send_to(s, 3, 3, 60);	      /* for itself: no switch does that */
	sim_run(s, UINT64_MAX);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(seen.n[i], i == 1 ? 3 : i == 3 ? 0 : 2);
	sim_free(s);
}

static void
each_way_takes_its_own_time(void **state)
{
	struct stack_config cfg = sim_config();
	struct sim_link none = {0};
	struct sim *s = sim_new(1, &cfg, &none);
	struct seen seen = {.n = {0}};
	uint64_t from;

	(void)state;
	sim_run(s, UINT64_MAX);
	from = s->now;
	s->seen = count;
	s->tap_user = &seen;
	/* 1000 bytes take 1 ms out, and 0.1 ms in. */
	s->node[0].out = (struct sim_link){
		.delay_ns = 5000000, .bits_per_s = 8000000, .queue = 2};
	s->node[1].in = (struct sim_link){
		.delay_ns = 2000000, .bits_per_s = 80000000, .mtu = 1400};
	send_to(s, 0, 1, 1000);
	sim_run(s, UINT64_MAX);
	assert_int_equal(seen.at - from, 8100000);
	from = s->now;
	for (unsigned i = 0; i < 3; i++)
		send_to(s, 0, 1, 1000); /* one too many */
	sim_run(s, UINT64_MAX);
	assert_int_equal(seen.at - from, 9100000);
	assert_int_equal(seen.n[1], 3);
	assert_int_equal(s->node[0].lost, 1);
	send_to(s, 0, 1, 1414);
	send_to(s, 0, 1, 1415);
	sim_run(s, UINT64_MAX);
	assert_int_equal(seen.n[1], 4);
	assert_int_equal(s->node[1].missed, 1);
	sim_free(s);
}

/* --- faults ---------------------------------------------------------------*/

#define MANY 200000

struct losses {
	unsigned got, runs;
	uint64_t last;
};

static void
note(struct sim *s, int to, const uint8_t *frame, uint32_t len)
{
	struct losses *l = s->tap_user;

	(void)to, (void)frame, (void)len;
	l->got++;
	l->runs += s->now - l->last > 10000;
	l->last = s->now;
}

static void
tick(struct sim_node *n, void *arg)
{
	unsigned *left = arg;

	send_to(n->sim, 0, 1, 60);
	if (--*left)
		sim_after(n, 10000, tick, left);
}

/* A frame each 10 us. */
static struct losses
lose(const struct sim_link *l)
{
	struct stack_config cfg = sim_config();
	struct sim *s = sim_new(7, &cfg, l);
	struct losses r = {.last = s->now};
	unsigned left = MANY;

	s->seen = note;
	s->tap_user = &r;
	sim_after(&s->node[0], 0, tick, &left);
	sim_run(s, UINT64_MAX);
	sim_free(s);
	return r;
}

/* A tenth of the time half is lost: as much as by chance, but together. */
static void
losses_come_in_bursts(void **state)
{
	struct sim_link even = {.loss = 50000};
	struct sim_link burst = {
		.calm_ns = 9000000, .burst_ns = 1000000, .burst_loss = 500000};
	struct losses a = lose(&even), b = lose(&burst);

	(void)state;
	assert_in_range(a.got, MANY * 94 / 100, MANY * 96 / 100);
	assert_in_range(b.got, MANY * 92 / 100, MANY * 98 / 100);
	assert_in_range(a.runs, MANY * 4 / 100, MANY * 5 / 100);
	assert_in_range(b.runs, MANY / 100, MANY * 3 / 100);
}

static void
frames_come_twice_and_again_later(void **state)
{
	struct sim_link twice = {.duplicate = 100000};
	struct sim_link later = {.replay = 100000, .replay_ns = 1000000};

	(void)state;
	assert_in_range(lose(&twice).got, MANY * 109 / 100, MANY * 111 / 100);
	assert_in_range(lose(&later).got, MANY * 109 / 100, MANY * 111 / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_super_segment_is_cut),
		cmocka_unit_test(a_checksum_is_completed_and_any_bit_counts),
		cmocka_unit_test(a_datagram_never_says_that_it_has_no_checksum),
		cmocka_unit_test(what_was_cut_is_joined_again),
		cmocka_unit_test(nothing_new_is_joined),
		cmocka_unit_test(frames_go_to_one_or_to_all_others),
		cmocka_unit_test(each_way_takes_its_own_time),
		cmocka_unit_test(losses_come_in_bursts),
		cmocka_unit_test(frames_come_twice_and_again_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* udp_test - datagrams in and out (RFC 768, 1122 section 4.1). */
#include <errno.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/one_kit.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/udp.h"

#define PORT 5353

static int
up(void **state)
{
	one_up(state);
	assert_int_equal(
		stack_udp_bind(one.s, (struct ip_addr){0, 0}, PORT, 77), 0);
	return 0;
}

static uint32_t
make(uint8_t *b, uint16_t dport, const void *data, uint32_t len)
{
	struct wire_udp u = {.sport = 9, .dport = dport, .len = (uint16_t)len};
	uint64_t sum = cksum_pseudo4(
		ONE_PEER, ONE_IP, WIRE_IP_UDP, (uint16_t)(len + WIRE_UDP_LEN));

	wire_udp_emit(b, WIRE_UDP_LEN, &u);
	memcpy(b + WIRE_UDP_LEN, data, len);
	u.cksum = wire_udp_cksum(
		cksum_finish(cksum_partial(b, len + WIRE_UDP_LEN, sum)));
	wire_udp_emit(b, WIRE_UDP_LEN, &u);
	return len + WIRE_UDP_LEN;
}

static void
a_datagram_is_handed_up(void **state)
{
	uint8_t b[1500];
	uint32_t n = make(b, PORT, "hello", 5);

	(void)state;
	assert_true(one_ip(WIRE_IP_UDP, 0, 1, b, n));
	assert_int_equal(one.datagrams, 1);
	assert_int_equal(one.got.user, 77);
	assert_int_equal(one.got.port, 9);
	assert_int_equal(one.got.local_port, PORT);
	assert_true(ip_addr_eq(one.got.ip, ip_addr_v4(ONE_PEER)));
	assert_true(ip_addr_eq(one.got.local_ip, ip_addr_v4(ONE_IP)));
	assert_int_equal(one.got.len, 5);
	assert_int_equal(one.got.pieces, 1);
	assert_ptr_equal(one.got.buf[0], one_last());
	assert_memory_equal(one.text, "hello", 5);
}

/* RFC 768: the header's length counts; what the packet has besides does not. */
static void
its_length_is_its_own(void **state)
{
	uint8_t b[1500] = {0};
	uint32_t n = make(b, PORT, "hello", 5);

	(void)state;
	assert_true(one_ip(WIRE_IP_UDP, 0, 1, b, n + 10));
	assert_int_equal(one.got.len, 5);
	be_put16(b + 4, 7); /* less than a header */
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, n));
	be_put16(b + 4, (uint16_t)(n + 1)); /* more than there is */
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, n));
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, 7));
	assert_int_equal(one.n->drop_bad_frame, 3);
	assert_int_equal(one.datagrams, 1);
}

/* RFC 1122, 4.1.3.4: checked if there is one. */
static void
checksums_count(void **state)
{
	uint8_t b[1500];
	uint32_t n = make(b, PORT, "hello", 5);

	(void)state;
	b[n - 1] ^= 1;
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, n));
	assert_int_equal(one.n->drop_cksum, 1);
	be_put16(b + 6, 0);
	assert_true(one_ip(WIRE_IP_UDP, 0, 1, b, n));
	assert_int_equal(one.datagrams, 1);
}

/* RFC 1122, 4.1.3.1. */
static void
a_port_that_nobody_has_is_told(void **state)
{
	struct wire_icmp m;
	struct wire_ipv4 ip;
	struct cursor c;
	uint8_t b[1500];

	(void)state;
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, make(b, 1, "x", 1)));
	assert_int_equal(one.n->drop_no_port, 1);
	one_send();
	assert_int_equal(one.sent, 1);
	c = cursor_of(one.out[0].bytes + 14, one.out[0].len - 14);
	assert_int_equal(wire_ipv4_parse(&c, &ip), WIRE_OK);
	assert_int_equal(wire_icmp4_parse(&c, &m), WIRE_OK);
	assert_int_equal(m.type, WIRE_ICMP4_UNREACH);
	assert_int_equal(m.code, WIRE_UNREACH4_PORT);
	assert_int_equal(m.quote.dport, 1);
	assert_int_equal(stack_udp_unbind(one.s, PORT), 0);
	assert_int_equal(stack_udp_unbind(one.s, PORT), -ENOENT);
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, make(b, PORT, "x", 1)));
	assert_int_equal(one.datagrams, 0);
}

/* RFC 1812, 4.3.2.8 by way of RFC 1122, 3.2.2: sixteen at once, and a hundred a
 * second; what is not said is counted. */
static void
ports_that_nobody_has_are_told_so_often(void **state)
{
	uint8_t b[64], all[128];
	uint32_t n = make(b, 1, "x", 1);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		one_ip(WIRE_IP_UDP, 0, 1, b, n);
	one_send();
	assert_int_equal(one.sent, 16);
	assert_int_equal(one.n->icmp_sent, 16);
	assert_int_equal(one.n->icmp_limited, 84);
	one.now += 50000000;
	for (unsigned i = 0; i < 10; i++)
		one_ip(WIRE_IP_UDP, 0, 1, b, n);
	one_send();
	assert_int_equal(one.sent, 5);
	assert_int_equal(one.n->drop_no_port, 110);
	/* RFC 1122, 3.2.2: never about what others got as well. */
	one.now += 1000000000;
	n = one_make(all, WIRE_IP_UDP, 0, 1, b, n);
	memset(all, 0xff, 6);
	one_rx(all, n);
	one_send();
	assert_int_equal(one.sent, 0);
}

static void
ports_are_bound_once(void **state)
{
	struct ip_addr any = {0, 0}, other = ip_addr_v4(ONE_IP + 7);
	uint8_t b[64];

	(void)state;
	assert_int_equal(stack_udp_bind(one.s, any, PORT, 0), -EADDRINUSE);
	assert_int_equal(stack_udp_bind(one.s, any, 0, 0), -EINVAL);
	assert_int_equal(stack_udp_bind(one.s, other, 4, 0), 0);
	assert_int_equal(stack_udp_bind(one.s, any, 5, 0), -ENOSPC);
	/* Bound to an address that is not the one it came for. */
	assert_false(one_ip(WIRE_IP_UDP, 0, 1, b, make(b, 4, "x", 1)));
	assert_int_equal(stack_udp_unbind(one.s, 4), 0);
	assert_int_equal(stack_udp_bind(one.s, any, 5, 0), 0);
	assert_true(one_ip(WIRE_IP_UDP, 0, 1, b, make(b, 5, "x", 1)));
}

static struct wire_udp
sent_udp(struct cursor *c)
{
	struct one_frame *o = &one.out[0];
	struct wire_ipv4 ip;
	struct wire_udp u;
	const uint8_t *p;

	assert_int_equal(one.sent, 1);
	*c = cursor_of(o->bytes + 14, o->len - 14);
	assert_int_equal(wire_ipv4_parse(c, &ip), WIRE_OK);
	assert_int_equal(ip.src, ONE_IP);
	assert_int_equal(ip.dst, ONE_PEER);
	p = c->p;
	assert_int_not_equal(be_get16(p + 6), 0);
	assert_int_equal(
		wire_udp_verify(p, cursor_left(c),
			cksum_pseudo4(ip.src, ip.dst, WIRE_IP_UDP, ip.len)),
		WIRE_OK);
	assert_int_equal(wire_udp_parse(c, false, &u), WIRE_OK);
	return u;
}

static void
a_datagram_is_sent_from_where_it_lies(void **state)
{
	static const char text[] = "answer";
	struct wire_udp u;
	struct cursor c;
	int buf;

	(void)state;
	assert_int_equal(stack_udp_send(one.s, PORT, ip_addr_v4(ONE_PEER), 9,
				 text, 6, &buf),
		0);
	assert_int_equal(stack_deadline(one.s), 0);
	one_send();
	u = sent_udp(&c);
	assert_int_equal(u.sport, PORT);
	assert_int_equal(u.dport, 9);
	assert_int_equal(u.len, 6);
	assert_ptr_equal(one.out[0].piece, text);
	assert_ptr_equal(one.out[0].buf, &buf);
}

/* A sum of 0 goes out as its other name (RFC 768): seek data that have it. */
static void
a_checksum_of_zero_is_not_sent(void **state)
{
	uint8_t data[2];
	bool met = false;
	struct cursor c;

	(void)state;
	for (uint32_t i = 0; i < 65536 && !met; i++) {
		be_put16(data, (uint16_t)i);
		assert_int_equal(
			stack_udp_send(one.s, PORT, ip_addr_v4(ONE_PEER), 9,
				data, 2, NULL),
			0);
		one_send();
		met = sent_udp(&c).cksum == 0xffff;
	}
	assert_true(met);
}

static void
what_cannot_be_sent_is_told(void **state)
{
	static const uint8_t big[2000];
	unsigned n = 0;
	int rc;

	(void)state;
	assert_int_equal(stack_udp_send(one.s, PORT, ip_addr_v4(ONE_PEER), 9,
				 big, 1473, NULL),
		-EMSGSIZE);
	assert_int_equal(stack_udp_send(one.s, PORT, ip_addr_v4(ONE_PEER), 9,
				 big, 1472, NULL),
		0);
	for (unsigned i = 0; i < 4; i++) {
		static const uint32_t no_host[] = {
			0, 0x7f000001, 0xe0000001, 0xffffffff};

		assert_int_equal(
			stack_udp_send(one.s, PORT, ip_addr_v4(no_host[i]), 9,
				big, 1, NULL),
			-EINVAL);
	}
	assert_int_equal(stack_udp_send(one.s, PORT,
				 (struct ip_addr){0x20010db8ull << 32, 1}, 9,
				 big, 1, NULL),
		-EADDRNOTAVAIL);
	one_send();
	assert_int_equal(one.sent, 1);
	n = 0;
	do {
		rc = stack_udp_send(
			one.s, PORT, ip_addr_v4(ONE_PEER), 9, big, 1, NULL);
	} while (!rc && n++ < 100000);
	assert_int_equal(rc, -ENOBUFS);
	one_send();
	assert_int_equal(one.sent, n);
}

/* It waits until the next hop is known, or else its buffer comes back. */
static void
the_first_one_waits_for_the_neighbour(void **state)
{
	static const uint32_t to[] = {ONE_PEER + 7, ONE_PEER + 8};
	int buf[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(stack_udp_send(one.s, PORT, ip_addr_v4(to[i]),
					 9, "hey", 3, &buf[i]),
			0);
	one_send();
	assert_int_equal(one.sent, 2); /* questions */
	assert_null(one.out[0].buf);
	one_arp(WIRE_ARP_REPLY, 7, to[0], ONE_IP);
	one_send();
	assert_int_equal(one.sent, 1);
	assert_ptr_equal(one.out[0].buf, &buf[0]);
	assert_int_equal(one.released, 0);
	for (unsigned i = 0; i < 10; i++) {
		one.now += 1000000000;
		stack_timers(one.s, one.now);
	}
	assert_int_equal(one.released, 1);
	one_send();
	for (unsigned i = 0; i < one.sent; i++)
		assert_null(one.out[i].buf);
}

#define CUT 1480u /* of an MTU of 1500 */

/* Parts as they should be; the number of them. */
static unsigned
parts(struct stack_piece *p, void **buf, const uint8_t *data, uint32_t len)
{
	uint32_t at = 0;
	unsigned n = 0;

	for (; at < len; n++) {
		uint32_t k = n ? CUT : CUT - STACK_UDP_HEAD;

		k = k < len - at ? k : len - at;
		p[n] = (struct stack_piece){data + at, k};
		buf[n] = (void *)(uintptr_t)p[n].ptr;
		at += k;
	}
	return n;
}

static int
send_parts(const struct stack_piece *p, void *const *buf, unsigned n)
{
	return stack_udp_send_cut(
		one.s, PORT, ip_addr_v4(ONE_PEER), 9, p, buf, n);
}

/* Each is a packet's contents; they may be put together, and have a number of
 * their own. */
static void
a_long_one_goes_in_pieces(void **state)
{
	static uint8_t data[5000], all[5008];
	struct stack_piece p[STACK_UDP_CUTS];
	void *buf[STACK_UDP_CUTS];
	int32_t was = -1;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(stack_udp_cut(one.s, ip_addr_v4(ONE_PEER)), CUT);
	for (unsigned round = 0; round < 2; round++) {
		unsigned n = parts(p, buf, data, sizeof(data));
		uint32_t got = 0;
		int32_t id = -1;

		assert_int_equal(n, 4);
		assert_int_equal(send_parts(p, buf, n), 0);
		one_send();
		assert_int_equal(one.sent, n);
		for (unsigned i = 0; i < n; i++) {
			struct one_frame *o = &one.out[i];
			struct cursor c = cursor_of(o->bytes + 14, o->len - 14);
			struct wire_ipv4 ip;

			assert_int_equal(wire_ipv4_parse(&c, &ip), WIRE_OK);
			assert_ptr_equal(o->buf, buf[i]);
			assert_ptr_equal(o->piece, p[i].ptr);
			assert_int_equal(wire_ipv4_offset(&ip), got);
			assert_int_equal(
				ip.frag & (WIRE_IPV4_MF | WIRE_IPV4_DF),
				i + 1 < n ? WIRE_IPV4_MF : 0);
			assert_true(id < 0 || id == ip.id);
			id = ip.id;
			memcpy(all + got, c.p, ip.len);
			got += ip.len;
		}
		assert_int_not_equal(id, was);
		was = id;
		assert_int_equal(got, sizeof(all));
		assert_int_equal(wire_udp_verify(all, got,
					 cksum_pseudo4(ONE_IP, ONE_PEER,
						 WIRE_IP_UDP, got)),
			WIRE_OK);
		assert_memory_equal(all + 8, data, sizeof(data));
	}
}

static void
what_cannot_be_cut_is_told(void **state)
{
	static uint8_t data[65508];
	struct stack_piece p[STACK_UDP_CUTS + 1];
	void *buf[STACK_UDP_CUTS + 1];
	struct ip_addr to = ip_addr_v4(ONE_PEER);
	unsigned n, sent = 0;
	int rc;

	(void)state;
	n = parts(p, buf, data, 1000); /* one is none */
	assert_int_equal(send_parts(p, buf, n), -EMSGSIZE);
	assert_int_equal(send_parts(p, buf, 0), -EMSGSIZE);
	n = parts(p, buf, data, sizeof(data));
	assert_int_equal(send_parts(p, buf, n), -EMSGSIZE);
	n = parts(p, buf, data, sizeof(data) - 1);
	p[0].len -= 8; /* no offset would be right */
	assert_int_equal(send_parts(p, buf, n), -EMSGSIZE);
	p[0].len += 8;
	p[n - 1].len = CUT + 1;
	assert_int_equal(send_parts(p, buf, n), -EMSGSIZE);
	n = parts(p, buf, data, sizeof(data) - 1);
	assert_int_equal(stack_udp_send_cut(one.s, PORT, ip_addr_v4(0xe0000001),
				 9, p, buf, n),
		-EINVAL);
	assert_int_equal(
		stack_udp_send_cut(one.s, PORT,
			(struct ip_addr){0x20010db8ull << 32, 1}, 9, p, buf, n),
		-EADDRNOTAVAIL);
	one_send();
	assert_int_equal(one.sent, 0);
	assert_int_equal(stack_udp_cuts(one.s, to, 1473), 2);
	assert_int_equal(stack_udp_cuts(one.s, to, 2 * CUT - 8), 2);
	assert_int_equal(stack_udp_cuts(one.s, to, 2 * CUT - 7), 3);
	assert_int_equal(stack_udp_cuts(one.s, to, 65507), n);
	assert_int_equal(stack_udp_cuts(one.s, to, 65508), -EMSGSIZE);
	assert_int_equal(stack_udp_cuts(one.s, to, UINT32_MAX), -EMSGSIZE);
	/* All of one, or nothing. */
	while (!(rc = send_parts(p, buf, n)) && sent < 100)
		sent++;
	assert_int_equal(rc, -ENOBUFS);
	assert_int_equal(stack_udp_cuts(one.s, to, 65507), -ENOBUFS);
	one_send();
	assert_int_equal(one.sent, sent * n);
	assert_int_equal(one.released, 0);
}

/* Few wait for a neighbour: those that do not come back, and none is lost. */
static void
pieces_for_a_stranger_come_back(void **state)
{
	static uint8_t data[8000];
	struct stack_piece p[STACK_UDP_CUTS];
	void *buf[STACK_UDP_CUTS];
	unsigned n = parts(p, buf, data, sizeof(data)), held = 0;

	(void)state;
	assert_int_equal(stack_udp_send_cut(one.s, PORT,
				 ip_addr_v4(ONE_PEER + 7), 9, p, buf, n),
		0);
	one_arp(WIRE_ARP_REPLY, 7, ONE_PEER + 7, ONE_IP);
	one_send();
	for (unsigned i = 0; i < one.sent; i++)
		held += one.out[i].buf != NULL;
	assert_true(held > 0 && held < n);
	assert_int_equal(one.released, n - held);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, one_down)
	const struct CMUnitTest tests[] = {
		T(a_datagram_is_handed_up),
		T(its_length_is_its_own),
		T(checksums_count),
		T(a_port_that_nobody_has_is_told),
		T(ports_that_nobody_has_are_told_so_often),
		T(ports_are_bound_once),
		T(a_datagram_is_sent_from_where_it_lies),
		T(a_checksum_of_zero_is_not_sent),
		T(what_cannot_be_sent_is_told),
		T(the_first_one_waits_for_the_neighbour),
		T(a_long_one_goes_in_pieces),
		T(what_cannot_be_cut_is_told),
		T(pieces_for_a_stranger_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

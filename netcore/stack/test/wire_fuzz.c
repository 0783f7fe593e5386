/* wire_fuzz - any bytes are parsed without a read too far; and what a parser
 * accepts, its emitter writes, and the parser reads as the same again. One
 * program a header: FUZZ names the function. Checksums are mended first, for
 * no fuzzer finds one. */
#include "netcore/stack/cksum.h"
#include "netcore/stack/test/wire_pad.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"
#include "netcore/stack/wire/udp.h"

#define UNUSED __attribute__((unused))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
within(const struct cursor *c, const uint8_t *p, size_t size)
{
	must(c->p >= p && c->p <= c->end && c->end <= p + size);
}

UNUSED static void
fuzz_eth(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	struct wire_eth e;
	uint8_t out[WIRE_ETH_MAX];
	enum wire_bad bad = wire_eth_parse(&c, &e);
	size_t n;

	within(&c, p, size);
	if (bad)
		return;
	n = wire_eth_emit(out, sizeof(out), &e);
	must(c.p == p + n && !memcmp(out, p, n));
}

UNUSED static void
fuzz_arp(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	struct wire_arp a;
	uint8_t out[WIRE_ARP_LEN];

	if (wire_arp_parse(&c, &a))
		return;
	must(wire_arp_emit(out, sizeof(out), &a) == WIRE_ARP_LEN);
	must(!memcmp(out, p, sizeof(out)));
}

UNUSED static void
fuzz_ipv4(uint8_t *p, size_t size)
{
	size_t hlen = size ? (p[0] & 15) * 4u : 0;
	struct cursor c = cursor_of(p, size);
	struct wire_ipv4 a, b;
	uint8_t out[WIRE_IPV4_LEN];
	enum wire_bad bad;

	if (size % 8 && hlen >= WIRE_IPV4_LEN && hlen <= size) {
		be_put16(p + 10, 0);
		be_put16(p + 10, cksum_finish(cksum_partial(p, hlen, 0)));
	}
	bad = wire_ipv4_parse(&c, &a);
	within(&c, p, size);
	if (bad)
		return;
	must(cursor_left(&c) == a.len && c.p == p + a.hlen);
	must(wire_ipv4_offset(&a) + a.len + a.hlen <= 65535);
	if (a.hlen > WIRE_IPV4_LEN)
		return;
	must(wire_ipv4_emit(out, sizeof(out), &a) == WIRE_IPV4_LEN);
	if (p[10] != 0xff || p[11] != 0xff) /* the other zero */
		must(!memcmp(out, p, sizeof(out)));
	c = cursor_of(p, size);
	memcpy(p, out, sizeof(out));
	must(!wire_ipv4_parse(&c, &b));
	must(a.src == b.src && a.dst == b.dst && a.frag == b.frag);
}

UNUSED static void
fuzz_ipv6(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	struct wire_ipv6 a;
	uint8_t out[WIRE_IPV6_LEN];
	enum wire_bad bad = wire_ipv6_parse(&c, &a);

	within(&c, p, size);
	if (bad)
		return;
	must(a.exts <= WIRE_IPV6_EXTS && a.ext_len <= WIRE_IPV6_EXT_BYTES);
	must(cursor_left(&c) == a.len);
	must(c.p == p + WIRE_IPV6_LEN + a.ext_len);
	must(!wire_ipv6_is_frag(&a) || a.offset + a.len <= 65535);
	must(wire_ipv6_emit(out, sizeof(out), &a) == WIRE_IPV6_LEN);
	if (!a.exts)
		must(!memcmp(out, p, sizeof(out)));
}

UNUSED static void
fuzz_icmp4(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	struct wire_icmp m;
	uint8_t out[1500];
	enum wire_bad bad;
	size_t n;

	if (size > sizeof(out) || size < 4)
		return;
	be_put16(p + 2, 0);
	be_put16(p + 2, cksum_finish(cksum_partial(p, size, 0)));
	bad = wire_icmp4_parse(&c, &m);
	within(&c, p, size);
	must(bad != WIRE_BAD_ICMP_CKSUM);
	if (bad)
		return;
	if (!m.is_error) {
		n = wire_icmp4_emit_echo(
			out, sizeof(out), &m, c.p, cursor_left(&c));
		must(n == size && !memcmp(out, p, n));
		return;
	}
	n = wire_icmp4_emit_error(out, sizeof(out), &m, p + 8, size - 8);
	must(size < 36 || n);
	c = cursor_of(out, n);
	if (n)
		must(!wire_icmp4_parse(&c, &m));
}

/* The two addresses are the first 32 bytes. */
UNUSED static void
fuzz_icmp6(uint8_t *p, size_t size)
{
	const uint8_t *src = p, *dst = p + 16;
	struct wire_icmp6 m;
	struct cursor c;
	uint8_t out[1500];
	enum wire_bad bad;
	size_t n;

	if (size > sizeof(out) || size < 36)
		return;
	p += 32;
	size -= 32;
	wire_icmp6_seal(p, size, src, dst);
	c = cursor_of(p, size);
	bad = wire_icmp6_parse(&c, src, dst, 255, &m);
	within(&c, p, size);
	must(bad != WIRE_BAD_ICMP_CKSUM);
	if (bad)
		return;
	must(m.nd.prefixes <= WIRE_ND_PREFIXES && m.nd.hop_limit == 255);
	if (m.is_nd)
		return;
	if (!m.m.is_error) {
		n = wire_icmp6_emit_echo(
			out, sizeof(out), &m.m, src, dst, c.p, cursor_left(&c));
		must(n == size && !memcmp(out, p, n));
		return;
	}
	n = wire_icmp6_emit_error(
		out, sizeof(out), &m.m, src, dst, p + 8, size - 8);
	c = cursor_of(out, n);
	if (n && size <= 8 + WIRE_ICMP6_QUOTE)
		must(!wire_icmp6_parse(&c, src, dst, 255, &m));
}

/* A message as it lies behind its checksum; the first byte says which. What the
 * three emitters can say is written again, and read as the same. */
UNUSED static void
fuzz_nd(uint8_t *p, size_t size)
{
	const uint8_t from[16] = {0xfe, 0x80, 1}, to[16] = {0xfe, 0x80, 2};
	struct wire_nd a = {.hop_limit = 255}, b = {.hop_limit = 255};
	uint8_t type, out[WIRE_ND_MAX];
	struct cursor c;
	enum wire_bad bad;
	size_t n = 0;

	if (!size)
		return;
	type = WIRE_ICMP6_RS + (p[0] & 3);
	c = cursor_of(p + 1, size - 1);
	bad = wire_nd_parse(&c, type, &a);
	within(&c, p + 1, size - 1);
	must(a.prefixes <= WIRE_ND_PREFIXES && a.hop_limit == 255);
	for (unsigned i = 0; i < a.prefixes; i++)
		must(a.prefix[i].len <= 128);
	if (bad)
		return;
	if (type == WIRE_ICMP6_RS)
		n = wire_nd_emit_rs(
			out, sizeof(out), from, to, a.has_slla ? a.slla : NULL);
	else if (type == WIRE_ICMP6_NS)
		n = wire_nd_emit_ns(out, sizeof(out), from, to, a.target,
			a.has_slla ? a.slla : NULL);
	else if (type == WIRE_ICMP6_NA)
		n = wire_nd_emit_na(out, sizeof(out), from, to, a.target,
			a.flags, a.has_tlla ? a.tlla : NULL);
	if (!n)
		return;
	must(out[0] == type);
	c = cursor_of(out + 4, n - 4);
	must(!wire_nd_parse(&c, type, &b));
	must(!memcmp(a.target, b.target, 16));
	if (type == WIRE_ICMP6_NA)
		must(a.flags == b.flags && a.has_tlla == b.has_tlla &&
			!memcmp(a.tlla, b.tlla, 6));
	else
		must(a.has_slla == b.has_slla && !memcmp(a.slla, b.slla, 6));
}

/* There is no emitter: what is told stands in the bytes. */
UNUSED static void
quote(uint8_t *p, size_t size, bool v6)
{
	size_t hlen = v6 ? 40 : (p[0] & 15) * 4u;
	struct cursor c = cursor_of(p, size);
	struct wire_quote q;
	enum wire_bad bad =
		v6 ? wire_quote_parse6(&c, &q) : wire_quote_parse4(&c, &q);

	within(&c, p, size);
	if (bad)
		return;
	must(q.v6 == v6 && size >= hlen);
	must(!(q.has_ports && q.has_echo));
	must(q.has_ports || !(q.sport | q.dport | q.seq));
	must(q.has_echo || !(q.echo_id | q.echo_seq));
	if (v6)
		must(!memcmp(q.src6, p + 8, 16) && !memcmp(q.dst6, p + 24, 16));
	else
		must(q.src4 == be_get32(p + 12) && q.dst4 == be_get32(p + 16));
	if (!q.has_ports)
		return;
	must(c.p - 8 >= p + hlen);
	must(q.sport == be_get16(c.p - 8) && q.dport == be_get16(c.p - 6));
	must(q.seq == (q.proto == WIRE_IP_TCP ? be_get32(c.p - 4) : 0));
}

UNUSED static void
fuzz_quote4(uint8_t *p, size_t size)
{
	quote(p, size, false);
}

UNUSED static void
fuzz_quote6(uint8_t *p, size_t size)
{
	quote(p, size, true);
}

UNUSED static void
fuzz_udp(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	struct wire_udp u;
	uint8_t out[WIRE_UDP_LEN];
	enum wire_bad bad = wire_udp_parse(&c, size & 1, &u);

	within(&c, p, size);
	if (bad)
		return;
	must(cursor_left(&c) == u.len);
	wire_udp_verify(p, u.len + 8u, 0);
	must(wire_udp_emit(out, sizeof(out), &u) == WIRE_UDP_LEN);
	must(!memcmp(out, p, sizeof(out)));
}

/* Options may come in another order and number: so the emitted header is what
 * must stay the same when it is read and emitted once more. */
UNUSED static void
fuzz_tcp(uint8_t *p, size_t size)
{
	struct cursor c = cursor_of(p, size);
	uint8_t out[2][WIRE_TCP_LEN_MAX];
	struct wire_tcp t;
	enum wire_bad bad = wire_tcp_parse(&c, &t);
	size_t n;

	within(&c, p, size);
	if (bad)
		return;
	must(c.p == p + t.hlen && t.sacks <= WIRE_TCP_SACKS);
	must(!(t.opts & WIRE_TCP_WSCALE) || t.wscale <= 14);
	n = wire_tcp_emit(out[0], sizeof(out[0]), &t);
	if (!n) /* only with padding that left no room for ours */
		return;
	must(n == wire_tcp_emit_len(&t));
	if (n == p[12] / 16 * 4u && n == WIRE_TCP_LEN)
		must(!memcmp(p, out[0], 12));
	c = cursor_of(out[0], n);
	must(!wire_tcp_parse(&c, &t) && cursor_left(&c) == 0);
	must(wire_tcp_emit(out[1], n, &t) == n);
	must(!memcmp(out[0], out[1], n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = pad_copy(data, size);

	FUZZ(p, size);
	free(p);
	return 0;
}

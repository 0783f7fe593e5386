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

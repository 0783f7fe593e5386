/* dev.c - completion in any order, and merged frames. */
#include "netcore/stack/engine/test/sim/dev.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/wire/be.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

#define LARGEST 65535u /* what the length of an IP packet can say */

/* --- looking --------------------------------------------------------------*/

static bool
look4(const uint8_t *p, uint32_t left, struct dev_view *v)
{
	uint32_t len;

	if (left < WIRE_IPV4_LEN || p[0] != 0x45)
		return false;
	len = be_get16(p + 2);
	if (len < WIRE_IPV4_LEN || len > left ||
		(be_get16(p + 6) & (WIRE_IPV4_MF | WIRE_IPV4_OFF)))
		return false;
	v->l4 = v->l3 + WIRE_IPV4_LEN;
	v->proto = p[9];
	v->end = v->l3 + len;
	v->pseudo = cksum_pseudo4(be_get32(p + 12), be_get32(p + 16), p[9],
		(uint16_t)(len - WIRE_IPV4_LEN));
	return true;
}

static bool
look6(const uint8_t *p, uint32_t left, struct dev_view *v)
{
	uint32_t len;

	if (left < WIRE_IPV6_LEN || p[0] >> 4 != 6)
		return false;
	len = be_get16(p + 4);
	if (len > left - WIRE_IPV6_LEN)
		return false;
	v->l4 = v->l3 + WIRE_IPV6_LEN;
	v->proto = p[6];
	v->end = v->l4 + len;
	v->pseudo = cksum_pseudo6(p + 8, p + 24, p[6], len);
	return true;
}

bool
dev_look(const uint8_t *frame, uint32_t len, struct dev_view *v)
{
	const uint8_t *p = frame + WIRE_ETH_LEN;
	uint32_t hlen;
	bool ok;

	memset(v, 0, sizeof(*v));
	if (len < WIRE_ETH_LEN)
		return false;
	v->l3 = WIRE_ETH_LEN;
	switch (be_get16(frame + 12)) {
	case WIRE_ETH_IPV4:
		ok = look4(p, len - WIRE_ETH_LEN, v);
		break;
	case WIRE_ETH_IPV6:
		ok = look6(p, len - WIRE_ETH_LEN, v);
		break;
	default:
		return false;
	}
	if (!ok || v->proto != WIRE_IP_TCP)
		return ok;
	if (v->end - v->l4 < WIRE_TCP_LEN)
		return false;
	hlen = (frame[v->l4 + 12] >> 4) * 4u;
	if (hlen < WIRE_TCP_LEN || hlen > v->end - v->l4)
		return false;
	v->data = (uint16_t)(v->l4 + hlen);
	return true;
}

/* --- checksums ------------------------------------------------------------*/

static bool
is_v4(const uint8_t *frame, const struct dev_view *v)
{
	return frame[v->l3] >> 4 == 4;
}

/* Where the checksum is within the header; 0: nowhere. */
static uint32_t
field(const struct dev_view *v)
{
	uint32_t room = v->end - v->l4;

	if (v->proto == WIRE_IP_TCP)
		return v->l4 + 16u;
	return v->proto == WIRE_IP_UDP && room >= 8 ? v->l4 + 6u : 0;
}

bool
dev_right(const uint8_t *frame, uint32_t len)
{
	struct dev_view v;

	if (!dev_look(frame, len, &v) || !field(&v))
		return false;
	if (is_v4(frame, &v) && !cksum_ok(frame + v.l3, WIRE_IPV4_LEN, 0))
		return false;
	return cksum_ok(frame + v.l4, v.end - v.l4, v.pseudo);
}

bool
dev_complete(uint8_t *frame, uint32_t len)
{
	struct dev_view v;
	uint16_t c;

	if (!dev_look(frame, len, &v) || !field(&v))
		return false;
	memcpy(&c, frame + field(&v), 2);
	if (c != cksum_fold(v.pseudo))
		return false;
	c = (uint16_t)~cksum_fold(cksum_partial(frame + v.l4, v.end - v.l4, 0));
	if (!c && v.proto == WIRE_IP_UDP) /* which is none: RFC 768 */
		c = 0xffff;
	memcpy(frame + field(&v), &c, 2);
	return true;
}

static void
put_ip_len(uint8_t *frame, const struct dev_view *v, uint32_t len)
{
	uint8_t *p = frame + v->l3;
	uint16_t c;

	if (!is_v4(frame, v)) {
		be_put16(p + 4, (uint16_t)(len - v->l4));
		return;
	}
	be_put16(p + 2, (uint16_t)(len - v->l3));
	be_put16(p + 10, 0);
	c = (uint16_t)~cksum_fold(cksum_partial(p, WIRE_IPV4_LEN, 0));
	memcpy(p + 10, &c, 2);
}

static void
put_tcp_sum(uint8_t *frame, uint32_t len)
{
	struct dev_view v;
	uint16_t c;

	dev_look(frame, len, &v);
	be_put16(frame + v.l4 + 16, 0);
	c = (uint16_t)~cksum_fold(
		cksum_partial(frame + v.l4, v.end - v.l4, v.pseudo));
	memcpy(frame + v.l4 + 16, &c, 2);
}

/* --- cutting --------------------------------------------------------------*/

unsigned
dev_cut(const uint8_t *frame, uint32_t len, uint16_t mss,
	void (*out)(void *arg, const uint8_t *frame, uint32_t len), void *arg)
{
	uint8_t *piece;
	struct dev_view v;
	unsigned n = 0;
	uint32_t seq;

	if (!dev_look(frame, len, &v) || !v.data || !mss)
		return 0;
	piece = malloc(v.data + (size_t)mss);
	if (!piece)
		abort();
	seq = be_get32(frame + v.l4 + 4);
	for (uint32_t at = v.data; at < v.end; at += mss, n++) {
		uint32_t k = v.end - at < mss ? v.end - at : mss;
		uint8_t off = 0;

		memcpy(piece, frame, v.data);
		memcpy(piece + v.data, frame + at, k);
		if (at + k < v.end)
			off |= WIRE_TCP_FIN | WIRE_TCP_PSH;
		if (n)
			off |= WIRE_TCP_CWR;
		piece[v.l4 + 13] &= (uint8_t)~off;
		be_put32(piece + v.l4 + 4, seq + (at - v.data));
		if (is_v4(frame, &v))
			be_put16(piece + v.l3 + 4,
				(uint16_t)(be_get16(frame + v.l3 + 4) + n));
		put_ip_len(piece, &v, v.data + k);
		put_tcp_sum(piece, v.data + k);
		out(arg, piece, v.data + k);
	}
	free(piece);
	return n;
}

/* --- joining --------------------------------------------------------------*/

/* All that a header says of both, but for length, identification and checksum
 * of IP, and sequence number, PSH and checksum of TCP. */
static bool
same_flow(const uint8_t *a, const uint8_t *b, const struct dev_view *v)
{
	const uint8_t *p = a + v->l3, *q = b + v->l3, *t = a + v->l4,
		      *u = b + v->l4;

	if (memcmp(a, b, v->l3))
		return false;
	if (is_v4(a, v) ? memcmp(p, q, 2) || memcmp(p + 6, q + 6, 4) ||
				memcmp(p + 12, q + 12, 8)
			: memcmp(p, q, 4) || memcmp(p + 6, q + 6, 34))
		return false;
	return !memcmp(t, u, 4) && !memcmp(t + 8, u + 8, 5) &&
		(t[13] | WIRE_TCP_PSH) == (u[13] | WIRE_TCP_PSH) &&
		!memcmp(t + 14, u + 14, 2) &&
		!memcmp(t + 18, u + 18, v->data - v->l4 - 18u);
}

bool
dev_join(uint8_t **into, uint32_t *into_len, const uint8_t *frame, uint32_t len)
{
	struct dev_view v, w;
	uint8_t *a = *into;
	uint32_t end;

	if (!dev_look(a, *into_len, &v) || !dev_look(frame, len, &w) ||
		!v.data || v.data != w.data || v.end == v.data ||
		w.end == w.data)
		return false;
	end = v.end + (w.end - w.data);
	/* A PSH ends it, and so does any other flag than ACK. */
	if (a[v.l4 + 13] != WIRE_TCP_ACK || !same_flow(a, frame, &v) ||
		be_get32(frame + v.l4 + 4) !=
			be_get32(a + v.l4 + 4) + (v.end - v.data) ||
		end - v.l3 > LARGEST)
		return false;
	a = realloc(a, end);
	if (!a)
		abort();
	memcpy(a + v.end, frame + w.data, w.end - w.data);
	a[v.l4 + 13] |= frame[v.l4 + 13];
	put_ip_len(a, &v, end);
	*into = a;
	*into_len = end;
	return true;
}

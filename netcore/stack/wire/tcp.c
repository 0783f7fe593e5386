/* tcp.c - the options of a TCP header, one by one. */
#include "netcore/stack/wire/tcp.h"

#include "netcore/stack/cksum.h"

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,	 /* length 4 */
	OPT_WSCALE = 3,	 /* 3 */
	OPT_SACK_OK = 4, /* 2 */
	OPT_SACK = 5,	 /* 2 + 8 a block */
	OPT_TS = 8,	 /* 10 */
};

static void
parse_sack(struct wire_tcp *t, const uint8_t *p, size_t len)
{
	if (len == 0 || len % 8 || len / 8 > WIRE_TCP_SACKS)
		return;
	t->opts |= WIRE_TCP_SACK;
	t->sacks = (uint8_t)(len / 8);
	for (unsigned i = 0; i < t->sacks; i++) {
		t->sack[i].left = be_get32(p + 8 * i);
		t->sack[i].right = be_get32(p + 8 * i + 4);
	}
}

/* What belongs into a SYN means nothing elsewhere (RFC 9293 section 3.7.1,
 * RFC 7323 section 2.2, RFC 2018 section 2). */
static void
parse_syn_option(struct wire_tcp *t, uint8_t kind, const uint8_t *p, size_t len)
{
	if (kind == OPT_MSS && len == 2 && !(t->opts & WIRE_TCP_MSS)) {
		t->opts |= WIRE_TCP_MSS;
		t->mss = be_get16(p);
	} else if (kind == OPT_WSCALE && len == 1 &&
		!(t->opts & WIRE_TCP_WSCALE)) {
		t->opts |= WIRE_TCP_WSCALE;
		t->wscale = *p > WIRE_TCP_WSCALE_MAX ? WIRE_TCP_WSCALE_MAX : *p;
	} else if (kind == OPT_SACK_OK && len == 0) {
		t->opts |= WIRE_TCP_SACK_OK;
	}
}

static void
parse_option(struct wire_tcp *t, uint8_t kind, const uint8_t *p, size_t len)
{
	if (kind == OPT_TS && len == 8 && !(t->opts & WIRE_TCP_TS)) {
		t->opts |= WIRE_TCP_TS;
		t->ts_val = be_get32(p);
		t->ts_ecr = be_get32(p + 4);
	} else if (kind == OPT_SACK && !(t->opts & WIRE_TCP_SACK)) {
		parse_sack(t, p, len);
	} else if (t->flags & WIRE_TCP_SYN) {
		parse_syn_option(t, kind, p, len);
	}
}

/* RFC 9293 section 3.1: what is unknown is skipped (MUST-6), and an illegal
 * length survived (MUST-7). It suggests a reset; but lengths of 0 and 1, or
 * beyond the header, can be forged without knowing the sequence number, so the
 * segment is dropped and counted, and the connection lives. */
static enum wire_bad
parse_options(struct cursor o, struct wire_tcp *t)
{
	uint8_t kind, len;

	while (cursor_get8(&o, &kind) && kind != OPT_END) {
		const uint8_t *p;

		if (kind == OPT_NOP)
			continue;
		if (!cursor_get8(&o, &len) || len < 2)
			return WIRE_BAD_TCP_OPTION;
		p = cursor_take(&o, len - 2u);
		if (!p)
			return WIRE_BAD_TCP_OPTION;
		parse_option(t, kind, p, len - 2u);
	}
	return WIRE_OK;
}

/* A SYN's options as they lie in most of them: MSS, SACK-permitted, timestamps,
 * NOP, window scale. */
static bool
parse_usual_syn(struct wire_tcp *t, const uint8_t *p)
{
	uint32_t mss = be_get32(p), scale = be_get32(p + 16);

	if ((mss ^ WIRE_TCP_MSS_WORD) >> 16 ||
		be_get32(p + 4) != WIRE_TCP_SACK_OK_TS_WORD ||
		(scale ^ WIRE_TCP_WSCALE_WORD) >> 8 ||
		!(t->flags & WIRE_TCP_SYN))
		return false;
	t->opts =
		WIRE_TCP_MSS | WIRE_TCP_SACK_OK | WIRE_TCP_TS | WIRE_TCP_WSCALE;
	t->mss = (uint16_t)mss;
	t->ts_val = be_get32(p + 8);
	t->ts_ecr = be_get32(p + 12);
	scale &= 0xff;
	t->wscale = (uint8_t)(scale > WIRE_TCP_WSCALE_MAX ? WIRE_TCP_WSCALE_MAX
							  : scale);
	return true;
}

enum wire_bad
wire_tcp_parse_odd(struct cursor c, struct wire_tcp *t)
{
	const uint8_t *p = c.p;
	size_t left = cursor_left(&c), hlen;

	if (left < WIRE_TCP_LEN)
		return WIRE_BAD_TCP_SHORT;
	hlen = (p[12] >> 4) * 4u;
	if (hlen < WIRE_TCP_LEN || hlen > left)
		return WIRE_BAD_TCP_OFFSET;
	be_vec_put(t, WIRE_TCP_SHUFFLE0(be_vec_get(p)));
	t->hlen = (uint8_t)hlen;
	t->cksum = be_get16(p + 16);
	t->urgent = be_get16(p + 18);
	t->opts = 0;
	t->sacks = 0;
	if (hlen == WIRE_TCP_LEN ||
		(hlen == WIRE_TCP_LEN_SYN &&
			parse_usual_syn(t, p + WIRE_TCP_LEN)))
		return WIRE_OK;
	return parse_options(
		cursor_of(p + WIRE_TCP_LEN, hlen - WIRE_TCP_LEN), t);
}

enum wire_bad
wire_tcp_verify(const uint8_t *seg, size_t len, uint64_t pseudo)
{
	return cksum_ok(seg, len, pseudo) ? WIRE_OK : WIRE_BAD_TCP_CKSUM;
}

size_t
wire_tcp_emit_len(const struct wire_tcp *t)
{
	size_t len = WIRE_TCP_LEN;

	if (t->opts & WIRE_TCP_MSS)
		len += 4;
	if (t->opts & WIRE_TCP_WSCALE)
		len += 4;
	if (t->opts & WIRE_TCP_TS)
		len += 12;
	else if (t->opts & WIRE_TCP_SACK_OK)
		len += 4;
	if (t->opts & WIRE_TCP_SACK)
		len += 4 + 8u * t->sacks;
	return len;
}

/* SACK-permitted takes the place of the two NOPs before the timestamps, as in
 * everybody's SYN; each option but the last is padded in front. */
static void
emit_options(uint8_t *p, const struct wire_tcp *t)
{
	uint32_t pad = (uint32_t)OPT_NOP << 24 | (uint32_t)OPT_NOP << 16;

	if (t->opts & WIRE_TCP_SACK_OK)
		pad = (uint32_t)OPT_SACK_OK << 24 | 2u << 16;
	if (t->opts & WIRE_TCP_MSS) {
		be_put32(p, (uint32_t)OPT_MSS << 24 | 4u << 16 | t->mss);
		p += 4;
	}
	if (t->opts & WIRE_TCP_TS) {
		be_put32(p, pad | OPT_TS << 8 | 10);
		be_put32(p + 4, t->ts_val);
		be_put32(p + 8, t->ts_ecr);
		p += 12;
	} else if (t->opts & WIRE_TCP_SACK_OK) {
		be_put32(p, pad | OPT_NOP << 8 | OPT_NOP);
		p += 4;
	}
	if (t->opts & WIRE_TCP_WSCALE) {
		be_put32(p,
			(uint32_t)OPT_NOP << 24 | OPT_WSCALE << 16 | 3u << 8 |
				t->wscale);
		p += 4;
	}
	if (t->opts & WIRE_TCP_SACK) {
		be_put32(p,
			(uint32_t)OPT_NOP << 24 | OPT_NOP << 16 |
				OPT_SACK << 8 | (2u + 8u * t->sacks));
		p += 4;
		for (unsigned i = 0; i < t->sacks; i++, p += 8) {
			be_put32(p, t->sack[i].left);
			be_put32(p + 4, t->sack[i].right);
		}
	}
}

size_t
wire_tcp_emit_odd(uint8_t *buf, size_t size, const struct wire_tcp *t)
{
	size_t len = wire_tcp_emit_len(t);

	if (len > WIRE_TCP_LEN_MAX || len > size)
		return 0;
	if ((t->opts & WIRE_TCP_SACK) &&
		(t->sacks == 0 || t->sacks > WIRE_TCP_SACKS))
		return 0;
	be_vec_put(buf, WIRE_TCP_SHUFFLE0(be_vec_get(t)));
	buf[12] = (uint8_t)(len / 4 << 4);
	be_put16(buf + 16, t->cksum);
	be_put16(buf + 18, t->urgent);
	emit_options(buf + WIRE_TCP_LEN, t);
	return len;
}

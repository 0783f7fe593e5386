/* tcp.h - the TCP header and its options (RFC 9293, 7323, 2018).
 *
 * Refused is only what cannot be read to its end. An option that is known but
 * has a length of its own making is skipped like an unknown one. Of an option
 * given twice the first counts.
 */
#ifndef NETCORE_STACK_WIRE_TCP_H
#define NETCORE_STACK_WIRE_TCP_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

#define WIRE_TCP_LEN	    20 /* bytes without options */
#define WIRE_TCP_LEN_TS	    32 /* with timestamps alone */
#define WIRE_TCP_LEN_SYN    40 /* with all that a SYN has */
#define WIRE_TCP_LEN_MAX    60
#define WIRE_TCP_SACKS	    4 /* blocks; 3 beside timestamps */
#define WIRE_TCP_WSCALE_MAX 14

enum wire_tcp_flag {
	WIRE_TCP_FIN = 1,
	WIRE_TCP_SYN = 2,
	WIRE_TCP_RST = 4,
	WIRE_TCP_PSH = 8,
	WIRE_TCP_ACK = 16,
	WIRE_TCP_URG = 32,
	WIRE_TCP_ECE = 64,
	WIRE_TCP_CWR = 128,
};

/* Bits of .opts: which of the options below are there. */
enum wire_tcp_opt {
	WIRE_TCP_TS = 1,   /* ts_val, ts_ecr */
	WIRE_TCP_SACK = 2, /* sack[0 .. sacks) */
	WIRE_TCP_MSS = 4,  /* the last three in a SYN only */
	WIRE_TCP_WSCALE = 8,
	WIRE_TCP_SACK_OK = 16,
};

struct wire_tcp_sack {
	uint32_t left, right; /* [left, right), not checked */
};

struct wire_tcp {
	/* As in the header (WIRE_TCP_SHUFFLE0). */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t hlen;	 /* bytes of the header, options included */
	uint8_t flags;	 /* enum wire_tcp_flag */
	uint16_t window; /* not scaled */

	/* As in a header with timestamps (WIRE_TCP_SHUFFLE1). */
	uint16_t cksum, urgent;
	uint8_t opts;	/* enum wire_tcp_opt */
	uint8_t sacks;	/* blocks; 0 without WIRE_TCP_SACK */
	uint8_t wscale; /* at most WIRE_TCP_WSCALE_MAX */
	uint32_t ts_val, ts_ecr;

	uint16_t mss; /* as sent: 0 is possible */
	struct wire_tcp_sack sack[WIRE_TCP_SACKS];
};
_Static_assert(offsetof(struct wire_tcp, cksum) == 16 &&
		offsetof(struct wire_tcp, ts_ecr) == 28,
	"two shuffles");

#define WIRE_TCP_SHUFFLE0(v)     \
	__builtin_shufflevector( \
		v, v, 1, 0, 3, 2, 7, 6, 5, 4, 11, 10, 9, 8, 12, 13, 15, 14)
#define WIRE_TCP_SHUFFLE1(v)                                                   \
	__builtin_shufflevector(v, (be_vec){0}, 1, 0, 3, 2, 4, 16, 16, 16, 11, \
		10, 9, 8, 15, 14, 13, 12)

/* The first of the NOPs falls on opts, where it says the right thing. */
_Static_assert(WIRE_TCP_TS == 1, "as NOP");

/* The options as they lie in most segments: NOP, NOP, kind 8, length 10. */
#define WIRE_TCP_TS_WORD 0x0101080au

/* And in most SYNs: MSS, SACK-permitted beside the timestamps, NOP and window
 * scale. The first and the last have a value below. */
#define WIRE_TCP_MSS_WORD	 0x02040000u
#define WIRE_TCP_SACK_OK_TS_WORD 0x0402080au
#define WIRE_TCP_WSCALE_WORD	 0x01030300u

/* Parser and emitter for all other options, none among them. */
enum wire_bad wire_tcp_parse_odd(struct cursor c, struct wire_tcp *t);
size_t wire_tcp_emit_odd(uint8_t *buf, size_t size, const struct wire_tcp *t);

/* c holds a segment; on WIRE_OK its payload. All of t is set then, but for the
 * options that .opts does not have. The checksum is for wire_tcp_verify(), or
 * the card. The reserved bits, NS once among them, are ignored. */
static inline enum wire_bad
wire_tcp_parse(struct cursor *c, struct wire_tcp *t)
{
	const uint8_t *p = c->p;
	enum wire_bad bad;

	if (likely(cursor_left(c) >= WIRE_TCP_LEN_TS && p[12] >> 4 == 8 &&
		    be_get32(p + 20) == WIRE_TCP_TS_WORD)) {
		be_vec_put(t, WIRE_TCP_SHUFFLE0(be_vec_get(p)));
		be_vec_put((uint8_t *)t + 16,
			WIRE_TCP_SHUFFLE1(be_vec_get(p + 16)));
		t->hlen = WIRE_TCP_LEN_TS; /* opts and sacks are set */
		c->p = p + WIRE_TCP_LEN_TS;
		return WIRE_OK;
	}
	bad = wire_tcp_parse_odd(*c, t);
	if (likely(!bad))
		c->p += t->hlen;
	return bad;
}

/* The checksum of a whole segment; pseudo comes from cksum_pseudo4/6(). */
enum wire_bad wire_tcp_verify(const uint8_t *seg, size_t len, uint64_t pseudo);

/* Bytes of the header that t asks for, by its opts and sacks. */
size_t wire_tcp_emit_len(const struct wire_tcp *t);

/* The header with the options of t->opts, padded to words; 0 if size is less
 * than it needs, or t asks for more than 60 bytes. A SYN with all of its
 * options is 40 long, a RST 20. t->cksum is written as it is: 0, the folded
 * pseudo header for a card, or the finished one. hlen means nothing here. */
static inline size_t
wire_tcp_emit(uint8_t *buf, size_t size, const struct wire_tcp *t)
{
	if (unlikely(t->opts != WIRE_TCP_TS || size < WIRE_TCP_LEN_TS))
		return wire_tcp_emit_odd(buf, size, t);
	be_vec_put(buf, WIRE_TCP_SHUFFLE0(be_vec_get(t)));
	be_vec_put(buf + 16,
		WIRE_TCP_SHUFFLE1(be_vec_get((const uint8_t *)t + 16)));
	buf[12] = WIRE_TCP_LEN_TS / 4 << 4;
	be_put32(buf + 20, WIRE_TCP_TS_WORD);
	return WIRE_TCP_LEN_TS;
}

#endif

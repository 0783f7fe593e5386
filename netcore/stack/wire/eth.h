/* eth.h - the Ethernet header, with at most one 802.1Q tag. */
#ifndef NETCORE_STACK_WIRE_ETH_H
#define NETCORE_STACK_WIRE_ETH_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

#define WIRE_ETH_LEN	 14 /* bytes */
#define WIRE_ETH_TAG_LEN 4  /* more, with a tag */
#define WIRE_ETH_MAX	 (WIRE_ETH_LEN + WIRE_ETH_TAG_LEN)

enum wire_eth_type {
	WIRE_ETH_IPV4 = 0x0800,
	WIRE_ETH_ARP = 0x0806,
	WIRE_ETH_VLAN = 0x8100,
	WIRE_ETH_IPV6 = 0x86dd,
	WIRE_ETH_QINQ = 0x88a8,
};

struct wire_eth {
	union {
		struct {
			uint8_t dst[6], src[6];
		};
		uint8_t both[12]; /* as they lie in the frame */
	};
	uint16_t type; /* of the contents, behind the tag if there is one */
	uint16_t tci;  /* priority, DEI, VLAN id; 0 without a tag */
	bool tagged;
};

/* The rest of the parser for frames that are not plain IPv4. */
enum wire_bad wire_eth_parse_odd(struct cursor c, struct wire_eth *e);

/* On WIRE_OK c stands on the contents (padding still at their end) and all of e
 * is set. */
static inline enum wire_bad
wire_eth_parse(struct cursor *c, struct wire_eth *e)
{
	const uint8_t *p = c->p;
	enum wire_bad bad;

	if (likely(cursor_left(c) >= WIRE_ETH_LEN &&
		    be_get16(p + 12) == WIRE_ETH_IPV4)) {
		memcpy(e->both, p, sizeof(e->both));
		e->type = WIRE_ETH_IPV4;
		e->tci = 0;
		e->tagged = false;
		c->p = p + WIRE_ETH_LEN;
		return WIRE_OK;
	}
	/* By value: a cursor whose address is taken lives in memory. */
	bad = wire_eth_parse_odd(*c, e);
	if (likely(!bad))
		c->p += e->tagged ? WIRE_ETH_MAX : WIRE_ETH_LEN;
	return bad;
}

/* Bytes written: 14, or 18 with a tag; 0 if size is less. */
static inline size_t
wire_eth_emit(uint8_t *buf, size_t size, const struct wire_eth *e)
{
	if (unlikely(e->tagged)) {
		if (size < WIRE_ETH_MAX)
			return 0;
		memcpy(buf, e->both, 12);
		be_put16(buf + 12, WIRE_ETH_VLAN);
		be_put16(buf + 14, e->tci);
		be_put16(buf + 16, e->type);
		return WIRE_ETH_MAX;
	}
	if (unlikely(size < WIRE_ETH_LEN))
		return 0;
	memcpy(buf, e->both, 12);
	be_put16(buf + 12, e->type);
	return WIRE_ETH_LEN;
}

#endif

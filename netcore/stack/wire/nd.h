/* nd.h - neighbour discovery (RFC 4861): the four messages and the options of
 * theirs that a host needs. Others are skipped.
 */
#ifndef NETCORE_STACK_WIRE_ND_H
#define NETCORE_STACK_WIRE_ND_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

#define WIRE_ND_PREFIXES 4  /* of one advertisement; more are passed over */
#define WIRE_ND_MAX	 32 /* bytes of the longest message emitted */

enum wire_nd_flag {
	WIRE_NA_ROUTER = 0x80,
	WIRE_NA_SOLICITED = 0x40,
	WIRE_NA_OVERRIDE = 0x20,
	WIRE_RA_MANAGED = 0x80,
	WIRE_RA_OTHER = 0x40,
	WIRE_PREFIX_ONLINK = 0x80,
	WIRE_PREFIX_AUTO = 0x40,
};

struct wire_nd_prefix {
	uint8_t addr[16];
	uint8_t len;		   /* bits, at most 128 */
	uint8_t flags;		   /* WIRE_PREFIX_ */
	uint32_t valid, preferred; /* seconds, ~0 for ever */
};

struct wire_nd {
	uint8_t hop_limit;    /* of the IP packet: must be 255 */
	uint8_t flags;	      /* WIRE_NA_ or WIRE_RA_ */
	uint8_t target[16];   /* of NS and NA; never a group */
	uint8_t ra_hop_limit; /* 0: the router does not say; so all four */
	uint16_t ra_lifetime; /* seconds; 0: not a default router */
	uint32_t ra_reachable, ra_retrans; /* milliseconds */
	uint32_t mtu;			   /* 0: no such option */
	bool has_slla, has_tlla; /* link addresses of source and target */
	uint8_t slla[6], tlla[6];
	uint8_t prefixes;
	struct wire_nd_prefix prefix[WIRE_ND_PREFIXES];
};

/* c holds a message from its fifth byte on; type is one of the four. nd is
 * zeroed by the caller, but for hop_limit. Of an option given twice the first
 * counts. */
enum wire_bad wire_nd_parse(struct cursor *c, uint8_t type, struct wire_nd *nd);

/* Messages with their checksum; bytes written, 0 if they do not fit. slla or
 * tlla may be NULL: no such option. */
size_t wire_nd_emit_rs(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t slla[6]);
size_t wire_nd_emit_ns(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t target[16], const uint8_t slla[6]);
size_t wire_nd_emit_na(uint8_t *buf, size_t size, const uint8_t src[16],
	const uint8_t dst[16], const uint8_t target[16], uint8_t flags,
	const uint8_t tlla[6]);

#endif

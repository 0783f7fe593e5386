/* ipv6.h - the IPv6 header and the extension headers before the upper layer
 * (RFC 8200). Of those only a fragment header is ever emitted.
 */
#ifndef NETCORE_STACK_WIRE_IPV6_H
#define NETCORE_STACK_WIRE_IPV6_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"
#include "netcore/stack/wire/ip.h"

#define WIRE_IPV6_LEN	    40
#define WIRE_IPV6_FRAG_LEN  8
#define WIRE_IPV6_EXTS	    8	/* extension headers that we walk */
#define WIRE_IPV6_EXT_BYTES 256 /* and what they may take in all */

struct wire_ipv6 {
	uint8_t src[16], dst[16];
	uint32_t flow;	/* label, 20 bits */
	uint8_t tclass; /* DSCP << 2 | enum wire_ip_ecn */
	uint8_t hop_limit;
	uint8_t proto;	  /* of the contents, enum wire_ip_proto */
	uint8_t exts;	  /* extension headers before them */
	uint16_t len;	  /* of the contents, bytes */
	uint16_t ext_len; /* and the bytes of those */
	bool has_frag;	  /* a fragment header is among them: */
	bool more;
	uint16_t offset; /* bytes */
	uint32_t frag_id;
};

/* A fragment that needs others: its contents are a piece, of which proto tells
 * the first header, and that may be an extension. Put together, the pieces go
 * through wire_ipv6_walk() again. (One alone, RFC 6946, is whole.) */
static inline bool
wire_ipv6_is_frag(const struct wire_ipv6 *ip)
{
	return ip->has_frag && (ip->more || ip->offset);
}

/* On WIRE_OK c holds the ip->len bytes of the contents (padding of the link is
 * cut), behind all extension headers, or behind the fragment header. */
enum wire_bad wire_ipv6_parse(struct cursor *c, struct wire_ipv6 *ip);

/* Steps over extension headers, the first of which is ip->proto; proto, exts,
 * ext_len and the fields of a fragment go on from what they are. */
enum wire_bad wire_ipv6_walk(struct cursor *c, struct wire_ipv6 *ip);

/* 40 bytes for ip->len bytes of contents of ip->proto; 0 if size is less. */
size_t wire_ipv6_emit(uint8_t *buf, size_t size, const struct wire_ipv6 *ip);

/* The fragment header behind that one, which has WIRE_IP_FRAGMENT: of ip, its
 * proto, offset, more and frag_id. 8 bytes; 0 if size is less. */
size_t wire_ipv6_emit_frag(
	uint8_t *buf, size_t size, const struct wire_ipv6 *ip);

/* enum wire_martian of an address; 0 for a good one. */
unsigned wire_ipv6_martian(const uint8_t addr[16]);

#endif

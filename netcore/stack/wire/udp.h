/* udp.h - the UDP header (RFC 768). */
#ifndef NETCORE_STACK_WIRE_UDP_H
#define NETCORE_STACK_WIRE_UDP_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

#define WIRE_UDP_LEN 8

struct wire_udp {
	uint16_t sport, dport;
	uint16_t len;	/* of the contents, bytes */
	uint16_t cksum; /* as the sender says it; 0: it says none */
};

/* c holds the contents of an IP packet; on WIRE_OK those of the datagram. A
 * missing checksum is refused in IPv6 (RFC 8200, section 8.1). */
enum wire_bad wire_udp_parse(struct cursor *c, bool v6, struct wire_udp *u);

/* The checksum of a whole datagram of len bytes, its header included, as parsed
 * above. pseudo comes from cksum_pseudo4/6(). */
enum wire_bad wire_udp_verify(
	const uint8_t *dgram, size_t len, uint64_t pseudo);

/* 8 bytes for u->len bytes of contents, the checksum as u has it; 0 if size is
 * less or the datagram too long. */
size_t wire_udp_emit(uint8_t *buf, size_t size, const struct wire_udp *u);

/* The checksum field for a finished sum: never 0, which would say "none". */
static inline uint16_t
wire_udp_cksum(uint16_t finished)
{
	return finished ? finished : 0xffff;
}

#endif

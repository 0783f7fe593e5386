/* icmp6.h - ICMP for IPv6 (RFC 4443); neighbour discovery is in nd.h.
 *
 * src and dst are the addresses of the IP header, for the checksum.
 */
#ifndef NETCORE_STACK_WIRE_ICMP6_H
#define NETCORE_STACK_WIRE_ICMP6_H

#include "netcore/stack/wire/icmp.h"
#include "netcore/stack/wire/nd.h"

/* An error makes a packet of at most the smallest MTU. */
#define WIRE_ICMP6_QUOTE (1280 - 40 - WIRE_ICMP_LEN)

/* A parsed message: nd is set for the four types of neighbour discovery. */
struct wire_icmp6 {
	struct wire_icmp m;
	bool is_nd;
	struct wire_nd nd;
};

/* c holds the contents of the IP packet, unfragmented; checks the checksum of
 * all. On WIRE_OK c holds an echo's data, and else nothing useful. hop_limit
 * goes to nd.hop_limit: the caller refuses all but 255 there. */
enum wire_bad wire_icmp6_parse(struct cursor *c, const uint8_t src[16],
	const uint8_t dst[16], uint8_t hop_limit, struct wire_icmp6 *m);

/* As their IPv4 sisters in icmp4.h; an error quotes at least 48 bytes. */
size_t wire_icmp6_emit_echo(uint8_t *buf, size_t size,
	const struct wire_icmp *i, const uint8_t src[16], const uint8_t dst[16],
	const void *data, size_t len);
size_t wire_icmp6_emit_error(uint8_t *buf, size_t size,
	const struct wire_icmp *i, const uint8_t src[16], const uint8_t dst[16],
	const void *packet, size_t len);

/* The WIRE_ICMP_LEN bytes in front of a quote that goes out from where it lies:
 * all `len` bytes of it, at most WIRE_ICMP6_QUOTE. */
void wire_icmp6_emit_error_head(uint8_t *buf, const struct wire_icmp *i,
	const uint8_t src[16], const uint8_t dst[16], const void *packet,
	size_t len);

/* Writes the checksum into a message of len bytes; returns len. */
size_t wire_icmp6_seal(
	uint8_t *buf, size_t len, const uint8_t src[16], const uint8_t dst[16]);

#endif

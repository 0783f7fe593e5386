/* icmp4.h - ICMP (RFC 792, 1191, 1122). */
#ifndef NETCORE_STACK_WIRE_ICMP4_H
#define NETCORE_STACK_WIRE_ICMP4_H

#include "netcore/stack/wire/icmp.h"

/* An error makes a packet of at most this size (RFC 1812, section 4.3.2.3). */
#define WIRE_ICMP4_QUOTE (576 - 20 - WIRE_ICMP_LEN)

/* c holds the contents of the IP packet, unfragmented; checks the checksum of
 * all. On WIRE_OK c holds an echo's data, and for an error nothing useful. */
enum wire_bad wire_icmp4_parse(struct cursor *c, struct wire_icmp *m);

/* The answer to an echo request, or a request: i's type, id, seq and len bytes
 * of data. Bytes written, 0 if they do not fit. data may already lie at buf +
 * 8. */
size_t wire_icmp4_emit_echo(uint8_t *buf, size_t size,
	const struct wire_icmp *i, const void *data, size_t len);

/* An error: i's type, code, mtu or pointer; `packet` of len bytes is the IP
 * packet that it is about, and as much of it is quoted as is allowed and fits.
 * 0 if 28 bytes of it do not. */
size_t wire_icmp4_emit_error(uint8_t *buf, size_t size,
	const struct wire_icmp *i, const void *packet, size_t len);

#endif

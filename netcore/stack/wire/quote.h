/* quote.h - the packet in an ICMP error: one that we are said to have sent, so
 * its source should be us. It is there to find the connection, and everything
 * in it may be a lie: an error may act only if the sequence number fits.
 */
#ifndef NETCORE_STACK_WIRE_QUOTE_H
#define NETCORE_STACK_WIRE_QUOTE_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

struct wire_quote {
	bool v6;
	uint32_t src4, dst4; /* host order; of IPv4 */
	uint8_t src6[16], dst6[16];
	uint8_t proto;	/* enum wire_ip_proto */
	bool has_ports; /* TCP or UDP, and not a later fragment: */
	uint16_t sport, dport;
	uint32_t seq;  /* of TCP */
	bool has_echo; /* an echo request: */
	uint16_t echo_id, echo_seq;
};

/* c holds the quote, usually cut off; 8 bytes behind the header of IP must be
 * there (RFC 792). All of q is set. */
enum wire_bad wire_quote_parse4(struct cursor *c, struct wire_quote *q);
enum wire_bad wire_quote_parse6(struct cursor *c, struct wire_quote *q);

#endif

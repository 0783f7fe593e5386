/* icmp.h - what ICMP for IPv4 and for IPv6 share. */
#ifndef NETCORE_STACK_WIRE_ICMP_H
#define NETCORE_STACK_WIRE_ICMP_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"
#include "netcore/stack/wire/quote.h"

#define WIRE_ICMP_LEN 8 /* bytes of echoes and errors before their contents */

/* The types that we know; all others are refused. */
enum wire_icmp4_type {
	WIRE_ICMP4_ECHO_REPLY = 0,
	WIRE_ICMP4_UNREACH = 3,
	WIRE_ICMP4_ECHO = 8,
	WIRE_ICMP4_TIME = 11,
	WIRE_ICMP4_PARAM = 12,
};

enum wire_icmp6_type {
	WIRE_ICMP6_UNREACH = 1,
	WIRE_ICMP6_TOO_BIG = 2,
	WIRE_ICMP6_TIME = 3,
	WIRE_ICMP6_PARAM = 4,
	WIRE_ICMP6_ECHO = 128,
	WIRE_ICMP6_ECHO_REPLY = 129,
	WIRE_ICMP6_RS = 133, /* the last four: nd.h */
	WIRE_ICMP6_RA = 134,
	WIRE_ICMP6_NS = 135,
	WIRE_ICMP6_NA = 136,
};

/* Codes of WIRE_ICMP4_UNREACH; 6 to 15 are told as they are. */
enum wire_icmp4_unreach {
	WIRE_UNREACH4_NET = 0,
	WIRE_UNREACH4_HOST = 1,
	WIRE_UNREACH4_PROTO = 2,
	WIRE_UNREACH4_PORT = 3,
	WIRE_UNREACH4_FRAG_NEEDED = 4,
	WIRE_UNREACH4_ROUTE_FAILED = 5,
	WIRE_UNREACH4_MAX = 15,
};

/* Codes of WIRE_ICMP6_UNREACH; 5 to 8 are told as they are. */
enum wire_icmp6_unreach {
	WIRE_UNREACH6_NO_ROUTE = 0,
	WIRE_UNREACH6_PROHIBITED = 1,
	WIRE_UNREACH6_SCOPE = 2,
	WIRE_UNREACH6_ADDRESS = 3,
	WIRE_UNREACH6_PORT = 4,
	WIRE_UNREACH6_MAX = 8,
};

/* A message: an echo has id, seq and the cursor on its data; an error has its
 * quote, and by type an mtu or a pointer. The rest is 0. */
struct wire_icmp {
	uint8_t type, code;
	bool is_error;
	uint16_t id, seq;
	uint32_t mtu;	  /* of the next hop; 0: an old router */
	uint32_t pointer; /* into the quoted packet, bytes */
	struct wire_quote quote;
};

#endif

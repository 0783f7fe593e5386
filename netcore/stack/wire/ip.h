/* ip.h - what both versions of IP share: numbers, and bad sources. */
#ifndef NETCORE_STACK_WIRE_IP_H
#define NETCORE_STACK_WIRE_IP_H

enum wire_ip_proto {
	WIRE_IP_HOPOPT = 0,
	WIRE_IP_ICMP = 1,
	WIRE_IP_TCP = 6,
	WIRE_IP_UDP = 17,
	WIRE_IP_ROUTING = 43,
	WIRE_IP_FRAGMENT = 44,
	WIRE_IP_ICMPV6 = 58,
	WIRE_IP_NONE = 59,
	WIRE_IP_DSTOPTS = 60,
};

/* The low two bits of IPv4's tos and IPv6's traffic class (RFC 3168). */
enum wire_ip_ecn {
	WIRE_ECN_NOT = 0,
	WIRE_ECN_ECT1 = 1,
	WIRE_ECN_ECT0 = 2,
	WIRE_ECN_CE = 3,
	WIRE_ECN_MASK = 3,
};

/* What an address can be that no packet from a wire has as its source. A bit
 * each; the caller knows which of them it lives with (UNSPEC is legal where a
 * host has no address yet). */
enum wire_martian {
	WIRE_MARTIAN_UNSPEC = 1,    /* 0.0.0.0/8, :: */
	WIRE_MARTIAN_LOOPBACK = 2,  /* 127.0.0.0/8, ::1 */
	WIRE_MARTIAN_MULTICAST = 4, /* 224.0.0.0/4, ff00::/8 */
	WIRE_MARTIAN_RESERVED = 8,  /* 240.0.0.0/4, with the broadcast */
	WIRE_MARTIAN_MAPPED = 16,   /* ::ffff:0:0/96 */
};

#endif

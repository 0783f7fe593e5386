/* bad.h - why a packet was refused; what the parsers return, and what the
 * engine counts its drops by.
 */
#ifndef NETCORE_STACK_WIRE_BAD_H
#define NETCORE_STACK_WIRE_BAD_H

enum wire_bad {
	WIRE_OK = 0,

	WIRE_BAD_ETH_SHORT,
	WIRE_BAD_ETH_TYPE, /* below 0x600: an 802.3 length */
	WIRE_BAD_ETH_VLAN, /* a tag in a tag */

	WIRE_BAD_ARP_SHORT,
	WIRE_BAD_ARP_FORM,   /* not IPv4 over Ethernet */
	WIRE_BAD_ARP_OP,     /* neither request nor reply */
	WIRE_BAD_ARP_SENDER, /* the sender calls itself a group */

	WIRE_BAD_IPV4_SHORT,
	WIRE_BAD_IPV4_VERSION,
	WIRE_BAD_IPV4_IHL,    /* below 5, or beyond the frame */
	WIRE_BAD_IPV4_LENGTH, /* below the header, or beyond the frame */
	WIRE_BAD_IPV4_CKSUM,
	WIRE_BAD_IPV4_OPTION, /* its length is no length */
	WIRE_BAD_IPV4_ROUTE,  /* source routing */
	WIRE_BAD_IPV4_FRAG,   /* not in eights, or ends beyond 64 KiB */

	WIRE_BAD_IPV6_SHORT,
	WIRE_BAD_IPV6_VERSION,
	WIRE_BAD_IPV6_LENGTH,
	WIRE_BAD_IPV6_EXT_SHORT, /* an extension header is cut off */
	WIRE_BAD_IPV6_EXT_MANY,	 /* more than we care to walk */
	WIRE_BAD_IPV6_EXT_ORDER, /* hop-by-hop, but not first */
	WIRE_BAD_IPV6_OPTION,	 /* cut off, or says to be refused */
	WIRE_BAD_IPV6_ROUTE,	 /* type 0, or a route still to go */
	WIRE_BAD_IPV6_FRAG,

	WIRE_BAD_ICMP_SHORT,
	WIRE_BAD_ICMP_CKSUM,
	WIRE_BAD_ICMP_TYPE, /* none that we act on */
	WIRE_BAD_ICMP_CODE,
	WIRE_BAD_ICMP_QUOTE, /* the quoted packet says nothing */

	WIRE_BAD_ND_SHORT,
	WIRE_BAD_ND_OPTION, /* length 0, or cut off */
	WIRE_BAD_ND_TARGET, /* a group cannot be asked for */

	WIRE_BAD_UDP_SHORT,
	WIRE_BAD_UDP_LENGTH,
	WIRE_BAD_UDP_CKSUM,
	WIRE_BAD_UDP_NO_CKSUM, /* IPv6 wants one */

	WIRE_BAD_TCP_SHORT,
	WIRE_BAD_TCP_OFFSET, /* below 5, or beyond the segment */
	WIRE_BAD_TCP_OPTION, /* its length is no length */
	WIRE_BAD_TCP_CKSUM,

	WIRE_BADS
};

/* "ipv4_cksum"; "ok" for WIRE_OK and "?" for what is no reason. */
const char *wire_bad_name(enum wire_bad bad);

#endif

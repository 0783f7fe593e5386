/* bad.c - the names of the reasons, as statistics print them. */
#include "netcore/stack/wire/bad.h"

static const char *const names[WIRE_BADS] = {
	[WIRE_OK] = "ok",
	[WIRE_BAD_ETH_SHORT] = "eth_short",
	[WIRE_BAD_ETH_TYPE] = "eth_type",
	[WIRE_BAD_ETH_VLAN] = "eth_vlan",
	[WIRE_BAD_ARP_SHORT] = "arp_short",
	[WIRE_BAD_ARP_FORM] = "arp_form",
	[WIRE_BAD_ARP_OP] = "arp_op",
	[WIRE_BAD_ARP_SENDER] = "arp_sender",
	[WIRE_BAD_IPV4_SHORT] = "ipv4_short",
	[WIRE_BAD_IPV4_VERSION] = "ipv4_version",
	[WIRE_BAD_IPV4_IHL] = "ipv4_ihl",
	[WIRE_BAD_IPV4_LENGTH] = "ipv4_length",
	[WIRE_BAD_IPV4_CKSUM] = "ipv4_cksum",
	[WIRE_BAD_IPV4_OPTION] = "ipv4_option",
	[WIRE_BAD_IPV4_ROUTE] = "ipv4_route",
	[WIRE_BAD_IPV4_FRAG] = "ipv4_frag",
	[WIRE_BAD_IPV6_SHORT] = "ipv6_short",
	[WIRE_BAD_IPV6_VERSION] = "ipv6_version",
	[WIRE_BAD_IPV6_LENGTH] = "ipv6_length",
	[WIRE_BAD_IPV6_EXT_SHORT] = "ipv6_ext_short",
	[WIRE_BAD_IPV6_EXT_MANY] = "ipv6_ext_many",
	[WIRE_BAD_IPV6_EXT_ORDER] = "ipv6_ext_order",
	[WIRE_BAD_IPV6_OPTION] = "ipv6_option",
	[WIRE_BAD_IPV6_ROUTE] = "ipv6_route",
	[WIRE_BAD_IPV6_FRAG] = "ipv6_frag",
	[WIRE_BAD_ICMP_SHORT] = "icmp_short",
	[WIRE_BAD_ICMP_CKSUM] = "icmp_cksum",
	[WIRE_BAD_ICMP_TYPE] = "icmp_type",
	[WIRE_BAD_ICMP_CODE] = "icmp_code",
	[WIRE_BAD_ICMP_QUOTE] = "icmp_quote",
	[WIRE_BAD_ND_SHORT] = "nd_short",
	[WIRE_BAD_ND_OPTION] = "nd_option",
	[WIRE_BAD_ND_TARGET] = "nd_target",
	[WIRE_BAD_UDP_SHORT] = "udp_short",
	[WIRE_BAD_UDP_LENGTH] = "udp_length",
	[WIRE_BAD_UDP_CKSUM] = "udp_cksum",
	[WIRE_BAD_UDP_NO_CKSUM] = "udp_no_cksum",
	[WIRE_BAD_TCP_SHORT] = "tcp_short",
	[WIRE_BAD_TCP_OFFSET] = "tcp_offset",
	[WIRE_BAD_TCP_OPTION] = "tcp_option",
	[WIRE_BAD_TCP_CKSUM] = "tcp_cksum",
};

const char *
wire_bad_name(enum wire_bad bad)
{
	return (unsigned)bad < WIRE_BADS ? names[bad] : "?";
}

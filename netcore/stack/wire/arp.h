/* arp.h - ARP for IPv4 over Ethernet (RFC 826). */
#ifndef NETCORE_STACK_WIRE_ARP_H
#define NETCORE_STACK_WIRE_ARP_H

#include "netcore/stack/wire/bad.h"
#include "netcore/stack/wire/cursor.h"

#define WIRE_ARP_LEN 28

enum wire_arp_op {
	WIRE_ARP_REQUEST = 1,
	WIRE_ARP_REPLY = 2,
};

struct wire_arp {
	uint16_t op;
	uint8_t sha[6], tha[6]; /* Ethernet, sender and target */
	uint32_t spa, tpa;	/* IPv4, host order */
};

/* Whether the sender tells the truth is the caller's to judge; here only a
 * group address as the sender's own is refused. */
enum wire_bad wire_arp_parse(struct cursor *c, struct wire_arp *a);

/* 28, or 0 if size is less. */
size_t wire_arp_emit(uint8_t *buf, size_t size, const struct wire_arp *a);

#endif

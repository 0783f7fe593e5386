/* link.h - network interfaces of the namespace that we are in, by rtnetlink
 * and ethtool's ioctl. All return 0 or -errno. */
#ifndef DLIBOS_LAUNCH_LINK_H
#define DLIBOS_LAUNCH_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "dlibos/launch/address.h"

struct link_veth {
	const char *name, *peer;
	int peer_ns;	    /* where the peer is made */
	unsigned mtu;	    /* of both; 0: the kernel's */
	const uint8_t *mac; /* of the first; NULL: the kernel's */
};

bool link_exists(const char *name);
/* 1 to 15 letters, digits, '.', '_' and '-', that no file of /proc is like. */
bool link_name_ok(const char *name);

/* -EEXIST: one of the names is taken. */
int link_make_veth(const struct link_veth *v);
int link_delete(const char *name);

/* With `silent`, the kernel answers no ARP there. */
int link_up(const char *name, bool silent);
/* In force at once, nobody is asked whether he has it; there may be more. */
int link_add_address(const char *name, const struct address *a);

/* The kernel speaks no IPv6 there; where it speaks none at all, well. */
int link_no_ipv6(const char *name);

/* Checksums are complete, and frames no longer than the MTU, when they leave
 * it and when they arrive. */
int link_no_offloads(const char *name);

/* What a driver does to an interface, and leaves behind: it takes frames to any
 * address, and runs a program of XDP. */
bool link_is_promiscuous(const char *name);
int link_not_promiscuous(const char *name);
int link_no_xdp(const char *name);

/* A new tap interface, which stays for as long as the descriptor that is
 * returned is open, and does not get any frames by it. -EEXIST. */
int link_make_tap(const char *name);

#endif

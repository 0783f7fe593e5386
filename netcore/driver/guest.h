/* guest.h - network interfaces of the kernel, which belong to somebody else:
 * we are guests there, change nothing, and leave nothing behind even if we are
 * killed.
 */
#ifndef NETCORE_DRIVER_GUEST_H
#define NETCORE_DRIVER_GUEST_H

#include <stdbool.h>

/* Bytes of a packet there; 0: it does not say. */
unsigned guest_mtu(const char *interface);

/* Lets in multicast (or everything, for an address that is not its own), as
 * long as the descriptor returned is open. -errno */
int guest_listen(const char *interface, bool everything);

#endif

/* filter.h - of the frames that a packet socket sees, those that are for a
 * share: the kernel drops the flows of others before it copies them. What a
 * program of the kernel's cannot tell goes to all, and the engine judges:
 * fragments, IPv6 with extension headers, frames with a tag, whatever is
 * neither TCP nor UDP.
 */
#ifndef NETCORE_DRIVER_FILTER_H
#define NETCORE_DRIVER_FILTER_H

#include <linux/filter.h>

#include "netcore/stack/steer.h"

#define FILTER_MAX 96 /* instructions */

/* How many instructions; the hash is that of steer.h. */
unsigned filter_make(
	struct sock_filter program[FILTER_MAX], const struct steer *s);

/* On a socket of any family; a packet socket does not see any more what others
 * send by its interface. 0 or -errno. */
int filter_attach(int fd, const struct steer *s);

#endif

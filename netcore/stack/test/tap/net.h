/* net.h - a network namespace of our own, a tap, addresses for the kernel's
 * end. All is gone with the last process in it. */
#ifndef NETCORE_STACK_TEST_TAP_NET_H
#define NETCORE_STACK_TEST_TAP_NET_H

#include <stdbool.h>
#include <sys/types.h>

/* False: we may not; says why. */
bool net_enter(void);
/* A tap without offloads, up. mute: its other end is for the bridge alone, and
 * the kernel answers nothing there. It would, for any address that it has
 * anywhere, and so lead traffic past the bridge. */
int net_tap(const char *name, bool mute);
void net_up(const char *name, bool mute);
void net_addresses(const char *name);

/* Starts the bridge, waits until it has joined its ends. *out: what it says
 * from then on. It ends with us. */
pid_t net_bridge(char **argv, int *out);
/* Ends it by SIGTERM and prints its counts. False: it failed. */
bool net_bridge_end(pid_t pid, int out);

#endif

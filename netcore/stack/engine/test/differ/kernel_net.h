/* kernel_net.h - a network namespace of this process, with a tap in it. Both
 * end with the process, however it ends. */
#ifndef NETCORE_STACK_ENGINE_TEST_DIFFER_KERNEL_NET_H
#define NETCORE_STACK_ENGINE_TEST_DIFFER_KERNEL_NET_H

#include <stdint.h>

/* The tap's descriptor, not blocking; -1, and says why, if it cannot be. */
int kernel_net_open(void);

struct kernel_net_socket {
	int state;	/* Linux's; 0: none, or a listener */
	int rcv_wscale; /* -1: not known */
};

/* What the kernel has of a connection, in whatever shape. diag: a socket of
 * kernel_net_diag(). */
int kernel_net_diag(void);
struct kernel_net_socket kernel_net_find(
	int diag, uint16_t port, uint16_t peer_port);

#endif

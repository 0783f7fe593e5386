/* fanout.h - a packet socket gets frames as they come. DPDK 22.11 makes each of
 * its own a fan of one, and asks the kernel to put fragments of IPv4 together
 * for it: what comes out is longer than a buffer, and cut. Where several
 * network cores look at an interface, one of them gets it, and most likely
 * another one than it is for. */
#ifndef NETCORE_DRIVER_FANOUT_H
#define NETCORE_DRIVER_FANOUT_H

/* Calls f(arg) where that wish is granted and not fulfilled: on a thread of its
 * own, whose end it waits for. Without a right to it f is called all the same,
 * and gets what DPDK wants. What f returns, or -errno. */
int fanout_without(int (*f)(const char *arg), const char *arg);

#endif

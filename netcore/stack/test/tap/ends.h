/* ends.h - the two ends of the wire. */
#ifndef NETCORE_STACK_TEST_TAP_ENDS_H
#define NETCORE_STACK_TEST_TAP_ENDS_H

#include <stdio.h>

#include "netcore/stack/test/tap/job.h"

/* The kernel's, with sockets: returns when all connections are over. `ready`
 * gets a byte when it listens, and one at the end. */
void kernel_end(const struct job *j, int ready);

/* The engine's, on its tap; returns when all connections are over and acked,
 * and the kernel's end has said so by a byte in `peer`. pcap: a file or
 * NULL. */
void engine_end(const struct job *j, int tap, int peer, FILE *pcap);

#endif

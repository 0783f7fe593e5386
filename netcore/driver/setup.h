/* setup.h - what a port of each kind is told before it starts, and after. */
#ifndef NETCORE_DRIVER_SETUP_H
#define NETCORE_DRIVER_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "netcore/driver/port.h"

/* Configures a port that was probed; p->caps say the result. 0 or -errno. */
int setup_port(
	struct port *p, const struct driver_config *c, char *why, size_t size);

/* A queue to send by. 0 or -errno, of DPDK's. */
int setup_transmit(struct port *p, unsigned queue);

/* By what it can be asked what it has sent. Of a port that has started. */
enum port_reap setup_reap(const struct port *p);

/* What wakes the owner of a queue; or -1. */
int setup_fd(struct port *p, unsigned queue);

#endif

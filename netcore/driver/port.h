/* port.h - a port of DPDK's, and the queues of it that are opened. */
#ifndef NETCORE_DRIVER_PORT_H
#define NETCORE_DRIVER_PORT_H

#include <rte_mempool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/limits.h"
#include "netcore/driver/driver.h"
#include "netcore/driver/fds.h"
#include "netcore/driver/mates.h"
#include "netcore/driver/spec.h"

/* How a port is asked what it has sent. */
enum port_reap {
	REAP_CLEANUP, /* it lets go of all that it has sent */
	REAP_STATUS,  /* it tells whether the last frame was sent */
	REAP_REFUSAL, /* it lets go before it refuses one that is too long */
	REAP_NONE,
};

struct port {
	bool used, started;
	bool gone; /* closed; some queue is still to be given back */
	char text[LIMIT_PORT]; /* as it was asked for */
	struct spec spec;
	uint16_t id, mtu;
	unsigned queues;
	uint32_t opened; /* bit: queue */
	uint32_t room;	 /* bytes for a frame in a buffer */
	uint16_t rx_desc, tx_desc;
	bool reports; /* the device reports each frame that it has sent */
	enum port_reap reap;
	uint16_t max_segs; /* of a frame that it does not cut up */
	bool rings;	   /* its fd[] tell of frames when they are asked to */
	bool cuts;	   /* takes no piece across the end of a page; cut.h */
	struct fds before; /* the process's descriptors before it was probed */
	int fd[DRIVER_QUEUES];
	struct mates *mates; /* of several queues; else NULL */
	struct steer steer;  /* by which they are told apart */
	uint8_t rss_key[64];
	int member; /* keeps an interface listening; or -1 */
	struct driver_caps caps;
};

/* The port that c asks for; it is made if it is not there. 0 or -errno and a
 * line. It is to be given back by port_put(). */
int port_get(struct port **out, const struct driver_config *c, uint32_t room,
	char *why, size_t size);

/* Sets a queue up to receive into `pool`; with the last one the port starts.
 * -EAGAIN: a new pool may have more luck. */
int port_queue(struct port *p, unsigned queue, struct rte_mempool *pool,
	char *why, size_t size);

/* The queue is not in use any more. The port stops, and lets go of every
 * buffer of every queue. One that was never set up leaves the others be. */
void port_put(struct port *p, unsigned queue);

/* What it can do, as configured; the link as it is now. */
const struct driver_caps *port_caps(struct port *p);

#endif

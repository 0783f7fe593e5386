/* own.h - a driver: what its files share, and nobody else sees. */
#ifndef NETCORE_DRIVER_OWN_H
#define NETCORE_DRIVER_OWN_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/cacheline.h"
#include "netcore/driver/done.h"
#include "netcore/driver/driver.h"
#include "netcore/driver/mates.h"
#include "netcore/driver/pool.h"
#include "netcore/driver/port.h"
#include "netcore/driver/quiet.h"

#define DRIVER_STASH 32	 /* frames that driver_pending() came upon */
#define DRIVER_WAIT  512 /* frames that the port has not taken yet */
#define DRIVER_BURST 64	 /* frames in one call of DPDK */

struct driver {
	uint16_t id, queue;
	bool trust, gathers;
	bool armed; /* the port will ring, and must be told when it need not */
	uint16_t max_segs;
	uint16_t cuts; /* CUT_MORE, if the port needs it; else 0 */
	struct port *port;
	struct rte_mempool *rx, *headers, *pieces;

	struct mate mate; /* if the port has several queues */
	uint32_t stash_at, stash_end;
	uint32_t wait_at, wait_end; /* of wait[], as they run */
	struct done done;
	struct quiet quiet;
	struct driver_count count;
	struct part mapped[2]; /* that the device reaches; copies */
	struct rte_mbuf *stash[DRIVER_STASH];
	struct rte_mbuf *wait[DRIVER_WAIT];
} CACHELINE_ALIGNED;

#endif

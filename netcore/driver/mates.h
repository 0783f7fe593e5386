/* mates.h - the queues of one port are served by threads of one process. A
 * device that spreads flows as steer.h says brings each frame to its owner's
 * queue; whatever else it does, the owner gets it here.
 *
 *	queue's thread	--- go --->	owner's thread
 *			<-- back ---
 *
 * A frame is lent in the buffer that it came in, which only its queue's thread
 * may free: so it comes back. What all are to see (ARP, parts of packets, ICMP)
 * each gets in a copy. How much a mate may have is bounded; what is more is
 * dropped and counted.
 */
#ifndef NETCORE_DRIVER_MATES_H
#define NETCORE_DRIVER_MATES_H

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "netcore/driver/driver.h"

#define MATES_LENT 1024u /* to one mate at a time */

struct mates {
	unsigned n;
	struct rte_mempool *pool[DRIVER_QUEUES];
	/* From, to. The lender is the only one who enqueues in `go`, and the
	 * only one who dequeues from `back`. */
	struct rte_ring *go[DRIVER_QUEUES][DRIVER_QUEUES];
	struct rte_ring *back[DRIVER_QUEUES][DRIVER_QUEUES];
};

/* One queue's end, of its thread alone. */
struct mate {
	struct mates *all; /* NULL: it has no mates */
	unsigned queue;
	const struct steer *steer;
	uint32_t lent[DRIVER_QUEUES];
};

enum { MATES_ALL = -1, MATES_NOBODY = -2 };

/* NULL: no memory. */
struct mates *mates_make(unsigned n);
void mates_free(struct mates *all);

/* A queue joins before the port starts; what it gets by go is `pool`'s. */
void mates_join(struct mate *e, struct mates *all, unsigned queue,
	struct rte_mempool *pool, const struct steer *s);

/* Whose a frame is: a queue, or all; nobody's is of no protocol of ours, or too
 * short to say. */
int mates_whose(const struct steer *s, const uint8_t *frame, uint32_t len);

/* Of n frames from our queue those that are for us stay, in order; how many.
 * The others are lent, or dropped. */
unsigned mates_sort(struct mate *e, struct rte_mbuf **m, unsigned n,
	struct driver_count *count);

/* Frames that others lend us; and those that we lent come home. */
unsigned mates_take(struct mate *e, struct rte_mbuf **m, unsigned max);

bool mates_pending(const struct mate *e);

/* Not ours: it goes to its owner. */
void mates_return(struct mate *e, struct rte_mbuf *m);

static inline void
mates_release(struct mate *e, struct rte_mbuf *m)
{
	if (unlikely(e->all) && m->pool != e->all->pool[e->queue])
		mates_return(e, m);
	else
		rte_pktmbuf_free(m);
}

#endif

/* rival.h - the rings that ours is measured against: rte_ring of DPDK and
 * ck_ring, both single producer, single consumer, with elements of 16 bytes.
 *
 * Neither protects its two sides from each other: both ends write one header.
 * Both have one slot less than their size; it makes no difference here.
 */
#ifndef BENCH_RIVAL_H
#define BENCH_RIVAL_H

#include <ck_ring.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dlibos/base/cacheline.h"
#include "noc/msg.h"

CK_RING_PROTOTYPE(msg, msg)

struct rival_ck {
	ck_ring_t ring PAIR_ALIGNED;
	struct msg slot[LIMIT_FIFO] PAIR_ALIGNED;
};

/* Zeroed memory, LIMIT_FIFO slots. */
struct rival_ck *rival_ck_make(void);
void rival_ck_free(struct rival_ck *r);
struct rte_ring *rival_rte_make(void);
void rival_rte_free(struct rte_ring *r);

#endif

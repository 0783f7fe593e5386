/* pool.h - buffers of DPDK's that lie in a partition. Each pool has one owner,
 * so taking and giving back is a stack of pointers without lock or cache: the
 * buffer that was given back last is taken first, while it is still warm.
 */
#ifndef NETCORE_DRIVER_POOL_H
#define NETCORE_DRIVER_POOL_H

#include <rte_mempool.h>
#include <stdint.h>

/* What a buffer has before its data: DPDK's header of an object, the mbuf, and
 * room that some ports put headers of their own into. */
#define POOL_MBUF 192u
#define POOL_FORE RTE_PKTMBUF_HEADROOM

/* Bytes of an object with so much room for data (0: none, and no room before
 * it). Packet sockets of the XDP kind want objects that fill pages densely. */
uint32_t pool_object(uint32_t room);

/* How many fit into so many bytes. */
uint32_t pool_fit(uint64_t bytes, uint32_t object);

/* A pool of buffers of `room` bytes in [base, base + bytes), page-aligned, and
 * NULL where that fails (rte_errno). `number` makes its name. */
struct rte_mempool *pool_make(
	unsigned number, uint8_t *base, uint64_t bytes, uint32_t room);
void pool_free(struct rte_mempool *p);

/* Buffers in it. */
static inline uint32_t
pool_left(const struct rte_mempool *p)
{
	return *(const uint32_t *)p->pool_data;
}

#endif

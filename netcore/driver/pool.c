/* pool.c - the stack of buffers behind a DPDK mempool. */
#include "netcore/driver/pool.h"

#include <assert.h>
#include <errno.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/bits.h"

#define PAGE	      4096u
#define OBJECT_HEADER 64u /* DPDK's, in front of each */

/* --- the stack of pointers ------------------------------------------------*/

struct lifo {
	uint32_t left; /* pool_left() reads it */
	uint32_t size;
	void *object[];
};

static int
stack_make(struct rte_mempool *p)
{
	struct lifo *h = calloc(1, sizeof(*h) + p->size * sizeof(void *));

	if (!h)
		return -ENOMEM;
	h->size = p->size;
	p->pool_data = h;
	return 0;
}

static void
stack_free(struct rte_mempool *p)
{
	free(p->pool_data);
}

static int
stack_put(struct rte_mempool *p, void *const *object, unsigned n)
{
	struct lifo *h = p->pool_data;

	assert(n <= h->size - h->left); /* else one came back twice */
	memcpy(h->object + h->left, object, n * sizeof(void *));
	h->left += n;
	return 0;
}

static int
stack_get(struct rte_mempool *p, void **object, unsigned n)
{
	struct lifo *h = p->pool_data;

	if (unlikely(n > h->left))
		return -ENOBUFS;
	for (unsigned i = 0; i < n; i++)
		object[i] = h->object[--h->left];
	return 0;
}

static unsigned
stack_count(const struct rte_mempool *p)
{
	return pool_left(p);
}

static const struct rte_mempool_ops ops = {
	.name = "dl_lifo",
	.alloc = stack_make,
	.free = stack_free,
	.enqueue = stack_put,
	.dequeue = stack_get,
	.get_count = stack_count,
};

RTE_MEMPOOL_REGISTER_OPS(ops)

/* --- pools ----------------------------------------------------------------*/

uint32_t
pool_object(uint32_t room)
{
	uint32_t bytes = POOL_MBUF;

	if (!room)
		return bytes;
	bytes = (uint32_t)round_up(bytes + POOL_FORE + room, 64);
	if (bytes > PAGE)
		return bytes;
	/* Those for whole frames are whole fractions of a page. */
	return bytes <= 512 ? bytes : bytes <= PAGE / 2 ? PAGE / 2 : PAGE;
}

uint32_t
pool_fit(uint64_t bytes, uint32_t object)
{
	uint64_t n =
		object > PAGE ? bytes / object : bytes / PAGE * (PAGE / object);

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

struct rte_mempool *
pool_make(unsigned number, uint8_t *base, uint64_t bytes, uint32_t room)
{
	uint32_t object = pool_object(room), n = pool_fit(bytes, object);
	struct rte_pktmbuf_pool_private private = {0};
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *p;

	private.mbuf_data_room_size = room ? (uint16_t)(object - POOL_MBUF) : 0;
	snprintf(name, sizeof(name), "dl%u", number);
	p = rte_mempool_create_empty(name, n, object - OBJECT_HEADER, 0,
		sizeof(private), SOCKET_ID_ANY,
		RTE_MEMPOOL_F_NO_SPREAD | RTE_MEMPOOL_F_SP_PUT |
			RTE_MEMPOOL_F_SC_GET);
	if (!p)
		return NULL;
	if (rte_mempool_set_ops_byname(p, ops.name, NULL))
		goto fail;
	rte_pktmbuf_pool_init(p, &private);
	if (rte_mempool_populate_virt(
		    p, (char *)base, bytes, PAGE, NULL, NULL) < 0 ||
		p->populated_size != n)
		goto fail;
	rte_mempool_obj_iter(p, rte_pktmbuf_init, NULL);
	return p;
fail:
	rte_mempool_free(p);
	return NULL;
}

void
pool_free(struct rte_mempool *p)
{
	rte_mempool_free(p);
}

/* rival.c - others' rings under the same load. */
#include "bench/duo.h"
#include "bench/rival.h"
#include "dlibos/base/log.h"

struct rival_ck *
rival_ck_make(void)
{
	struct rival_ck *r = duo_memory(sizeof(*r));

	ck_ring_init(&r->ring, LIMIT_FIFO);
	return r;
}

void
rival_ck_free(struct rival_ck *r)
{
	duo_free(r, sizeof(*r));
}

static size_t
rte_bytes(void)
{
	ssize_t bytes =
		rte_ring_get_memsize_elem(sizeof(struct msg), LIMIT_FIFO);

	if (bytes < 0)
		die(EXIT_FAIL, "rte_ring does not know such a size");
	return (size_t)bytes;
}

/* A ring in memory of our own needs no EAL. */
struct rte_ring *
rival_rte_make(void)
{
	struct rte_ring *r = duo_memory(rte_bytes());

	if (rte_ring_init(
		    r, "bench", LIMIT_FIFO, RING_F_SP_ENQ | RING_F_SC_DEQ))
		die(EXIT_FAIL, "rte_ring_init failed");
	return r;
}

void
rival_rte_free(struct rte_ring *r)
{
	duo_free(r, rte_bytes());
}

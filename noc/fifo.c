/* fifo.c - the ring's two sides, where they are not inline. */
#include <assert.h>
#include <errno.h>

#include "noc/fifo.h"

static uint32_t
checked_slots(uint32_t slots)
{
	assert(is_pow2(slots) && slots >= LIMIT_FIFO_MIN &&
		slots <= LIMIT_FIFO_MAX);
	return slots;
}

void
fifo_tx_init(
	struct fifo_tx *f, void *slot, const uint32_t *taken, uint32_t slots)
{
	*f = (struct fifo_tx){
		.slot = slot,
		.taken = taken,
		.limit = checked_slots(slots),
		.mask = slots - 1,
		.shift = log2_of(slots),
	};
}

void
fifo_rx_init(
	struct fifo_rx *f, const void *slot, uint32_t *taken, uint32_t slots)
{
	*f = (struct fifo_rx){
		.slot = slot,
		.taken = taken,
		.mask = checked_slots(slots) - 1,
		.shift = log2_of(slots),
	};
}

int64_t
fifo_refresh(struct fifo_tx *f)
{
	/* [A2] pairs with [R2] in fifo_tell() */
	uint32_t taken = atomic_load_acq_32(f->taken);
	uint32_t under_way = f->head - taken;

	/* What was under way when we last looked bounds what can be now: less
	 * than 0 or more than that is `taken` beyond head, or gone back. */
	if (under_way > f->mask + 1 - (f->limit - f->head))
		return -EPROTO;
	f->limit = taken + f->mask + 1;
	return under_way;
}

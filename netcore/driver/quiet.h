/* quiet.h - when nobody is within the port. The memory of memif's rings goes
 * when its peer does: DPDK 22.11 unmaps it in a thread of its own, also while
 * the network core is in the middle of a burst, which would be its last. So
 * that thread waits until the core has come out; the next burst sees that the
 * link is down, and leaves the rings alone. */
#ifndef NETCORE_DRIVER_QUIET_H
#define NETCORE_DRIVER_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/atomic.h"

struct quiet {
	uint32_t inside;   /* odd: the network core is; written by it alone */
	bool fences;	   /* the kernel cannot fence the core from outside */
	uint32_t unmapped; /* pieces of memory; written by the other thread */
};

/* From now on, and until then; by one thread at a time. */
void quiet_watch(struct quiet *q);
void quiet_forget(struct quiet *q);

static inline void
quiet_enter(struct quiet *q)
{
	atomic_store_32(&q->inside, q->inside + 1);
	if (q->fences)
		atomic_full_fence();
	ck_pr_barrier();
}

static inline void
quiet_leave(struct quiet *q)
{
	atomic_store_rel_32(&q->inside, q->inside + 1);
}

#endif

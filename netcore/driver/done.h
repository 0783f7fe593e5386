/* done.h - which frames has the port let go of? Serial numbers are given in
 * order; frames are let go of in any; what is told is up to where all were.
 *
 * DPDK may hold on to a frame long after the device has sent it, until its
 * place in a ring is used again. Where that can be found out, what is told runs
 * ahead of what is let go of; the frame's slot stays in use.
 *
 * A frame's pieces are external buffers to DPDK. They share one counter, which
 * lies here, and when it reaches 0 DPDK calls back, on the owner's thread. So
 * a frame needs neither a search nor memory of its own, wherever it is.
 *
 *	upto       told   sent
 *	  |          |    |
 *	  v          v    v
 *	..x x . x . . x . .         x: let go of
 */
#ifndef NETCORE_DRIVER_DONE_H
#define NETCORE_DRIVER_DONE_H

#include <rte_mbuf.h>
#include <stdbool.h>
#include <stdint.h>

#include "netcore/driver/mates.h"

struct done;

struct done_slot {
	struct rte_mbuf_ext_shared_info info;
	struct done *of;
	struct rte_mbuf *buf; /* goes when the frame goes; or NULL */
	bool open;	      /* not let go of yet */
};

struct done {
	uint64_t sent, upto, told; /* serials */
	uint32_t mask;		   /* slots - 1 */
	struct done_slot *slot;
	struct mate *mate; /* takes frames that came */
};

/* slots: a power of two. 0; -ENOMEM. */
int done_init(struct done *d, uint32_t slots, struct mate *mate);
void done_fini(struct done *d);

static inline uint32_t
done_room(const struct done *d)
{
	return d->mask + 1 - (uint32_t)(d->sent - d->upto);
}

/* The next serial, for a frame of so many pieces (not 0), each of which will be
 * attached with what is returned. There must be room. */
struct rte_mbuf_ext_shared_info *done_begin(
	struct done *d, struct rte_mbuf *buf, uint16_t pieces);

/* The device has sent all frames that there are. */
static inline void
done_all_sent(struct done *d)
{
	d->told = d->sent;
}

/* The next serial, for a frame that is let go of already. */
void done_at_once(struct done *d);

#endif

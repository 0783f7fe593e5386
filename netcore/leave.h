/* leave.h - application cores that are gone, while the device may still read
 * the memory that they sent from.
 *
 * That memory may be unmapped only when the port has let go of every frame that
 * was sent until then: when its serial numbers (driver.h) have come so far. The
 * network core goes on serving all others meanwhile. A port that lets go of its
 * last frames only when more are sent gets some more to send, that go nowhere.
 *
 * One thread. Order of use: leave_init(); leave_begin() when one goes, which
 * the stack has nothing of to send any more; leave_turn() each turn while any
 * are there. */
#ifndef NETCORE_LEAVE_H
#define NETCORE_LEAVE_H

#include "dlibos/limits.h"
#include "netcore/driver/driver.h"

#define LEAVE_NS    1000000000ull /* for the port to let go */
#define LEAVE_BURST 32		  /* frames to push it with, in a turn */

#define LEAVE_COUNTERS(X)                                            \
	X(waits)  /* applications that the port was not done with */ \
	X(pushes) /* frames sent for it to let go of others */       \
	X(stuck)  /* it did not: the network core ends */

struct leave_count {
#define X(name) uint64_t name;
	LEAVE_COUNTERS(X)
#undef X
};

struct leave_one {
	void *who;
	uint64_t serial; /* all frames up to it */
	uint64_t until;	 /* clock_ns() */
};

struct leave {
	struct driver *driver;
	/* The port is done with its memory. */
	void (*gone)(void *who);
	bool lazy;
	uint8_t mac[6];
	uint32_t frames;	 /* that the port holds at most */
	uint32_t pushes;	 /* that it may still get */
	unsigned first, waiting; /* in one[], which goes round */
	struct leave_count count;
	struct leave_one one[LIMIT_CORES];
};

/* driver NULL: there is no port to wait for. */
void leave_init(struct leave *l, struct driver *driver);

/* True: the port is done with it already. Else gone(who) follows. There are
 * no more than LIMIT_CORES at a time. */
bool leave_begin(struct leave *l, void *who, uint64_t now);

/* False: the port does not let go of memory; there is no going on. */
bool leave_turn(struct leave *l, uint64_t now);

#endif

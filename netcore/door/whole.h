/* whole.h - where a datagram lies that is told of as one piece and did not come
 * as one: it came in several packets, or is longer than a copy (copy.h). It is
 * put together, once, in a buffer of its own at the end of the partition that
 * its application reads; the packets' buffers are free again then.
 *
 * There are few, since an application gives one back when its callback has
 * returned, and they are nobody's but theirs: what comes in one packet does not
 * use them up, and one application takes none from another.
 */
#ifndef NETCORE_DOOR_WHOLE_H
#define NETCORE_DOOR_WHOLE_H

#include <stdint.h>

#define WHOLE_ROOM  65536u /* bytes of one: any datagram */
#define WHOLE_MOST  8u
#define WHOLE_SHARE 16u /* of a partition, this part at most */

struct door;
struct stack_datagram;

struct door_whole {
	uint8_t *base;
	uint32_t n;    /* 0: there are none */
	uint32_t free; /* by bit */
};

/* How many there are of a network core's part of a partition. */
static inline uint32_t
whole_fit(uint64_t bytes)
{
	uint64_t n = bytes / WHOLE_SHARE / WHOLE_ROOM;

	return n < WHOLE_MOST ? (uint32_t)n : WHOLE_MOST;
}

void whole_init(struct door_whole *w, uint8_t *base, uint32_t n);

/* For an application core: all of g in one piece. Its buffers are given back.
 * NULL, and they are the caller's: there is none free, which is counted. */
const uint8_t *whole_make(
	struct door *d, unsigned app, const struct stack_datagram *g);

/* Takes back what this application core had. */
void whole_put(struct door *d, unsigned app, const void *at);

#endif

/* leave.c - from the last frame of a dead core to its release. */
#include "netcore/leave.h"

#include <assert.h>
#include <string.h>

#include "dlibos/base/bits.h"

#define PUSH_BYTES 60 /* the shortest frame */

_Static_assert(PUSH_BYTES <= STACK_HEADERS, "it is all header");

void
leave_init(struct leave *l, struct driver *driver)
{
	const struct driver_caps *caps;

	*l = (struct leave){.driver = driver};
	if (!driver)
		return;
	caps = driver_caps(driver);
	l->lazy = caps->lazy;
	l->frames = caps->tx_frames;
	memcpy(l->mac, caps->mac, sizeof(l->mac));
}

bool
leave_begin(struct leave *l, void *who, uint64_t now)
{
	uint64_t sent = l->driver ? driver_tx_sent(l->driver) : 0;

	if (!l->driver || driver_tx_done(l->driver) >= sent)
		return true;
	assert(l->waiting < LIMIT_CORES);
	l->one[(l->first + l->waiting++) % LIMIT_CORES] =
		(struct leave_one){who, sent, now + LEAVE_NS};
	l->count.waits++;
	l->pushes = 2 * l->frames;
	return false;
}

/* To ourselves, which no switch passes on, and of a protocol for such tests
 * (Ethernet's Configuration Testing), which everybody ignores. */
static void
push(struct leave *l)
{
	uint8_t bytes[STACK_HEADERS] = {0};
	struct stack_tx_frame f = {.headers = bytes, .header_len = PUSH_BYTES};
	unsigned n = driver_tx_room(l->driver);

	if (n > LEAVE_BURST)
		n = LEAVE_BURST;
	if (n > l->pushes)
		n = l->pushes;
	memcpy(bytes, l->mac, 6);
	memcpy(bytes + 6, l->mac, 6);
	bytes[12] = 0x90;
	bytes[16] = 1; /* a reply: nobody answers it */
	for (unsigned i = 0; i < n; i++)
		driver_tx(l->driver, &f, 1);
	l->pushes -= n;
	l->count.pushes += n;
}

/* They are in the order of their serials. */
bool
leave_turn(struct leave *l, uint64_t now)
{
	driver_tx(l->driver, NULL, 0); /* what the port did not take yet */
	driver_tx_reap(l->driver);
	if (l->lazy && l->pushes)
		push(l);
	while (l->waiting) {
		struct leave_one *o = &l->one[l->first];

		if (driver_tx_done(l->driver) < o->serial) {
			if (likely(now < o->until))
				return true;
			l->count.stuck++;
			return false;
		}
		l->first = (l->first + 1) % LIMIT_CORES;
		l->waiting--;
		l->gone(o->who);
	}
	return true;
}

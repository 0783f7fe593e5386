/* share.h - what all applications of an instance draw from, and how much of it
 * each can count on.
 *
 * A share is a process's: so many places as it has cores here, out of as many
 * as there will ever be (door_config.apps). Cores of one process are in one
 * memory, and divide what they have as they like; what one process cannot do is
 * to take what another one has not used yet. The share of a process that is not
 * there is kept for it.
 *
 * Counted is what an application makes and keeps: a connection from its offer,
 * or the attempt, until both sides have let go of it. The stack has room for
 * two kinds more: what is in TIME-WAIT and was closed gives way whenever a
 * place is wanted, and handshakes that others began are bounded, with places of
 * their own. So who has not used its share up always gets one more. */
#ifndef NETCORE_DOOR_SHARE_H
#define NETCORE_DOOR_SHARE_H

#include "dlibos/limits.h"
#include "netcore/stack/core/quota.h"

enum share_of {
	SHARE_CONNS,
	SHARE_LISTENERS,
	SHARE_SENDS, /* taken and given back by the stack */
	SHARES
};

/* What of the stack's references is shared out among so many cores: each can
 * count on as many as its library lets it have under way, and there is once
 * more of that, for who needs it. */
static inline uint32_t
share_sends(unsigned apps)
{
	return LIMIT_SENDS * (apps + 1);
}

/* What was refused to an application core, for its process has its share. */
#define SHARE_COUNTERS(X) \
	X(accepts)        \
	X(connects)       \
	X(listens)        \
	X(sends) /* the connection is reset */

struct share_over {
#define X(name) uint64_t name;
	SHARE_COUNTERS(X)
#undef X
};

_Static_assert(LIMIT_DOMAINS <= QUOTA_MEMBERS, "a domain is a member");

#endif

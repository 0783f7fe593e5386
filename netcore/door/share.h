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
 * or the attempt, until both sides have let go of it. What is in TIME-WAIT and
 * was closed is not: the stack has let go of it. */
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

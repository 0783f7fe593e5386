/* share.h - what of a shared address is ours. Asked only about what no
 * connection of ours is found for: one that is in our table is ours. */
#ifndef NETCORE_STACK_ENGINE_SHARE_H
#define NETCORE_STACK_ENGINE_SHARE_H

#include "netcore/stack/engine/engine.h"

/* Where there are several shares. */
bool share_has(const struct stack *s, const struct flow_key *k);
bool share_drops_key(struct stack *s, const struct flow_key *k);
bool share_drops_pair(struct stack *s, struct ip_addr a, struct ip_addr b);

static inline bool
share_is_one_of_many(const struct stack *s)
{
	return unlikely(s->cfg.steer.shares > 1);
}

/* Another engine sees to it; that is counted. */
static inline bool
share_drops(struct stack *s, const struct flow_key *k)
{
	return share_is_one_of_many(s) && share_drops_key(s, k);
}

/* The same of what has no ports. */
static inline bool
share_drops_ip(struct stack *s, struct ip_addr a, struct ip_addr b)
{
	return share_is_one_of_many(s) && share_drops_pair(s, a, b);
}

/* One of all answers those who ask for the address. */
static inline bool
share_is_first(const struct stack *s)
{
	return !share_is_one_of_many(s) || !s->cfg.steer.share;
}

#endif

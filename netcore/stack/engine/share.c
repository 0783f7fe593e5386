/* share.c - several engines have one address, each its part of the flows. */
#include <endian.h>

#include "netcore/stack/engine/share.h"

/* A key has IPv6 as on the wire, IPv4 in host order. */
static uint32_t
addrs_of(const struct stack *s, const struct flow_key *k)
{
	const uint64_t *a = k->addr;
	uint64_t x = a[0];

	if (flow_key_is4(k))
		return s->ip4 ^ k->remote4;
	x ^= a[1] ^ a[2] ^ a[3];
	return be32toh((uint32_t)(x ^ x >> 32));
}

bool
share_has(const struct stack *s, const struct flow_key *k)
{
	return steer_is_ours(
		&s->cfg.steer, addrs_of(s, k), k->local_port ^ k->remote_port);
}

bool
share_drops_key(struct stack *s, const struct flow_key *k)
{
	if (share_has(s, k))
		return false;
	s->count.rx_not_ours++;
	return true;
}

bool
share_drops_pair(struct stack *s, struct ip_addr a, struct ip_addr b)
{
	struct flow_key k = key_of(a, b);

	return share_drops_key(s, &k);
}

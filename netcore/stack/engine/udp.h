/* udp.h - datagrams (RFC 768, 1122 section 4.1). */
#ifndef NETCORE_STACK_ENGINE_UDP_H
#define NETCORE_STACK_ENGINE_UDP_H

#include "netcore/stack/engine/engine.h"

/* Who gets what is for a port. */
struct udp_port {
	struct ip_addr ip; /* unspecified: any of ours */
	uint16_t port;
	bool used;
	uint64_t user;
};

/* c holds the contents of a packet between k's addresses. False: nobody has the
 * port. */
bool udp_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct frag_key *k);

/* One that came in n pieces; what is taken is marked as kept. */
void udp_pieces(struct stack *s, const struct frag_key *k,
	struct stack_rx_frame *f, unsigned n, uint32_t len);

/* Whether there can be a datagram between them: 0, -EINVAL, -EADDRNOTAVAIL. */
int udp_may_send(struct ip_addr src, struct ip_addr ip);

#endif

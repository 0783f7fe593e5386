/* cookie.h - SYN cookies (RFC 4987, 3.6): under pressure a SYN is answered
 * without keeping anything, and what must be known of it later is said to the
 * peer, who says it again in his acknowledgement:
 *
 *	sequence number	| count 5 | mss 3 | hash 24 |
 *	timestamp	| our clock ...      | ECN 1 | SACK 1 | scale 4 |
 *
 * The hash is of the four numbers, the peer's sequence number, the count and
 * the mss, with a secret. The count is the time in 65 s; a cookie is good for
 * the one in which it was made, and the next. Without timestamps the peer's
 * scale, SACK and ECN are forgone. */
#ifndef NETCORE_STACK_ENGINE_COOKIE_H
#define NETCORE_STACK_ENGINE_COOKIE_H

#include "netcore/stack/engine/engine.h"

/* r is a SYN to a listener for which there is no room. */
void cookie_send(struct stack *s, const struct tcp_rx *r);

/* r is an acknowledgement to a listener, of no connection. If it brings a
 * cookie of ours back: *syn is the SYN as it was, and *iss our number. */
bool cookie_take(struct stack *s, const struct tcp_rx *r, struct tcp_rx *syn,
	uint32_t *iss);

/* When the SYN was answered, by the timestamp that came back; 0: not known. */
uint32_t cookie_sent_us(
	const struct stack *s, const struct tcb *c, const struct tcp_rx *r);

#endif

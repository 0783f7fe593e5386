/* pmtu.h - how large a packet may be on a path (RFC 1191, 8201, 8899). */
#ifndef NETCORE_STACK_ENGINE_PMTU_H
#define NETCORE_STACK_ENGINE_PMTU_H

#include <stdbool.h>
#include <stdint.h>

#include "netcore/stack/ip_addr.h"

#define PMTU_KNOWN 64u	   /* hosts of which something is known */
#define PMTU_MS	   600000u /* then it is tried whether more fits (6.3) */
#define PMTU_BASE  1024u   /* a segment that gets through everywhere */
#define PMTU_STEP  32u	   /* what is not worth another search */

struct stack;
struct tcb;

/* A path that takes less than our link. */
struct pmtu {
	struct ip_addr ip;
	uint32_t t_end; /* 0: none */
	uint16_t mtu;
};

/* The largest segment for a new connection: mss, or what is known of the way
 * to its peer. */
uint16_t pmtu_mss(struct stack *s, struct tcb *c, uint16_t mss);

/* A router said so, and proved that it saw what we sent. Below what is in use,
 * and then it is lowered; else false. */
bool pmtu_too_big(struct stack *s, struct tcb *c, uint32_t mtu);

/* Its oldest segment was sent often and never came: perhaps it is too large,
 * and who knows has no way to tell us. */
void pmtu_black_hole(struct stack *s, struct tcb *c);

/* More than c->mss bytes to send as one segment now, to learn whether they
 * arrive; 0: not now. `ready` is how much may go. */
uint32_t pmtu_probe(const struct stack *s, const struct tcb *c, uint32_t ready);
void pmtu_probe_sent(struct tcb *c, uint32_t len);
void pmtu_probe_arrived(struct stack *s, struct tcb *c);
void pmtu_probe_lost(struct stack *s, struct tcb *c);

#endif

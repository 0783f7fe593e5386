/* neigh.h - neighbours: the hosts on our link, of both families, and their
 * Ethernet addresses (RFC 826, RFC 4861 section 7).
 *
 * One table of sets, keyed by a secret: nobody chooses whom he meets there. An
 * entry is made by what we have to send, or by who asks for us; never by what
 * others say to others, or say unasked. Who asks for us takes no place from
 * those that we send to.
 *
 * It has no timer of its own: an entry ages when it is used. Each connection
 * remembers where its neighbour stood, and looks whether it is still there;
 * that is neigh_of() in engine.h. It has a byte for that, which is enough
 * within a bank.
 */
#ifndef NETCORE_STACK_ENGINE_NEIGH_H
#define NETCORE_STACK_ENGINE_NEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "netcore/stack/ip_addr.h"

#define NEIGH_WAYS    8	 /* entries of a set */
#define NEIGH_SETS    32 /* of a bank */
#define NEIGH_BANK    (NEIGH_WAYS * NEIGH_SETS)
#define NEIGH_BANKS   4 /* by the last bits of the address */
#define NEIGHBOURS    (NEIGH_BANK * NEIGH_BANKS)
#define NEIGH_NOT_IP4 UINT32_MAX

#define NEIGH_REACHABLE_MS 30000u /* RFC 4861, 10 */
#define NEIGH_DELAY_MS	   5000u
#define NEIGH_RETRANS_MS   1000u
#define NEIGH_PROBES	   3
#define NEIGH_IN_USE_MS	   60000u /* so long after it was used */
#define NEIGH_FRAME_MS	   3000u  /* frames wait no longer */

/* RFC 4861, 7.3.2. What was reachable is stale when its time is over; nobody
 * sets it so, who uses it sees. */
enum neigh_state {
	NEIGH_FREE,
	NEIGH_INCOMPLETE, /* asked for */
	NEIGH_REACHABLE,
	NEIGH_STALE, /* not heard of lately, or only by what it asked */
	NEIGH_DELAY, /* in use again; maybe it will say something */
	NEIGH_PROBE, /* asked whether it is still there */
};

struct neighbour {
	struct ip_addr ip;
	uint32_t ip4; /* NEIGH_NOT_IP4: it has none */
	uint8_t mac[6];
	uint8_t state;
	uint8_t tries;
	uint32_t since;	   /* it is good from then on */
	uint32_t fresh_ms; /* for so long; 0: for neigh_find() to say */
	uint32_t t_used, t_asked;
	uint32_t first; /* connection that waits, index + 1 */
	uint8_t frames; /* that wait, without a connection */
	bool used;	/* by us; else t_used is of its making */
	bool asked;
};

/* Where the bank of an address begins; `low` has its last bits. */
static inline uint32_t
neigh_bank(uint64_t low)
{
	return (uint32_t)(low % NEIGH_BANKS) * NEIGH_BANK;
}

#endif

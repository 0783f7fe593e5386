/* conns.h - the TCP connections of a network core, as its PART_STAT shows them
 * (stat.h says where): a head, and a record for each connection that the core
 * has room for.
 *
 * The core writes records in turn, some at a time (netcore/conns.h): each is as
 * old as it says. A reader takes a copy, and knows by the sequence word whether
 * the core was about to write meanwhile.
 *
 * Readers must not trust any of it: what they take is no longer than a record,
 * and they do not wait for it.
 */
#ifndef DLIBOS_DOMAIN_CONNS_H
#define DLIBOS_DOMAIN_CONNS_H

#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/cacheline.h"

/* RFC 9293, 3.3.2. */
enum domain_conn_state {
	DOMAIN_CONN_NONE, /* there is no connection here */
	DOMAIN_CONN_SYN_SENT,
	DOMAIN_CONN_SYN_RECEIVED,
	DOMAIN_CONN_ESTABLISHED,
	DOMAIN_CONN_CLOSE_WAIT,
	DOMAIN_CONN_FIN_WAIT_1,
	DOMAIN_CONN_FIN_WAIT_2,
	DOMAIN_CONN_CLOSING,
	DOMAIN_CONN_LAST_ACK,
	DOMAIN_CONN_TIME_WAIT,
	DOMAIN_CONN_STATES
};

#define DOMAIN_CONN_NOBODY 0xffff /* no application core has it */

struct domain_conn {
	uint8_t local[16], remote[16]; /* as on the wire; IPv4: ::ffff:0:0/96 */
	uint16_t lport, rport;
	uint16_t app;	/* number in the layout, or DOMAIN_CONN_NOBODY */
	uint16_t state; /* enum domain_conn_state */
	uint32_t handle;
	uint32_t srtt_us;	 /* 0: not known yet */
	uint64_t received, sent; /* bytes, in order, each once */
	uint32_t unacked;	 /* bytes that the peer is still to confirm */
	uint32_t unread;	 /* ... the program is still to give back */
	uint32_t cwnd;		 /* bytes */
	uint32_t pad;
	uint64_t resent;    /* segments */
	uint64_t opened_ns; /* these two: clock_ns() */
	uint64_t at_ns;	    /* of this record */
};

#define DOMAIN_CONN_WORDS (sizeof(struct domain_conn) / sizeof(uint64_t))

struct domain_conn_slot {
	uint64_t seq; /* odd: it is being written */
	uint64_t word[DOMAIN_CONN_WORDS];
} PAIR_ALIGNED;

_Static_assert(sizeof(struct domain_conn_slot) == 128, "two lines");
_Static_assert(
	sizeof(struct domain_conn) % sizeof(uint64_t) == 0, "whole words");

struct domain_conns {
	uint32_t slots; /* that were ever used: what lies behind is untouched */
	struct domain_conn_slot slot[] PAIR_ALIGNED;
};

/* Of a core with room for that many. */
static inline uint64_t
domain_conns_bytes(uint32_t conns)
{
	return sizeof(struct domain_conns) +
		(uint64_t)conns * sizeof(struct domain_conn_slot);
}

/* The core: this is so now. */
void domain_conn_put(
	struct domain_conn_slot *slot, const struct domain_conn *c);

/* The core: what it put there last. */
void domain_conn_own(
	const struct domain_conn_slot *slot, struct domain_conn *c);

/* A reader. False: it was being written each time we looked, which is not
 * often; *c says nothing then. */
bool domain_conn_get(
	const struct domain_conn_slot *slot, struct domain_conn *c);

/* A reader: how many slots are worth a look, of a table of `conns`. */
uint32_t domain_conns_used(const struct domain_conns *t, uint32_t conns);

/* "ESTABLISHED" and so on; NULL: it is none that a connection may have. */
const char *domain_conn_state(unsigned state);

#endif

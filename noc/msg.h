/* msg.h - THE CONTRACT between network cores and application cores, and
 * between application cores of one domain.
 *
 * A message is 16 bytes, four to a cache line. Payload never travels in it:
 * what travels is {offset, length} into a partition that the other side can
 * only read. Both ends are of one build (MSG_VERSION is compared when a domain
 * joins), so the layout is the compiler's, little end first.
 *
 *	   0      1       2        4           8                      15
 *	+------+-------+--------+-----------+-------------------------+
 *	| type | flags |  arg   |   conn    |           ref           |
 *	+------+-------+--------+-----------+-------------------------+
 *
 * `ref` holds, by type, a data reference, a byte count, an endpoint or a
 * value. Bit 7 of flags and bit 63 of ref are the lap bits: they belong to the
 * FIFO that carries the message (fifo.h) and are clear everywhere else.
 *
 * `conn` names a connection of one network core; it carries a generation, so
 * that a stale one is an error and never somebody else's connection. To the
 * application it is opaque.
 *
 * A run is what must be understood as one: a scatter/gather array, an IPv6
 * endpoint with its address, or a datagram: an endpoint and its data. All its
 * slots but the last carry MSGF_MORE; it has LIMIT_RUN slots at most and is
 * always published whole.
 */
#ifndef NOC_MSG_H
#define NOC_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/limits.h"

#define MSG_VERSION 2

struct msg {
	uint8_t type;  /* enum msg_type */
	uint8_t flags; /* enum msg_flag */
	uint16_t arg;
	uint32_t conn;
	uint64_t ref;
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct msg) == 16, "a message is 16 bytes");
_Static_assert(offsetof(struct msg, ref) == 8, "ref is the second word");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little end first");

enum msg_flag {
	MSGF_MORE = 0x01,  /* another slot of this run follows */
	MSGF_V6 = 0x02,	   /* two MSG_ADDR slots with an IPv6 address follow */
	MSGF_HOLD = 0x04,  /* more will be sent soon: a part segment may wait */
	MSGF_FIN = 0x08,   /* nothing will be sent after this: half close */
	MSGF_ABORT = 0x10, /* close by a reset */
	MSGF_UDP = 0x20,   /* listen for datagrams */
	MSGF_LAP = 0x80,   /* the FIFO's own */
};

enum msg_type {
	MSG_NONE,

	/* Events: from a network core to an application core. */
	MSG_NEW_CONN,	   /* conn, arg=listen id, ref=peer: is offered */
	MSG_NEW_DATA,	   /* conn, ref=data in Rx; a run: received, in place */
	MSG_DATA_ACKED,	   /* conn, ref=bytes: that app memory is free again */
	MSG_REMOTE_CLOSED, /* conn: the peer will send no more */
	MSG_CLEANUP,	   /* conn, arg=reason: closed for good, free all */
	MSG_CONNECTED,	   /* conn, ref=cookie: connect succeeded */
	MSG_CONNECT_FAILED, /* ref=cookie, arg=reason */
	MSG_LISTENING,	    /* arg=listen id: listen succeeded */
	MSG_LISTEN_CLOSED,  /* arg=listen id, ref=reason: failed, or is over */
	MSG_PONG,	    /* conn, arg, ref: those of the ping */
	MSG_UDP_DATA, /* arg=listen id, ref=peer; pieces in Rx: a datagram */
	MSG_UDP_SENT, /* arg=listen id, ref=count: that app memory is free */

	/* Commands: from an application core to a network core. */
	MSG_ACCEPT,	/* conn, arg=listen id: take it; pins it to this core */
	MSG_CONNECT,	/* conn=cookie, ref=peer */
	MSG_RECV_DONE,	/* conn, ref=bytes: opens the window, frees Rx memory */
	MSG_SEND,	/* conn, ref=data in App; a run: send, in place */
	MSG_SHUTDOWN,	/* conn, arg=enum msg_shut: half close */
	MSG_CLOSE,	/* conn; MSGF_ABORT: close and free */
	MSG_LISTEN,	/* arg=listen id, ref=own endpoint, address 0 for any */
	MSG_UNLISTEN,	/* arg=listen id */
	MSG_SET_OPTION, /* conn, arg=enum msg_option, ref=value */
	MSG_PING,	/* conn, arg, ref: anything; a pong brings them back */
	MSG_UDP_SEND,	/* arg=listen id, ref=peer; pieces in App */
	MSG_UDP_DONE,	/* ref=count: the oldest datagrams, of all, were read */

	/* From an application core to another one of its domain. */
	MSG_TELL, /* conn=cookie, ref=value: both are the program's own */

	/* Either way, inside a run only. */
	MSG_ADDR,  /* arg=0, 1; conn,ref=the high and low 32 bits of half
		    * the address; the first half comes first */
	MSG_PIECE, /* ref=data of a datagram, behind its endpoint */
	MSG_TYPES
};

enum msg_shut {
	MSG_SHUT_RD = 1,
	MSG_SHUT_WR = 2,
};

enum msg_option {
	MSG_OPT_NAGLE,	   /* 0 or 1 */
	MSG_OPT_KEEPALIVE, /* seconds, 0 = off */
	MSG_OPTIONS
};

/* Why something failed or ended. */
enum msg_reason {
	MSG_WHY_CLOSED, /* orderly */
	MSG_WHY_REFUSED,
	MSG_WHY_RESET,
	MSG_WHY_TIMEOUT,
	MSG_WHY_UNREACHABLE,
	MSG_WHY_NO_MEMORY,
	MSG_WHY_IN_USE,
	MSG_WHY_NOT_ALLOWED,
	MSG_WHY_NO_PORT,  /* this network core has no such interface */
	MSG_WHY_NET_DIED, /* the network core was restarted */
	MSG_REASONS
};

/* Data references: 40 bits of offset, 23 of length. */

static inline uint64_t
msg_data(uint64_t offset, uint32_t len)
{
	return offset | (uint64_t)len << 40;
}

static inline uint64_t
msg_offset(const struct msg *m)
{
	return m->ref & ((1ull << 40) - 1);
}

static inline uint32_t
msg_len(const struct msg *m)
{
	return (uint32_t)(m->ref >> 40) & LIMIT_LEN_MAX;
}

/* Endpoints: an IPv4 address in host order (0 with MSGF_V6) and a port. */

static inline uint64_t
msg_endpoint(uint32_t ip4, uint16_t port)
{
	return ip4 | (uint64_t)port << 32;
}

static inline uint32_t
msg_ip4(const struct msg *m)
{
	return (uint32_t)m->ref;
}

static inline uint16_t
msg_port(const struct msg *m)
{
	return (uint16_t)(m->ref >> 32);
}

/* Where the pieces of a datagram are, in its run; none: it is empty. */
static inline unsigned
msg_pieces_at(const struct msg *m)
{
	return m->flags & MSGF_V6 ? 3 : 1;
}

/* Fills the two slots that follow an endpoint with MSGF_V6, and reads them. */
void msg_put_addr6(struct msg m[2], const uint8_t addr[16]);
void msg_get_addr6(const struct msg m[2], uint8_t addr[16]);

/* What is wrong with a message. */
enum msg_bad {
	MSG_BAD_TYPE = 1, /* no such type */
	MSG_BAD_WAY,	  /* an event among commands, or the reverse */
	MSG_BAD_FLAGS,
	MSG_BAD_ARG,
	MSG_BAD_CONN, /* an id where there is none, or the run changes it */
	MSG_BAD_REF,  /* out of bounds, or bits set that mean nothing */
	MSG_BAD_RUN,  /* too long, cut off, or of mixed types */
	MSG_BADS
};

enum msg_way {
	MSG_EVENT,
	MSG_COMMAND,
	MSG_MATE, /* between the cores of one domain */
};

/* Checks the run that begins at m[0] and has up to n slots visible, coming
 * from the other side in direction `way`, whose data lies in a partition of
 * `bytes` bytes. Returns the number of its slots, or -(enum msg_bad). The
 * slots are the caller's private copy: nobody may change them meanwhile. */
int msg_check(
	const struct msg *m, unsigned n, enum msg_way way, uint64_t bytes);

const char *msg_name(unsigned type);
const char *msg_bad_name(unsigned bad);
const char *msg_reason_name(unsigned reason);

/* The slots of a run that msg_check() accepted, or that we made ourselves. */
static inline unsigned
msg_run(const struct msg *m)
{
	unsigned n = 1;

	while (m++->flags & MSGF_MORE)
		n++;
	return n;
}

#endif

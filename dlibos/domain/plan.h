/* plan.h - THE CONTRACT between the launcher and a domain.
 *
 * Over a SOCK_SEQPACKET socket pair, whose number the domain finds in its
 * environment (PLAN_ENV). Every message is one struct of this file, of exactly
 * its length.
 *
 *	launcher			domain
 *	--------			------
 *	plan		->
 *	peer, edge+2 fds ...  ->			(once a peer, an edge)
 *	make		->
 *			<-	part+fd ...		(once a partition)
 *			<-	made
 *	map+fd ...	->				(once a partition)
 *	go		->			maps done, before
 *			<-	ready
 *	start		->				(when all are ready)
 *
 * While it runs, a peer may go and come back:
 *
 *	gone		->				forget this peer
 *			<-	forgotten
 *	peer, edge, make ... as above, for that peer alone, up to `ready`;
 *	start
 *
 *	stop		->				end in an orderly way
 *
 * The launcher trusts nothing that a domain says: partitions are checked, by
 * it and again by their readers; a domain that is late, silent or wrong is
 * ended.
 */
#ifndef DLIBOS_DOMAIN_PLAN_H
#define DLIBOS_DOMAIN_PLAN_H

#include <stdint.h>

#include "dlibos/limits.h"
#include "mem/pass.h"
#include "mem/rights.h"
#include "noc/msg.h"

#define PLAN_ENV     "DLIBOS_CHANNEL"
#define PLAN_VERSION 9u

enum plan_type {
	PLAN_PLAN = 1,
	PLAN_PEER,
	PLAN_EDGE,
	PLAN_MAKE,
	PLAN_PART,
	PLAN_MADE,
	PLAN_MAP,
	PLAN_GO,
	PLAN_READY,
	PLAN_START,
	PLAN_GONE,
	PLAN_FORGOTTEN,
	PLAN_STOP,
	PLAN_TYPES
};

/* Who runs what: network and application cores apart; or each core does both,
 * in a domain of its own that has both roles and no peers. */
enum plan_mode { PLAN_MODE_DLIBOS, PLAN_MODE_RTC };

/* Which of the application cores that listen gets a connection that comes: the
 * next one, or the one that has the fewest. */
enum plan_dispatch { PLAN_ROUND_ROBIN, PLAN_LEAST_CONNS };

struct plan_head {
	uint32_t type;
	uint32_t domain; /* the peer that it is about, else zero */
};

struct plan_core {
	uint16_t id; /* its number in the layout */
	int16_t cpu;
	int16_t node;
	uint16_t edges; /* of plan_plan.edges, this core's */
};

/* What a network domain sends and receives by. Addresses as on the wire, all
 * zero: none. */
struct plan_port {
	char spec[LIMIT_PORT]; /* what driver.h takes; "": there is no port */
	/* The first core's, of so many: each core has one, if the port has
	 * several. */
	uint32_t queue, queues;
	uint32_t steer_key; /* steer.h, where there are several network cores */
	uint16_t share, shares; /* the first core's, of so many */
	uint16_t mtu;		/* 0: the port's own */
	uint8_t mac[6];		/* all zero: the port's own */
	uint8_t ip4[4], gateway4[4];
	uint8_t ip6[16], gateway6[16];
	uint8_t ip4_bits, ip6_bits;
	uint16_t pad;
};

struct plan_plan {
	struct plan_head head;
	uint32_t version;     /* PLAN_VERSION */
	uint32_t msg_version; /* MSG_VERSION */
	char instance[LIMIT_NAME];
	char name[LIMIT_NAME];
	uint32_t domain;     /* our own number */
	uint32_t mode;	     /* enum plan_mode */
	uint32_t role;	     /* ROLE_NET or ROLE_APP; PLAN_MODE_RTC: both */
	uint32_t idle;	     /* enum idle_policy */
	uint32_t own_fence;  /* nobody uses the heavy one (cpu.h) */
	uint32_t shared_uid; /* other domains run under our user, too */
	uint64_t spin_ns;
	uint64_t bytes[PART_KINDS]; /* sizes; 0 = not made */
	uint32_t edges;		    /* that we will ever have at a time */
	struct plan_port port;	    /* of a network domain */
	uint32_t conns;		    /* connections of a network core at most */
	uint32_t dispatch;	    /* enum plan_dispatch */
	uint32_t cores;
	struct plan_core core[LIMIT_CORES];
	/* Application domains that a network domain makes a PART_COPY for, at
	 * most; 0: there is one at most, which reads PART_RX. */
	uint32_t copies;
	uint32_t processes; /* that run our program, with this one */
};

struct plan_peer {
	struct plan_head head;
	char name[LIMIT_NAME];
	uint32_t role;
	uint32_t edges;	     /* that we share with it; plan_edge follow */
	uint64_t edge_bytes; /* of either side's PART_EDGE */
	uint64_t data_bytes; /* at least, of what its messages refer to */
	uint32_t conns;	     /* of a network core; see plan_conn_numbers() */
	uint32_t program;    /* domains of one may share listeners */
	uint32_t copies;     /* PART_COPY takes the place of PART_RX */
};

struct plan_edge {
	struct plan_head head;
	uint32_t core;	    /* index into plan_plan.core */
	uint32_t peer_core; /* number in the layout */
	int32_t node;	    /* where our side's slots belong: its reader's */
	uint32_t slots;
	uint64_t offset; /* in both sides' PART_EDGE */
	/* fds: the read end of our bell, the write end of the peer's */
};

struct plan_part {
	struct plan_head head; /* PART: whom it is for; MAP: whose it is */
	uint32_t kind;
	uint32_t fallback; /* 2 MiB pages were wanted, and there are none */
	uint64_t bytes;
	/* fd */
};

/* Connections that an application may have names for are more than the stack
 * has at a time: it may be late with the end of some. A name is a number below
 * that, and a generation. */
static inline uint32_t
plan_conn_numbers(uint32_t conns)
{
	return conns + conns / 2 + 64;
}

/* Handshakes that others began and have not ended yet. They are nobody's, and
 * have places of their own beyond those that are shared out. */
static inline uint32_t
plan_half_open(uint32_t conns)
{
	return conns / 4 + 16;
}

/* What a stack has at a time, of any state. */
static inline uint32_t
plan_stack_conns(uint32_t conns)
{
	return conns + plan_half_open(conns);
}

static inline uint32_t
plan_conn_index(uint32_t name)
{
	return name & 0xffffff;
}

union plan_any {
	struct plan_head head;
	struct plan_plan plan;
	struct plan_peer peer;
	struct plan_edge edge;
	struct plan_part part;
};

_Static_assert(sizeof(union plan_any) <= 4096, "one message, one page");

/* 0 or -errno; -EAGAIN at once for a receiver that is behind. */
int plan_post(int sock, const void *msg, const int *fds, unsigned n);

/* The same, but waits for it up to LIMIT_START_MS. */
int plan_send(int sock, const void *msg, const int *fds, unsigned n);

/* The length of a message. */
size_t plan_bytes(unsigned type);

/* Receives a message into `m`, with what came with it in fds. Checks that the
 * type exists, that the length is its length, and that there are as many
 * descriptors as it takes. Returns its type, 0 when the other side is gone, or
 * -errno, -EPROTO for what is none; nothing is left open then. */
int plan_recv(int sock, union plan_any *m, int fds[PASS_FDS]);

const char *plan_name(unsigned type);

#endif

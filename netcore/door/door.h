/* door.h - between the stack and the application cores: checked commands
 * become calls, upcalls become events.
 *
 * One door a network core, one thread. Order of use: door_init(); the stack
 * with door_ops, the door as its argument, and share[SHARE_SENDS] as its quota;
 * door_app_up() for each edge; then, each turn, commands as they come, and
 * door_turn().
 *
 * Nothing is lost and nothing is waited for. What an application core must be
 * told stays with its connection (conn.h) until its edge has room, so that a
 * core that does not listen costs memory that was counted to it before, and
 * nobody else anything. An answer is never forgotten: a command is only taken
 * when there is room to park what it may be answered with.
 *
 * A connection ends when three have let go of it: the stack (closed), the
 * application (close), and the device that may still send its memory.
 */
#ifndef NETCORE_DOOR_DOOR_H
#define NETCORE_DOOR_DOOR_H

#include "mem/part.h"
#include "netcore/door/conn.h"
#include "netcore/door/copy.h"
#include "netcore/door/counters.h"
#include "netcore/door/share.h"
#include "noc/edge.h"

#define DOOR_LISTENERS 64

/* Which of the cores that listen gets the next connection. */
enum door_dispatch {
	DOOR_ROUND_ROBIN,
	DOOR_LEAST_CONNS,
};

struct door_config {
	struct stack *stack; /* NULL: there is no port */
	uint32_t conns;	     /* that applications have names for */
	/* What is shared out among domains, beside listeners: connections of
	 * the stack, which has as many more as may be half open, and its
	 * references to what is sent: share_sends(). */
	uint32_t stack_conns, sends;
	uint32_t rx_buffers; /* that received frames can be in */
	unsigned apps;	     /* application cores, at most; 1 or more */
	enum door_dispatch dispatch;
	const struct part *rx; /* where received data lies */
	/* Application domains that door_copy_to() is said of, at most, and
	 * buffers of COPY_ROOM bytes in the partition of each. */
	unsigned copies;
	uint32_t copy_buffers, copy_first; /* our part of each partition */
	/* Of whole.h: in rx, if nobody reads copies; and how many there are
	 * behind the copies of each domain. */
	uint8_t *whole;
	uint32_t wholes, copy_wholes;
	/* Takes a buffer of a received frame back. */
	void (*release)(void *arg, void *buf);
	/* Gives one like it, *room bytes, for a datagram; NULL: not now. */
	uint8_t *(*take)(void *arg, void **buf, uint32_t *room);
	void *arg;
};

/* Where an application core gets datagrams, by the name that it gave it. */
struct door_udp {
	uint32_t sent;	  /* that it has not been told of */
	uint8_t listener; /* index + 1; 0: there is none */
};

/* One application core. */
struct door_app {
	struct edge *edge;	 /* NULL: there is none */
	const struct part *data; /* what it sends from */
	unsigned domain;
	unsigned process; /* whose share it draws from */
	uint32_t conns;
	uint32_t held; /* buffers that it has not given back */
	struct share_over over;
	/* Connections that are held back for that, by index + 1. */
	uint32_t back_head, back_tail;
	/* Connections with something to tell, by index + 1. */
	uint32_t pending_head, pending_tail;
	uint32_t copied;	/* of `held`, those that are copies */
	struct door_copy *copy; /* NULL: it reads config.rx */
	/* Datagrams that it was told of and has not given back, oldest first:
	 * nodes of door.rx. */
	uint32_t grams, gram_head, gram_tail;
	uint64_t udp_news; /* of these by bit: something to tell */
	struct door_udp udp[LIMIT_LISTENERS];
} CACHELINE_ALIGNED;

struct door_listener {
	struct ip_addr ip;
	uint16_t port;
	bool used;
	bool udp;      /* it gets datagrams */
	uint64_t name; /* what the stack calls it; used once */
	unsigned domain;
	unsigned process; /* that began it */
	unsigned subs, next;
	struct door_sub {
		uint16_t app;
		uint16_t id; /* what the application calls it */
	} sub[LIMIT_CORES];
};

struct door {
	struct stack *stack;
	struct door_config cfg;
	/* Serial numbers of frames that hold an application's memory: the last
	 * one sent, and the one up to which all are sent for good. Kept up by
	 * the loop. */
	uint64_t tx_sent, tx_done;
	struct quota share[SHARES]; /* by domain */
	struct idpool ids;
	struct door_conn *conn;
	struct slab rx;
	struct door_app *app;
	uint32_t pending;  /* application cores with a list */
	uint32_t udp_news; /* application cores to be told of datagrams */
	uint32_t held;	   /* connections that are held back */
	uint32_t buffers;  /* that application cores have not given back */
	struct door_listener listener[DOOR_LISTENERS];
	uint64_t listens; /* that there ever were */
	struct door_count count;
	void *mem;
	size_t mem_bytes;
	struct door_copies *copies; /* NULL: nobody gets any */
	struct door_whole whole;    /* of those who read config.rx */
};

extern const struct stack_ops door_ops;

/* 0 or -ENOMEM. The stack may be put in later, before anything happens. */
int door_init(struct door *d, const struct door_config *c);
void door_fini(struct door *d);

/* An edge to application core number `app` (below config.apps) is there, with
 * the partition that it sends from. Cores of one `domain` share listeners;
 * those of one process, a number below LIMIT_DOMAINS, what share.h is about. */
void door_app_up(struct door *d, unsigned app, struct edge *e,
	const struct part *data, unsigned domain, unsigned process);

/* Then, before anything else: it is told of what was copied into this partition
 * of its domain's own, and cannot read config.rx. */
void door_copy_to(struct door *d, unsigned app, const struct part *p);

/* It is gone: its connections are reset, its listeners are no more. Its memory
 * is let go of when tx_done has reached what tx_sent is then. */
void door_app_down(struct door *d, unsigned app);

/* A run that msg_check() passed, from that application core. */
void door_command(struct door *d, unsigned app, const struct msg *m);

/* Tells what could not be told before, and lets those go on that were held
 * back. Returns whether something waits that time alone may bring on. */
bool door_turn(struct door *d);

/* Which application core has a connection of the stack's, by what that gives
 * as its user; -1: none. For any number. */
int door_owner(const struct door *d, stack_conn c, uint64_t user);

/* --- inside the room ------------------------------------------------------*/

static inline struct door_rx *
door_rx_at(const struct door *d, uint32_t i)
{
	return (struct door_rx *)(void *)d->rx.base + i;
}

/* tell.c: there is something new to tell of c. May free it. */
void tell(struct door *d, struct door_conn *c);
/* Sends an answer to a command, for which there is room. */
void tell_answer(struct door *d, unsigned app, const struct msg *m);

/* door.c: a command that is counted, and not obeyed. */
void door_refuse(struct door *d, unsigned app, uint64_t *why);

/* listen.c */
void listen_command(struct door *d, unsigned app, const struct msg *m);
void listen_end(struct door *d, unsigned app, const struct msg *m);
void listen_app_down(struct door *d, unsigned app);
/* Whose a new connection shall be; -1: nobody's. *id: the listener's name. */
int listen_dispatch(struct door *d, uint64_t name, uint16_t *id);

/* datagram.c: one that came; false: it is dropped, its buffers are still the
 * caller's. Commands (datagram_tx.c). And what was sent is told, where there is
 * room. */
bool datagram_in(struct door *d, const struct stack_datagram *g);
void datagram_send(struct door *d, unsigned app, const struct msg *m);
void datagram_done(struct door *d, unsigned app, uint64_t count);
void datagram_turn(struct door *d);
/* The application core's listener of that name begins (its index), ends. */
void datagram_begin(
	struct door *d, unsigned app, uint16_t id, unsigned listener);
void datagram_end(struct door *d, unsigned app, uint16_t id);
void datagram_app_down(struct door *d, unsigned app);

#endif

/* appcore.h - what the files of this room share: one application core. */
#ifndef APPCORE_APPCORE_H
#define APPCORE_APPCORE_H

#include "dlibos/base/bits.h"
#include "dlibos/dlibos.h"
#include "dlibos/domain/domain.h"
#include "mem/heap.h"

enum conn_flag {
	CONN_OPEN = 1,
	CONN_NO_MORE_OUT = 2, /* shut down */
	CONN_DONE = 4,	      /* the program has closed it */
	CONN_OWES = 8,	      /* in the list of those with something to say */
	CONN_SAY_FIN = 16,
	CONN_SAY_CLOSE = 32,
	CONN_KEEPS = 64,  /* pieces that data() left */
	CONN_ENDED = 128, /* cleanup came */
	CONN_WAITS = 256, /* for room() */
	CONN_ABORT = 512,
	CONN_HUSH = 1024, /* remote_closed() waits until they are read */
};

struct dl_conn {
	const struct dl_handler *handler;
	void *user;
	struct dl *dl;
	uint32_t id; /* the network core's name for it */
	uint16_t flags;
	uint16_t port;
	uint8_t net;
	uint32_t unread;  /* bytes that data() handed over */
	uint32_t unsaid;  /* of those given back, not told yet */
	uint32_t unacked; /* bytes sent */
	/* Pieces under way are counted in two lots: those of the first lot are
	 * over when so many bytes more are acknowledged. */
	uint32_t lot_bytes, lot, next_lot;
	uint32_t kept, kept_last; /* the first and the last; keep.c */
	struct dl_conn *owes_next;
	struct dl_conn *waits_next, *waits_prev;
	struct dl_addr peer;
} CACHELINE_ALIGNED;

/* A piece that is read later. Its number is not 0, which is none. */
struct kept {
	const uint8_t *ptr;
	uint32_t len;
	uint32_t next;
};

struct net {
	struct domain_edge *edge; /* NULL: gone */
	const uint8_t *rx;	  /* where received data lies */
	struct dl_conn *conn;	  /* by number */
	uint32_t conns;		  /* numbers are below this */
	uint32_t fresh;		  /* none from here on was ever used */
	uint32_t pieces;	  /* under way */
	uint32_t grams;		  /* datagrams read and not given back */
};

struct listener {
	const struct dl_handler *handler; /* NULL: unused */
	void *arg;
	struct dl_addr addr;
	uint16_t port;
	bool failed;
};

/* What a network core has of a port for datagrams. */
enum udp_at {
	UDP_NONE,
	UDP_ASKED,
	UDP_BOUND,
	UDP_LEAVING, /* it was told to end it */
};

/* It has the number of a listener, which is unused then. */
struct dl_udp {
	const struct dl_udp_handler *handler; /* NULL: unused */
	void *user;
	struct dl *dl;
	struct dl_addr addr;
	uint16_t port;
	bool opened; /* and the program was told */
	bool closing;
	uint8_t why;
	uint8_t at[LIMIT_CORES]; /* enum udp_at, by network core */
	unsigned nets;		 /* that are not at UDP_NONE */
	unsigned last;		 /* by which something came */
	/* Datagrams under way, in the order of sending: by which network core
	 * each goes, + 1; 0: it is gone. */
	uint32_t first, end;
	uint16_t by[LIMIT_UDP_SENDS];
};

/* An attempt to connect; its cookie is its number. */
struct attempt {
	const struct dl_handler *handler; /* NULL: unused */
	void *arg;
	struct dl_addr addr;
	uint16_t port;
	uint16_t net;
	uint32_t next; /* unused ones: number + 1 */
};

#define APP_COUNTERS(X)                       \
	X(accepted)                           \
	X(connected)                          \
	X(closed)                             \
	X(rx_bytes)                           \
	X(kept)                               \
	X(keep_failed)                        \
	X(tx_bytes)                           \
	X(acked_bytes)                        \
	X(udp_received)                       \
	X(udp_sent)                           \
	X(sends_refused) /* -EAGAIN */        \
	X(told)		 /* by other cores */ \
	X(tells)                              \
	X(tells_refused) /* -EAGAIN */

struct app_count {
#define X(name) uint64_t name;
	APP_COUNTERS(X)
#undef X
};

struct dl {
	struct domain_core *core;
	const struct dl_program *program;
	void *arg;
	void *user;
	int status;
	uint64_t now;
	unsigned nets;
	unsigned next_net; /* for the next attempt */
	struct net net[LIMIT_CORES];
	struct dl_conn *owes; /* connections with something to say */
	struct dl_conn **owes_tail;
	struct dl_conn *waits, *waits_last; /* for room */
	struct dl_timer *timer;		    /* the one that is due first */
	uint32_t free_attempt;
	struct attempt attempt[LIMIT_ATTEMPTS];
	struct listener listener[LIMIT_LISTENERS];
	struct kept *kept;
	uint32_t free_kept, fresh_kept; /* the rest was never used */
	struct dl_udp udp[LIMIT_LISTENERS];
	uint64_t udp_news; /* of these by bit: something to be told */
	uint64_t udp_closing;
	bool udp_owes; /* something to be said to network cores */
	struct heap heap;
	struct app_count count;
	struct domain_counter *shown, *shown_gauge;
	uint64_t show_due; /* in ns of clock_ns() */
	struct rtc *rtc;   /* NULL: the network cores are elsewhere */
	unsigned deaf;	   /* cores that the program waits to tell; which: */
	bool is_deaf[LIMIT_MATES];
};

/* start.c's, shared by the cores of this process. */
struct appcore {
	struct domain domain;
	const struct dl_program *program;
	void *arg;
};

/* loop.c: the life of a core. */
int loop_main(struct domain_core *c);

/* event_rx.c: a checked run of events from a network core; arg is the edge. */
void event_rx(void *arg, struct edge *e, const struct msg *m, unsigned n);
void event_net_up(struct domain_core *c, struct domain_edge *e);
void event_net_down(struct domain_core *c, struct domain_edge *e);
void event_net_here(struct dl *dl, struct domain_edge *e);
void event_remote_closed(struct dl_conn *c);
void conn_table_free(struct net *net);
struct dl_addr event_peer(const struct msg *m);
/* It should not have been said. */
void event_wrong(struct edge *edge, const struct msg *m);

/* command_tx.c: says what had no room before. */
void command_retry(struct dl *dl);
/* An edge that is there, and has room for n messages. NULL: not now. */
struct edge *command_edge(const struct net *net, unsigned n);
/* Where a piece lies; 0 or -errno. */
int command_piece(const struct dl *dl, const struct dl_piece *p, uint64_t *ref);
/* The network core shall forget c. */
void command_let_go(struct dl_conn *c);

/* room.c: c's program is told when there is room; tells those that wait. */
#define ROOM_UNACKED (INT32_MAX / 2) /* bytes of a connection */
void room_wait(struct dl_conn *c);
void room_forget(struct dl_conn *c);
void room_turn(struct dl *dl);

/* keep.c: pieces that data() left, or that came behind such. */
void keep_open(struct dl *dl);
void keep_close(struct dl *dl); /* for tests */
void keep_behind(struct dl_conn *c, const uint8_t *ptr, uint32_t len);
void keep_forget(struct dl_conn *c);
static inline void
keep_turn(struct dl_conn *c)
{
	if (unlikely(c->flags & CONN_KEEPS))
		dl_read_on(c);
}

/* listen.c */
void listen_again(struct dl *dl, unsigned net);
void listen_over(struct dl *dl, unsigned net, unsigned id, enum dl_why why);
struct attempt *attempt_of(struct dl *dl, uint64_t cookie, unsigned net);
void attempt_free(struct dl *dl, struct attempt *a);
void attempt_net_down(struct dl *dl, unsigned net);
/* A number that neither a listener nor a port has; LIMIT_LISTENERS: none. */
unsigned listen_number(const struct dl *dl);
/* All network cores that are there can be told of a listener. */
bool listen_room(const struct dl *dl);
/* An endpoint as a run; how many slots. */
unsigned listen_endpoint(
	struct msg m[3], const struct dl_addr *a, uint16_t port);

/* udp.c: what network cores say; they come and go. */
void udp_listening(struct dl *dl, unsigned net, unsigned id);
bool udp_over(struct dl *dl, unsigned net, unsigned id, enum dl_why why);
void udp_data(struct dl *dl, struct domain_edge *e, const struct msg *m);
void udp_sent(struct dl *dl, struct domain_edge *e, const struct msg *m);
void udp_again(struct dl *dl, unsigned net);
void udp_net_down(struct dl *dl, unsigned net);
/* Says what is owed, and tells the programs; whether there is more to tell. */
bool udp_turn_slow(struct dl *dl);
static inline bool
udp_turn(struct dl *dl)
{
	return unlikely(dl->udp_owes || dl->udp_news) && udp_turn_slow(dl);
}

/* rtc.c: a core with a network core of its own, in one thread. */
void rtc_run(struct dl *dl);
void rtc_show(struct rtc *r);

/* tell.c: what another core said; and who can be told again. */
void tell_rx(void *arg, struct edge *e, const struct msg *m, unsigned n);
unsigned tell_room(struct dl *dl);
/* After the flush, which makes the room; returns the work it was. */
static inline unsigned
tell_turn(struct dl *dl)
{
	return unlikely(dl->deaf) ? tell_room(dl) : 0;
}

/* show.c: the counters, where tools can see them. */
void show_open(struct dl *dl);
void show_core(struct domain_core *c);
void show_now(struct dl *dl);
static inline void
show_turn(struct dl *dl)
{
	if (unlikely(dl->now >= dl->show_due))
		show_now(dl);
}

/* timer.c */
void timer_run(struct dl *dl);
static inline uint64_t
timer_deadline(const struct dl *dl)
{
	return dl->timer ? dl->timer->at : UINT64_MAX;
}

#endif

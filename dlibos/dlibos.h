/* dlibos.h - the only header that a program includes.
 *
 * A program is a set of callbacks. It runs inside an instance, started by
 *
 *	dlibos run --port ... --ip ... -- ./program arguments...
 *
 * on one or more application cores. Each core is a thread on a processor of
 * its own with its own loop; the callbacks of a core are called on its thread
 * alone, one at a time, and cores share nothing but what the program shares
 * itself. No function here blocks, none is a system call, and unless it says
 * so none calls a callback.
 *
 * Order of use: main() calls dl_run(); start() is called once on each core;
 * the other callbacks follow as things happen; dl_quit() ends all cores, and
 * dl_run() returns.
 *
 * Memory: what is received is read where the network core wrote it, in memory
 * that the program cannot write; what is sent goes out from where the program
 * wrote it, in memory of dl_alloc(), which nobody else can write. No byte is
 * copied on the way; a datagram that is sent is, once, by the network core.
 */
#ifndef DLIBOS_DLIBOS_H
#define DLIBOS_DLIBOS_H

#include <stddef.h>
#include <stdint.h>

/* One application core. Valid on its thread, from start() on. */
struct dl;

/* A connection, of one core: from accepted() or connected() until closed()
 * returns. */
struct dl_conn;

struct dl_program {
	/* The core runs, and all network cores that it may talk to are there.
	 * `arg` is dl_run()'s. */
	void (*start)(struct dl *dl, void *arg);

	/* The answer to a dl_ping(): the same net, cookie and value. May be
	 * NULL if dl_ping() is not used. */
	void (*pong)(
		struct dl *dl, unsigned net, uint32_t cookie, uint64_t value);

	/* A network core went away (up = 0), or came (back). Its connections
	 * were closed before, with DL_NET_DIED; listeners come back by
	 * themselves. Pings that had no answer when it went will get none. May
	 * be NULL. */
	void (*net_changed)(struct dl *dl, unsigned net, int up);

	/* Core `from` of this program said dl_tell(). NULL: no core of it will
	 * be told anything. */
	void (*told)(
		struct dl *dl, unsigned from, uint32_t cookie, uint64_t value);

	/* After -EAGAIN of dl_tell(): that core can be told again; is called
	 * once for that. May be NULL. */
	void (*tell_room)(struct dl *dl, unsigned core);

	/* The end of a turn of the loop: all that had come was handed over, and
	 * what is said now goes out with the rest. May be NULL. */
	void (*turn)(struct dl *dl);
};

/* Joins the instance and runs the program on all cores that it was given.
 * Returns the status given to dl_quit(), 0 after the launcher asked for the
 * end; it is main()'s to return. Dies with one line where there is no
 * instance. */
int dl_run(const struct dl_program *program, void *arg);

/* All cores of the program return from their loops after this turn. */
void dl_quit(struct dl *dl, int status);

/* Which core this is, from 0, and how many the program has; on which CPU. */
unsigned dl_core(const struct dl *dl);
unsigned dl_cores(const struct dl *dl);
int dl_cpu(const struct dl *dl);

/* How many processes of the instance run this program, this one included: in
 * mode rtc one for each core, with `app_domains = each` one for each
 * application core. They share no memory, and the network shares connections
 * out among them. */
unsigned dl_processes(const struct dl *dl);

/* The program's own pointer of a core. */
void dl_set_user(struct dl *dl, void *user);
void *dl_user(const struct dl *dl);

/* Nanoseconds of a clock that never goes back; as of the beginning of this turn
 * of the loop. */
uint64_t dl_now(const struct dl *dl);

/* --- network cores --------------------------------------------------------*/

/* Network cores that this core may talk to are numbered from 0. */
unsigned dl_nets(const struct dl *dl);

/* Asks network core `net` for a sign of life. `value` must be below 2^63.
 * 0; -ENOTCONN when it is not there; -EAGAIN when too much is under way: try
 * again after the next callback. */
int dl_ping(struct dl *dl, unsigned net, uint32_t cookie, uint64_t value);

/* --- other cores of the program -------------------------------------------*/

/* Says something to another core of this process, in 16 bytes. What was told
 * is heard in order, and never lost; what this core wrote before, in memory
 * that `value` may point to, is seen by the one who hears it. `value` must be
 * below 2^63. 0; -EAGAIN: too much is under way, try again in tell_room();
 * -EINVAL: no such core, or it is this one; -ENOTCONN: the program has no
 * told(), or more cores than DL_TELL_CORES. */
#define DL_TELL_CORES 64u
int dl_tell(struct dl *dl, unsigned core, uint32_t cookie, uint64_t value);

/* --- connections ----------------------------------------------------------*/

/* Why something failed or ended. */
enum dl_why {
	DL_CLOSED, /* orderly, or because the program asked for it */
	DL_REFUSED,
	DL_RESET,
	DL_TIMED_OUT,
	DL_UNREACHABLE,
	DL_NO_MEMORY, /* the network core has no room for it */
	DL_IN_USE,
	DL_NOT_ALLOWED,
	DL_NO_PORT,  /* the network core has no interface */
	DL_NET_DIED, /* the network core went away */
};

const char *dl_why(enum dl_why why);

/* An address: IPv4 as ::ffff:a.b.c.d; all 0: any. */
struct dl_addr {
	uint8_t bytes[16];
};

/* Reads "192.0.2.1" or "2001:db8::1". 0; -EINVAL. And writes it: DL_ADDR_TEXT
 * bytes, the end included. */
#define DL_ADDR_TEXT 46
int dl_addr_parse(struct dl_addr *a, const char *text);
const char *dl_addr_text(const struct dl_addr *a, char text[DL_ADDR_TEXT]);

/* What may happen to a connection. Only data() is needed by all; NULL stands
 * for nothing to be done. */
struct dl_handler {
	/* A connection came by a listener; `arg` is dl_listen()'s. */
	void (*accepted)(struct dl *dl, struct dl_conn *c, void *arg);

	/* dl_connect() has succeeded, or failed; `arg` is its. */
	void (*connected)(struct dl *dl, struct dl_conn *c, void *arg);
	void (*connect_failed)(struct dl *dl, void *arg, enum dl_why why);

	/* Bytes came, in order. They stay where they are, and stay readable,
	 * until dl_recv_done() has given them back or closed() returns; the
	 * peer may send as much again as is given back. What is not to be read
	 * now is left to dl_keep(). */
	void (*data)(
		struct dl *dl, struct dl_conn *c, const void *ptr, size_t len);

	/* The oldest `bytes` bytes sent are acknowledged: nobody will read
	 * their memory for this connection any more. */
	void (*acked)(struct dl *dl, struct dl_conn *c, size_t bytes);

	/* There may be room again, after -EAGAIN of dl_sendv() or dl_room(); is
	 * called once for that. */
	void (*room)(struct dl *dl, struct dl_conn *c);

	/* The peer will send no more, and nothing is kept; it may still
	 * receive. Without this callback the connection is closed by itself
	 * then. */
	void (*remote_closed)(struct dl *dl, struct dl_conn *c);

	/* The end: free all that belongs to it. Called once for every
	 * connection, also after dl_close(). Memory that was sent and not
	 * acknowledged is free again. */
	void (*closed)(struct dl *dl, struct dl_conn *c, enum dl_why why);

	/* A listener could not be had, or is over. Without this callback, the
	 * program ends with a line that says so. */
	void (*listen_failed)(struct dl *dl, void *arg, enum dl_why why);
};

/* Accepts connections at a port of all network cores; addr NULL: any address of
 * both families. Other cores of the program that listen there, too, share the
 * connections. 0; -ENOSPC: too many; -EINVAL: port 0; -EAGAIN: try again after
 * the next callback. The handler must stay where it is. */
int dl_listen(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_handler *h, void *arg);

/* Begins to connect, by the network cores in turn. 0; -EAGAIN: try again after
 * the next callback; -ENOTCONN: no network core is there; -EINVAL: port 0. */
int dl_connect(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_handler *h, void *arg);

/* A piece of what is to be sent, in memory of dl_alloc() of this program. */
struct dl_piece {
	const void *ptr;
	size_t len;
};

enum dl_send_flag {
	DL_FIN = 1, /* nothing follows: half close */
};

#define DL_PIECES 8 /* at most, in one call */

/* Sends the pieces, all or nothing, without touching them; they must stay as
 * they are until acked() has counted them or closed() was called. The same
 * memory may be sent to any number of connections at once. 0; -EAGAIN: too much
 * is under way, try again in room(); -EPIPE: it was shut down or closed
 * before; -EFAULT: not memory of dl_alloc(); -EINVAL: too many pieces. */
int dl_sendv(struct dl_conn *c, const struct dl_piece *p, unsigned n,
	unsigned flags);
int dl_send(struct dl_conn *c, const void *ptr, size_t len);

/* Whether `pieces` pieces, in whatever number of calls before the next
 * callback, would be taken: 0; -EAGAIN: not now, try again in room(); -EPIPE.
 */
int dl_room(struct dl_conn *c, unsigned pieces);

/* Gives back the oldest `bytes` bytes that data() handed over. */
void dl_recv_done(struct dl_conn *c, size_t bytes);

/* Called by data(), once: the last `len` bytes of its piece, from ptr on, are
 * to be read later. They stay where they are, and what comes meanwhile stays
 * behind them. After the next acked() or room() - of which the program need not
 * have one - data() is called with them again, and then with the others, until
 * it keeps something; so who waits for his answers to get away has nothing else
 * to do. A core keeps 65535 pieces; who needs more is reset. */
void dl_keep(struct dl_conn *c, const void *ptr, size_t len);
/* Calls data() with what is kept, now: for who waits for something else. Not
 * from data() itself. */
void dl_read_on(struct dl_conn *c);

/* Nothing more will be sent. */
void dl_shutdown(struct dl_conn *c);

/* The program wants nothing more of it: what was sent still arrives, and is
 * acked(); data() is not called again, what it handed over is given back.
 * closed() follows. With dl_abort() the peer is reset. */
void dl_close(struct dl_conn *c);
void dl_abort(struct dl_conn *c);

void dl_conn_set_user(struct dl_conn *c, void *user);
void *dl_conn_user(const struct dl_conn *c);
struct dl *dl_conn_core(const struct dl_conn *c);
unsigned dl_conn_net(const struct dl_conn *c);
/* The peer of a connection that was accepted; of one that we made, whom we
 * asked for. */
void dl_conn_peer(
	const struct dl_conn *c, struct dl_addr *addr, uint16_t *port);
/* Another handler from now on. */
void dl_conn_set_handler(struct dl_conn *c, const struct dl_handler *h);

/* Small segments wait for acknowledgements (RFC 896); off by default. 0;
 * -EAGAIN: try again after the next callback; -EPIPE: it was closed before. */
int dl_set_nagle(struct dl_conn *c, int on);
/* After so many seconds of silence, 18 hours at most, the peer is asked whether
 * it is there; 0: never, the default. Returns what dl_set_nagle() does. */
int dl_set_keepalive(struct dl_conn *c, unsigned seconds);

/* --- datagrams ------------------------------------------------------------*/

/* A UDP port, of one core: from dl_udp_open() until closed() returns. */
struct dl_udp;

/* What may happen to it. Only datagram() is needed by all. */
struct dl_udp_handler {
	/* One came, as a whole; it may be empty. It lies in memory that the
	 * program cannot write, and is gone when this returns. */
	void (*datagram)(struct dl_udp *u, const void *ptr, size_t len,
		const struct dl_addr *from, uint16_t port);

	/* A network core has the port: dl_udp_send() works from now on. */
	void (*opened)(struct dl_udp *u);

	/* The memory of the oldest n datagrams sent is free again, whatever
	 * became of them. */
	void (*sent)(struct dl_udp *u, unsigned n);

	/* The end, also after dl_udp_close(): the memory of all that was sent
	 * is free again. Without this callback the program ends with a line
	 * that says so, if it did not close the port itself. */
	void (*closed)(struct dl_udp *u, enum dl_why why);
};

/* Takes datagrams at a port of all network cores, and sends from it; addr NULL:
 * any address of both families. What comes is spread over the cores of the
 * program that open it, too: all of a peer's comes to one of them. What came in
 * several packets is handed up as one piece. What comes while the core does not
 * take it is not handed up. When a network core is started again the port is
 * opened there, too. 0; -ENOSPC: listeners and ports are too many; -EINVAL:
 * port 0; -EAGAIN: try again after the next callback. The handler must stay
 * where it is. */
int dl_udp_open(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_udp_handler *h, void *arg, struct dl_udp **out);

#define DL_UDP_PIECES 5 /* at most, in one datagram */

/* Sends one datagram of all the pieces, which must stay as they are until
 * sent() has counted it. One that does not fit into a packet goes in several,
 * and arrives if they all do. Nobody is told whether it does, or goes at all:
 * one to an address that is no host's or that there is no way to, or for which
 * there is no room at the port, is counted by the network core. 0; -EAGAIN: too
 * much is under way, drop it or try again in sent() or after the next callback;
 * -ENOTCONN: no network core has the port; -EPIPE: it is closed; -EFAULT: not
 * memory of dl_alloc(); -EMSGSIZE: more than any datagram has room for;
 * -EINVAL: too many pieces, or port 0. */
int dl_udp_send(struct dl_udp *u, const struct dl_addr *to, uint16_t port,
	const struct dl_piece *p, unsigned n);

/* datagram() is not called again; closed() follows. */
void dl_udp_close(struct dl_udp *u);

/* dl_udp_open()'s `arg`; its core. */
void *dl_udp_user(const struct dl_udp *u);
struct dl *dl_udp_core(const struct dl_udp *u);

/* --- timers ---------------------------------------------------------------*/

/* A timer is the program's memory; all 0 to begin with. It is called once, on
 * the core that set it. */
struct dl_timer {
	void (*expired)(struct dl *dl, struct dl_timer *t);
	void *arg;   /* the program's own */
	uint64_t at; /* the rest is not */
	struct dl_timer *child, *next, *prev;
};

/* In so many milliseconds; setting it again moves it. */
void dl_timer_set(struct dl *dl, struct dl_timer *t, unsigned ms);
/* It may or may not be set. */
void dl_timer_stop(struct dl *dl, struct dl_timer *t);

/* --- memory ---------------------------------------------------------------*/

/* Memory that can be sent from: the part of the App partition that belongs to
 * this core. NULL when it is used up. Aligned to 16 bytes, from 64 bytes on to
 * 64. To be freed on the core that allocated it; freeing anything else, or
 * twice, ends the program with a line that says which. */
void *dl_alloc(struct dl *dl, size_t bytes);
void dl_free(struct dl *dl, void *ptr);

#endif

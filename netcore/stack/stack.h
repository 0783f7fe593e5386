/* stack.h - a TCP/IP engine: frames and a time go in, frames and a next
 * deadline come out. It reads no clock, allocates nothing after start, knows
 * neither devices nor processes, and keeps no global state: a process may have
 * as many as it likes, each owned by one thread.
 *
 * Order of use, each turn of the owner's loop:
 *
 *	stack_rx(s, frames, n, now)	what came from the wire
 *	... calls of the program ...	stack_send() and its like
 *	stack_timers(s, now)		what became due
 *	n = stack_tx(s, out, max, now)	what is to go out; until it gives less
 *	stack_deadline(s)		when to come back at the latest
 *
 * No byte of payload is copied. What is received is handed up where it lies,
 * with the buffer's only reference; what is sent is a reference to the
 * caller's memory, which must stay as it is until ops->acked says that it was
 * acknowledged - and until the driver has let go of every frame that refers to
 * it, which is the driver's to know. The engine writes headers only.
 */
#ifndef NETCORE_STACK_STACK_H
#define NETCORE_STACK_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netcore/stack/counters.h"
#include "netcore/stack/frame.h"
#include "netcore/stack/ip_addr.h"
#include "netcore/stack/steer.h"

struct stack;
struct quota;

/* --- configuration -------------------------------------------------------*/

struct stack_config {
	uint32_t conns;	    /* connections of any state */
	uint32_t half_open; /* of these, not yet accepted ones */
	uint32_t listeners;
	/* Shared by all connections. With twice as many send_refs and segs as
	 * conns each connection can count on one of both, whatever others hold;
	 * with less half of them is for those that have none. Of ooo nobody
	 * gets more than is left. */
	uint32_t send_refs; /* pieces of memory queued */
	uint32_t segs;	    /* segments sent and not acknowledged */
	uint32_t ooo;	    /* segments received ahead of their turn */
	/* Who may have how many of send_refs, of all who share the stack, by
	 * stack_set_account(); the caller's, NULL: whoever comes first. Of its
	 * total no more than send_refs less conns is sure to be there. */
	struct quota *send_quota;
	uint32_t rcv_window;   /* bytes that a program may leave unread */
	uint32_t udp_ports;    /* bound at a time */
	uint32_t frags;	       /* packets being put together; 0: none is */
	uint32_t frag_pieces;  /* of them all: buffers that are held */
	uint32_t min_rto_ms;   /* 0: 200 */
	uint32_t time_wait_ms; /* 0: 60000 */
	uint8_t secret[16];    /* of hashes and sequence numbers: random */

	uint8_t mac[6];
	uint16_t mtu;
	struct ip_addr ip4; /* unspecified: none */
	uint8_t ip4_bits;
	struct ip_addr gateway4;
	/* IPv6 has an address of the link besides, fe80:: and what the MAC
	 * gives; link6: that one alone is enough. Nothing is taken from
	 * routers. */
	struct ip_addr ip6; /* unspecified: none */
	uint8_t ip6_bits;
	struct ip_addr gateway6;
	bool link6;

	bool tx_cksum; /* the device completes checksums */
	uint32_t tso;  /* largest super-segment, 0: none */
	bool reno;     /* NewReno instead of CUBIC */
	/* ECN is offered by our SYNs, too. A peer that asks for it gets it in
	 * any case. */
	bool ecn;
	/* Others have our addresses, too, and see the same frames: each takes
	 * its own flows, and says nothing to the rest. All hear neighbours;
	 * share 0 answers them. An echo is of the flow without ports. */
	struct steer steer;
};

enum stack_why {
	STACK_CLOSED, /* both sides ended it */
	STACK_RESET,
	STACK_REFUSED,
	STACK_TIMEOUT,
	STACK_UNREACHABLE,
	STACK_ABORTED, /* by stack_close() with abort */
};

#define STACK_FRAGS 48 /* pieces that a packet may come in */

/* A datagram that came. Its buffers are the callee's, as many as pieces. */
struct stack_datagram {
	uint64_t user; /* of the port */
	struct ip_addr ip, local_ip;
	uint16_t port, local_port;
	uint16_t pieces;
	uint32_t len; /* of the pieces */
	struct stack_piece piece[STACK_FRAGS];
	void *buf[STACK_FRAGS];
};

/* Upcalls; they may call the stack again. `user` is stack_set_user()'s. */
struct stack_ops {
	/* A connection was made on a listener. */
	void (*accepted)(void *arg, stack_conn c, uint64_t listener_user);
	void (*connected)(void *arg, stack_conn c, uint64_t user);
	/* Bytes in order. The buffer is the callee's now. */
	void (*data)(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
		uint32_t len, void *buf);
	/* That many of the oldest bytes sent are acknowledged. */
	void (*acked)(void *arg, stack_conn c, uint64_t user, uint32_t bytes);
	void (*remote_closed)(void *arg, stack_conn c, uint64_t user);
	/* The end of c: no upcall follows, and the name is void. Who has closed
	 * it before does not wait for the end of TIME-WAIT. */
	void (*closed)(
		void *arg, stack_conn c, uint64_t user, enum stack_why why);
	void (*datagram)(void *arg, const struct stack_datagram *d);
	/* A buffer that was kept is not needed any more. */
	void (*release)(void *arg, void *buf);
};

size_t stack_bytes(const struct stack_config *c);

/* mem: stack_bytes() zero bytes, aligned to 64; lives as long as the stack. */
struct stack *stack_init(void *mem, const struct stack_config *c,
	const struct stack_ops *ops, void *arg, uint64_t now);

/* --- the wire ------------------------------------------------------------*/

void stack_rx(
	struct stack *s, struct stack_rx_frame *f, unsigned n, uint64_t now);
unsigned stack_tx(struct stack *s, struct stack_tx_frame *out, unsigned max,
	uint64_t now);
void stack_timers(struct stack *s, uint64_t now);
/* In ns; UINT64_MAX: nothing will happen by itself. 0: now. */
uint64_t stack_deadline(const struct stack *s);

/* --- the program ---------------------------------------------------------*/

/* 0 or -errno: -EADDRINUSE, -ENOSPC. ip all 0: any of ours, of both families;
 * ip_addr_v4(0): any of IPv4. The closest takes a connection. */
int stack_listen(
	struct stack *s, struct ip_addr ip, uint16_t port, uint64_t user);
int stack_unlisten(struct stack *s, struct ip_addr ip, uint16_t port);

/* Begins to connect; lport 0: one that is free, and makes the flow ours. 0 or
 * -errno: -EADDRINUSE; -ENOSPC; -EINVAL of an address that is no host's;
 * -EADDRNOTAVAIL where we have none of that family ourselves, or where the
 * flow from lport is another's. */
int stack_connect(struct stack *s, struct ip_addr ip, uint16_t port,
	uint16_t lport, uint64_t user, stack_conn *out);

/* Both ends, from the upcall that tells of it on. 0; -ENOTCONN. */
int stack_peer(
	struct stack *s, stack_conn c, struct ip_addr *ip, uint16_t *port);
int stack_local(
	struct stack *s, stack_conn c, struct ip_addr *ip, uint16_t *port);

int stack_set_user(struct stack *s, stack_conn c, uint64_t user);

/* Before anything is sent: whose pieces are counted in send_quota. 0, which is
 * the default as well; -ENOTCONN. */
int stack_set_account(struct stack *s, stack_conn c, uint8_t account);

/* Queues a reference. 0; -ENOTCONN; -EPIPE after a shutdown; -ENOBUFS when
 * all references are in use: try again when something was acknowledged (of c,
 * if there are two references for each connection); -EDQUOT when the quota has
 * none for it. */
int stack_send(struct stack *s, stack_conn c, const void *ptr, uint32_t len);

/* The program is done with so many of the bytes that it was handed: the window
 * opens again. */
int stack_recv_done(struct stack *s, stack_conn c, uint32_t bytes);

/* While it is held, data that comes for it is dropped unacknowledged, for the
 * peer to send again: its owner has no room. 0; -ENOTCONN. */
int stack_hold(struct stack *s, stack_conn c, bool on);

/* Nothing more will be sent: a FIN follows what is queued. */
int stack_shutdown(struct stack *s, stack_conn c);

/* The program is done with it. It is ended in an orderly way in the background
 * (what is queued is still sent, and acked), or by a reset if abort is set or
 * data was left unread. ops->closed follows when all is over. */
int stack_close(struct stack *s, stack_conn c, bool abort);

/* After idle_ms without a word from the peer, while nothing is under way, it is
 * asked whether it is still there; up to `count` times, interval_ms apart; then
 * it is over (STACK_TIMEOUT). idle_ms 0: never, which is the default. In whole
 * seconds, rounded up, 18 hours at most; a probe may come an eighth of idle_ms
 * later. 0; -ENOTCONN; -EINVAL. */
int stack_set_keepalive(struct stack *s, stack_conn c, uint32_t idle_ms,
	uint32_t interval_ms, uint32_t count);

int stack_set_nagle(struct stack *s, stack_conn c, bool on);

/* --- datagrams ------------------------------------------------------------*/

/* ops->datagram gets what comes for the port. ip unspecified: any of ours.
 * 0; -EADDRINUSE; -ENOSPC. */
int stack_udp_bind(
	struct stack *s, struct ip_addr ip, uint16_t port, uint64_t user);
int stack_udp_unbind(struct stack *s, uint16_t port);

/* One datagram, which is not copied: it lies in `buf`, which goes out with its
 * frame, or to ops->release where the next hop has no address after all. NULL:
 * the caller knows that it stays. The buffer is still the caller's if this is
 * not 0: -EMSGSIZE, it does not fit into one packet; -EINVAL of an address that
 * is no host's; -EADDRNOTAVAIL where we have none of that family; -ENETUNREACH;
 * -ENOBUFS when too many wait to go out. */
int stack_udp_send(struct stack *s, uint16_t local_port, struct ip_addr ip,
	uint16_t port, const void *ptr, uint32_t len, void *buf);

/* The same for one that is too long for a packet, in n packets that the other
 * end's IP puts together. p[i] lies in buf[i]; each has stack_udp_cut() bytes,
 * the first one STACK_UDP_HEAD less, and the last one what is left. To a next
 * hop that is not known yet only the last few are kept. */
#define STACK_UDP_CUTS 120u
#define STACK_UDP_HEAD 8u
uint32_t stack_udp_cut(const struct stack *s, struct ip_addr ip);
/* How many packets len bytes are, if they may go now; else -EMSGSIZE, -ENOBUFS.
 * So nothing is copied in vain. */
int stack_udp_cuts(struct stack *s, struct ip_addr ip, uint32_t len);
int stack_udp_send_cut(struct stack *s, uint16_t local_port, struct ip_addr ip,
	uint16_t port, const struct stack_piece *p, void *const *buf,
	unsigned n);

/* --- counters ------------------------------------------------------------*/

struct stack_counters {
#define X(name) uint64_t name;
	STACK_COUNTERS(X)
#undef X
};

const struct stack_counters *stack_counters(const struct stack *s);

/* Connections of any state that there are. */
uint32_t stack_taken(const struct stack *s);

/* --- looks ----------------------------------------------------------------*/

/* RFC 9293, 3.3.2; without CLOSED and LISTEN, which no connection is in. */
enum stack_state {
	STACK_SYN_SENT = 1,
	STACK_SYN_RECEIVED,
	STACK_ESTABLISHED,
	STACK_CLOSE_WAIT,
	STACK_FIN_WAIT_1,
	STACK_FIN_WAIT_2,
	STACK_CLOSING,
	STACK_LAST_ACK,
	STACK_TIME_WAIT,
	STACK_STATES
};

struct stack_info {
	stack_conn conn;
	uint64_t user; /* of the listener, until it is accepted */
	struct ip_addr local, remote;
	uint16_t lport, rport;
	enum stack_state state;
	/* Bytes in order, each counted once; both modulo 2^32. */
	uint32_t received, sent;
	uint32_t unacked; /* queued and not acknowledged, sent or not */
	uint32_t unread;  /* handed up and not given back */
	uint32_t srtt_us; /* 0: not known yet */
	uint32_t cwnd;
	uint16_t resent; /* segments, modulo 2^16 */
	uint32_t age_ms; /* in steps of 64, modulo 2^22: 70 minutes */
};

/* Connections from this slot on never were; it only grows, up to conns. */
uint32_t stack_slots(const struct stack *s);

/* What is in that slot, for any number; false: nothing. O(1), and a word if
 * there is nothing. */
bool stack_info(const struct stack *s, uint32_t slot, struct stack_info *to);

/* For tests: the invariant that does not hold, as text; NULL if all do. */
const char *stack_check(const struct stack *s);

#endif

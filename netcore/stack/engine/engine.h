/* engine.h - what the files of the engine share: the stack itself, and who
 * calls whom. Nothing outside of this folder includes it.
 *
 *	stack.c	  memory, the public functions
 *	ip_in.c, ip6_in.c	  rx step 3: frames to segments
 *	neigh.c	  neighbours		arp.c, nd.c	questions for them
 *	icmp.c, icmp6.c	  echoes, errors	reply.c	frames of nobody
 *	echo.c	  echoes in pieces
 *	ip_out.c  headers in front of a segment	out4.c	of most
 *	out6.c	  the same for IPv6
 *	in.c	  rx step 4: segments, RFC 9293 3.10.7	open.c	handshakes
 *	plain_in.c, plain_in6.c, plain_out.c	the same for most frames, in
 *		  one go; plain_case.h	what both families share of it
 *	plain_ack.c	  what most acknowledgements mean
 *	plain_turn.c	  how most connections are made, and end
 *	ack.c	  what an acknowledgement means: RTT, SACK, RACK, recovery
 *	dsack.c	  what was sent twice for nothing
 *	out.c	  tx step 2: what a connection has to send, one frame a call
 *	timer.c	  deadlines				end.c	ends
 *	udp.c	  datagrams		frag.c	packets in pieces
 *	shut.c	  windows that are shut	alive.c	keepalive
 *	linger.c  who is in TIME-WAIT
 *	pmtu.c	  how large a packet may be	ecn.c	routers that mark
 *	check.c	  invariants, for tests		info.c	  looks at connections
 */
#ifndef NETCORE_STACK_ENGINE_ENGINE_H
#define NETCORE_STACK_ENGINE_ENGINE_H

#include <errno.h>

#include "netcore/stack/core/idpool.h"
#include "netcore/stack/core/quota.h"
#include "netcore/stack/core/wheel.h"
#include "netcore/stack/engine/frag.h"
#include "netcore/stack/engine/neigh.h"
#include "netcore/stack/engine/pmtu.h"
#include "netcore/stack/engine/tcb.h"
#include "netcore/stack/stack.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"
#include "netcore/stack/wire/tcp.h"

#define REPLIES		  256 /* frames of no connection that wait */
#define REPLIES_BULK	  192 /* of these, such as others can make us send */
#define NEIGH_FRAMES	  32  /* of no connection, that wait for a neighbour */
#define NEIGH_FRAMES_EACH 4
#define RTO_MAX_MS	  120000u
#define RTO_INITIAL_MS	  1000u
#define RTO_LOST_SYN_MS	  3000u
#define DELACK_MS	  40u
#define ROOM_MS		  20u /* until a look whether there are nodes */
#define RETRIES		  15
#define BACKOFF_SHUT	  10 /* of probes that are answered */

struct listener {
	struct ip_addr ip; /* 0: any; the IPv4 one: any of IPv4 */
	uint16_t port;
	bool used;
	uint64_t user;
};

/* A frame that is complete: a RST, an ARP message, an echo. Its headers lie
 * here; what follows them, if anything does, is a piece of `buf`. */
struct reply {
	uint8_t bytes[STACK_HEADERS];
	uint16_t len, l3, l4;
	uint16_t flags; /* enum stack_tx_flag */
	struct stack_piece piece;
	void *buf; /* goes out with the frame; NULL: none */
};

/* So many a second, and so many at once. All 0: nothing was taken yet. */
struct bucket {
	uint32_t spent; /* thousandths */
	uint32_t tick;	/* of `spent` */
};

/* What waits for a neighbour. */
struct neigh_frame {
	struct reply r;
	uint32_t t; /* since then */
	uint16_t hop;
	bool used;
};

/* Indices + 1 of the neighbours in a ring; 0: its begin and end. */
struct linger_link {
	uint32_t prev, next;
};

struct stack {
	struct stack_config cfg;
	const struct stack_ops *ops;
	void *arg;
	uint64_t now; /* ns, of the last call */
	uint32_t tick;
	uint32_t us;
	uint32_t min_rto_us;
	uint32_t rto_least_ms;	       /* no connection has less */
	uint32_t ip4, mask4, gateway4; /* 0: none */
	struct ip_addr ip6, mask6, gateway6;
	struct ip_addr link6;	     /* ours on this link; 0: no IPv6 */
	uint32_t wire_ip4;	     /* ours, in the order of memory, */
	uint32_t mac_head, mac_tail; /* as is this: four bytes and two */
	uint8_t scale;		     /* of the window that we offer */
	struct sip_key secret;
	struct tcb *tcb;
	struct flow flow;
	struct idpool ids;
	struct wheel wheel;
	struct slab sg, seg, ooo;
	/* Connections that have to send, in turn. TCB_READY says that one is in
	 * here, once; it stays when the connection ends, for the next one with
	 * its index. */
	uint32_t *ready;
	uint32_t ready_mask, ready_head, ready_tail;
	struct linger_link *linger; /* one more than connections: linger.c */
	uint32_t half_open;
	uint32_t t_cookie; /* when the last SYN cookie was sent; 0: never */
	uint16_t next_port;
	uint16_t ip_id;
	uint32_t cut_id; /* of packets of IPv6 that went in pieces */
	struct listener *listener;
	struct udp_port *udp_port;
	uint16_t *udp_map; /* 1 + index of who has the port */
	struct frags frags;
	struct pmtu pmtu[PMTU_KNOWN];
	bool pmtu_any; /* something stands in it */
	struct neighbour neighbour[NEIGHBOURS];
	uint32_t neigh_last; /* the one found last */
	struct neigh_frame waiting[NEIGH_FRAMES];
	struct reply reply[REPLIES];
	uint32_t reply_head, reply_tail;
	struct bucket echoes, errors;
	struct stack_counters count;
};

/* A received segment; lives on the call stack. */
struct tcp_rx {
	struct wire_tcp h;
	struct flow_key key;
	uint32_t hash;	/* of the connection; 0: not computed yet */
	uint32_t guess; /* its index, most likely; FLOW_NONE: none is known */
	const uint8_t *data;
	uint32_t len;
	bool syn; /* it was one: its window is not scaled (RFC 7323, 2.2) */
	bool ce;  /* a router has marked it (RFC 3168) */
	struct stack_rx_frame *frame;
};

static inline uint32_t
tcb_index(const struct stack *s, const struct tcb *c)
{
	return (uint32_t)(c - s->tcb);
}

/* The ends of a key, in the form that both families share. */
static inline struct ip_addr
key_local(const struct stack *s, const struct flow_key *k)
{
	if (likely(flow_key_is4(k)))
		return ip_addr_v4(s->ip4);
	return ip_addr_v6((const uint8_t *)&k->addr[0]);
}

static inline struct ip_addr
key_remote(const struct flow_key *k)
{
	if (likely(flow_key_is4(k)))
		return ip_addr_v4(k->remote4);
	return ip_addr_v6((const uint8_t *)&k->addr[2]);
}

static inline struct ip_addr
tcb_remote(const struct tcb *c)
{
	return key_remote(&c->key);
}

/* A key without ports; local: one of ours. */
static inline struct flow_key
key_of(struct ip_addr local, struct ip_addr remote)
{
	uint8_t a[16], b[16];

	if (likely(ip_addr_is_v4(local)))
		return flow_key4(0, (uint32_t)remote.lo, 0);
	ip_addr_put(local, a);
	ip_addr_put(remote, b);
	return flow_key6(a, 0, b, 0);
}

/* As cksum_pseudo4() and 6. */
static inline uint64_t
pseudo_of(struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t len)
{
	uint8_t from[16], to[16];

	if (likely(ip_addr_is_v4(src)))
		return cksum_pseudo4((uint32_t)src.lo, (uint32_t)dst.lo, proto,
			(uint16_t)len);
	ip_addr_put(src, from);
	ip_addr_put(dst, to);
	return cksum_pseudo6(from, to, proto, len);
}

/* From where we send to `to`: an address of the link to one of the link; other
 * choices there are none (RFC 6724, 5, rule 2). Unspecified: we cannot. */
static inline struct ip_addr
source_for(const struct stack *s, struct ip_addr to)
{
	if (ip_addr_is_v4(to))
		return ip_addr_v4(s->ip4);
	return ip_addr_is_link(to) ? s->link6 : s->ip6;
}

/* It is no host's. */
static inline bool
is_martian(struct ip_addr a)
{
	uint8_t bytes[16];

	if (ip_addr_is_v4(a))
		return wire_ipv4_martian((uint32_t)a.lo);
	ip_addr_put(a, bytes);
	return wire_ipv6_martian(bytes);
}

static inline bool
is_ours6(const struct stack *s, struct ip_addr a)
{
	return (a.hi | a.lo) &&
		(ip_addr_eq(a, s->ip6) || ip_addr_eq(a, s->link6));
}

/* What was sent and is not acknowledged, SYN and FIN included. */
static inline uint32_t
tcb_out(const struct tcb *c)
{
	return c->snd_nxt - c->snd_una;
}

/* Before anything looks at nodes of the scoreboard. */
static inline void
tcb_settle(struct stack *s, struct tcb *c)
{
	segs_settle(&s->seg, &c->segs, c->snd_una, tcb_out(c));
}

/* After any of these changed: the plain ways, and all that is asked often, see
 * but the flag. */
static inline void
tcb_see_odd(struct tcb *c)
{
	c->flags &= ~(uint32_t)TCB_ODD;
	if (c->odd.sacked | c->odd.lost | c->ooo.head | c->dupacks)
		c->flags |= TCB_ODD;
}

/* What the window let out: while a hole stays open, new data follow what was
 * sacked, and much more than a window is not acknowledged. A part of that would
 * be no reduction (RFC 9438, 4.6). */
static inline uint32_t
tcb_flight(const struct tcb *c)
{
	return tcb_out(c) < c->cc.cwnd ? tcb_out(c) : c->cc.cwnd;
}

/* What was received and is not acknowledged. */
static inline uint32_t
tcb_unacked(const struct tcb *c)
{
	return c->rcv_nxt - c->last_ack_sent;
}

/* Whether it is worth asking out_frame(); not whether it has more indeed. */
static inline bool
out_more(const struct tcb *c)
{
	uint32_t sent_bytes =
		c->snd_nxt - c->snd_una - !!(c->flags & TCB_FIN_SENT);

	if (unlikely(c->state < TCP_ESTABLISHED))
		return c->flags & (TCB_SYN_DUE | TCB_ACK_NOW);
	return c->sendq.bytes != sent_bytes ||
		(c->flags & (TCB_PROBE | TCB_ACK_NOW)) ||
		(unlikely(c->flags & TCB_ODD) &&
			c->odd.lost != c->odd.resent) ||
		(c->flags & (TCB_FIN_QUEUED | TCB_FIN_SENT)) == TCB_FIN_QUEUED;
}

void engine_time(struct stack *s, uint64_t now);

/* It may have something to send. */
static inline void
out_ready(struct stack *s, struct tcb *c)
{
	if (c->flags & TCB_READY)
		return;
	c->flags |= TCB_READY;
	s->ready[s->ready_head++ & s->ready_mask] = tcb_index(s, c);
}

/* Something of c is due at t: the wheel looks by then. It may look before, and
 * is told the next time then: a deadline that was put off costs nothing. */
static inline void
timer_by(struct stack *s, struct tcb *c, uint32_t t)
{
	if (likely(c->t_wheel && (int32_t)(c->t_wheel - t) <= 0))
		return;
	c->t_wheel = t;
	wheel_set(&s->wheel, tcb_index(s, c), t);
}

/* 0 is no time. */
static inline uint32_t
timer_in(const struct stack *s, uint32_t ms)
{
	uint32_t t = s->tick + ms;

	return t + !t;
}

/* When it ends, or its peer is looked after; 0: at no time. The wheel looks at
 * each connection now and then, and sees but the flag. */
static inline void
timer_life(struct tcb *c, uint32_t t)
{
	c->t_life = t;
	c->flags &= ~(uint32_t)TCB_LIFE;
	if (t)
		c->flags |= TCB_LIFE;
}

static inline void
timer_delay_ack(struct stack *s, struct tcb *c)
{
	if (c->t_delack)
		return;
	c->t_delack = timer_in(s, DELACK_MS);
	timer_by(s, c, c->t_delack);
}

/* Data waits, nothing is under way, and the window lets out neither all of it
 * nor a full segment: nothing but a probe gets on from here, should the peer's
 * next word be lost (RFC 9293, 3.8.6.1, 3.8.6.2.1). */
static inline bool
timer_stuck(const struct tcb *c)
{
	return !c->segs.head && c->state >= TCP_ESTABLISHED &&
		c->snd_wnd < c->mss && c->snd_wnd < c->sendq.bytes;
}

/* To whom a frame for `to` goes; unspecified: nobody. */
static inline uint32_t
neigh_hop4(const struct stack *s, uint32_t to)
{
	return (to ^ s->ip4) & s->mask4 ? s->gateway4 : to;
}

static inline struct ip_addr
neigh_hop(const struct stack *s, struct ip_addr to)
{
	if (ip_addr_is_v4(to))
		return ip_addr_v4(s->ip4 ? neigh_hop4(s, (uint32_t)to.lo) : 0);
	if (ip_addr_is_link(to) ||
		!(((to.hi ^ s->ip6.hi) & s->mask6.hi) |
			((to.lo ^ s->ip6.lo) & s->mask6.lo)))
		return to;
	return s->gateway6;
}

/* neigh.c. The slow path: NULL, and c is made ready when there is an answer. */
const uint8_t *neigh_search(struct stack *s, struct tcb *c);
void neigh_leave(struct stack *s, struct tcb *c); /* it waits no more */

/* The Ethernet address of c's next hop, if it stands where it stood last, and
 * is still good. */
static inline const uint8_t *
neigh_of(struct stack *s, struct tcb *c)
{
	const struct neighbour *n;
	bool here;

	if (likely(flow_key_is4(&c->key))) {
		uint32_t ip4 = neigh_hop4(s, c->key.remote4);

		n = &s->neighbour[neigh_bank(ip4) + c->hop];
		here = n->ip4 == ip4;
	} else {
		struct ip_addr ip = neigh_hop(s, tcb_remote(c));

		n = &s->neighbour[neigh_bank(ip.lo) + c->hop];
		here = ip_addr_eq(n->ip, ip);
	}
	if (likely(here && s->tick - n->since < n->fresh_ms))
		return n->mac;
	return neigh_search(s, c);
}

enum neigh_flag {
	NEIGH_ANSWER = 1,   /* it may be the answer to a question of ours */
	NEIGH_OVERRIDE = 2, /* it holds, whatever we know */
};

void neigh_init(struct stack *s);
struct neighbour *neigh_look(struct stack *s, struct ip_addr ip);
/* Who asks for us is a neighbour. */
void neigh_asks(struct stack *s, struct ip_addr ip, const uint8_t *mac);
/* flags: enum neigh_flag. mac NULL: as it was. */
void neigh_says(
	struct stack *s, struct ip_addr ip, const uint8_t *mac, unsigned flags);
/* A frame to be filled in, and where it goes to: all 0 is not known yet, and
 * put in when it is. 0 or -errno as reply_ip(). */
int neigh_reply(struct stack *s, struct ip_addr to, struct reply **out,
	const uint8_t **mac);
void neigh_timer(struct stack *s);
const char *neigh_check(const struct stack *s);

/* ip_in.c */
void ip_in(struct stack *s, struct stack_rx_frame *f);
/* TCP to us in a whole packet of `len` bytes, without options, the header
 * verified; and as tcp_rx has them, the hash and a guess. */
void ip_in_tcp4(struct stack *s, struct stack_rx_frame *f, uint32_t len,
	uint32_t hash, uint32_t guess);

/* The contents of a packet to us: r's key has the addresses. */
void ip_in_tcp(struct stack *s, struct tcp_rx *r, struct cursor *c);

/* ip6_in.c */
void ip6_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c);

/* ip_out.c: Ethernet, IP and TCP headers in front of f's pieces, and the
 * checksum. tos: DSCP and ECN bits. */
void ip_out_tcp(struct stack *s, const struct flow_key *k, const uint8_t *mac,
	struct wire_tcp *t, struct stack_tx_frame *f, uint8_t tos);

/* arp.c */
void arp_in(struct stack *s, const uint8_t *p, size_t len);
void arp_ask(struct stack *s, const struct neighbour *n);
void arp_announce(struct stack *s);

/* nd.c */
void nd_in(struct stack *s, const struct wire_ipv6 *ip,
	const struct wire_icmp6 *m);
void nd_ask(struct stack *s, const struct neighbour *n);
void nd_announce(struct stack *s);

/* in.c */
void tcp_in(struct stack *s, struct tcp_rx *r);
void tcp_in_fin(struct stack *s, struct tcb *c, uint32_t at); /* it came */

/* open.c */
struct listener *open_find_listener(struct stack *s, const struct flow_key *k);
void open_segment(struct stack *s, struct tcp_rx *r); /* no connection */
bool open_syn_sent(struct stack *s, struct tcb *c, struct tcp_rx *r);
void open_established(struct stack *s, struct tcb *c);
void open_take_syn_bit(struct tcp_rx *r);
void open_above(struct tcb *c, uint32_t last);
struct tcb *open_tcb(struct stack *s, const struct flow_key *k, uint32_t hash);
/* A secret function of the four numbers (RFC 6528); their clock is offset by
 * its upper half. */
uint64_t open_numbers(const struct stack *s, const struct flow_key *k);
uint16_t open_mss(const struct stack *s, const struct flow_key *k);

/* plain_ack.c: r's ack is acceptable. c may be gone then. */
void plain_ack(struct stack *s, struct tcb *c, const struct tcp_rx *r);

/* ack.c: the rest of that, for what is not plain. dsack: r tells of what came
 * twice; wnd: what the window was before r. */
void ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r, bool dsack,
	uint32_t wnd);
void ack_detect_loss(struct stack *s, struct tcb *c);
void ack_enter_loss(struct stack *s, struct tcb *c);
void ack_lower_mss(struct stack *s, struct tcb *c, uint16_t mss);

/* dsack.c */
void dsack_begin(struct tcb *c);
void dsack_resent(struct tcb *c, uint32_t seq, uint32_t len);
bool dsack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r);

/* out.c */
bool out_frame(struct stack *s, struct tcb *c, struct stack_tx_frame *f);
void out_reset(struct stack *s, const struct tcp_rx *r);
void out_reply_tcp(struct stack *s, const struct tcp_rx *r, struct wire_tcp *t);

/* out4.c, out6.c: as ip_out_tcp(), for what connections of one family send. A
 * segment has no blocks; bits are beside ACK. A SYN has all options, and says
 * `wnd`. */
void out4_segment(struct stack *s, struct tcb *c, const uint8_t *mac,
	uint32_t seq, uint8_t bits, struct stack_tx_frame *f, uint8_t tos);
void out6_segment(struct stack *s, struct tcb *c, const uint8_t *mac,
	uint32_t seq, uint8_t bits, struct stack_tx_frame *f, uint8_t tos);
void out4_syn(struct stack *s, struct tcb *c, const uint8_t *mac, uint8_t bits,
	uint16_t wnd, struct stack_tx_frame *f);

enum reply_flag {
	REPLY_BULK = 1, /* leaves room for those that are not */
};

/* reply.c: a frame to be filled in, in the order of sending; NULL: no room. An
 * IP one has its first two headers, for len bytes behind them; both addresses
 * are of one family; flags are enum reply_flag. 0; -ENOBUFS; -ENETUNREACH. */
struct reply *reply_new(struct stack *s);
int reply_ip(struct stack *s, struct ip_addr src, struct ip_addr dst,
	uint8_t proto, uint32_t len, unsigned flags, struct reply **out);
void reply_send(struct stack *s, struct stack_tx_frame *f);

/* icmp.c: c holds the contents, ip->hlen bytes behind their header. */
void icmp_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv4 *ip);
void icmp_unreachable(struct stack *s, const struct stack_rx_frame *f,
	const struct wire_ipv4 *ip, const uint8_t *packet, uint8_t code);
/* What both families share: whether an echo or an error may go out now; and
 * what an error says that is about the connection of k. */
bool icmp_may_echo(struct stack *s);
bool icmp_may_tell(struct stack *s);
bool icmp_is_broadcast(const struct stack *s, uint32_t ip);
struct tcb *icmp_find(struct stack *s, const struct flow_key *k, uint32_t seq);
void icmp_no_way(struct stack *s, struct tcb *c, bool soft, bool refused);

/* echo.c: all pieces of a packet of len bytes, in order; those that go out are
 * kept. */
void echo_pieces(struct stack *s, const struct frag_key *k,
	struct stack_rx_frame *f, unsigned n, uint32_t len);

/* icmp6.c: as its sister. A packet of another protocol, or with a header, that
 * we do not know: the byte at `pointer` says so. The last two quote from where
 * the frame lies, and keep it for that. */
void icmp6_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv6 *ip);
void icmp6_unreachable(struct stack *s, struct stack_rx_frame *f,
	const struct wire_ipv6 *ip, uint8_t code);
void icmp6_unknown(struct stack *s, struct stack_rx_frame *f,
	const struct wire_ipv6 *ip, const uint8_t *contents);

/* timer.c */
void timer_arm(struct stack *s, struct tcb *c); /* after any t_ changed */
void timer_rexmit(struct stack *s, struct tcb *c);
void timer_sent(struct stack *s, struct tcb *c);
void timer_expired(struct stack *s, uint32_t index);

/* shut.c: the peer's window is shut. */
void shut_probe(struct stack *s, struct tcb *c);
void shut_opened(struct stack *s, struct tcb *c);

/* alive.c: keepalive, by alive_idle and its like. */
void alive_set(struct stack *s, struct tcb *c);
void alive_heard(struct stack *s, struct tcb *c); /* TCB_ALIVE_OUT is set */
void alive_due(struct stack *s, struct tcb *c);	  /* may end c */
bool alive_owns_life(const struct tcb *c);

/* end.c */
void end_now(struct stack *s, struct tcb *c, enum stack_why why);
void end_release_ooo(struct stack *s, struct tcb *c);
void end_time_wait(struct stack *s, struct tcb *c);
/* The program has let go of it, in TIME-WAIT. */
void end_let_go(struct stack *s, struct tcb *c);

/* linger.c: c is in TIME-WAIT and was let go of, or was until now; and the one
 * that is there longest ends, if there is any: nobody is told. */
void linger_begin(struct stack *s, const struct tcb *c);
void linger_end(struct stack *s, const struct tcb *c);
void linger_evict(struct stack *s);
void end_reset(struct stack *s, struct tcb *c, enum stack_why why);
void end_fin_acked(struct stack *s, struct tcb *c);

#endif

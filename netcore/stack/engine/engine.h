/* engine.h - what the files of the engine share: the stack itself, and who
 * calls whom. Nothing outside of this folder includes it.
 *
 *	stack.c	  memory, the public functions
 *	ip_in.c	  rx step 3: frames to segments		arp.c	neighbours
 *	icmp.c	  echoes, errors			reply.c	frames of nobody
 *	in.c	  rx step 4: segments, RFC 9293 3.10.7	open.c	handshakes
 *	plain_in.c, plain_out.c	  the same for most frames, in one go
 *	ack.c	  what an acknowledgement means: RTT, SACK, RACK, recovery
 *	out.c	  tx step 2: what a connection has to send, one frame a call
 *	timer.c	  deadlines				end.c	ends
 *	udp.c	  datagrams		frag.c	packets in pieces
 *	shut.c	  windows that are shut	alive.c	keepalive
 *	pmtu.c	  how large a packet may be
 *	check.c	  invariants, for tests
 */
#ifndef NETCORE_STACK_ENGINE_ENGINE_H
#define NETCORE_STACK_ENGINE_ENGINE_H

#include <errno.h>

#include "netcore/stack/core/idpool.h"
#include "netcore/stack/core/wheel.h"
#include "netcore/stack/engine/frag.h"
#include "netcore/stack/engine/pmtu.h"
#include "netcore/stack/engine/tcb.h"
#include "netcore/stack/stack.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp4.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"

#define REPLIES		256 /* frames of no connection that wait */
#define REPLIES_BULK	192 /* of these, such as others can make us send */
#define NEIGHBOURS	64
#define RTO_MAX_MS	120000u
#define RTO_INITIAL_MS	1000u
#define RTO_LOST_SYN_MS 3000u
#define DELACK_MS	40u
#define RETRIES		15
#define BACKOFF_SHUT	10 /* of probes that are answered */

struct listener {
	uint32_t ip; /* 0: any */
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

struct neighbour {
	uint32_t ip;
	uint8_t mac[6];
	bool known;
	uint8_t tries;
	uint32_t t_confirmed, t_asked;
};

struct stack {
	struct stack_config cfg;
	const struct stack_ops *ops;
	void *arg;
	uint64_t now; /* ns, of the last call */
	uint32_t tick;
	uint32_t us;
	uint32_t min_rto_us;
	uint32_t ip4, mask4, gateway4;
	uint32_t mac_head, mac_tail; /* four bytes and two */
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
	uint32_t half_open;
	uint32_t stamp;
	uint16_t next_port;
	uint16_t ip_id;
	struct listener *listener;
	struct udp_port *udp_port;
	uint16_t *udp_map; /* 1 + index of who has the port */
	struct frags frags;
	struct pmtu pmtu[PMTU_KNOWN];
	struct neighbour neighbour[NEIGHBOURS];
	struct reply reply[REPLIES];
	uint32_t reply_head, reply_tail;
	struct bucket echoes, errors;
	struct stack_counters count;
};

/* A received segment; lives on the call stack. */
struct tcp_rx {
	struct wire_tcp h;
	uint32_t src, dst;
	uint32_t hash; /* of the connection; 0: not computed yet */
	const uint8_t *data;
	uint32_t len;
	bool syn; /* it was one: its window is not scaled (RFC 7323, 2.2) */
	struct stack_rx_frame *frame;
};

static inline uint32_t
tcb_index(const struct stack *s, const struct tcb *c)
{
	return (uint32_t)(c - s->tcb);
}

static inline uint32_t
tcb_src(const struct tcb *c)
{
	return (uint32_t)(c->key.addr[0] >> 32);
}

static inline uint32_t
tcb_dst(const struct tcb *c)
{
	return (uint32_t)c->key.addr[0];
}

/* What was received and is not acknowledged. */
static inline uint32_t
tcb_unacked(const struct tcb *c)
{
	return c->rcv_nxt - c->last_ack_sent;
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

/* What a tail probe waits longer for a segment that is alone: its
 * acknowledgement may be delayed (RFC 8985, 7.2). */
#define TIMER_PROBE_ALONE_MS 200

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

/* ip_in.c */
void ip_in(struct stack *s, struct stack_rx_frame *f);
/* TCP to us in a whole packet of `len` bytes, without options, the header
 * verified; and the hash of its connection. */
void ip_in_tcp4(
	struct stack *s, struct stack_rx_frame *f, uint32_t len, uint32_t hash);

/* arp.c: the address of the next hop to ip; NULL, and it is asked for. */
void arp_in(struct stack *s, const uint8_t *p, size_t len);
const uint8_t *arp_find(struct stack *s, uint32_t ip);

/* in.c */
void tcp_in(struct stack *s, struct tcp_rx *r);

/* open.c */
void open_segment(struct stack *s, struct tcp_rx *r); /* no connection */
bool open_syn_sent(struct stack *s, struct tcb *c, struct tcp_rx *r);
void open_established(struct stack *s, struct tcb *c);
void open_take_syn_bit(struct tcp_rx *r);
void open_above(struct tcb *c, uint32_t last);
struct tcb *open_tcb(struct stack *s, const struct flow_key *k);
uint16_t open_mss(const struct stack *s);

/* ack.c: r's ack is acceptable and at or above snd_una. */
void ack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r);
void ack_detect_loss(struct stack *s, struct tcb *c);
void ack_enter_loss(struct stack *s, struct tcb *c);
void ack_lower_mss(struct stack *s, struct tcb *c, uint16_t mss);

/* out.c */
bool out_frame(struct stack *s, struct tcb *c, struct stack_tx_frame *f);
bool out_more(const struct tcb *c);
void out_reset(struct stack *s, const struct tcp_rx *r);
void out_reply_tcp(struct stack *s, const struct tcp_rx *r, struct wire_tcp *t);

/* reply.c: a frame to be filled in, in the order of sending; NULL: no room. An
 * IPv4 one has its first two headers, for len bytes behind them, and -errno.
 * bulk: it leaves room for those that are not. */
struct reply *reply_new(struct stack *s);
int reply_ipv4(struct stack *s, uint32_t dst, uint8_t proto, uint32_t len,
	bool bulk, struct reply **out);
void reply_send(struct stack *s, struct stack_tx_frame *f);

/* icmp.c: c holds the contents, ip->hlen bytes behind their header. */
void icmp_in(struct stack *s, struct stack_rx_frame *f, struct cursor *c,
	const struct wire_ipv4 *ip);
void icmp_unreachable(struct stack *s, const struct stack_rx_frame *f,
	const struct wire_ipv4 *ip, const uint8_t *packet, uint8_t code);

/* timer.c */
void timer_arm(struct stack *s, struct tcb *c); /* after any t_ changed */
void timer_rexmit(struct stack *s, struct tcb *c);
void timer_sent(struct stack *s, struct tcb *c);
void timer_expired(struct stack *s, uint32_t index);
uint32_t timer_probe_ms(const struct tcb *c);

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
void end_time_wait(struct stack *s, struct tcb *c);
void end_reset(struct stack *s, struct tcb *c, enum stack_why why);
void end_fin_acked(struct stack *s, struct tcb *c);

#endif

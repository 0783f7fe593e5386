/* plain_turn.c - rx steps 3 and 4 of 8, the plain case of what makes and what
 * ends a connection: the acknowledgement of our SYN, with data or without, the
 * peer's FIN, and the acknowledgement of ours. */
#include "netcore/stack/cksum_short.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/progress.h"

/* Who has one of these needs a closer look. */
#define TROUBLE \
	((PLAIN_TROUBLE | TCB_IP6) & ~(uint32_t)(TCB_FIN_QUEUED | TCB_ORPHAN))

/* The fourth word of a header: its length, ACK, and no flag but PSH and FIN;
 * that of headers with a timestamp alone, and of headers without options. */
#define WORD3_MASK 0xf0f60000u
#define WORD3_TS   0x80100000u
#define WORD3	   0x50100000u
#define WORD3_FIN  0x00010000u

_Static_assert(
	TCP_SYN_RECEIVED < TCP_ESTABLISHED && TCP_TIME_WAIT == TCP_STATES - 1,
	"all between them are turned");

/* The header is that of the connection's next segment; and nothing in the state
 * asks for more than this file does. `t` holds it whole. */
static inline bool
is_next(const struct tcb *c, const uint8_t *t, bool ts)
{
	const uint32_t states = TCP_TIME_WAIT - TCP_SYN_RECEIVED;
	uint64_t head = (uint64_t)be_get32(t - 8) << 32 | be_get32(t);
	uint32_t word3 = be_get32(t + 12) ^ (ts ? WORD3_TS : WORD3);
	uint32_t odd = (be_get32(t + 4) ^ c->rcv_nxt) | (word3 & WORD3_MASK) |
		(c->flags & TROUBLE);

	return !(odd | (flow_key_head(&c->key) ^ head)) &&
		c->state - (uint32_t)TCP_SYN_RECEIVED < states &&
		c->rexmit != REXMIT_PERSIST;
}

/* Not older than the one before it. */
static inline bool
is_younger(const struct tcb *c, const uint8_t *t)
{
	return be_get32(t + 20) == WIRE_TCP_TS_WORD &&
		seq_ge(be_get32(t + 24), c->ts_recent);
}

/* It fits into the window, acknowledges what is under way, and has news. A peer
 * that has ended has no more of its own; who has not acknowledged our SYN does
 * that now, which was sent once. */
static inline bool
is_good(const struct tcb *c, uint32_t ack, uint32_t news)
{
	uint32_t acks = ack - c->snd_una, flight = c->snd_nxt - c->snd_una;

	if (unlikely(c->state == TCP_SYN_RECEIVED &&
		    (c->segs.head != SEGS_LONE + SEG_SYN || !acks ||
			    acks != flight)))
		return false;
	return acks <= flight && news <= c->rcv_adv - c->rcv_nxt &&
		(news ? !(c->flags & TCB_MOVED) : acks);
}

/* The checksum as is_whole() of plain_in.c has it. */
static inline bool
is_whole(const struct stack_rx_frame *f, const uint8_t *t, uint32_t len)
{
	return (f->flags & STACK_RX_CKSUM_OK) ||
		cksum_short_ok(t - 8, len + 8,
			htobe32((uint32_t)WIRE_IP_TCP << 16 | len));
}

/* True: it is another one, which may let out what waits. */
static inline bool
take_window(struct tcb *c, uint32_t wnd)
{
	bool news = c->snd_wnd != wnd;

	c->snd_wl1 = c->rcv_nxt;
	c->snd_wnd = wnd;
	if (wnd > c->max_wnd)
		c->max_wnd = wnd;
	return news;
}

/* The last upcall of each step may end the connection. */
static inline void
take(struct stack *s, struct tcb *c, struct stack_rx_frame *f, const uint8_t *t,
	uint32_t len, const struct progress *p)
{
	uint32_t handle = c->handle, ack = be_get32(t + 8);
	uint32_t word3 = be_get32(t + 12);
	bool news;

	if (c->state == TCP_SYN_RECEIVED) {
		open_established(s, c);
		if (unlikely(c->handle != handle))
			return;
	}
	if ((c->flags & TCB_TS) && c->last_ack_sent == c->rcv_nxt) {
		c->ts_recent = be_get32(t + 24);
		c->t_ts_recent = tcb_age(s->tick);
	}
	news = take_window(c, (word3 & 0xffff) << c->snd_wscale);
	if (ack != c->snd_una)
		progress_made(s, c, ack, p);
	else if (news && out_more(c))
		out_ready(s, c);
	if (len && c->handle == handle)
		progress_data(s, c, f, t + (word3 >> 28) * 4, len);
	if ((word3 & WORD3_FIN) && c->handle == handle)
		tcp_in_fin(s, c, c->rcv_nxt);
}

void
plain_turn(struct stack *s, struct stack_rx_frame *f, uint32_t len,
	uint32_t hash, uint32_t index)
{
	const uint8_t *t = f->data + WIRE_ETH_LEN + WIRE_IPV4_LEN;
	struct tcb *c = &s->tcb[index];
	bool ts = c->flags & TCB_TS;
	uint32_t hlen = ts ? WIRE_TCP_LEN_TS : WIRE_TCP_LEN;
	uint32_t data = len - WIRE_IPV4_LEN - hlen, ack = be_get32(t + 8);
	struct progress p = {0};

	if (likely(len >= WIRE_IPV4_LEN + hlen && is_next(c, t, ts) &&
		    (!ts || is_younger(c, t)) && be_get16(t + 14) &&
		    c->snd_wnd && seq_le(c->snd_wl1, c->rcv_nxt) &&
		    is_good(c, ack, data + (t[13] & WIRE_TCP_FIN)) &&
		    is_whole(f, t, len - WIRE_IPV4_LEN) &&
		    (ack == c->snd_una ||
			    progress_take(s, c, ack, SEG_SYN | SEG_FIN, &p)))) {
		s->count.rx_frames++;
		s->count.rx_bytes += f->len;
		take(s, c, f, t, data, &p);
	} else {
		ip_in_tcp4(s, f, len, hash, index);
	}
}

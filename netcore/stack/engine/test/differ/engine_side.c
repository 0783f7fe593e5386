/* engine_side.c - the side that is ours: one engine a connection, under virtual
 * time, looked into where no frame tells. */
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/test/differ/side.h"

#define HELD 512

struct held {
	uint8_t *buf; /* to be freed, when the last of it was read */
	const uint8_t *ptr;
	uint32_t len;
};

struct ours {
	struct stack *stack;
	struct stack_config cfg;
	void *mem;
	size_t bytes;
	uint64_t now;
	stack_conn conn;
	enum side_why why;
	bool eof;
	struct held held[HELD];
	unsigned head, tail;
	struct side *side;
};

/* --- upcalls --------------------------------------------------------------*/

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	struct ours *o = arg;

	(void)user;
	if (o->side->accepted)
		return; /* the program wants one alone */
	o->conn = c;
	o->side->accepted = true;
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	struct ours *o = arg;

	(void)user;
	if (c != o->conn || o->tail - o->head == HELD) {
		free(buf);
		return;
	}
	o->held[o->tail++ % HELD] = (struct held){buf, ptr, len};
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	(void)arg, (void)c, (void)user, (void)bytes;
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct ours *o = arg;

	(void)user;
	o->eof |= c == o->conn;
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	static const enum side_why is[] = {
		[STACK_CLOSED] = SIDE_CLOSED,
		[STACK_RESET] = SIDE_RESET,
		[STACK_REFUSED] = SIDE_REFUSED,
		[STACK_TIMEOUT] = SIDE_OTHER,
		[STACK_UNREACHABLE] = SIDE_UNREACHABLE,
		[STACK_ABORTED] = SIDE_OTHER,
	};
	struct ours *o = arg;

	(void)user;
	if (c == o->conn)
		o->why = is[why];
}

static void
up_release(void *arg, void *buf)
{
	(void)arg;
	free(buf);
}

static const struct stack_ops upcalls = {
	.accepted = up_accepted,
	.connected = up_accepted,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
	.release = up_release,
};

/* --- frames ---------------------------------------------------------------*/

static void
send_all(struct ours *o)
{
	uint8_t headers[STACK_HEADERS], frame[SIDE_ROOM];
	struct stack_tx_frame f = {.headers = headers};

	while (stack_tx(o->stack, &f, 1, o->now)) {
		uint32_t len = f.header_len;

		memcpy(frame, headers, len);
		for (unsigned i = 0; i < f.pieces; i++) {
			memcpy(frame + len, f.piece[i].ptr, f.piece[i].len);
			len += f.piece[i].len;
		}
		side_sent(o->side, frame, len);
	}
}

static struct tcb *
find(const struct ours *o)
{
	struct flow_key k =
		flow_key4(o->side->port, SIDE_PEER, o->side->peer_port);
	uint32_t i =
		flow_find(&o->stack->flow, &k, flow_hash(&o->stack->flow, &k));

	return i == FLOW_NONE ? NULL : &o->stack->tcb[i];
}

/* Acknowledgements that are late are compared, being late is not. Nor is how
 * seldom challenges are answered. */
static void
hurry(struct ours *o)
{
	struct tcb *c = find(o);

	if (!c)
		return;
	c->t_challenge = 0;
	if (c->t_delack || tcb_unacked(c)) {
		c->flags |= TCB_ACK_NOW;
		out_ready(o->stack, c);
		send_all(o);
	}
}

static void
give(struct ours *o, const uint8_t *p, uint32_t len)
{
	struct stack_rx_frame f = {.len = len};

	f.data = f.buf = malloc(len);
	memcpy(f.buf, p, len);
	stack_rx(o->stack, &f, 1, o->now);
	if (!f.kept)
		free(f.buf);
	send_all(o);
	hurry(o);
}

/* --- the side -------------------------------------------------------------*/

static void
neighbour(struct ours *o)
{
	struct wire_eth e = {.type = WIRE_ETH_ARP};
	struct wire_arp a = {
		.op = WIRE_ARP_REQUEST, .spa = SIDE_PEER, .tpa = SIDE_IP};
	uint8_t frame[64];
	size_t n;

	memcpy(e.dst, side_mac, 6);
	memcpy(e.src, side_peer_mac, 6);
	memcpy(a.sha, side_peer_mac, 6);
	n = wire_eth_emit(frame, sizeof(frame), &e);
	n += wire_arp_emit(frame + n, sizeof(frame) - n, &a);
	give(o, frame, (uint32_t)n);
}

static int
begin(struct side *d)
{
	struct ours *o = d->own;

	o->side = d;
	o->conn = 0;
	o->why = SIDE_OPEN;
	o->eof = false;
	o->now += 1000000000;
	/* Without a scale, and with one. */
	o->cfg.rcv_window = d->plan->seed & 1 ? 65535 : 65536;
	memset(o->mem, 0, o->bytes);
	for (unsigned i = 0; i < sizeof(o->cfg.secret); i++)
		o->cfg.secret[i] = (uint8_t)(d->plan->seed * 31 + i * 7);
	o->stack = stack_init(o->mem, &o->cfg, &upcalls, o, o->now);
	neighbour(o);
	if (d->plan->active) {
		stack_connect(o->stack, ip_addr_v4(SIDE_PEER), d->peer_port,
			d->port, 0, &o->conn);
		send_all(o);
	} else if (!d->plan->no_listen) {
		stack_listen(o->stack, ip_addr_v4(SIDE_IP), d->port, 0);
	}
	return 0;
}

static void
frame_in(struct side *d, const uint8_t *p, uint32_t len)
{
	give(d->own, p, len);
}

static void
pass_time(struct side *d, unsigned ms)
{
	struct ours *o = d->own;

	o->now += 1000000ull * ms + 20000;
	stack_timers(o->stack, o->now);
	send_all(o);
}

static int
read_some(struct ours *o, uint32_t most)
{
	uint32_t got = 0;

	while (got < most && o->head != o->tail) {
		struct held *h = &o->held[o->head % HELD];
		uint32_t n = h->len < most - got ? h->len : most - got;

		side_got(o->side, h->ptr, n);
		h->ptr += n;
		h->len -= n;
		got += n;
		if (!h->len) {
			free(h->buf);
			o->head++;
		}
	}
	stack_recv_done(o->stack, o->conn, got);
	if (got < most && o->head == o->tail && o->eof && o->why <= SIDE_CLOSED)
		o->side->eof = true;
	return (int)got;
}

static int
write_some(struct ours *o, uint32_t len)
{
	struct side *d = o->side;

	if (stack_send(o->stack, o->conn,
		    side_bytes + d->written % SIDE_PATTERN, len))
		return -1;
	d->written += len;
	return (int)len;
}

static void
call(struct side *d, const struct step *s)
{
	struct ours *o = d->own;
	bool known = d->accepted && !d->gone;

	if ((s->kind == STEP_CLOSE || s->kind == STEP_ABORT) &&
		(known || (d->plan->active && !d->gone))) {
		d->gone = true;
		stack_close(o->stack, o->conn, s->kind == STEP_ABORT);
	} else if (known && s->kind == STEP_WRITE) {
		d->seen.result = write_some(o, s->len);
	} else if (known && s->kind == STEP_READ) {
		d->seen.result = read_some(o, s->len);
	} else if (known && s->kind == STEP_SHUT) {
		stack_shutdown(o->stack, o->conn);
	}
	send_all(o);
	hurry(o);
}

static void
look(struct side *d)
{
	static const enum side_state is[TCP_STATES] = {
		[TCP_SYN_SENT] = SIDE_SYN_SENT,
		[TCP_SYN_RECEIVED] = SIDE_SYN_RCVD,
		[TCP_ESTABLISHED] = SIDE_ESTAB,
		[TCP_CLOSE_WAIT] = SIDE_CLOSE_WAIT,
		[TCP_FIN_WAIT_1] = SIDE_FIN_WAIT1,
		[TCP_FIN_WAIT_2] = SIDE_FIN_WAIT2,
		[TCP_CLOSING] = SIDE_CLOSING,
		[TCP_LAST_ACK] = SIDE_LAST_ACK,
		[TCP_TIME_WAIT] = SIDE_TIME_WAIT,
	};
	struct ours *o = d->own;
	struct tcb *c = find(o);
	const char *broken = stack_check(o->stack);

	if (broken && !d->bad[0])
		snprintf(d->bad, sizeof(d->bad), "engine: %s", broken);
	d->seen.state = c ? is[c->state] : SIDE_NONE;
	d->seen.why = d->gone ? SIDE_OPEN : o->why;
	if (!c)
		return;
	d->wscale = c->rcv_wscale;
	d->seen.una = c->snd_una - c->iss;
	d->seen.snd_wnd = c->snd_wnd;
	d->seen.max_wnd = c->max_wnd;
	d->seen.rcv_nxt = c->rcv_nxt - d->plan->isn;
	d->seen.rcv_wnd = c->rcv_adv - c->rcv_nxt;
	d->seen.ts = c->flags & TCB_TS;
	d->seen.ts_recent = c->ts_recent;
}

static void
end(struct side *d)
{
	struct ours *o = d->own;
	struct tcb *c = find(o);

	if (c && c->handle)
		end_now(o->stack, c, STACK_CLOSED);
	for (; o->head != o->tail; o->head++)
		free(o->held[o->head % HELD].buf);
}

struct side *
side_engine(void)
{
	static const struct side_ops ops = {
		.name = "engine",
		.begin = begin,
		.frame = frame_in,
		.call = call,
		.wait = pass_time,
		.look = look,
		.end = end,
	};
	static struct ours own;
	static struct side side = {.ops = &ops, .own = &own};

	own.cfg = (struct stack_config){
		.conns = 4,
		.half_open = 2,
		.listeners = 1,
		.send_refs = 128,
		.segs = 512,
		.ooo = 128,
		.rcv_window = 65536,
		.mtu = SIDE_MTU,
		.ip4 = ip_addr_v4(SIDE_IP),
		.ip4_bits = 24,
	};
	memcpy(own.cfg.mac, side_mac, 6);
	own.bytes = (stack_bytes(&own.cfg) + 63) & ~(size_t)63;
	own.mem = aligned_alloc(64, own.bytes);
	own.now = 1000000000000;
	return &side;
}

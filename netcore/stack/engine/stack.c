/* stack.c - memory, time, and the functions of stack.h. */
#include <string.h>

#include "netcore/stack/engine/account.h"
#include "netcore/stack/engine/ecn.h"
#include "netcore/stack/engine/plain.h"
#include "netcore/stack/engine/rtt.h"
#include "netcore/stack/engine/share.h"
#include "netcore/stack/engine/udp.h"

/* Those that we choose to connect from; and how many we find taken until we
 * give it up. */
#define PORTS_FROM  32768u
#define PORTS	    28232u
#define PORTS_TAKEN 4096u

/* --- memory ---------------------------------------------------------------*/

struct plan {
	size_t tcb, flow, ids, wheel, ready, linger, sg, seg, ooo, listener;
	size_t udp_port, udp_map, frag, frag_node, end;
};

static size_t
take(size_t *at, uint64_t bytes)
{
	size_t from = *at;

	*at = round_up(from + bytes, CACHELINE);
	return from;
}

static struct flow_config
flow_of(const struct stack_config *c)
{
	return (struct flow_config){
		.connections = c->conns,
		.eighths = 4,
		.stride = sizeof(struct tcb),
		.secret = sip_key(c->secret),
	};
}

static uint64_t
ready_slots(const struct stack_config *c)
{
	uint64_t n = 1;

	while (n < c->conns)
		n *= 2;
	return n;
}

static uint32_t
frag_sets(const struct stack_config *c)
{
	uint32_t n = 1;

	while (n * FRAG_WAYS < c->frags)
		n *= 2;
	return c->frags ? n : 0;
}

/* Half of a pool, or one for each connection if that is less, is for those that
 * have nothing of it: one that has some gets on by that. */
static void
pool_init(struct slab *s, void *mem, const struct stack_config *c, uint32_t n,
	uint32_t stride)
{
	slab_init(s, mem, n, stride);
	s->reserve = c->conns < n / 2 ? c->conns : n / 2;
}

static struct plan
lay_out(const struct stack_config *c)
{
	struct flow_config fc = flow_of(c);
	size_t at = round_up(sizeof(struct stack), CACHELINE);
	struct plan p;

	p.tcb = take(&at, (uint64_t)c->conns * sizeof(struct tcb));
	p.flow = take(&at, flow_bytes(&fc));
	p.ids = take(&at, idpool_bytes(c->conns));
	p.wheel = take(&at, wheel_bytes(c->conns + 1));
	p.ready = take(&at, ready_slots(c) * sizeof(uint32_t));
	p.linger = take(&at, (c->conns + 1ull) * sizeof(struct linger_link));
	p.sg = take(&at, slab_bytes(c->send_refs, sizeof(struct sendq_node)));
	p.seg = take(&at, slab_bytes(c->segs, sizeof(struct seg)));
	p.ooo = take(&at, slab_bytes(c->ooo, sizeof(struct ooo_node)));
	p.listener = take(&at, c->listeners * sizeof(struct listener));
	p.udp_port = take(&at, c->udp_ports * sizeof(struct udp_port));
	p.udp_map = take(&at, c->udp_ports ? 65536 * sizeof(uint16_t) : 0);
	p.frag = take(&at, frag_sets(c) * FRAG_WAYS * sizeof(struct frag));
	p.frag_node =
		take(&at, slab_bytes(c->frag_pieces, sizeof(struct frag_node)));
	p.end = at;
	return p;
}

size_t
stack_bytes(const struct stack_config *c)
{
	return lay_out(c).end;
}

void
engine_time(struct stack *s, uint64_t now)
{
	s->now = now;
	s->tick = wheel_tick(now);
	s->us = (uint32_t)(now / 1000);
	wheel_rest(&s->wheel, s->tick);
}

static struct ip_addr
mask_of(unsigned bits)
{
	if (bits > 64)
		return (struct ip_addr){~0ull, ~0ull << (128 - bits)};
	return (struct ip_addr){bits ? ~0ull << (64 - bits) : 0, 0};
}

/* The last half of the address of the link is the MAC with ff:fe in its middle,
 * and a bit turned over (RFC 4291, appendix A). */
static void
take_addresses(struct stack *s)
{
	const struct stack_config *c = &s->cfg;
	const uint8_t *m = c->mac;

	s->ip4 = (uint32_t)c->ip4.lo;
	s->wire_ip4 = htobe32(s->ip4);
	s->mask4 = c->ip4_bits ? ~0u << (32 - c->ip4_bits) : 0;
	s->gateway4 = (uint32_t)c->gateway4.lo;
	if (!ip_addr_is_any(c->ip6)) {
		s->ip6 = c->ip6;
		s->mask6 = mask_of(c->ip6_bits);
		s->gateway6 = c->gateway6;
	} else if (!c->link6) {
		return;
	} else {
		s->mask6 = mask_of(128);
	}
	s->link6.hi = 0xfe80ull << 48;
	s->link6.lo = (uint64_t)(m[0] ^ 2) << 56 | (uint64_t)m[1] << 48 |
		(uint64_t)m[2] << 40 | 0xfffeull << 24 | (uint64_t)m[3] << 16 |
		(uint64_t)m[4] << 8 | m[5];
}

/* The least that the window can be told with (RFC 7323, 2.3). */
static uint8_t
scale_of(uint32_t window)
{
	uint8_t n = 0;

	while (n < WIRE_TCP_WSCALE_MAX && window >> n > 0xffff)
		n++;
	return n;
}

struct stack *
stack_init(void *mem, const struct stack_config *c, const struct stack_ops *ops,
	void *arg, uint64_t now)
{
	struct plan p = lay_out(c);
	struct flow_config fc = flow_of(c);
	struct stack *s = mem;
	char *base = mem;

	s->cfg = *c;
	s->ops = ops;
	s->arg = arg;
	s->secret = fc.secret;
	s->scale = scale_of(c->rcv_window);
	s->min_rto_us = 1000 * (c->min_rto_ms ? c->min_rto_ms : 200);
	s->rto_least_ms = s->min_rto_us / 1000 < RTO_INITIAL_MS
		? s->min_rto_us / 1000
		: RTO_INITIAL_MS;
	engine_time(s, now);
	take_addresses(s);
	memcpy(&s->mac_head, c->mac, 4);
	memcpy(&s->mac_tail, c->mac + 4, 2);
	s->tcb = (struct tcb *)(void *)(base + p.tcb);
	fc.keys = &s->tcb->key;
	flow_init(&s->flow, base + p.flow, &fc);
	idpool_init(&s->ids, base + p.ids, c->conns, c->conns / 8 + 1);
	/* One more is the neighbours'. */
	wheel_init(&s->wheel, base + p.wheel, c->conns + 1, s->tick);
	s->ready = (uint32_t *)(void *)(base + p.ready);
	s->ready_mask = (uint32_t)(ready_slots(c) - 1);
	s->linger = (struct linger_link *)(void *)(base + p.linger);
	pool_init(&s->sg, base + p.sg, c, c->send_refs,
		sizeof(struct sendq_node));
	pool_init(&s->seg, base + p.seg, c, c->segs, sizeof(struct seg));
	slab_init(&s->ooo, base + p.ooo, c->ooo, sizeof(struct ooo_node));
	s->listener = (struct listener *)(void *)(base + p.listener);
	if (c->udp_ports) {
		s->udp_port = (struct udp_port *)(void *)(base + p.udp_port);
		s->udp_map = (uint16_t *)(void *)(base + p.udp_map);
	}
	s->frags.frag = (struct frag *)(void *)(base + p.frag);
	s->frags.sets = frag_sets(c);
	slab_init(&s->frags.node, base + p.frag_node, c->frag_pieces,
		sizeof(struct frag_node));
	s->next_port = (uint16_t)s->secret.k0;
	neigh_init(s);
	return s;
}

const struct stack_counters *
stack_counters(const struct stack *s)
{
	return &s->count;
}

uint32_t
stack_taken(const struct stack *s)
{
	return idpool_taken(&s->ids);
}

/* --- the wire -------------------------------------------------------------*/

void
stack_rx(struct stack *s, struct stack_rx_frame *f, unsigned n, uint64_t now)
{
	engine_time(s, now);
	for (unsigned k; n; f += k, n -= k) {
		k = n < PLAIN_BURST ? n : PLAIN_BURST;
		plain_burst(s, f, k);
	}
}

unsigned
stack_tx(
	struct stack *s, struct stack_tx_frame *out, unsigned max, uint64_t now)
{
	unsigned n = 0, replies = max;

	engine_time(s, now);
	/* Who makes us answer much does not make connections wait. */
	if (s->ready_tail != s->ready_head)
		replies = (max + 1) / 2;
	while (n < replies && s->reply_tail != s->reply_head)
		reply_send(s, &out[n++]);
	n += plain_out(s, out + n, max - n);
	/* What asking for a neighbour left behind. */
	while (n < max && s->reply_tail != s->reply_head)
		reply_send(s, &out[n++]);
	return n;
}

void
stack_timers(struct stack *s, uint64_t now)
{
	uint32_t due[64];
	unsigned n;

	engine_time(s, now);
	frag_expire(s);
	do {
		n = wheel_advance(&s->wheel, s->tick, 64, due);
		for (unsigned i = 0; i < n; i++)
			tcb_prefetch(&s->tcb[due[i]]);
		for (unsigned i = 0; i < n; i++)
			timer_expired(s, due[i]);
	} while (n == 64);
}

uint64_t
stack_deadline(const struct stack *s)
{
	uint64_t wait;

	if (s->ready_head != s->ready_tail || s->reply_head != s->reply_tail)
		return 0;
	wait = wheel_wait_ns(&s->wheel, s->now);
	if (s->frags.live) {
		uint64_t late = frag_wait_ns(s);

		wait = late < wait ? late : wait;
	}
	return wait == UINT64_MAX ? wait : s->now + wait;
}

/* --- the program ----------------------------------------------------------*/

static struct tcb *
find(struct stack *s, stack_conn handle)
{
	uint32_t i = idpool_index(handle);

	if (unlikely(
		    i >= s->cfg.conns || !handle || s->tcb[i].handle != handle))
		return NULL;
	return &s->tcb[i];
}

int
stack_listen(struct stack *s, struct ip_addr ip, uint16_t port, uint64_t user)
{
	struct listener *free = NULL;

	for (uint32_t i = 0; i < s->cfg.listeners; i++) {
		struct listener *l = &s->listener[i];

		if (!l->used)
			free = free ? free : l;
		else if (l->port == port && ip_addr_eq(l->ip, ip))
			return -EADDRINUSE;
	}
	if (!free)
		return -ENOSPC;
	*free = (struct listener){ip, port, true, user};
	return 0;
}

int
stack_unlisten(struct stack *s, struct ip_addr ip, uint16_t port)
{

	for (uint32_t i = 0; i < s->cfg.listeners; i++) {
		struct listener *l = &s->listener[i];

		if (l->used && l->port == port && ip_addr_eq(l->ip, ip)) {
			l->used = false;
			return 0;
		}
	}
	return -ENOENT;
}

/* The addresses of a connection to ip. */
static int
ends(const struct stack *s, struct ip_addr ip, struct flow_key *k)
{
	struct ip_addr from = source_for(s, ip);

	if (is_martian(ip))
		return -EINVAL;
	if (ip_addr_is_any(from))
		return -EADDRNOTAVAIL;
	*k = key_of(from, ip);
	return 0;
}

/* A local port for the flow of k, by which it is ours, and its hash. */
static int
choose_port(struct stack *s, struct flow_key *k, uint16_t lport, uint32_t *hash)
{
	unsigned taken = 0, tries = lport ? 1 : PORTS;

	for (; tries && taken < PORTS_TAKEN; tries--) {
		k->local_port = lport;
		if (!lport)
			k->local_port =
				(uint16_t)(PORTS_FROM + s->next_port++ % PORTS);
		if (share_is_one_of_many(s) && !share_has(s, k))
			continue;
		*hash = flow_hash(&s->flow, k);
		if (flow_find(&s->flow, k, *hash) == FLOW_NONE)
			return 0;
		taken++;
	}
	return lport && !taken ? -EADDRNOTAVAIL : -EADDRINUSE;
}

int
stack_connect(struct stack *s, struct ip_addr ip, uint16_t port, uint16_t lport,
	uint64_t user, stack_conn *out)
{
	struct flow_key k;
	uint32_t hash;
	struct tcb *c;
	int rc = ends(s, ip, &k);

	if (rc)
		return rc;
	k.remote_port = port;
	rc = choose_port(s, &k, lport, &hash);
	if (rc)
		return rc;
	if (unlikely(idpool_taken(&s->ids) == s->cfg.conns))
		linger_evict(s);
	c = open_tcb(s, &k, hash);
	if (!c)
		return -ENOSPC;
	c->state = TCP_SYN_SENT;
	c->flags |= TCB_SYN_DUE | TCB_TS | TCB_SACK | TCB_WSCALE;
	if (s->cfg.ecn)
		ecn_want(c);
	c->user = user;
	*out = c->handle;
	out_ready(s, c);
	return 0;
}

int
stack_peer(
	struct stack *s, stack_conn handle, struct ip_addr *ip, uint16_t *port)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	*ip = key_remote(&c->key);
	*port = c->key.remote_port;
	return 0;
}

int
stack_local(
	struct stack *s, stack_conn handle, struct ip_addr *ip, uint16_t *port)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	*ip = key_local(s, &c->key);
	*port = c->key.local_port;
	return 0;
}

int
stack_set_user(struct stack *s, stack_conn handle, uint64_t user)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	c->user = user;
	return 0;
}

int
stack_set_account(struct stack *s, stack_conn handle, uint8_t account)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	c->account = account;
	return 0;
}

int
stack_set_nagle(struct stack *s, stack_conn handle, bool on)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	c->flags = on ? c->flags | TCB_NAGLE : c->flags & ~TCB_NAGLE;
	out_ready(s, c); /* what it held back */
	return 0;
}

int
stack_set_keepalive(struct stack *s, stack_conn handle, uint32_t idle_ms,
	uint32_t interval_ms, uint32_t count)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	if (idle_ms > UINT16_MAX * 1000u || interval_ms > UINT16_MAX * 1000u ||
		count > UINT8_MAX || (idle_ms && (!interval_ms || !count)))
		return -EINVAL;
	c->alive_idle = (uint16_t)((idle_ms + 999) / 1000);
	c->alive_interval = (uint16_t)((interval_ms + 999) / 1000);
	c->alive_count = (uint8_t)count;
	alive_set(s, c);
	return 0;
}

int
stack_send(struct stack *s, stack_conn handle, const void *ptr, uint32_t len)
{
	struct tcb *c = find(s, handle);
	int rc;

	if (!c)
		return -ENOTCONN;
	if (c->flags & (TCB_FIN_QUEUED | TCB_ORPHAN))
		return -EPIPE;
	if (!len)
		return 0;
	rc = account_add(s, c, ptr, len);
	if (unlikely(rc))
		return rc;
	/* After a silence nothing is known of the path (RFC 5681, 4.1). */
	if (c->t_sent && !c->segs.head &&
		s->tick - c->t_sent > s->rto_least_ms &&
		s->tick - c->t_sent > rtt_rto_ms(s, c))
		cc_restart(&c->cc);
	out_ready(s, c);
	if (c->rexmit == REXMIT_NONE && timer_stuck(c))
		timer_rexmit(s, c);
	return 0;
}

int
stack_recv_done(struct stack *s, stack_conn handle, uint32_t bytes)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	if (bytes > s->cfg.rcv_window - c->rcv_space)
		return -EINVAL;
	c->rcv_space += bytes;
	out_ready(s, c); /* which tells it only if it is worth a frame */
	return 0;
}

int
stack_hold(struct stack *s, stack_conn handle, bool on)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	c->flags = on ? c->flags | TCB_HELD : c->flags & ~(uint32_t)TCB_HELD;
	return 0;
}

static void
queue_fin(struct stack *s, struct tcb *c)
{
	if (c->flags & TCB_FIN_QUEUED)
		return;
	c->flags |= TCB_FIN_QUEUED;
	if (c->state == TCP_ESTABLISHED)
		c->state = TCP_FIN_WAIT_1;
	else if (c->state == TCP_CLOSE_WAIT)
		c->state = TCP_LAST_ACK;
	out_ready(s, c);
}

int
stack_shutdown(struct stack *s, stack_conn handle)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	queue_fin(s, c);
	return 0;
}

int
stack_close(struct stack *s, stack_conn handle, bool abort)
{
	struct tcb *c = find(s, handle);

	if (!c)
		return -ENOTCONN;
	if (c->state == TCP_SYN_SENT) {
		end_now(s, c, STACK_ABORTED);
		return 0;
	}
	if (c->state == TCP_TIME_WAIT && !abort) { /* it lasts (3.10.4) */
		end_let_go(s, c);
		return 0;
	}
	/* Data that nobody read is lost: the peer must know (RFC 2525). */
	if (abort || c->rcv_space < s->cfg.rcv_window) {
		end_reset(s, c, STACK_ABORTED);
		return 0;
	}
	c->flags |= TCB_ORPHAN;
	queue_fin(s, c);
	if (c->state == TCP_FIN_WAIT_2) {
		timer_life(c, timer_in(s, 60000));
		timer_arm(s, c);
	}
	return 0;
}

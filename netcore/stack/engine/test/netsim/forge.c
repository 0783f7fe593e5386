/* forge.c - a third party that knows who talks to whom, but not their numbers,
 * or is lucky with one of these. Looks into the engine, so that each segment of
 * his has something wrong that the engine can see: nothing may come of it but
 * an answer. */
#include "netcore/stack/engine/test/netsim/world.h"

#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/wire/be.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"

#define FORGED	    30	/* for each side, at most */
#define LONGEST_LIE 100 /* bytes */
#define FAR	    (1u << 30)

/* Numbers of his own: the run is the same as without him, but for what he does.
 */
static uint32_t
below(struct side *s, uint32_t n)
{
	uint64_t z = s->forger += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

/* --- what is wrong with it ------------------------------------------------*/

static uint32_t
seq_beyond(struct side *s, const struct tcb *c)
{
	return c->rcv_adv + 1 + below(s, FAR);
}

/* Without text: of text that came before, there would be a D-SACK. */
static uint32_t
seq_outside(struct side *s, const struct tcb *c)
{
	return below(s, 2) ? seq_beyond(s, c) : c->rcv_nxt - 1 - below(s, FAR);
}

static uint32_t
seq_within(struct side *s, const struct tcb *c, uint32_t from)
{
	uint32_t wnd = c->rcv_adv - c->rcv_nxt;

	return wnd > from ? c->rcv_nxt + from + below(s, wnd - from)
			  : seq_beyond(s, c);
}

/* Anywhere but at what is next (RFC 5961, 3.2). */
static uint32_t
forge_reset(struct side *s, const struct tcb *c, struct wire_tcp *t)
{
	t->flags = WIRE_TCP_RST;
	t->seq = below(s, 2) ? seq_within(s, c, 1) : seq_outside(s, c);
	return 0;
}

/* Anywhere (RFC 5961, 4.2). */
static uint32_t
forge_syn(struct side *s, const struct tcb *c, struct wire_tcp *t)
{
	t->flags = WIRE_TCP_SYN;
	t->seq = below(s, 2) ? seq_within(s, c, 0) : seq_outside(s, c);
	return 0;
}

/* With a time that is ahead, which must not be taken (RFC 7323, 4.3). */
static uint32_t
forge_beyond(struct side *s, const struct tcb *c, struct wire_tcp *t)
{
	t->flags = below(s, 4) ? 0 : WIRE_TCP_FIN;
	t->seq = seq_beyond(s, c);
	t->ts_val += below(s, FAR);
	return below(s, LONGEST_LIE);
}

/* All is right but its time (RFC 7323, 5.3). */
static uint32_t
forge_old(struct side *s, const struct tcb *c, struct wire_tcp *t)
{
	if (!(c->flags & TCB_TS))
		return forge_reset(s, c, t);
	t->flags = below(s, 4) ? 0 : WIRE_TCP_FIN;
	t->seq = below(s, 2) ? c->rcv_nxt : seq_within(s, c, 0);
	t->ts_val -= 1 + below(s, FAR);
	return 1 + below(s, LONGEST_LIE);
}

/* All is right but what it acknowledges (RFC 5961, 5.2). */
static uint32_t
forge_ack(struct side *s, const struct tcb *c, struct wire_tcp *t)
{
	t->flags = below(s, 4) ? 0 : WIRE_TCP_FIN;
	t->seq = below(s, 2) ? c->rcv_nxt : seq_within(s, c, 0);
	t->ack = below(s, 2) ? c->snd_nxt + 1 + below(s, FAR)
			     : c->snd_una - c->max_wnd - 1 - below(s, FAR);
	return below(s, LONGEST_LIE);
}

static uint32_t (*const lies[])(
	struct side *s, const struct tcb *c, struct wire_tcp *t) = {
	forge_reset, forge_syn, forge_beyond, forge_old, forge_ack};

/* --- a frame --------------------------------------------------------------*/

static size_t
put_ip(struct side *s, uint8_t *p, size_t size, uint32_t len)
{
	int from = other(s)->node->index, to = s->node->index;
	struct wire_eth e = {
		.type = s->conn->v6 ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4};
	struct wire_ipv4 ip4 = {.src = (uint32_t)sim_ip(from).lo,
		.dst = (uint32_t)sim_ip(to).lo,
		.ttl = 64,
		.proto = WIRE_IP_TCP,
		.len = (uint16_t)len};
	struct wire_ipv6 ip6 = {
		.hop_limit = 64, .proto = WIRE_IP_TCP, .len = (uint16_t)len};
	size_t n;

	host_mac(e.dst, (uint8_t)(to + 1));
	host_mac(e.src, (uint8_t)(from + 1));
	n = wire_eth_emit(p, size, &e);
	if (!s->conn->v6)
		return n + wire_ipv4_emit(p + n, size - n, &ip4);
	ip_addr_put(sim_ip6(from), ip6.src);
	ip_addr_put(sim_ip6(to), ip6.dst);
	return n + wire_ipv6_emit(p + n, size - n, &ip6);
}

static void
inject(struct side *s, const struct wire_tcp *t, uint32_t len)
{
	uint8_t frame[STACK_HEADERS + LONGEST_LIE + 1];
	size_t head = wire_tcp_emit_len(t);
	size_t n = put_ip(s, frame, sizeof(frame), (uint32_t)head + len);
	struct dev_view v;

	n += wire_tcp_emit(frame + n, sizeof(frame) - n, t);
	memset(frame + n, (int)below(s, 256), len);
	n += len;
	if (!dev_look(frame, (uint32_t)n, &v)) {
		world_bad(s->conn->w, "a lie that nobody understands");
		return;
	}
	be_put16(frame + v.l4 + 16,
		cksum_finish(
			cksum_partial(frame + v.l4, v.end - v.l4, v.pseudo)));
	sim_forge(s->node, frame, (uint32_t)n);
}

/* --- when -----------------------------------------------------------------*/

/* Where frames wait for the engine, what it knows is about to change. */
static void
lie(struct sim_node *n, void *arg)
{
	struct side *s = arg;
	const struct tcb *c = &n->stack->tcb[idpool_index(s->c)];
	struct wire_tcp t = {.sport = c->key.remote_port,
		.dport = c->key.local_port,
		.ack = c->snd_una,
		.window = (uint16_t)below(s, 65536),
		.ts_val = c->ts_recent,
		.ts_ecr = s->node->stack->tick + c->ts_offset};
	uint32_t len;

	if (s->over || c->handle != s->c || c->state >= TCP_TIME_WAIT)
		return;
	if (!n->rx_n) {
		len = lies[below(s, sizeof(lies) / sizeof(lies[0]))](s, c, &t);
		t.flags |= WIRE_TCP_ACK;
		t.opts = c->flags & TCB_TS ? WIRE_TCP_TS : 0;
		inject(s, &t, len);
		s->lies++;
	}
	if (s->lies < FORGED)
		sim_after(n, 1 + below(s, 20000000), lie, s);
}

/* Not in every run, for an answer to nothing is a chance to send. */
void
forge_begin(struct side *s)
{
	s->forger = s->conn->w->s->seed ^ (uint64_t)s->node->index << 32;
	if (s->conn->w->forged)
		sim_after(s->node, 1 + below(s, 20000000), lie, s);
}

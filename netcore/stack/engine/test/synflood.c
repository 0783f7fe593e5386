/* synflood - a server under a flood of SYNs from everywhere (RFC 4987): what is
 * established goes on, who is honest gets in, and nothing grows.
 *
 *	synflood SYNS
 *
 * The same run, twice: without the flood and with it. A client downloads over
 * 1 Gbit/s and 1 ms; another visits every ten milliseconds. The flood comes by
 * a way of its own, 100,000 SYNs a second, and for each eight of them an ACK
 * that acknowledges nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/sim.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"

#define BULK	  80
#define VISIT	  81
#define CHUNK	  65536u
#define STEP_NS	  100000u
#define SYNS	  10u  /* in a step */
#define VISITS	  100u /* steps from one to the next */
#define HALF_OPEN 256u

struct run {
	struct sim *s;
	stack_conn bulk;
	uint64_t got, syns, acks, asked, answered, ended;
};

static uint8_t chunk[CHUNK];

static void
expect(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "synflood: %s\n", what);
	exit(1);
}

/* --- programs -------------------------------------------------------------*/

static void
accepted(struct sim_node *n, stack_conn c)
{
	struct run *r = n->user;

	if (!r->bulk) {
		r->bulk = c;
		for (int i = 0; i < 64; i++)
			stack_send(n->stack, c, chunk, CHUNK);
	} else {
		stack_send(n->stack, c, chunk, 1);
		stack_close(n->stack, c, false);
	}
}

static void
acked(struct sim_node *n, stack_conn c, uint32_t bytes)
{
	struct run *r = n->user;
	static uint64_t sum;

	if (c != r->bulk)
		return;
	for (sum += bytes; sum >= CHUNK; sum -= CHUNK)
		stack_send(n->stack, c, chunk, CHUNK);
}

static void
data(struct sim_node *n, stack_conn c, const uint8_t *p, uint32_t len)
{
	struct run *r = n->user;

	(void)p;
	if (len == 1)
		r->answered++;
	else
		r->got += len;
	stack_recv_done(n->stack, c, len);
}

static void
remote_closed(struct sim_node *n, stack_conn c)
{
	stack_close(n->stack, c, false);
}

static void
closed(struct sim_node *n, stack_conn c, enum stack_why why)
{
	struct run *r = n->user;

	(void)c;
	if (n->index == 1)
		r->ended += why == STACK_CLOSED;
}

static const struct sim_program server = {
	.accepted = accepted,
	.acked = acked,
	.remote_closed = remote_closed,
};

static const struct sim_program client = {
	.data = data,
	.remote_closed = remote_closed,
	.closed = closed,
};

/* --- the flood ------------------------------------------------------------*/

static void
forge(struct run *r, uint8_t flags)
{
	struct sim_node *n = &r->s->node[0];
	uint64_t x = sim_random(r->s);
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_ipv4 ip = {.src = 0x0b000000 | (x & 0xffffff),
		.dst = (uint32_t)sim_ip(0).lo,
		.proto = WIRE_IP_TCP,
		.ttl = 64};
	struct wire_tcp t = {.sport = (uint16_t)(x >> 24),
		.dport = x >> 40 & 1 ? BULK : VISIT,
		.seq = (uint32_t)(x >> 32),
		.ack = flags & WIRE_TCP_ACK ? (uint32_t)sim_random(r->s) : 0,
		.flags = flags,
		.window = 1000,
		.opts = WIRE_TCP_MSS | WIRE_TCP_WSCALE | WIRE_TCP_SACK_OK,
		.mss = 1460,
		.wscale = 7};
	uint8_t p[128];
	struct stack_rx_frame f = {
		.data = p, .flags = STACK_RX_CKSUM_OK, .buf = p};

	if (!(flags & WIRE_TCP_SYN))
		t.opts = 0;
	memcpy(e.dst, n->cfg.mac, 6);
	memcpy(e.src, r->s->node[1].cfg.mac, 6);
	wire_eth_emit(p, sizeof(p), &e);
	ip.len = (uint16_t)wire_tcp_emit(p + 34, sizeof(p) - 34, &t);
	wire_ipv4_emit(p + 14, WIRE_IPV4_LEN, &ip);
	f.len = 34u + ip.len;
	stack_rx(n->stack, &f, 1, r->s->now);
	expect(!f.kept, "a frame of the flood was kept");
}

static void
flood(struct run *r)
{
	for (unsigned i = 0; i < SYNS; i++, r->syns++) {
		forge(r, WIRE_TCP_SYN);
		if (r->syns % 8 == 0) {
			forge(r, WIRE_TCP_ACK);
			r->acks++;
		}
	}
	sim_poll(r->s, 0);
}

/* --- all of it ------------------------------------------------------------*/

static void
visit(struct run *r)
{
	stack_conn c;

	expect(!stack_connect(r->s->node[1].stack, sim_ip(0), VISIT, 0, 0, &c),
		"connect");
	r->asked++;
	sim_poll(r->s, 1);
}

static void
begin(struct run *r)
{
	struct stack_config cfg = sim_config();
	struct sim_link link = {
		.delay_ns = 500000, .bits_per_s = 1000000000, .queue = 2000};
	stack_conn c;

	cfg.conns = 4096;
	cfg.listeners = 2;
	cfg.half_open = HALF_OPEN;
	cfg.send_refs = cfg.segs = 16384;
	cfg.rcv_window = 4 << 20;
	cfg.time_wait_ms = 100;
	cfg.gateway4 = sim_ip(1); /* the way to everywhere */
	r->s = sim_new(7, &cfg, &link);
	for (int i = 0; i < 2; i++) {
		r->s->node[i].program = i ? &client : &server;
		r->s->node[i].user = r;
	}
	expect(!stack_listen(r->s->node[0].stack, sim_ip(0), BULK, 0) &&
			!stack_listen(r->s->node[0].stack, sim_ip(0), VISIT, 0),
		"listen");
	stack_connect(r->s->node[1].stack, sim_ip(0), BULK, 0, 0, &c);
	sim_poll(r->s, 1);
	sim_run(r->s, r->s->now + 500000000);
	expect(r->bulk != 0, "no connection");
	r->got = 0;
}

/* Every SYN has an end, and every ACK; and when all are forgotten that did not
 * get further, there is no more than before. */
static void
settle(struct run *r)
{
	const struct stack_counters *n = stack_counters(r->s->node[0].stack);
	const char *bad;

	/* Those that came before the first cookie were not even looked at. */
	expect(n->drop_no_listener == r->acks &&
			n->cookies_bad + HALF_OPEN > r->acks,
		"ACKs are missing from the counters");
	stack_close(r->s->node[0].stack, r->bulk, true);
	sim_poll(r->s, 0);
	sim_run(r->s, r->s->now + 100000000000);
	bad = stack_check(r->s->node[0].stack);
	expect(!bad, bad);
	expect(n->syn_received ==
			n->cookies_sent + n->accepted - n->cookies_taken +
				n->give_ups + n->drop_out_of_conns,
		"SYNs are missing from the counters");
	expect(!stack_taken(r->s->node[0].stack), "connections are left");
	expect(r->answered == r->asked && r->ended >= r->asked,
		"visitors were sent away");
}

static double
run(uint64_t steps, bool flooded)
{
	struct run r = {0};
	uint64_t from;
	double gbps;

	begin(&r);
	from = r.s->now;
	for (uint64_t i = 0; i < steps; i++) {
		if (flooded)
			flood(&r);
		if (i % VISITS == 0 && i + 20000 < steps)
			visit(&r);
		sim_run(r.s, from + (i + 1) * STEP_NS);
	}
	gbps = (double)r.got * 8 / (double)(r.s->now - from);
	if (flooded) {
		const struct stack_counters *n =
			stack_counters(r.s->node[0].stack);

		settle(&r);
		printf("%llu SYNs: %llu cookies sent, %llu taken, %llu bad; "
		       "%llu of %llu visitors served\n",
			(unsigned long long)r.syns,
			(unsigned long long)n->cookies_sent,
			(unsigned long long)n->cookies_taken,
			(unsigned long long)n->cookies_bad,
			(unsigned long long)r.answered,
			(unsigned long long)r.asked);
	}
	sim_free(r.s);
	return gbps;
}

int
main(int argc, char **argv)
{
	uint64_t syns = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
	double calm, flooded;

	if (syns < SYNS) {
		fprintf(stderr, "usage: synflood SYNS\n");
		return 2;
	}
	calm = run(syns / SYNS < 100000 ? syns / SYNS : 100000, false);
	flooded = run(syns / SYNS, true);
	printf("goodput %.3f Gbit/s without, %.3f with: %.1f %%\n", calm,
		flooded, 100 * flooded / calm);
	expect(flooded >= 0.9 * calm, "the flood takes more than a tenth");
	return 0;
}

/* many - a server with as many connections as one is told: all of them are
 * opened, each gets a byte and answers one, and all are ended. One engine, and
 * frames made here for its peers, who live behind the gateway.
 *
 *	many 1000000
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/stack.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/tcp.h"

#define US	0x0a000001u
#define GATEWAY 0x0a000002u
#define PORTS	50000u /* connections of a peer */
#define BURST	32u

struct many {
	struct stack *s;
	uint64_t now;
	uint32_t n;
	uint32_t *nxt; /* of the engine, by connection: its sequence number */
	uint32_t accepted, closed, bytes, acked;
	struct stack_rx_frame rx[BURST];
	uint8_t frame[BURST][128];
	unsigned waiting;
};

static const uint8_t mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

static void
expect(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "many: %s\n", what);
	exit(1);
}

/* --- upcalls --------------------------------------------------------------*/

static void
accepted(void *arg, stack_conn c, uint64_t user)
{
	struct many *m = arg;

	(void)c, (void)user;
	m->accepted++;
}

static void
data(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	struct many *m = arg;

	(void)user, (void)ptr, (void)buf;
	m->bytes += len;
	expect(!stack_recv_done(m->s, c, len), "recv_done");
	expect(!stack_send(m->s, c, "x", 1), "send");
}

static void
acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct many *m = arg;

	(void)c, (void)user;
	m->acked += bytes;
}

static void
closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct many *m = arg;

	(void)c, (void)user;
	m->closed += why == STACK_RESET;
}

static const struct stack_ops ops = {
	.accepted = accepted,
	.data = data,
	.acked = acked,
	.closed = closed,
};

/* --- frames ---------------------------------------------------------------*/

static uint32_t
peer_of(uint32_t i)
{
	return 0xc0000000u + i / PORTS;
}

/* What goes out tells where the engine's numbers are. */
static void
turn(struct many *m)
{
	uint8_t headers[STACK_HEADERS];
	struct stack_tx_frame f = {.headers = headers};

	stack_rx(m->s, m->rx, m->waiting, m->now);
	m->waiting = 0;
	m->now += 1000;
	while (stack_tx(m->s, &f, 1, m->now)) {
		const uint8_t *t = headers + f.l4;
		uint32_t i;

		if (!f.l4)
			continue;
		i = (be_get32(headers + f.l3 + 16) - peer_of(0)) * PORTS +
			be_get16(t + 2) - 1024;
		expect(i < m->n, "a segment to nobody");
		m->nxt[i] = be_get32(t + 4) + f.len +
			!!(t[13] & (WIRE_TCP_SYN | WIRE_TCP_FIN));
	}
	stack_timers(m->s, m->now);
}

static void
give(struct many *m, const uint8_t *data_, uint32_t len)
{
	memcpy(m->frame[m->waiting], data_, len);
	m->rx[m->waiting] = (struct stack_rx_frame){
		.data = m->frame[m->waiting],
		.len = len,
		.flags = STACK_RX_CKSUM_OK,
	};
	if (++m->waiting == BURST)
		turn(m);
}

static void
segment(struct many *m, uint32_t i, uint32_t seq, uint8_t flags, uint32_t len)
{
	struct wire_eth e = {.type = WIRE_ETH_IPV4};
	struct wire_tcp t = {.sport = (uint16_t)(1024 + i % PORTS),
		.dport = 80,
		.seq = seq,
		.ack = flags & WIRE_TCP_ACK ? m->nxt[i] : 0,
		.flags = flags,
		.window = 1000};
	struct wire_ipv4 ip = {
		.src = peer_of(i), .dst = US, .proto = WIRE_IP_TCP, .ttl = 64};
	uint8_t p[128] = {0};
	size_t n;

	memcpy(e.dst, mac[0], 6);
	memcpy(e.src, mac[1], 6);
	wire_eth_emit(p, sizeof(p), &e);
	n = wire_tcp_emit(p + 34, sizeof(p) - 34, &t) + len;
	ip.len = (uint16_t)n;
	wire_ipv4_emit(p + 14, WIRE_IPV4_LEN, &ip);
	give(m, p, (uint32_t)(34 + n));
}

static void
gateway_says_where_it_is(struct many *m)
{
	struct wire_eth e = {.type = WIRE_ETH_ARP};
	struct wire_arp a = {.op = WIRE_ARP_REQUEST, .spa = GATEWAY, .tpa = US};
	uint8_t p[64];
	size_t n;

	memcpy(e.dst, mac[0], 6);
	memcpy(e.src, mac[1], 6);
	memcpy(a.sha, mac[1], 6);
	n = wire_eth_emit(p, sizeof(p), &e);
	n += wire_arp_emit(p + n, sizeof(p) - n, &a);
	give(m, p, (uint32_t)n);
	turn(m);
}

/* --- all of it ------------------------------------------------------------*/

static void
start(struct many *m)
{
	struct stack_config c = {.conns = m->n,
		.half_open = m->n,
		.listeners = 1,
		.send_refs = 2 * m->n,
		.segs = 2 * m->n,
		.rcv_window = 65535,
		.mtu = 1500,
		.ip4 = ip_addr_v4(US),
		.ip4_bits = 24,
		.gateway4 = ip_addr_v4(GATEWAY)};
	size_t bytes;
	void *mem;

	memcpy(c.mac, mac[0], 6);
	bytes = (stack_bytes(&c) + 63) & ~(size_t)63;
	mem = aligned_alloc(64, bytes);
	m->nxt = calloc(m->n, sizeof(*m->nxt));
	expect(mem && m->nxt, "no memory");
	memset(mem, 0, bytes);
	m->now = 1000000000;
	m->s = stack_init(mem, &c, &ops, m, m->now);
	expect(!stack_listen(m->s, (struct ip_addr){0, 0}, 80, 0), "listen");
	gateway_says_where_it_is(m);
	printf("many: %u connections in %zu MiB\n", m->n, bytes >> 20);
}

int
main(int argc, char **argv)
{
	static struct many m;
	const char *bad;

	m.n = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	if (!m.n || m.n > 4000000) {
		fprintf(stderr, "usage: many CONNECTIONS\n");
		return 2;
	}
	start(&m);
	for (uint32_t i = 0; i < m.n; i++)
		segment(&m, i, 1000, WIRE_TCP_SYN, 0);
	turn(&m);
	for (uint32_t i = 0; i < m.n; i++)
		segment(&m, i, 1001, WIRE_TCP_ACK, 1);
	turn(&m);
	expect(m.accepted == m.n && m.bytes == m.n, "not all were accepted");
	for (uint32_t i = 0; i < m.n; i++)
		segment(&m, i, 1002, WIRE_TCP_ACK, 0);
	turn(&m);
	expect(m.acked == m.n, "not all were answered");
	bad = stack_check(m.s);
	expect(!bad, bad);
	for (uint32_t i = 0; i < m.n; i++)
		segment(&m, i, 1002, WIRE_TCP_RST | WIRE_TCP_ACK, 0);
	turn(&m);
	expect(m.closed == m.n, "not all were ended");
	expect(!stack_counters(m.s)->retransmits, "something was sent twice");
	bad = stack_check(m.s);
	expect(!bad, bad);
	free(m.s);
	free(m.nxt);
	return 0;
}

/* tcp_pair.c - two engines and the frames between them. */
#include "bench/tcp_pair.h"

#include <stdlib.h>
#include <string.h>

#include "bench/duo.h"
#include "dlibos/base/log.h"
#include "netcore/stack/engine/test/host.h"

#define PORTS	4 /* that the server listens at: one has 64 Ki peers */
#define PORT	80
#define PER	30000u
#define FROM	1024 /* the client's ports */
#define REQUEST 64
#define REST	1200 /* ms: longer than a retransmission timer */
#define WINDOW	(1u << 20)
#define AHEAD	(1u << 17) /* bytes queued by a server that streams */

/* --- upcalls --------------------------------------------------------------*/

/* Which of the connections it is, is told by its ports: see dial(). */
static void
accepted(void *arg, stack_conn c, uint64_t user)
{
	struct tcp_pair *p = arg;
	struct ip_addr ip;
	uint16_t from, to;

	(void)user;
	if (p->visit)
		return;
	stack_peer(p->server.s, c, &ip, &from);
	stack_local(p->server.s, c, &ip, &to);
	p->served[(to - PORT) * PER + (from - FROM)] = c;
}

static void
connected(void *arg, stack_conn c, uint64_t user)
{
	struct tcp_pair *p = arg;

	(void)user;
	p->connected++;
	if (p->visit == TCP_VISIT_REQUEST)
		stack_send(p->client.s, c, p->bulk, REQUEST);
	else if (p->visit == TCP_VISIT_ACCEPT)
		stack_close(p->client.s, c, false);
}

static void
request(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	struct tcp_pair *p = arg;

	(void)user;
	(void)ptr;
	(void)buf;
	p->received += len;
	stack_recv_done(p->server.s, c, len);
	if (p->reply)
		stack_send(p->server.s, c, p->bulk, p->reply);
}

static void
answer(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr, uint32_t len,
	void *buf)
{
	struct tcp_pair *p = arg;

	(void)user;
	(void)ptr;
	(void)buf;
	stack_recv_done(p->client.s, c, len);
	p->answers++;
	if (p->visit)
		stack_close(p->client.s, c, false);
}

static void
server_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct tcp_pair *p = arg;
	uint64_t from = p->acked;

	(void)user;
	p->acked += bytes;
	if (p->streams && from / (AHEAD / 4) != p->acked / (AHEAD / 4))
		stack_send(p->server.s, c,
			p->bulk +
				p->acked / (AHEAD / 4) * (AHEAD / 4) %
					TCP_PAIR_BULK,
			AHEAD / 4);
}

static void
server_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct tcp_pair *p = arg;

	(void)user;
	stack_close(p->server.s, c, false);
}

static void
server_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct tcp_pair *p = arg;

	(void)c;
	(void)user;
	p->closed += why == STACK_CLOSED;
}

static void
client_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	(void)arg;
	(void)c;
	(void)user;
	if (why != STACK_CLOSED)
		die(EXIT_FAIL, "a connection was lost");
}

static const struct stack_ops server_ops = {
	.accepted = accepted,
	.data = request,
	.acked = server_acked,
	.remote_closed = server_remote_closed,
	.closed = server_closed,
};

static const struct stack_ops client_ops = {
	.connected = connected,
	.data = answer,
	.closed = client_closed,
};

/* --- making ---------------------------------------------------------------*/

static struct ip_addr
address(const struct tcp_pair *p, const struct tcp_end *e)
{
	uint32_t n = e == &p->server ? 1 : 2;

	return p->how & TCP_PAIR_SIX ? host_ip6(n) : host_ip4(n);
}

static void
end_init(struct tcp_pair *p, struct tcp_end *e, const struct stack_ops *ops)
{
	struct stack_config c = {
		.conns = p->conns + 16384,
		.half_open = 1024,
		.listeners = PORTS,
		.send_refs = 2 * p->conns + 16384,
		.segs = 2 * p->conns + 16384,
		.ooo = 64,
		.rcv_window = WINDOW,
		.time_wait_ms = 1,
		.secret = {1, 2, 3, 4, 5},
		.mac = {2, 0, 0, 0, 0, e == &p->server},
		.mtu = TCP_PAIR_MTU,
		.tx_cksum = p->how & TCP_PAIR_OFFLOAD,
	};

	if (p->how & TCP_PAIR_SIX) {
		c.ip6 = address(p, e);
		c.ip6_bits = 64;
	} else {
		c.ip4 = address(p, e);
		c.ip4_bits = 24;
	}
	e->bytes = stack_bytes(&c);
	e->frame = duo_memory(TCP_PAIR_BURST * TCP_PAIR_FRAME);
	for (unsigned i = 0; i < TCP_PAIR_BURST; i++)
		e->tx[i].headers = e->frame + i * TCP_PAIR_FRAME;
	e->ops = host_ops(*ops);
	e->s = stack_init(duo_memory(e->bytes), &c, &e->ops, p, p->now);
}

void
tcp_pair_init(struct tcp_pair *p, unsigned conns, unsigned how)
{
	*p = (struct tcp_pair){
		.conns = conns,
		.how = how,
		.reply = REQUEST,
		.now = 1000000000,
	};
	p->conn = calloc(conns + 1, sizeof(*p->conn));
	p->served = calloc(conns + 1, sizeof(*p->served));
	if (!p->conn || !p->served)
		die(EXIT_FAIL, "no memory");
	p->bulk = duo_memory(TCP_PAIR_BULK);
	end_init(p, &p->server, &server_ops);
	end_init(p, &p->client, &client_ops);
	for (uint16_t i = 0; i < PORTS; i++)
		stack_listen(p->server.s, address(p, &p->server),
			(uint16_t)(PORT + i), 0);
}

void
tcp_pair_fini(struct tcp_pair *p)
{
	duo_free(p->server.s, p->server.bytes);
	duo_free(p->client.s, p->client.bytes);
	duo_free(p->server.frame, TCP_PAIR_BURST * TCP_PAIR_FRAME);
	duo_free(p->client.frame, TCP_PAIR_BURST * TCP_PAIR_FRAME);
	duo_free(p->bulk, TCP_PAIR_BULK);
	free(p->conn);
	free(p->served);
}

/* --- handing over ---------------------------------------------------------*/

/* Puts the pieces behind the headers; or only says that they were there. */
static void
carry(struct tcp_end *from, struct tcp_end *to, bool whole, bool verified)
{
	for (unsigned i = 0; i < from->tx_n; i++) {
		const struct stack_tx_frame *f = &from->tx[i];

		if (whole)
			host_frame(f, f->headers, TCP_PAIR_FRAME);
		to->rx[i] = (struct stack_rx_frame){
			.data = f->headers,
			.len = f->header_len + f->len,
			.flags = verified ? STACK_RX_CKSUM_OK : 0,
			.buf = f->headers,
		};
	}
	to->rx_n = from->tx_n;
	from->tx_n = 0;
}

unsigned
tcp_pair_client(struct tcp_pair *p)
{
	struct tcp_end *e = &p->client;

	p->now += TCP_PAIR_STEP;
	carry(&p->server, e, true, p->how & TCP_PAIR_OFFLOAD);
	stack_rx(e->s, e->rx, e->rx_n, p->now);
	stack_timers(e->s, p->now);
	e->tx_n = stack_tx(e->s, e->tx, TCP_PAIR_BURST, p->now);
	carry(e, &p->server, true, p->how & TCP_PAIR_OFFLOAD);
	return p->server.rx_n;
}

static inline void
serve(struct tcp_pair *p)
{
	struct tcp_end *e = &p->server;

	stack_rx(e->s, e->rx, e->rx_n, p->now);
	stack_timers(e->s, p->now);
	e->tx_n = stack_tx(e->s, e->tx, TCP_PAIR_BURST, p->now);
}

__attribute__((noinline)) void
tcp_pair_serve(struct tcp_pair *p)
{
	serve(p);
}

__attribute__((noinline)) void
tcp_pair_take(struct tcp_pair *p)
{
	stack_rx(p->server.s, p->server.rx, p->server.rx_n, p->now);
}

__attribute__((noinline)) void
tcp_pair_give(struct tcp_pair *p, unsigned most)
{
	struct tcp_end *e = &p->server;

	stack_timers(e->s, p->now);
	e->tx_n = stack_tx(e->s, e->tx, most, p->now);
}

void
tcp_pair_settle(struct tcp_pair *p)
{
	unsigned n;

	do {
		n = tcp_pair_client(p);
		serve(p);
	} while (n + p->server.tx_n);
}

/* What a call of stack_timers() does is bounded: there may be more. */
static bool
is_late(const struct tcp_pair *p)
{
	return stack_deadline(p->server.s) <= p->now ||
		stack_deadline(p->client.s) <= p->now;
}

void
tcp_pair_rest(struct tcp_pair *p)
{
	tcp_pair_settle(p);
	p->visit = TCP_VISIT_NONE;
	for (unsigned ms = 0; ms < REST; ms++) {
		p->now += 1000000;
		do
			tcp_pair_settle(p);
		while (is_late(p));
	}
}

void
tcp_pair_sink(struct tcp_pair *p)
{
	struct tcp_end *e = &p->client, *from = &p->server;
	unsigned n = 0;

	p->now += TCP_PAIR_STEP;
	carry(from, e, false, true);
	for (unsigned i = 0; i < e->rx_n; i += 2) {
		unsigned k = e->rx_n - i < 2 ? 1 : 2;

		stack_rx(e->s, &e->rx[i], k, p->now);
		n += stack_tx(e->s, &e->tx[n], TCP_PAIR_BURST - n, p->now);
	}
	stack_timers(e->s, p->now);
	e->tx_n = n;
	carry(e, from, true, p->how & TCP_PAIR_OFFLOAD);
}

/* --- what the client wants ------------------------------------------------*/

static void
dial(struct tcp_pair *p, uint16_t port, uint16_t lport, stack_conn *c)
{
	if (stack_connect(
		    p->client.s, address(p, &p->server), port, lport, 0, c))
		die(EXIT_FAIL, "cannot connect");
}

void
tcp_pair_open(struct tcp_pair *p)
{
	for (unsigned i = 0; i < p->conns; i++) {
		dial(p, (uint16_t)(PORT + i / PER), (uint16_t)(FROM + i % PER),
			&p->conn[i]);
		if (i % 32 == 31)
			tcp_pair_settle(p);
	}
	tcp_pair_settle(p);
	if (p->connected != p->conns)
		die(EXIT_FAIL, "%u of %u connections", p->connected, p->conns);
}

void
tcp_pair_visit(struct tcp_pair *p, unsigned n, enum tcp_visit what)
{
	stack_conn c;

	p->visit = what;
	for (unsigned i = 0; i < n; i++)
		dial(p, PORT, 0, &c);
}

void
tcp_pair_ask(struct tcp_pair *p, unsigned i, uint32_t bytes)
{
	if (stack_send(p->client.s, p->conn[i], p->bulk, bytes))
		die(EXIT_FAIL, "cannot ask");
}

void
tcp_pair_tell(struct tcp_pair *p, unsigned i, uint32_t bytes)
{
	if (stack_send(p->server.s, p->served[i], p->bulk, bytes))
		die(EXIT_FAIL, "cannot tell");
}

/* --- counts ---------------------------------------------------------------*/

__attribute__((noinline)) void
tcp_pair_forget(struct tcp_pair *p)
{
	p->received = p->acked = p->answers = p->closed = 0;
}

const char *
tcp_pair_wrong(const struct tcp_pair *p)
{
	const struct stack *end[] = {p->server.s, p->client.s};

	for (unsigned i = 0; i < 2; i++) {
		const struct stack_counters *n = stack_counters(end[i]);

		if (n->retransmits + n->tail_probes)
			return "something was sent twice";
		if (n->ooo_segments + n->duplicate_segments)
			return "something came out of order";
		if (n->drop_cksum + n->drop_bad_frame)
			return "a frame was wrong";
		if (n->send_refs_full + n->segs_full)
			return "the engine's memory was too small";
	}
	return NULL;
}

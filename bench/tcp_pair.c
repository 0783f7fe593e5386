#include "bench/tcp_pair.h"

#include <stdlib.h>
#include <string.h>

#include "bench/duo.h"
#include "dlibos/base/log.h"
#include "netcore/stack/engine/test/host.h"

#define PORTS	4 /* that the server listens at: one has 64 Ki peers */
#define PER	30000u
#define REQUEST 64
#define WINDOW	(1u << 20)
#define AHEAD	(1u << 17) /* bytes queued by a server that streams */

static const uint8_t text[REQUEST] = "what a request or an answer may say";

/* --- upcalls --------------------------------------------------------------*/

static void
accepted(void *arg, stack_conn c, uint64_t user)
{
	struct tcp_pair *p = arg;

	(void)user;
	p->stream = c;
}

static void
connected(void *arg, stack_conn c, uint64_t user)
{
	struct tcp_pair *p = arg;

	(void)user;
	p->connected++;
	if (p->closes)
		stack_send(p->client.s, c, text, REQUEST);
}

static void
request(void *arg, stack_conn c, uint64_t user, const uint8_t *ptr,
	uint32_t len, void *buf)
{
	struct tcp_pair *p = arg;

	(void)user;
	(void)ptr;
	(void)buf;
	stack_recv_done(p->server.s, c, len);
	stack_send(p->server.s, c, text, REQUEST);
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
	if (p->closes)
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
	return host_ip4(e == &p->server ? 1 : 2);
}

static void
end_init(struct tcp_pair *p, struct tcp_end *e, const struct stack_ops *ops)
{
	struct stack_config c = {
		.conns = p->conns + 16384,
		.half_open = 1024,
		.listeners = PORTS,
		.send_refs = p->conns + 16384,
		.segs = p->conns + 16384,
		.ooo = 64,
		.rcv_window = WINDOW,
		.time_wait_ms = 1,
		.secret = {1, 2, 3, 4, 5},
		.mac = {2, 0, 0, 0, 0, e == &p->server},
		.mtu = TCP_PAIR_MTU,
		.ip4 = address(p, e),
		.ip4_bits = 24,
	};

	e->bytes = stack_bytes(&c);
	e->frame = duo_memory(TCP_PAIR_BURST * TCP_PAIR_FRAME);
	for (unsigned i = 0; i < TCP_PAIR_BURST; i++)
		e->tx[i].headers = e->frame + i * TCP_PAIR_FRAME;
	e->ops = host_ops(*ops);
	e->s = stack_init(duo_memory(e->bytes), &c, &e->ops, p, p->now);
}

void
tcp_pair_init(struct tcp_pair *p, unsigned conns)
{
	*p = (struct tcp_pair){.conns = conns, .now = 1000000000};
	p->conn = calloc(conns + 1, sizeof(*p->conn));
	if (!p->conn)
		die(EXIT_FAIL, "no memory");
	p->bulk = duo_memory(TCP_PAIR_BULK);
	end_init(p, &p->server, &server_ops);
	end_init(p, &p->client, &client_ops);
	for (uint16_t i = 0; i < PORTS; i++)
		stack_listen(p->server.s, address(p, &p->server),
			(uint16_t)(80 + i), 0);
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
}

/* --- handing over ---------------------------------------------------------*/

/* Puts the pieces behind the headers; or only says that they were there. */
static void
carry(struct tcp_end *from, struct tcp_end *to, bool whole)
{
	for (unsigned i = 0; i < from->tx_n; i++) {
		const struct stack_tx_frame *f = &from->tx[i];

		if (whole)
			host_frame(f, f->headers, TCP_PAIR_FRAME);
		to->rx[i] = (struct stack_rx_frame){
			.data = f->headers,
			.len = f->header_len + f->len,
			.flags = whole ? 0 : STACK_RX_CKSUM_OK,
			.buf = f->headers,
		};
	}
	to->rx_n = from->tx_n;
}

unsigned
tcp_pair_client(struct tcp_pair *p)
{
	struct tcp_end *e = &p->client;

	p->now += TCP_PAIR_STEP;
	carry(&p->server, e, true);
	p->server.tx_n = 0;
	stack_rx(e->s, e->rx, e->rx_n, p->now);
	stack_timers(e->s, p->now);
	e->tx_n = stack_tx(e->s, e->tx, TCP_PAIR_BURST, p->now);
	carry(e, &p->server, true);
	return e->tx_n;
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
tcp_pair_give(struct tcp_pair *p)
{
	struct tcp_end *e = &p->server;

	stack_timers(e->s, p->now);
	e->tx_n = stack_tx(e->s, e->tx, TCP_PAIR_BURST / 2, p->now);
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

void
tcp_pair_sink(struct tcp_pair *p)
{
	struct tcp_end *e = &p->client, *from = &p->server;
	unsigned n = 0;

	p->now += TCP_PAIR_STEP;
	carry(from, e, false);
	for (unsigned i = 0; i < e->rx_n; i += 2) {
		unsigned k = e->rx_n - i < 2 ? 1 : 2;

		stack_rx(e->s, &e->rx[i], k, p->now);
		n += stack_tx(e->s, &e->tx[n], TCP_PAIR_BURST - n, p->now);
	}
	stack_timers(e->s, p->now);
	e->tx_n = n;
	carry(e, from, true);
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
		dial(p, (uint16_t)(80 + i / PER), (uint16_t)(1024 + i % PER),
			&p->conn[i]);
		if (i % 32 == 31)
			tcp_pair_settle(p);
	}
	tcp_pair_settle(p);
	if (p->connected != p->conns)
		die(EXIT_FAIL, "%u of %u connections", p->connected, p->conns);
}

void
tcp_pair_visit(struct tcp_pair *p, unsigned n)
{
	stack_conn c;

	p->closes = true;
	for (unsigned i = 0; i < n; i++)
		dial(p, 80, 0, &c);
}

void
tcp_pair_request(struct tcp_pair *p, unsigned i)
{
	if (stack_send(p->client.s, p->conn[i], text, REQUEST))
		die(EXIT_FAIL, "cannot send");
}

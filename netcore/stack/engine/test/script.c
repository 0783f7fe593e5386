/* script.c - lines are played, and compared. */
#include "netcore/stack/engine/test/script.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/wire/arp.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/icmp6.h"
#include "netcore/stack/wire/ip.h"
#include "netcore/stack/wire/ipv4.h"
#include "netcore/stack/wire/ipv6.h"

#define FRAME_MAX 4096

static uint8_t pattern[SCRIPT_BYTES];

bool
script_v6(void)
{
	const char *family = getenv("SCRIPT_FAMILY");

	return family && !strcmp(family, "6");
}

struct ip_addr
script_ip(uint32_t host)
{
	return script_v6() ? host_ip6(host) : host_ip4(host);
}

/* --- upcalls --------------------------------------------------------------*/

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	struct script *s = arg;

	(void)user;
	s->accepted++;
	s->conn = c;
}

static void
up_connected(void *arg, stack_conn c, uint64_t user)
{
	struct script *s = arg;

	(void)user;
	assert_int_equal(c, s->conn);
	s->connected++;
	if (s->on_connected)
		s->on_connected(s);
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *p, uint32_t len,
	void *buf)
{
	struct script *s = arg;

	(void)user;
	assert_int_equal(c, s->conn);
	assert_true(len > 0);
	assert_memory_equal(p, pattern + 1 + s->received, len);
	s->received += len;
	s->buffers--;
	free(buf);
	if (s->read)
		assert_int_equal(stack_recv_done(s->stack, c, len), 0);
	if (s->on_data)
		s->on_data(s);
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct script *s = arg;

	(void)user;
	assert_int_equal(c, s->conn);
	s->acked += bytes;
	assert_true(s->acked <= s->written);
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct script *s = arg;

	(void)user;
	assert_int_equal(c, s->conn);
	s->remote_closed++;
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct script *s = arg;

	(void)user;
	(void)c;
	s->closed++;
	s->why = why;
}

static void
up_release(void *arg, void *buf)
{
	struct script *s = arg;

	s->buffers--;
	free(buf);
}

static const struct stack_ops ops = {
	.accepted = up_accepted,
	.connected = up_connected,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
	.release = up_release,
};

/* --- frames in ------------------------------------------------------------*/

static void
inject(struct script *s, const uint8_t *frame, size_t len)
{
	const char *bad;

	s->buffers += host_rx(s->stack, frame, (uint32_t)len, s->now);
	bad = stack_check(s->stack);
	if (bad)
		fail_msg("invariant: %s", bad);
}

static size_t
start(uint8_t *p, uint16_t type)
{
	struct wire_eth e = {.type = type};

	host_mac(e.dst, 1);
	host_mac(e.src, 2);
	return wire_eth_emit(p, FRAME_MAX, &e);
}

static void
arp(struct script *s, uint16_t op)
{
	struct wire_arp a = {.op = op,
		.spa = (uint32_t)script_ip(2).lo,
		.tpa = (uint32_t)script_ip(1).lo};
	uint8_t p[FRAME_MAX];
	size_t n = start(p, WIRE_ETH_ARP);

	host_mac(a.sha, 2);
	n += wire_arp_emit(p + n, sizeof(p) - n, &a);
	inject(s, p, n);
}

/* RFC 4861: what ARP is for IPv4. */
static void
nd(struct script *s, bool asks)
{
	struct wire_ipv6 ip = {
		.proto = WIRE_IP_ICMPV6, .hop_limit = 255, .len = 32};
	uint8_t p[FRAME_MAX], peer_mac[6], *b;
	size_t n = start(p, WIRE_ETH_IPV6);

	host_mac(peer_mac, 2);
	ip_addr_put(script_ip(2), ip.src);
	ip_addr_put(script_ip(1), ip.dst);
	n += wire_ipv6_emit(p + n, WIRE_IPV6_LEN, &ip);
	b = p + n;
	if (asks)
		n += wire_nd_emit_ns(b, 32, ip.src, ip.dst, ip.dst, peer_mac);
	else
		n += wire_nd_emit_na(b, 32, ip.src, ip.dst, ip.src,
			WIRE_NA_SOLICITED | WIRE_NA_OVERRIDE, peer_mac);
	inject(s, p, n);
}

static void
neighbour(struct script *s, bool asks)
{
	if (script_v6())
		nd(s, asks);
	else
		arp(s, asks ? WIRE_ARP_REQUEST : WIRE_ARP_REPLY);
}

/* The header of a packet from the peer, or the sum of its pseudo header: both
 * families have what the other has. */
static size_t
put_ip(uint8_t *p, size_t len, uint8_t tos)
{
	struct wire_ipv4 ip4 = {.src = (uint32_t)script_ip(2).lo,
		.dst = (uint32_t)script_ip(1).lo,
		.frag = WIRE_IPV4_DF,
		.proto = WIRE_IP_TCP,
		.ttl = 64,
		.tos = tos,
		.len = (uint16_t)len};
	struct wire_ipv6 ip6 = {.tclass = tos,
		.proto = WIRE_IP_TCP,
		.hop_limit = 64,
		.len = (uint16_t)len};

	if (!script_v6())
		return wire_ipv4_emit(p, WIRE_IPV4_LEN, &ip4);
	ip_addr_put(script_ip(2), ip6.src);
	ip_addr_put(script_ip(1), ip6.dst);
	return wire_ipv6_emit(p, WIRE_IPV6_LEN, &ip6);
}

/* Between host a and host b. */
static uint64_t
pseudo(uint32_t a, uint32_t b, size_t len)
{
	uint8_t from[16], to[16];

	if (!script_v6())
		return cksum_pseudo4((uint32_t)script_ip(a).lo,
			(uint32_t)script_ip(b).lo, WIRE_IP_TCP, (uint16_t)len);
	ip_addr_put(script_ip(a), from);
	ip_addr_put(script_ip(b), to);
	return cksum_pseudo6(from, to, WIRE_IP_TCP, (uint32_t)len);
}

static uint32_t
peer_clock(const struct script *s)
{
	return s->ts + (uint32_t)((s->now - s->start) / 1000000);
}

/* The header that g asks for. */
static struct wire_tcp
header(const struct script *s, const struct script_seg *g)
{
	uint32_t window = g->window ? g->window : s->window;
	struct wire_tcp t = {
		.sport = s->port,
		.dport = SCRIPT_PORT,
		.seq = s->irs + g->seq,
		.flags = g->flags || g->no_ack ? g->flags : ACK,
		.window = (uint16_t)(g->shut ? 0 : window),
		.mss = s->mss,
		.wscale = s->wscale,
		.ts_val = g->ts ? g->ts : peer_clock(s),
		.ts_ecr = s->echo,
		.urgent = g->urgent,
	};

	t.ack = t.flags & ACK ? s->iss + g->ack : 0;
	if (t.flags & SYN)
		t.opts = g->opts;
	else if (!(t.flags & RST))
		t.opts = s->opts & WIRE_TCP_TS;
	for (unsigned i = 0; i < 4 && g->sack[i].to; i++) {
		t.opts |= WIRE_TCP_SACK;
		t.sack[t.sacks++] = (struct wire_tcp_sack){
			s->iss + g->sack[i].from, s->iss + g->sack[i].to};
	}
	return t;
}

void
script_send(struct script *s, struct script_seg g)
{
	struct wire_tcp t = header(s, &g);
	struct cksum sum = {0};
	uint8_t p[FRAME_MAX];
	size_t at = start(p, script_v6() ? WIRE_ETH_IPV6 : WIRE_ETH_IPV4);
	size_t len = wire_tcp_emit_len(&t) + g.len, n;
	uint16_t c;

	assert_true(g.seq + g.len <= SCRIPT_BYTES);
	at += put_ip(p + at, len, g.tos);
	assert_true(at + len <= sizeof(p));
	n = wire_tcp_emit(p + at, sizeof(p) - at, &t);
	assert_int_equal(n + g.len, len);
	memcpy(p + at + n, pattern + g.seq + !!(t.flags & SYN), g.len);
	sum.sum = pseudo(2, 1, len);
	cksum_add(&sum, p + at, len);
	c = (uint16_t)~cksum_fold(sum.sum);
	memcpy(p + at + 16, &c, 2);
	inject(s, p, at + len);
}

/* --- frames out -----------------------------------------------------------*/

/* Parsed, and its sequence numbers made relative. */
static void
catch_tcp(struct script *s, struct cursor c, uint8_t tos)
{
	struct script_seg *g = &s->out[s->tail++ % SCRIPT_SEGS];
	struct wire_tcp *t = &g->h;

	assert_true(s->tail - s->head <= SCRIPT_SEGS);
	memset(g, 0, sizeof(*g));
	assert_int_equal(wire_tcp_verify(c.p, cursor_left(&c),
				 pseudo(1, 2, cursor_left(&c))),
		WIRE_OK);
	assert_int_equal(wire_tcp_parse(&c, t), WIRE_OK);
	assert_int_equal(t->sport, SCRIPT_PORT);
	assert_int_equal(t->dport, s->port);
	if (t->flags & SYN)
		s->iss = t->seq;
	g->at = s->now;
	g->tos = tos;
	g->seq = t->seq - s->iss;
	g->ack = t->flags & ACK ? t->ack - s->irs : 0;
	g->flags = t->flags & (uint8_t)~WIRE_TCP_PSH;
	g->len = (uint32_t)cursor_left(&c);
	if (g->len && g->seq + g->len > s->sent)
		s->sent = g->seq + g->len;
	g->window = t->window;
	if (t->opts & WIRE_TCP_TS)
		s->last_ts = t->ts_val;
	for (unsigned i = 0; i < t->sacks && t->opts & WIRE_TCP_SACK; i++) {
		g->sack[i].from = t->sack[i].left - s->irs;
		g->sack[i].to = t->sack[i].right - s->irs;
	}
	if (g->len)
		assert_memory_equal(c.p, pattern + g->seq, g->len);
}

static void
catch_ipv6(struct script *s, struct cursor c)
{
	struct wire_icmp6 m;
	struct wire_ipv6 ip;
	struct ip_addr target;

	assert_int_equal(wire_ipv6_parse(&c, &ip), WIRE_OK);
	if (ip.proto == WIRE_IP_TCP) {
		assert_true(ip_addr_eq(ip_addr_v6(ip.src), script_ip(1)));
		assert_true(ip_addr_eq(ip_addr_v6(ip.dst), script_ip(2)));
		catch_tcp(s, c, ip.tclass);
		return;
	}
	assert_int_equal(wire_icmp6_parse(&c, ip.src, ip.dst, ip.hop_limit, &m),
		WIRE_OK);
	assert_true(m.is_nd);
	target = ip_addr_v6(m.nd.target);
	if (m.m.type == WIRE_ICMP6_NS && ip_addr_eq(target, script_ip(2)) &&
		!s->mute_arp)
		nd(s, false);
}

static void
catch_frame(struct script *s, const uint8_t *frame, size_t len)
{
	struct cursor c = cursor_of(frame, len);
	struct wire_eth e;
	struct wire_ipv4 ip;

	assert_int_equal(wire_eth_parse(&c, &e), WIRE_OK);
	if (e.type == WIRE_ETH_ARP) {
		struct wire_arp a;

		assert_int_equal(wire_arp_parse(&c, &a), WIRE_OK);
		if (a.op == WIRE_ARP_REQUEST && !s->mute_arp)
			arp(s, WIRE_ARP_REPLY);
		return;
	}
	if (e.type == WIRE_ETH_IPV6) {
		catch_ipv6(s, c);
		return;
	}
	assert_int_equal(wire_ipv4_parse(&c, &ip), WIRE_OK);
	assert_int_equal(ip.src, script_ip(1).lo & UINT32_MAX);
	assert_int_equal(ip.dst, script_ip(2).lo & UINT32_MAX);
	catch_tcp(s, c, ip.tos);
}

static void
poll(struct script *s)
{
	uint8_t headers[STACK_HEADERS], frame[FRAME_MAX];
	struct stack_tx_frame f = {.headers = headers};
	unsigned n = 0;
	const char *bad;

	while (stack_tx(s->stack, &f, 1, s->now)) {
		if (++n > SCRIPT_SEGS)
			fail_msg("it does not stop sending");
		catch_frame(s, frame, host_frame(&f, frame, sizeof(frame)));
	}
	bad = stack_check(s->stack);
	if (bad)
		fail_msg("invariant: %s", bad);
}

static void
say(const char *what, const struct script_seg *g)
{
	print_message("%s: seq %u ack %u flags %02x len %u", what, g->seq,
		g->ack, g->flags, g->len);
	for (unsigned i = 0; i < 4 && g->sack[i].to; i++)
		print_message(" [%u, %u)", g->sack[i].from, g->sack[i].to);
	print_message("\n");
}

struct script_seg *
script_expect(struct script *s, const char *file, int line, struct script_seg g)
{
	struct script_seg *got;

	poll(s);
	g.flags = g.flags ? g.flags : ACK;
	if (s->head == s->tail) {
		say("expected", &g);
		print_message("%s:%d: nothing goes out\n", file, line);
		_fail(file, line);
	}
	got = &s->out[s->head++ % SCRIPT_SEGS];
	if (g.seq != got->seq || g.ack != got->ack || g.flags != got->flags ||
		g.len != got->len ||
		memcmp(g.sack, got->sack, sizeof(g.sack))) {
		say("expected", &g);
		say("got", got);
		_fail(file, line);
	}
	return got;
}

void
script_silence(struct script *s, const char *file, int line)
{
	poll(s);
	if (s->head == s->tail)
		return;
	say("nothing expected; got", &s->out[s->head % SCRIPT_SEGS]);
	_fail(file, line);
}

/* --- time -----------------------------------------------------------------*/

/* One timer, or what remains until `end`. */
static void
step(struct script *s, uint64_t end)
{
	uint64_t d = stack_deadline(s->stack);

	if (d > s->now)
		s->now = d < end ? d : end;
	stack_timers(s->stack, s->now);
	poll(s);
}

void
script_wait(struct script *s, uint32_t ms)
{
	uint64_t end = s->now + ms * 1000000ull;

	poll(s);
	while (s->now < end)
		step(s, end);
}

uint32_t
script_until(struct script *s, uint32_t most)
{
	uint64_t from = s->now, end = from + most * 1000000ull;

	poll(s);
	while (s->head == s->tail && s->now < end)
		step(s, end);
	return (uint32_t)((s->now - from) / 1000000);
}

int
script_write(struct script *s, uint32_t n)
{
	int rc = stack_send(s->stack, s->conn, pattern + 1 + s->written, n);

	if (!rc)
		s->written += n;
	return rc;
}

/* --- beginnings and ends --------------------------------------------------*/

struct stack_config
script_config(void)
{
	struct stack_config c = {
		.conns = 8,
		.half_open = 4,
		.listeners = 2,
		.send_refs = 64,
		.segs = 256,
		.ooo = 64,
		.rcv_window = 65535,
		.secret = "a secret",
		.mtu = 1500,
		.reno = true,
	};

	host_mac(c.mac, 1);
	if (script_v6()) {
		c.ip6 = script_ip(1);
		c.ip6_bits = 64;
		c.mtu += WIRE_IPV6_LEN - WIRE_IPV4_LEN;
	} else {
		c.ip4 = script_ip(1);
		c.ip4_bits = 24;
	}
	return c;
}

static void
boot(struct script *s, uint64_t now)
{
	s->now = s->start = now;
	host_free(s->stack);
	s->stack = host_new(&s->cfg, &ops, s, now);
	assert_int_equal(
		stack_listen(s->stack, (struct ip_addr){0}, SCRIPT_PORT, 0), 0);
}

/* Boots twice: the first time to see where our sequence numbers are, which
 * move by one in 4 us; then so much later that they are just under the wrap. */
struct script *
script_new(const struct stack_config *cfg)
{
	struct script *s = calloc(1, sizeof(*s));
	uint64_t now = 1000000000;

	for (uint32_t i = 0; i < SCRIPT_BYTES; i++)
		pattern[i] = (uint8_t)(i * 7 + (i >> 8));
	s->cfg = cfg ? *cfg : script_config();
	s->irs = 0u - SCRIPT_UNDER;
	s->port = SCRIPT_PEER_PORT;
	s->window = 60000;
	s->mss = MSS;
	s->ts = 1000;
	s->read = true;
	boot(s, now);
	neighbour(s, true);
	SEND(.flags = SYN);
	poll(s);
	assert_int_equal(s->tail, 1);
	boot(s, now + (uint32_t)(0u - SCRIPT_UNDER - s->iss) * 4000ull);
	s->head = s->tail = 0;
	neighbour(s, true);
	poll(s);
	return s;
}

void
script_drain(struct script *s)
{
	poll(s);
	s->head = s->tail;
}

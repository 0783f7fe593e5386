/* play.c - from bytes to frames, calls and time. */
#include "netcore/stack/engine/test/fuzz/play.h"

#include <string.h>

/* The first byte of a step. */
#define STEP_WHAT 15
#define STEP_HOLD 64  /* the frame waits for others */
#define STEP_MUTE 128 /* nothing is fetched for the wire */

struct stack_config
play_config(struct bytes *b)
{
	static const uint32_t conns[] = {8, 1, 2, 3};
	static const uint32_t segs[] = {256, 1, 4, 20};
	static const uint32_t window[] = {65536, 900, 6000, 1 << 20};
	static const uint16_t mtu[] = {1500, 1280, 9000, 1400};
	uint8_t size = take8(b), more = take8(b);
	struct stack_config c = {
		.conns = conns[size & 3],
		.half_open = conns[size & 3],
		.listeners = 2,
		.send_refs = segs[size >> 2 & 3],
		.segs = segs[size >> 4 & 3],
		.ooo = segs[size >> 6],
		.rcv_window = window[more & 3],
		.mtu = mtu[more >> 2 & 3],
		.mac = HOST_MAC(1),
		.ip4 = peer_host_ip(false),
		.ip4_bits = 24,
		.ip6 = peer_host_ip(true),
		.ip6_bits = 64,
		.udp_ports = 2,
		.frags = 4,
		.frag_pieces = 8,
		.time_wait_ms = more & 16 ? 0 : 1000,
		.tx_cksum = more & 32,
		.tso = more & 64 ? 20000 : 0,
		.reno = more & 128,
	};

	return c;
}

/* --- frames ---------------------------------------------------------------*/

static void
give(struct play *p)
{
	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];
		unsigned step = p->singly && h == p->h[1] ? 1 : p->frames;

		for (unsigned i = 0; i < p->frames; i += step)
			host_rx(h, &p->held[i], step);
	}
	p->frames = 0;
	/* Twins may differ in when an acknowledgement is put off, if nobody
	 * asks at once. */
	for (unsigned k = 0; p->hosts > 1 && k < p->hosts; k++)
		host_tx(p->h[k]);
}

static void
make_frame(struct play *p, struct bytes *b, unsigned what)
{
	struct host_frame *f = &p->held[p->frames++];

	switch (what) {
	case 10:
		peer_neighbour(b, f);
		break;
	case 11:
		peer_icmp(&p->peer, b, f);
		break;
	case 12:
		peer_udp(&p->peer, b, f);
		break;
	case 13:
		peer_raw(b, f);
		for (unsigned k = 0; k < p->hosts; k++)
			p->h[k]->any = true;
		break;
	default:
		peer_tcp(&p->peer, b, f);
		f->flags = p->rx_flags;
	}
}

/* --- time -----------------------------------------------------------------*/

static void
wait(struct play *p, struct bytes *b)
{
	static const uint64_t us[] = {1, 100, 1000, 5000, 40000, 250000,
		1000000, 3000000, 20000000, 60000000, 600000000, 7200000000};
	uint8_t how = take8(b);
	uint64_t to = p->h[0]->now, at = stack_deadline(p->h[0]->s);

	if (!(how & 1)) /* to where something happens */
		to = at != UINT64_MAX && at > to ? at : to;
	else
		to += us[(how >> 1) % 12] * 1000;
	p->peer.clock += (uint32_t)((to - p->h[0]->now) / 1000000);
	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		h->now = to;
		host_timers(h);
	}
}

/* --- calls ----------------------------------------------------------------*/

static void
set(struct play *p, struct bytes *b)
{
	uint8_t how = take8(b), v = take8(b);

	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		stack_conn c = h->conn[v % HOST_CONNS].c;

		switch (how % 5) {
		case 0:
			h->manners = v;
			break;
		case 1:
			stack_set_nagle(h->s, c, how & 128);
			break;
		case 2:
			stack_set_keepalive(
				h->s, c, how & 128 ? 5000 : 0, 1000, 3);
			break;
		case 3:
			if (stack_unlisten(h->s, (struct ip_addr){0}, 80))
				stack_listen(
					h->s, (struct ip_addr){0}, 80, 100);
			break;
		default:
			if (stack_udp_bind(
				    h->s, (struct ip_addr){0}, 53 + (v & 3), 9))
				stack_udp_unbind(h->s, 53 + (v & 3));
		}
	}
}

static void
call(struct play *p, struct bytes *b)
{
	uint8_t what = take8(b), i = take8(b);
	uint32_t n = what & 8 ? take8(b) : take16(b);

	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		switch (what & 7) {
		case 0:
		case 1:
			host_send(h, i, n);
			break;
		case 2:
			host_done(h, i, n);
			break;
		case 3:
			host_shut(h, i);
			break;
		case 4:
			host_close(h, i, what & 16);
			break;
		case 5:
			host_connect(h, peer_ip(what & 16),
				(uint16_t)(2000 + i % 4));
			break;
		case 6:
			host_datagram(h, 53, peer_ip(what & 16), 1000, n);
			break;
		default:
			host_done(h, i,
				h->conn[i % HOST_CONNS].c
					? (uint32_t)h->conn[i % HOST_CONNS]
						  .unread
					: 0);
		}
	}
}

/* --- all of it ------------------------------------------------------------*/

void
play_step(struct play *p, struct bytes *b)
{
	uint8_t step = take8(b);
	unsigned what = step & STEP_WHAT;
	bool frame = what < 5 || (what >= 10 && what < 14);

	if (frame)
		make_frame(p, b, what);
	if (!frame || !(step & STEP_HOLD) || p->frames == PLAY_HELD)
		give(p);
	if (what == 5 || what == 6)
		wait(p, b);
	else if (what == 7)
		set(p, b);
	else if (!frame)
		call(p, b);
	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		if (!(step & STEP_MUTE) || p->hosts > 1)
			host_tx(h);
		host_check(h);
	}
}

static void
learn(struct host *h, const uint8_t *frame, uint32_t len)
{
	struct play *p = h->user;

	peer_learn(&p->peer, frame, len);
}

void
play_begin(struct play *p)
{
	static const uint8_t known[2] = {0, 1};
	struct bytes arp = {&known[0], 1}, nd = {&known[1], 1};

	p->peer.clock = 1000000;
	p->h[0]->user = p;
	p->h[0]->wire = learn;
	peer_neighbour(&arp, &p->held[p->frames++]);
	peer_neighbour(&nd, &p->held[p->frames++]);
	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		h->by_seq = true;
		h->manners = HOST_READS;
		stack_listen(h->s, (struct ip_addr){0}, 80, 100);
		stack_udp_bind(h->s, (struct ip_addr){0}, 53, 9);
	}
	give(p);
	for (unsigned k = 0; k < p->hosts; k++)
		host_tx(p->h[k]);
}

void
play_end(struct play *p)
{
	give(p);
	for (unsigned k = 0; k < p->hosts; k++) {
		struct host *h = p->h[k];

		host_end(h);
		host_free(h);
	}
}

/* duo_fuzz - two engines talk over a channel whose faults are the input: each
 * frame's byte says whether it comes, twice, late, cut off or spoilt. What the
 * programs get is what was sent; when the faults are over, all streams end. */
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/fuzz/bytes.h"
#include "netcore/stack/engine/test/fuzz/host.h"

#define FLYING	64
#define HOP_NS	1000000
#define LONG_NS 4000000000000 /* after the last fault */
#define MOST	200000	      /* events */
#define STREAM	16000	      /* bytes a connection sends at most */
#define GIVE_UP 6	      /* frames lost, so many may end a connection */

struct flying {
	uint64_t at, order;
	int to; /* -1: the place is free */
	struct host_frame f;
};

struct duo {
	struct host *h[2];
	struct bytes *b;
	struct flying in[FLYING];
	uint64_t order;
	uint32_t turns, faults;
	uint32_t per; /* bytes that each side sends on each connection */
};

/* --- the channel ----------------------------------------------------------*/

enum fate {
	FATE_COMES = 0, /* to 7 */
	FATE_LOST = 8,
	FATE_TWICE = 9,
	FATE_LATE = 10,
	FATE_CUT = 11,
	FATE_SPOILT = 12,
	FATE_VERY_LATE = 13,
};

static void
launch(struct duo *d, int to, const uint8_t *p, uint32_t len, uint64_t at)
{
	for (unsigned i = 0; i < FLYING; i++) {
		struct flying *f = &d->in[i];

		if (f->to >= 0)
			continue;
		f->to = to;
		f->at = at;
		f->order = d->order++;
		f->f.len = len;
		f->f.flags = 0;
		memcpy(f->f.bytes, p, len);
		return;
	}
	d->faults++; /* a queue that is full */
}

/* Who has an address is asked a few times, a second apart. */
static bool
asks_for_address(const uint8_t *p)
{
	return p[12] == 8 ? p[13] != 0 : p[WIRE_ETH_LEN + 6] != WIRE_IP_TCP;
}

/* Of TCP alone: nothing guards a question for an address. */
static bool
may_spoil(const uint8_t *p, uint32_t len)
{
	return len > WIRE_ETH_LEN + WIRE_IPV4_LEN && p[12] == 8 && !p[13];
}

static void
trace(const struct host *h, int to, const uint8_t *p, uint32_t len,
	unsigned fate)
{
	const uint8_t *t =
		p + WIRE_ETH_LEN + (p[12] == 8 ? WIRE_IPV4_LEN : WIRE_IPV6_LEN);

	fprintf(stderr, "%llu to %d, %u bytes, fate %u",
		(unsigned long long)h->now / 1000, to, len, fate & 15);
	if (len >= 54)
		fprintf(stderr, ": seq %u ack %u flags %x wnd %u",
			be_get32(t + 4), be_get32(t + 8), t[13],
			be_get16(t + 14));
	fprintf(stderr, "\n");
}

static void
sent(struct host *h, const uint8_t *frame, uint32_t len)
{
	struct duo *d = h->user;
	int to = h == d->h[0];
	uint8_t p[2048], fate = take8(d->b);
	uint64_t at = h->now + HOP_NS;

	memcpy(p, frame, len);
	if (getenv("FUZZ_TRACE"))
		trace(h, to, p, len, fate);
	switch (fate & 15) {
	case FATE_LOST:
		d->faults++;
		return;
	case FATE_TWICE:
		launch(d, to, p, len, at + (fate >> 4) * 1000000);
		break;
	case FATE_LATE:
		at += (uint64_t)(fate >> 4) * 700000;
		break;
	case FATE_VERY_LATE:
		at += (uint64_t)(fate >> 4) * 400000000;
		if (asks_for_address(p))
			d->faults += GIVE_UP;
		break;
	case FATE_CUT:
		len -= (uint32_t)(take8(d->b) * 6) % len;
		d->faults++;
		break;
	case FATE_SPOILT:
		if (may_spoil(p, len))
			p[WIRE_ETH_LEN + take16(d->b) % (len - WIRE_ETH_LEN)] ^=
				(uint8_t)(1 + fate);
		d->faults++;
		break;
	default:
		break;
	}
	launch(d, to, p, len, at);
}

static struct flying *
next(struct duo *d)
{
	struct flying *best = NULL;

	for (unsigned i = 0; i < FLYING; i++) {
		struct flying *f = &d->in[i];

		if (f->to >= 0 &&
			(!best || f->at < best->at ||
				(f->at == best->at && f->order < best->order)))
			best = f;
	}
	return best;
}

/* --- the programs ---------------------------------------------------------*/

/* Sends what is left, then says that this was all. */
static void
feed(struct duo *d, struct host *h)
{
	for (unsigned i = 0; i < HOST_CONNS; i++) {
		struct host_conn *k = &h->conn[i];
		uint64_t before = k->sent;

		if (!k->c || !k->told || k->shut)
			continue;
		while (k->sent < d->per && k->c) {
			uint64_t was = k->sent;
			uint32_t n = 1 + (uint32_t)(was * 7919 % 9000);

			if (n > d->per - was)
				n = (uint32_t)(d->per - was);
			host_send(h, i, n);
			if (k->sent == was)
				break;
		}
		if (k->sent == d->per)
			host_shut(h, i);
		if (k->sent != before || k->shut)
			host_tx(h);
	}
}

static void
turn(struct duo *d)
{
	for (int i = 0; i < 2; i++) {
		host_tx(d->h[i]);
		feed(d, d->h[i]);
		host_tx(d->h[i]);
		if (!(d->turns++ % 16)) /* the other targets ask more often */
			host_check(d->h[i]);
	}
}

/* False: nothing will happen any more. */
static bool
event(struct duo *d)
{
	struct flying *f = next(d);
	uint64_t at = f ? f->at : UINT64_MAX, now = d->h[0]->now;
	int who = -1;

	for (int i = 0; i < 2; i++) {
		uint64_t due = stack_deadline(d->h[i]->s);

		if (due < at) {
			at = due;
			who = i;
		}
	}
	if (at == UINT64_MAX)
		return false;
	if (at > now)
		d->h[0]->now = d->h[1]->now = at;
	if (who >= 0) {
		host_timers(d->h[who]);
	} else {
		int to = f->to;

		f->to = -1;
		host_rx(d->h[to], &f->f, 1);
	}
	turn(d);
	return true;
}

/* --- a run ----------------------------------------------------------------*/

static struct host *
make(struct duo *d, int i, uint8_t how, uint64_t now)
{
	struct stack_config c = {
		.conns = 12, /* those that are over wait */
		.half_open = 12,
		.listeners = 1,
		.send_refs = how & 1 ? 24 : 400,
		.segs = how & 2 ? 24 : 400,
		.ooo = how & 4 ? 2 : 100,
		.rcv_window = how & 8 ? 3000 : 100000,
		.mtu = how & 16 ? 600 : 1500,
		.mac = HOST_MAC(i + 1),
		.ip4 = ip_addr_v4(0x0a000001u + (uint32_t)i),
		.ip4_bits = 24,
		.ip6 = {0xfd00ull << 48, 1u + (unsigned)i},
		.ip6_bits = 64,
		.time_wait_ms = 1000,
		.reno = how & 32,
		.secret = {(uint8_t)(how * 7 + i)},
	};
	struct host *h;

	if (how & 16 && how & 64) /* IPv6 wants no less */
		c.mtu = 1280;
	h = host_new(&c, now);
	h->manners = HOST_READS;
	h->user = d;
	h->wire = sent;
	return h;
}

/* Nothing but faults may end a connection before its time. */
static void
verdict(const struct duo *d, unsigned conns)
{
	for (int i = 0; i < 2; i++) {
		const struct host *h = d->h[i];

		for (unsigned k = 0; k < HOST_CONNS; k++)
			MUST(!h->conn[k].c || d->faults >= GIVE_UP);
		if (d->faults < GIVE_UP) {
			MUST(h->ends[STACK_CLOSED] == conns);
			MUST(h->got == (uint64_t)conns * d->per);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct duo d;
	struct bytes b = {data, size};
	uint8_t how = take8(&b), many = take8(&b);
	unsigned conns = 1 + (many & 3), turns = 0;
	uint64_t now = 5000000000;
	uint64_t last;

	memset(&d, 0, sizeof(d));
	for (unsigned i = 0; i < FLYING; i++)
		d.in[i].to = -1;
	d.b = &b;
	d.per = (uint32_t)(many >> 2) * STREAM / 64;
	for (int i = 0; i < 2; i++)
		d.h[i] = make(&d, i, i ? take8(&b) | (how & 64) : how, now);
	stack_listen(d.h[1]->s, (struct ip_addr){0}, 80, 100);
	for (unsigned i = 0; i < conns; i++)
		host_connect(d.h[0],
			how & 64 ? d.h[1]->cfg.ip6 : d.h[1]->cfg.ip4, 80);
	turn(&d);
	last = now;
	while (d.h[0]->now < last + LONG_NS && event(&d)) {
		MUST(turns++ < MOST);
		if (b.left)
			last = d.h[0]->now;
	}
	verdict(&d, conns);
	for (int i = 0; i < 2; i++) {
		host_end(d.h[i]);
		host_free(d.h[i]);
	}
	return 0;
}

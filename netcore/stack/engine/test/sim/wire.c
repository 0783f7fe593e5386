/* wire.c - links with faults, and the switch between them, which knows by heart
 * which MAC is where. A frame for a group, or for nobody that it knows, goes to
 * all others. */
#include "netcore/stack/engine/test/sim/own.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/cksum.h"
#include "netcore/stack/engine/test/sim/dev.h"
#include "netcore/stack/wire/be.h"
#include "netcore/stack/wire/eth.h"
#include "netcore/stack/wire/ip.h"

/* Exponentially distributed, within a tenth: the logarithm of a random number
 * is its leading zeros less, nearly, what follows them; one and a half on the
 * average. */
static uint64_t
about(struct sim *s, uint64_t mean)
{
	uint64_t r = sim_random(s) | 1;
	unsigned zeros = (unsigned)__builtin_clzll(r);
	uint64_t rest = r << zeros << 1 >> 32; /* in 2^-32 */
	uint64_t log2 = ((uint64_t)(zeros + 1) << 32) - rest;

	return 1 + (uint64_t)((unsigned __int128)mean * log2 / (3ull << 31));
}

/* Which of both states the link is in, now. */
static bool
in_burst(struct sim *s, struct sim_wire *w, const struct sim_link *l)
{
	if (!l->calm_ns)
		return false;
	if (!w->state_until)
		w->state_until = s->now + about(s, l->calm_ns);
	while (w->state_until <= s->now) {
		w->burst = !w->burst;
		w->state_until += about(s, w->burst ? l->burst_ns : l->calm_ns);
	}
	return w->burst;
}

static void
corrupt(struct sim *s, uint8_t *frame, uint32_t len)
{
	uint64_t r = sim_random(s);

	if (be_get16(frame + 12) != WIRE_ETH_ARP)
		frame[r % len] ^= (uint8_t)(1 + sim_random(s) % 255);
}

/* As a router does that has a queue: what may be marked, is (RFC 3168, 5). The
 * bits of IPv4 count in a checksum (RFC 1624). */
static bool
mark(uint8_t *frame)
{
	uint8_t *ip = frame + WIRE_ETH_LEN;
	bool v4 = ip[0] >> 4 == 4;
	unsigned shift = v4 ? 0 : 4, ecn = ip[1] >> shift & 3;

	if (!ecn || ecn == WIRE_ECN_CE || (!v4 && ip[0] >> 4 != 6))
		return false;
	if (v4)
		be_put16(ip + 10,
			cksum_update16(be_get16(ip + 10), be_get16(ip),
				be_get16(ip) | WIRE_ECN_CE));
	ip[1] |= (uint8_t)(WIRE_ECN_CE << shift);
	return true;
}

/* When a frame is through a link's bottleneck; false: its queue is full. */
static bool
queue(struct sim_node *n, enum sim_way way, uint8_t *frame, uint32_t len,
	uint64_t *at)
{
	const struct sim_link *l = way == SIM_OUT ? &n->out : &n->in;
	struct sim_wire *w = &n->wire[way];
	struct sim *s = n->sim;

	if (!l->bits_per_s)
		return true;
	if (w->queued >= (l->queue ? l->queue : 1000))
		return false;
	if (l->mark && w->queued >= l->mark)
		n->marked += mark(frame);
	if (w->busy_until > *at)
		*at = w->busy_until;
	*at += (uint64_t)len * 8 * 1000000000 / l->bits_per_s;
	w->busy_until = *at;
	w->queued++;
	queue_push(s,
		(struct sim_event){.at = *at,
			.what = SIM_LEFT,
			.way = (uint8_t)way,
			.node = (uint16_t)n->index});
	return true;
}

static uint8_t *
copy(const uint8_t *frame, uint32_t len)
{
	uint8_t *c = malloc(len);

	if (!c)
		abort();
	memcpy(c, frame, len);
	return c;
}

/* What comes of a frame on node n's link, and when: it is not in the queue. */
static void
pass(struct sim_node *n, enum sim_way way, uint8_t *frame, uint32_t len,
	uint64_t at)
{
	const struct sim_link *l = way == SIM_OUT ? &n->out : &n->in;
	struct sim *s = n->sim;
	struct sim_event e = {.what = way == SIM_OUT ? SIM_SWITCH : SIM_ARRIVE,
		.node = (uint16_t)n->index,
		.len = len,
		.frame = frame};

	if (sim_chance(s, l->corrupt))
		corrupt(s, frame, len);
	at += l->delay_ns;
	if (l->jitter_ns)
		at += sim_random(s) % l->jitter_ns;
	if (sim_chance(s, l->reorder))
		at += l->delay_ns / 4 + sim_random(s) % (l->delay_ns / 2 + 1);
	e.at = at;
	queue_push(s, e);
	if (sim_chance(s, l->duplicate)) {
		e.at = at + sim_random(s) % (l->delay_ns + 1);
		e.frame = copy(frame, len);
		queue_push(s, e);
	}
	if (sim_chance(s, l->replay)) {
		e.at = at + sim_random(s) % l->replay_ns;
		e.frame = copy(frame, len);
		queue_push(s, e);
	}
}

struct piece {
	struct sim_node *n;
	enum sim_way way;
	uint64_t at;
};

static void
pass_piece(void *arg, const uint8_t *frame, uint32_t len)
{
	const struct piece *p = arg;

	pass(p->n, p->way, copy(frame, len), len, p->at);
}

/* False: it is not one that can be. What is not right would be made so. */
static bool
split(struct sim_node *n, enum sim_way way, const uint8_t *frame, uint32_t len,
	uint64_t at)
{
	struct piece p = {n, way, at};
	struct dev_view v;

	if (!dev_look(frame, len, &v) || !v.data || v.end - v.data < 2 ||
		!dev_right(frame, len))
		return false;
	dev_cut(frame, len,
		(uint16_t)(1 + sim_random(n->sim) % (v.end - v.data)),
		pass_piece, &p);
	return true;
}

struct part {
	struct piece piece;
	unsigned skip; /* pieces before the one that is meant */
};

static void
pass_part(void *arg, const uint8_t *frame, uint32_t len)
{
	struct part *p = arg;

	if (!p->skip--)
		pass_piece(&p->piece, frame, len);
}

/* From here to there, of those that are so long. */
static void
part(struct sim_node *n, enum sim_way way, const uint8_t *frame, uint32_t len)
{
	const struct sim_link *l = way == SIM_OUT ? &n->out : &n->in;
	uint64_t ahead = sim_random(n->sim) % (l->delay_ns + 1);
	struct part p = {.piece = {n, way, n->sim->now - ahead}};
	struct dev_view v;
	uint32_t size;

	if (!dev_look(frame, len, &v) || !v.data || v.end - v.data < 2 ||
		!dev_right(frame, len))
		return;
	size = 1 + (uint32_t)(sim_random(n->sim) % (v.end - v.data - 1));
	p.skip = (unsigned)(sim_random(n->sim) %
		((v.end - v.data + size - 1) / size));
	dev_cut(frame, len, (uint16_t)size, pass_part, &p);
}

/* False: it is lost, and freed. */
static bool
cross(struct sim_node *n, enum sim_way way, uint8_t *frame, uint32_t len)
{
	const struct sim_link *l = way == SIM_OUT ? &n->out : &n->in;
	uint64_t at = n->sim->now;
	const char *why = NULL;

	if (!queue(n, way, frame, len, &at))
		why = "finds no room in the queue";
	else if (l->mtu && len > l->mtu + WIRE_ETH_LEN)
		why = "is too large for the path";
	else if (sim_chance(n->sim, l->loss))
		why = "is lost";
	else if (in_burst(n->sim, &n->wire[way], l) &&
		sim_chance(n->sim, l->burst_loss))
		why = "is lost in a burst";
	if (!why && sim_chance(n->sim, l->part))
		part(n, way, frame, len);
	if (!why && sim_chance(n->sim, l->split) &&
		split(n, way, frame, len, at)) {
		free(frame);
		return true;
	}
	if (!why) {
		pass(n, way, frame, len, at);
		return true;
	}
	say_frame(n, why, frame, len);
	free(frame);
	return false;
}

void
wire_send(struct sim_node *n, uint8_t *frame, uint32_t len)
{
	struct sim *s = n->sim;
	uint64_t w;

	n->frames++;
	n->bytes += len;
	sim_fold(s, s->now ^ (uint64_t)len << 40 ^ (uint64_t)n->index << 58);
	for (uint32_t i = 0; i + 8 <= len && i < 64; i += 8) {
		memcpy(&w, frame + i, 8);
		sim_fold(s, w);
	}
	say_frame(n, "sends", frame, len);
	if (s->tap && s->tap(s, n->index, frame, len))
		free(frame);
	else
		n->lost += !cross(n, SIM_OUT, frame, len);
}

static bool
is_idle(const struct sim_link *l)
{
	static const struct sim_link idle;

	return !memcmp(l, &idle, sizeof(idle));
}

static void
out_of_switch(struct sim_node *n, uint8_t *frame, uint32_t len)
{
	if (is_idle(&n->in))
		port_arrive(n, frame, len);
	else
		n->missed += !cross(n, SIM_IN, frame, len);
}

void
wire_switch(struct sim *s, const struct sim_event *e)
{
	bool group = e->frame[0] & 1;

	for (unsigned i = 0; i < s->nodes && !group; i++)
		if (!memcmp(s->node[i].cfg.mac, e->frame, 6)) {
			if (i != e->node)
				out_of_switch(&s->node[i], e->frame, e->len);
			else
				free(e->frame);
			return;
		}
	for (unsigned i = 0; i < s->nodes; i++)
		if (i != e->node)
			out_of_switch(
				&s->node[i], copy(e->frame, e->len), e->len);
	free(e->frame);
}

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/sim.h"

#define FRAME_MAX 66000
#define BURST	  32

uint64_t
sim_random(struct sim *s)
{
	uint64_t z = s->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool
chance(struct sim *s, uint32_t ppm)
{
	return ppm && sim_random(s) % 1000000 < ppm;
}

static void
fold(struct sim *s, uint64_t v)
{
	s->hash = (s->hash ^ v) * 0x100000001b3;
	s->hash ^= s->hash >> 29;
}

/* --- the queue of events: a heap by time, then by order of making ---------*/

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
push(struct sim *s, struct sim_event e)
{
	unsigned i = s->events++;

	if (i == SIM_EVENTS)
		abort();
	e.order = s->order++;
	while (i && before(&e, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = e;
}

static struct sim_event
pop(struct sim *s)
{
	struct sim_event top = s->heap[0], e = s->heap[--s->events];
	unsigned i = 0;

	for (;;) {
		unsigned k = 2 * i + 1;

		if (k >= s->events)
			break;
		if (k + 1 < s->events && before(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!before(&s->heap[k], &e))
			break;
		s->heap[i] = s->heap[k];
		i = k;
	}
	if (s->events)
		s->heap[i] = e;
	return top;
}

/* --- the wire -------------------------------------------------------------*/

static void
deliver(struct sim *s, int to, const uint8_t *frame, uint32_t len, uint64_t at)
{
	uint8_t *copy = malloc(len);

	memcpy(copy, frame, len);
	push(s,
		(struct sim_event){
			.at = at, .node = to, .len = len, .frame = copy});
}

/* As a router does that has a queue: what may be marked, is (RFC 3168, 5). The
 * bits of IPv4 count in a checksum (RFC 1624). */
static bool
mark(uint8_t *frame)
{
	uint8_t *ip = frame + 14;
	bool v4 = ip[0] >> 4 == 4;
	unsigned shift = v4 ? 0 : 4, ecn = ip[1] >> shift & 3, sum;

	if (!ecn || (!v4 && ip[0] >> 4 != 6))
		return false;
	ip[1] |= (uint8_t)(3 << shift);
	if (v4) {
		sum = (unsigned)(ip[10] << 8 | ip[11]) + 0xffff - (3 - ecn);
		sum = (sum & 0xffff) + (sum >> 16);
		ip[10] = (uint8_t)(sum >> 8);
		ip[11] = (uint8_t)sum;
	}
	return true;
}

static void
transmit(struct sim *s, struct sim_node *n, uint8_t *frame, uint32_t len)
{
	const struct sim_link *l = &n->out;
	uint64_t at = s->now;

	n->frames++;
	n->bytes += len;
	fold(s, s->now ^ (uint64_t)len << 40 ^ (uint64_t)n->index << 63);
	if (s->tap && s->tap(s, n->index, frame, len))
		return;
	if (l->bits_per_s) {
		if (n->queued >= (l->queue ? l->queue : 1000)) {
			n->lost++;
			return;
		}
		if (l->mark && n->queued >= l->mark)
			n->marked += mark(frame);
		if (n->busy_until > at)
			at = n->busy_until;
		at += (uint64_t)len * 8 * 1000000000 / l->bits_per_s;
		n->busy_until = at;
		n->queued++;
		push(s,
			(struct sim_event){
				.at = at, .node = n->index, .left = true});
	}
	if (chance(s, l->loss)) {
		n->lost++;
		return;
	}
	if (chance(s, l->corrupt))
		frame[sim_random(s) % len] ^=
			(uint8_t)(1 + sim_random(s) % 255);
	at += l->delay_ns;
	if (l->jitter_ns)
		at += sim_random(s) % l->jitter_ns;
	if (chance(s, l->reorder))
		at += l->delay_ns / 4 + sim_random(s) % (l->delay_ns / 2 + 1);
	deliver(s, !n->index, frame, len, at);
	if (chance(s, l->duplicate))
		deliver(s, !n->index, frame, len,
			at + sim_random(s) % (l->delay_ns + 1));
}

void
sim_poll(struct sim *s, int i)
{
	static uint8_t headers[BURST][STACK_HEADERS];
	struct sim_node *n = &s->node[i];
	struct stack_tx_frame f[BURST];
	uint8_t frame[FRAME_MAX];
	unsigned k;

	for (unsigned j = 0; j < BURST; j++)
		f[j].headers = headers[j];
	while ((k = stack_tx(n->stack, f, BURST, s->now)))
		for (unsigned j = 0; j < k; j++) {
			transmit(s, n, frame,
				host_frame(&f[j], frame, sizeof(frame)));
			if (f[j].buf) {
				n->buffers--;
				free(f[j].buf);
			}
		}
}

/* --- upcalls --------------------------------------------------------------*/

static void
up_accepted(void *arg, stack_conn c, uint64_t user)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->accepted)
		n->program->accepted(n, c);
}

static void
up_connected(void *arg, stack_conn c, uint64_t user)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->connected)
		n->program->connected(n, c);
}

static void
up_data(void *arg, stack_conn c, uint64_t user, const uint8_t *p, uint32_t len,
	void *buf)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->data)
		n->program->data(n, c, p, len);
	n->buffers--;
	free(buf);
}

static void
up_acked(void *arg, stack_conn c, uint64_t user, uint32_t bytes)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->acked)
		n->program->acked(n, c, bytes);
}

static void
up_remote_closed(void *arg, stack_conn c, uint64_t user)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->remote_closed)
		n->program->remote_closed(n, c);
}

static void
up_closed(void *arg, stack_conn c, uint64_t user, enum stack_why why)
{
	struct sim_node *n = arg;

	(void)user;
	if (n->program->closed)
		n->program->closed(n, c, why);
}

static void
up_release(void *arg, void *buf)
{
	struct sim_node *n = arg;

	n->buffers--;
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

/* --- running --------------------------------------------------------------*/

struct ip_addr
sim_ip(int node)
{
	return host_ip4(1u + (unsigned)node);
}

struct ip_addr
sim_ip6(int node)
{
	return host_ip6(1u + (unsigned)node);
}

struct stack_config
sim_config(void)
{
	return (struct stack_config){
		.conns = 64,
		.half_open = 32,
		.listeners = 4,
		.send_refs = 4096,
		.segs = 65536,
		.ooo = 16384,
		.rcv_window = 4 << 20,
		.mtu = 1500,
		.ip4_bits = 24,
	};
}

struct sim *
sim_new(uint64_t seed, const struct stack_config *cfg,
	const struct sim_link *link)
{
	static const struct sim_program none;
	struct sim *s = calloc(1, sizeof(*s));

	s->seed = seed;
	s->now = 1000000000;
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->sim = s;
		n->index = i;
		n->cfg = *cfg;
		n->cfg.ip4 = sim_ip(i);
		if (cfg->ip6_bits)
			n->cfg.ip6 = sim_ip6(i);
		host_mac(n->cfg.mac, (uint8_t)(i + 1));
		for (int k = 0; k < 16; k++)
			n->cfg.secret[k] = (uint8_t)sim_random(s);
		n->out = *link;
		n->program = &none;
		n->stack = host_new(&n->cfg, &ops, n, s->now);
	}
	return s;
}

void
sim_free(struct sim *s)
{
	while (s->events)
		free(pop(s).frame);
	for (int i = 0; i < 2; i++)
		host_free(s->node[i].stack);
	free(s);
}

/* When a timer comes before the next frame, its node; or -1. */
static int
timer_first(struct sim *s, uint64_t *at)
{
	int who = -1;

	*at = s->events ? s->heap[0].at : UINT64_MAX;
	for (int i = 0; i < 2; i++) {
		uint64_t d = stack_deadline(s->node[i].stack);

		if (d < *at) {
			*at = d;
			who = i;
		}
	}
	return who;
}

static void
arrive(struct sim *s, struct sim_event e)
{
	struct sim_node *n = &s->node[e.node];
	struct stack_rx_frame f = {
		.data = e.frame, .len = e.len, .buf = e.frame};

	n->buffers++;
	stack_rx(n->stack, &f, 1, s->now);
	if (!f.kept) {
		n->buffers--;
		free(e.frame);
	}
	sim_poll(s, e.node);
}

bool
sim_step(struct sim *s, uint64_t until)
{
	uint64_t at;
	int who = timer_first(s, &at);

	if (at == UINT64_MAX || at > until) {
		if (until > s->now && until != UINT64_MAX)
			s->now = until;
		return false;
	}
	if (at > s->now)
		s->now = at;
	if (who >= 0) {
		stack_timers(s->node[who].stack, s->now);
		sim_poll(s, who);
	} else {
		struct sim_event e = pop(s);

		if (e.left)
			s->node[e.node].queued--;
		else
			arrive(s, e);
	}
	return true;
}

void
sim_run(struct sim *s, uint64_t until)
{
	while (sim_step(s, until))
		;
}

/* sim.c - the switch, the clock, and who is next. */
#include "netcore/stack/engine/test/sim.h"

#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/host.h"
#include "netcore/stack/engine/test/sim/own.h"

uint64_t
sim_random(struct sim *s)
{
	uint64_t z = s->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
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

/* --- making ---------------------------------------------------------------*/

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
sim_net(uint64_t seed, unsigned n)
{
	static const struct sim_program none;
	struct sim *s = calloc(1, sizeof(*s));

	if (!s || n > SIM_NODES)
		abort();
	s->node = calloc(n, sizeof(*s->node));
	if (!s->node)
		abort();
	s->nodes = n;
	s->seed = seed;
	s->now = 1000000000;
	for (unsigned i = 0; i < n; i++) {
		s->node[i].sim = s;
		s->node[i].index = (int)i;
		s->node[i].program = &none;
		s->node[i].deadline = UINT64_MAX;
	}
	return s;
}

void
sim_boot(struct sim *s, unsigned i, const struct stack_config *cfg)
{
	struct sim_node *n = &s->node[i];

	n->cfg = *cfg;
	n->cfg.ip4 = sim_ip(n->index);
	if (cfg->ip6_bits)
		n->cfg.ip6 = sim_ip6(n->index);
	host_mac(n->cfg.mac, (uint8_t)(i + 1));
	for (int k = 0; k < 16; k++)
		n->cfg.secret[k] = (uint8_t)sim_random(s);
	n->stack = host_new(&n->cfg, &ops, n, s->now);
	n->deadline = stack_deadline(n->stack);
}

struct sim *
sim_new(uint64_t seed, const struct stack_config *cfg,
	const struct sim_link *link)
{
	struct sim *s = sim_net(seed, 2);

	for (unsigned i = 0; i < 2; i++) {
		sim_boot(s, i, cfg);
		s->node[i].out = *link;
	}
	return s;
}

void
sim_free(struct sim *s)
{
	while (s->events) {
		struct sim_event e = queue_pop(s);

		if (e.what == SIM_SWITCH || e.what == SIM_ARRIVE)
			free(e.frame);
	}
	for (unsigned i = 0; i < s->nodes; i++) {
		struct sim_node *n = &s->node[i];

		while (n->rx_n)
			free(n->rx[--n->rx_n].buf);
		host_free(n->stack);
	}
	free(s->heap);
	free(s->node);
	free(s);
}

/* --- running --------------------------------------------------------------*/

void
sim_poll(struct sim *s, int i)
{
	struct sim_node *n = &s->node[i];

	port_drain(n);
	n->deadline = stack_deadline(n->stack);
}

void
sim_after(struct sim_node *n, uint64_t ns,
	void (*f)(struct sim_node *n, void *arg), void *arg)
{
	queue_push(n->sim,
		(struct sim_event){.at = n->sim->now + ns,
			.what = SIM_CALL,
			.node = (uint16_t)n->index,
			.arg = arg,
			.f = f});
}

/* When a timer comes before the next event, its node; or NULL. */
static struct sim_node *
timer_first(struct sim *s, uint64_t *at)
{
	struct sim_node *who = NULL;

	*at = s->events ? s->heap[0].at : UINT64_MAX;
	for (unsigned i = 0; i < s->nodes; i++)
		if (s->node[i].deadline < *at) {
			*at = s->node[i].deadline;
			who = &s->node[i];
		}
	return who;
}

static void
event(struct sim *s, struct sim_event e)
{
	struct sim_node *n = &s->node[e.node];

	switch ((enum sim_what)e.what) {
	case SIM_LEFT:
		n->wire[e.way].queued--;
		break;
	case SIM_SWITCH:
		wire_switch(s, &e);
		break;
	case SIM_ARRIVE:
		port_arrive(n, e.frame, e.len);
		break;
	case SIM_HAND:
		if (!n->rx_n)
			break;
		s->acted |= 1ull << n->index;
		port_hand(n);
		sim_poll(s, n->index);
		break;
	case SIM_CALL:
		s->acted |= 1ull << n->index;
		e.f(n, e.arg);
		sim_poll(s, n->index);
		break;
	}
}

bool
sim_step(struct sim *s, uint64_t until)
{
	uint64_t at;
	struct sim_node *who = timer_first(s, &at);

	s->acted = 0;
	if (at == UINT64_MAX || at > until) {
		if (until > s->now && until != UINT64_MAX)
			s->now = until;
		return false;
	}
	if (at > s->now)
		s->now = at;
	if (who) {
		s->acted |= 1ull << who->index;
		stack_timers(who->stack, s->now);
		sim_poll(s, who->index);
	} else {
		event(s, queue_pop(s));
	}
	return true;
}

void
sim_run(struct sim *s, uint64_t until)
{
	while (sim_step(s, until))
		;
}

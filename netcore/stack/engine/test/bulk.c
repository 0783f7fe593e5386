/* bulk.c - a sender and a receiver of very much. */
#include <stdlib.h>
#include <string.h>

#include "netcore/stack/engine/test/bulk.h"

#define CHUNK  65536
#define BEYOND (1u << 20)

struct bulk {
	stack_conn c, peer;
	bool over;
	uint64_t queued, acked, got;
	uint64_t most; /* unacknowledged bytes queued */
};

static uint8_t pattern[CHUNK];

static void
feed(struct sim_node *n, stack_conn c)
{
	struct bulk *b = n->user;

	while (b->queued - b->acked < b->most) {
		if (stack_send(n->stack, c, pattern, CHUNK))
			return;
		b->queued += CHUNK;
	}
}

static void
acked(struct sim_node *n, stack_conn c, uint32_t bytes)
{
	struct bulk *b = n->user;

	b->acked += bytes;
	feed(n, c);
}

static void
data(struct sim_node *n, stack_conn c, const uint8_t *p, uint32_t len)
{
	struct bulk *b = n->user;
	uint32_t at = (uint32_t)(b->got % CHUNK);

	/* A look at both ends finds what lies at a wrong place. */
	if (p[0] != pattern[at] ||
		p[len - 1] != pattern[(at + len - 1) % CHUNK])
		abort();
	b->got += len;
	if (stack_recv_done(n->stack, c, len))
		abort();
}

static void
closed(struct sim_node *n, stack_conn c, enum stack_why why)
{
	struct bulk *b = n->user;

	(void)c, (void)why;
	if (!b->over)
		abort();
}

static void
accepted(struct sim_node *n, stack_conn c)
{
	struct bulk *b = n->user;

	b->peer = c;
}

static const struct sim_program sender = {
	.connected = feed,
	.acked = acked,
	.closed = closed,
};

static const struct sim_program receiver = {
	.accepted = accepted,
	.data = data,
	.closed = closed,
};

static struct stack_counters
since(const struct stack_counters *now, const struct stack_counters *then)
{
	return (struct stack_counters){
#define X(name) .name = now->name - then->name,
		STACK_COUNTERS(X)
#undef X
	};
}

struct bulk_result
bulk_run(const struct bulk_job *job)
{
	struct stack_config cfg = sim_config();
	struct bulk b = {.most = (uint64_t)job->window + BEYOND};
	struct bulk_result r = {0};
	struct stack_counters then;
	struct sim *s;

	for (unsigned i = 0; i < CHUNK; i++)
		pattern[i] = (uint8_t)(i * 2654435761u >> 13);
	cfg.rcv_window = job->window;
	cfg.ooo = cfg.segs;
	cfg.reno = job->reno;
	s = sim_new(job->seed, &cfg, &job->there);
	s->node[1].out = job->back;
	s->node[0].program = &sender;
	s->node[1].program = &receiver;
	s->node[0].user = s->node[1].user = &b;
	stack_listen(s->node[1].stack, ip_addr_v4(0), 80, 0);
	if (stack_connect(s->node[0].stack, sim_ip(1), 80, 0, 0, &b.c))
		abort();
	sim_poll(s, 0);
	/* A SYN may be lost, too. */
	while (!b.got)
		if (!sim_step(s, UINT64_MAX))
			abort();
	sim_run(s, s->now + job->warm_ns);
	r.bytes = b.got;
	r.lost = s->node[0].lost;
	r.frames = s->node[0].frames;
	then = *stack_counters(s->node[0].stack);
	sim_run(s, s->now + job->run_ns);
	r.bytes = b.got - r.bytes;
	r.lost = s->node[0].lost - r.lost;
	r.frames = s->node[0].frames - r.frames;
	r.sender = since(stack_counters(s->node[0].stack), &then);
	b.over = true; /* what waits out of order goes back */
	stack_close(s->node[1].stack, b.peer, true);
	sim_free(s);
	return r;
}

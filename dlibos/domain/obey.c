/* obey.c - what the launcher says, message by message: at start on the main
 * thread, later on the control thread.
 *
 * Our own process talks to the launcher here, and the launcher is trusted:
 * what does not fit is a bug of the house, and ends the process loudly.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dlibos/base/log.h"
#include "dlibos/domain/domain.h"
#include "mem/pass.h"

static void
reply(struct domain *d, enum plan_type type, unsigned domain)
{
	struct plan_head h = {.type = type, .domain = domain};

	if (plan_send(d->channel, &h, NULL, 0))
		die(EXIT_FAIL, "the launcher went away");
}

/* --- making --------------------------------------------------------------*/

static void
report(struct domain *d, const struct part *p, unsigned peer)
{
	struct plan_part m = {
		.head = {PLAN_PART, peer},
		.kind = p->kind,
		.fallback = p->fallback,
		.bytes = p->bytes,
	};

	if (plan_send(d->channel, &m, &p->fd, 1))
		die(EXIT_FAIL, "the launcher went away");
}

static void
make(struct domain *d, struct part *p, enum part_kind kind, uint64_t bytes,
	int node, unsigned peer)
{
	int rc = part_create(p, kind, bytes, node, d->plan.name);

	if (rc)
		die(EXIT_FAIL, "%s partition of %llu bytes: %s",
			rights[kind].name, (unsigned long long)bytes,
			strerror(-rc));
	report(d, p, peer);
	part_close_fd(p);
}

static void
make_own(struct domain *d)
{
	int node = d->core[0].plan.node;

	d->plan.bytes[PART_STAT] = domain_stat_bytes(&d->plan);
	for (int k = 0; k < PART_KINDS; k++) {
		uint64_t bytes = d->plan.bytes[k];

		if (!(rights[k].writer & d->plan.role) || !bytes ||
			d->part[k].base || rights[k].one_reader)
			continue;
		make(d, &d->part[k], k, bytes, node, d->plan.domain);
	}
}

/* Our side of the edges to one peer, each edge's slots next to their reader. */
static void
make_outbox(struct domain *d, unsigned peer)
{
	struct domain_peer *p = &d->peer[peer];

	if (!p->role || p->out.base)
		return;
	make(d, &p->out, PART_EDGE, p->edge_bytes, -1, peer);
	for (unsigned i = 0; i < d->edges; i++) {
		const struct domain_edge *e = d->edge[i];
		int rc;

		if (e->peer != peer)
			continue;
		rc = part_bind(&p->out, e->plan.offset,
			edge_bytes(e->plan.slots), e->plan.node);
		if (rc)
			die(EXIT_FAIL, "edge memory on node %d: %s",
				e->plan.node, strerror(-rc));
	}
}

static void
make_copy(struct domain *d, unsigned peer)
{
	struct domain_peer *p = &d->peer[peer];
	int node = -1;

	if (p->role != ROLE_APP || !p->copies || p->copy.base)
		return;
	for (unsigned i = 0; i < d->edges; i++)
		if (d->edge[i]->peer == peer)
			node = d->edge[i]->plan.node;
	make(d, &p->copy, PART_COPY, d->plan.bytes[PART_COPY], node, peer);
}

static void
make_parts(struct domain *d)
{
	make_own(d);
	for (unsigned i = 0; i < LIMIT_DOMAINS; i++) {
		make_outbox(d, i);
		make_copy(d, i);
	}
	reply(d, PLAN_MADE, 0);
}

/* --- peers and edges -----------------------------------------------------*/

static void
add_peer(struct domain *d, const struct plan_peer *m)
{
	struct domain_peer *p = &d->peer[m->head.domain];

	if (p->role)
		die(EXIT_FAIL, "peer %u is there already", m->head.domain);
	memset(p, 0, sizeof(*p));
	memcpy(p->name, m->name, sizeof(p->name) - 1);
	p->role = m->role;
	p->edge_bytes = m->edge_bytes;
	p->data_bytes = m->data_bytes;
	p->conns = m->conns;
	p->program = m->program;
	p->copies = m->copies;
}

/* An empty place for an edge of this core, or a new one. */
static struct domain_edge *
edge_place(struct domain *d, const struct plan_edge *m)
{
	struct domain_core *core = &d->core[m->core];
	struct domain_edge *e;
	unsigned of_core = 0;

	for (unsigned i = 0; i < d->edges; i++) {
		e = d->edge[i];
		if (e->core == core && e->peer_core == m->peer_core)
			return e;
		of_core += e->core == core;
	}
	if (d->edges == d->plan.edges || d->edges == LIMIT_EDGES)
		die(EXIT_FAIL, "more edges than planned");
	e = aligned_alloc(CACHELINE_PAIR, round_up(sizeof(*e), CACHELINE_PAIR));
	if (!e)
		die(EXIT_FAIL, "out of memory for an edge");
	memset(e, 0, sizeof(*e));
	e->core = core;
	e->peer_core = m->peer_core;
	e->of_core = of_core;
	e->fds[0] = e->fds[1] = -1;
	d->edge[d->edges] = e;
	/* [R4] pairs with [A4] in domain_core_edges() */
	atomic_store_rel_32(&d->edges, d->edges + 1);
	return e;
}

static void
add_edge(struct domain *d, const struct plan_edge *m, const int fds[2])
{
	struct domain_edge *e;

	if (m->core >= d->plan.cores || !d->peer[m->head.domain].role)
		die(EXIT_FAIL,
			"an edge of core %u to domain %u, which are "
			"not there",
			m->core, m->head.domain);
	e = edge_place(d, m);
	if (atomic_load_32(&e->state) != DOMAIN_EDGE_EMPTY)
		die(EXIT_FAIL, "an edge was to be made twice");
	e->peer = m->head.domain;
	e->plan = *m;
	memcpy(e->fds, fds, sizeof(e->fds));
}

/* --- maps ----------------------------------------------------------------*/

static void
map(struct domain *d, const struct plan_part *m, int fd)
{
	struct domain_peer *p = &d->peer[m->head.domain];
	struct part *part = m->kind == PART_EDGE ? &p->in : &p->data;
	int rc;

	if (m->kind >= PART_KINDS || !p->role || part->base ||
		!rights_peer_reads(m->kind, d->plan.role, p->copies))
		die(EXIT_FAIL, "a map that we have no right to");
	rc = part_open(part, m->kind, fd, m->bytes);
	if (rc)
		die(EXIT_FAIL, "%s partition of %s: %s", rights[m->kind].name,
			p->name, strerror(-rc));
	part_close_fd(part);
}

static struct edge_count *
edge_counters(struct domain *d, const struct domain_edge *e)
{
	uint8_t *base = d->part[PART_STAT].base;
	struct domain_edge_stat *edges, *s;
	unsigned i = 0;

	base += domain_stat_edges_at(d->plan.cores);
	edges = (struct domain_edge_stat *)(void *)base;
	while (d->edge[i] != e)
		i++;
	s = &edges[i];
	s->core = e->core->plan.id;
	s->peer_core = e->peer_core;
	return &s->count;
}

/* All of a new edge is there: its core may have it. */
static void
open_edge(struct domain *d, struct domain_edge *e)
{
	struct domain_peer *p = &d->peer[e->peer];
	uint64_t bytes = edge_bytes(e->plan.slots);
	struct edge_config c = {
		.own = p->out.base + e->plan.offset,
		.peer = part_at(&p->in, e->plan.offset, bytes),
		.slots = e->plan.slots,
		.in = d->plan.role == ROLE_NET ? MSG_COMMAND : MSG_EVENT,
		.in_bytes = p->data.bytes, /* which pages rounded up */
		.bell_in = e->fds[0],
		.bell_out = e->fds[1],
		.own_fence = d->plan.own_fence,
		.count = edge_counters(d, e),
		.handler = d->ops->handler,
		.arg = e,
	};
	int rc;

	if (!c.peer || !part_at(&p->out, e->plan.offset, bytes) ||
		(p->data_bytes && p->data.bytes < p->data_bytes))
		die(EXIT_FAIL, "edge to %s: its partitions are not there",
			p->name);
	rc = edge_init(&e->edge, &c);
	if (rc)
		die(EXIT_FAIL, "edge to %s: %s", p->name, strerror(-rc));
	e->fds[0] = e->fds[1] = -1; /* the edge's own now */
	e->drop = 0;
	/* [R3] pairs with [A3] in domain_core_edges() */
	atomic_store_rel_32(&e->state, DOMAIN_EDGE_NEW);
}

static void
poke_all(struct domain *d)
{
	for (unsigned i = 0; i < d->plan.cores; i++)
		if (d->core[i].hub.arg) /* they do not run before START */
			hub_poke(&d->core[i].hub);
}

static void
open_edges(struct domain *d)
{
	for (unsigned i = 0; i < d->edges; i++) {
		struct domain_edge *e = d->edge[i];

		if (atomic_load_32(&e->state) == DOMAIN_EDGE_EMPTY &&
			d->peer[e->peer].in.base)
			open_edge(d, e);
	}
	reply(d, PLAN_READY, 0);
}

/* --- a peer goes ---------------------------------------------------------*/

static bool
has_edges(const struct domain *d, unsigned peer)
{
	for (unsigned i = 0; i < d->edges; i++)
		if (d->edge[i]->peer == peer &&
			atomic_load_acq_32(&d->edge[i]->state) !=
				DOMAIN_EDGE_EMPTY)
			return true;
	return false;
}

/* Whether the cores let go of all edges to the peer in time. */
static bool
wait_for_cores(struct domain *d, unsigned peer)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LIMIT_STOP_MS / 1000;
	pthread_mutex_lock(&d->lock);
	while (has_edges(d, peer) && !rc)
		rc = pthread_cond_timedwait(&d->emptied, &d->lock, &until);
	pthread_mutex_unlock(&d->lock);
	return !rc;
}

static void
forget(struct domain *d, unsigned peer)
{
	struct domain_peer *p = &d->peer[peer];

	for (unsigned i = 0; i < d->edges; i++) {
		struct domain_edge *e = d->edge[i];

		if (e->peer != peer)
			continue;
		atomic_store_32(&e->drop, 1);
		for (int k = 0; k < 2; k++) /* it went before it was opened */
			if (e->fds[k] >= 0)
				close(e->fds[k]);
		e->fds[0] = e->fds[1] = -1;
	}
	poke_all(d);
	if (!wait_for_cores(d, peer)) {
		log_say("a core does not let go of %s", p->name);
		return; /* unanswered: the launcher will not bring it back */
	}
	part_close(&p->out);
	part_close(&p->copy);
	part_close(&p->in);
	part_close(&p->data);
	p->role = 0;
	reply(d, PLAN_FORGOTTEN, peer);
}

/* --- on the core's thread -----------------------------------------------*/

static void
let_go(struct domain_core *c, struct domain_edge *e)
{
	if (e->edge.down)
		return; /* the hub is at it */
	hub_remove(&c->hub, &e->edge);
	e->edge.down = EDGE_PEER_GONE;
	c->hub.on_down(c->hub.arg, &e->edge);
}

void
domain_edge_empty(struct domain_edge *e)
{
	struct domain *d = e->core->domain;

	e->held = false;
	edge_fini(&e->edge);
	pthread_mutex_lock(&d->lock);
	atomic_store_32(&e->state, DOMAIN_EDGE_EMPTY);
	pthread_cond_broadcast(&d->emptied);
	pthread_mutex_unlock(&d->lock);
}

void
domain_core_edges(struct domain_core *c)
{
	struct domain *d = c->domain;
	/* [A4] pairs with [R4] in edge_place() */
	uint32_t n = atomic_load_acq_32(&d->edges);

	for (uint32_t i = 0; i < n; i++) {
		struct domain_edge *e = d->edge[i];
		uint32_t state;

		if (e->core != c)
			continue;
		/* [A3] pairs with [R3] in open_edge() */
		state = atomic_load_acq_32(&e->state);
		if (state == DOMAIN_EDGE_NEW && atomic_load_32(&e->drop)) {
			domain_edge_empty(e); /* nobody has seen it yet */
		} else if (state == DOMAIN_EDGE_NEW) {
			int rc = hub_add(&c->hub, &e->edge);

			if (rc)
				die(EXIT_FAIL, "core %u: %s", c->plan.id,
					strerror(-rc));
			atomic_store_32(&e->state, DOMAIN_EDGE_UP);
			if (d->ops->edge_up)
				d->ops->edge_up(c, e);
		} else if (state == DOMAIN_EDGE_UP &&
			atomic_load_32(&e->drop)) {
			let_go(c, e);
		}
	}
}

/* --- the messages --------------------------------------------------------*/

bool
domain_obey(struct domain *d, enum plan_type *type)
{
	union plan_any m;
	int fds[PASS_FDS], t = plan_recv(d->channel, &m, fds);

	if (t < 0)
		die(EXIT_FAIL, "bad message from the launcher: %s",
			t == -EMSGSIZE ? "no room for its descriptors (see "
					 "ulimit -n)"
				       : strerror(-t));
	if (!t)
		return false;
	*type = (enum plan_type)t;
	switch (*type) {
	case PLAN_PEER:
		add_peer(d, &m.peer);
		break;
	case PLAN_EDGE:
		add_edge(d, &m.edge, fds);
		break;
	case PLAN_MAKE:
		make_parts(d);
		break;
	case PLAN_MAP:
		map(d, &m.part, fds[0]);
		break;
	case PLAN_GO:
		open_edges(d);
		break;
	case PLAN_START:
		poke_all(d);
		break;
	case PLAN_GONE:
		forget(d, m.head.domain);
		break;
	case PLAN_STOP:
		domain_stop(d);
		break;
	default:
		die(EXIT_FAIL, "the launcher said %s, out of place",
			plan_name(t));
	}
	return true;
}

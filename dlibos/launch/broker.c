/* broker.c - the launcher's side of plan.h.
 *
 * What happens comes in rounds. At start all domains take part; when one is
 * started again, it and its peers do. In a round every taker makes what is
 * missing (MAKING, MADE); when all have, each gets the maps that are new to
 * it (MAPPING, READY); when all are ready, all start (RUNNING). A domain that
 * is not concerned stays RUNNING and is never waited for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/clock.h"
#include "dlibos/launch/instance.h"
#include "mem/pass.h"
#include "noc/bell.h"

static void
say_head(struct instance *in, struct child *c, enum plan_type type,
	unsigned domain)
{
	struct plan_head h = {type, domain};

	post(in, c, &h, NULL, 0);
}

/* --- the plan ------------------------------------------------------------*/

static int
node_of(const struct instance *in, unsigned core)
{
	return in->topology.nodes > 1 ? in->placement.node[core] : -1;
}

static bool
linked(const struct instance *in, const struct child *a, const struct child *b)
{
	return a->role != b->role && instance_edges(in, a, b);
}

/* Of its first core, among all network cores. */
static unsigned
net_number(const struct instance *in, const struct child *c)
{
	unsigned n = 0;

	for (const struct child *o = in->child; o < c; o++)
		n += o->role & ROLE_NET ? o->cores : 0;
	return n;
}

/* What a domain makes one of for all its cores; a network core has its part of
 * what is for frames. */
static uint64_t
bytes_of(const struct instance *in, const struct child *c, enum part_kind kind)
{
	unsigned cores = c->role & ROLE_NET ? c->cores : 1;

	if (kind == PART_RX)
		return in->opt.rx_bytes * cores;
	if (kind == PART_APP)
		return in->opt.app_bytes;
	if (kind == PART_TXHDR)
		return rights[kind].bytes * cores;
	return rights[kind].bytes;
}

static uint16_t
edges_of(const struct instance *in, const struct child *c, unsigned core)
{
	unsigned n = 0;

	for (const struct child *o = in->child; o < in->child + in->children;
		o++)
		for (unsigned i = 0; i < o->cores && linked(in, c, o); i++)
			n += layout_edge(&in->layout, core, o->core[i]);
	return (uint16_t)n;
}

/* Of the program that the instance was started with; one that was attached has
 * one. */
static unsigned
processes(const struct instance *in, const struct child *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < in->first_place; i++)
		n += in->child[i].role & ROLE_APP ? 1 : 0;
	return c->place ? 1 : n;
}

static void
send_plan(struct instance *in, struct child *c)
{
	struct plan_plan p = {
		.head = {PLAN_PLAN, 0},
		.version = PLAN_VERSION,
		.msg_version = MSG_VERSION,
		.domain = c->domain,
		.mode = in->opt.mode,
		.role = c->role,
		.idle = vacant_idle(in, c),
		.dispatch = in->opt.dispatch >= 0
			? (uint32_t)in->opt.dispatch
			: (uint32_t)in->layout.dispatch,
		.own_fence = !in->heavy_fence,
		.shared_uid = geteuid() != 0 || in->opt.user,
		.spin_ns = in->spin_ns,
		.conns = in->opt.conns,
		.cores = c->cores,
		.copies = copies(in, c),
		.processes = processes(in, c),
	};

	memcpy(p.instance, in->name, sizeof(p.instance));
	memcpy(p.name, c->name, sizeof(p.name));
	for (int k = 0; k < PART_KINDS; k++)
		p.bytes[k] = bytes_of(in, c, k);
	p.bytes[PART_COPY] = copies_bytes(in, c);
	if (c->role & ROLE_NET)
		port_plan(&in->port, net_number(in, c), &p.port);
	for (unsigned i = 0; i < c->cores; i++)
		p.core[i] = (struct plan_core){
			.id = c->core[i],
			.cpu = (int16_t)in->placement.cpu[c->core[i]],
			.node = (int16_t)node_of(in, c->core[i]),
			.edges = edges_of(in, c, c->core[i]),
		};
	for (unsigned i = 0; i < in->children; i++)
		if (linked(in, c, &in->child[i]))
			p.edges += instance_edges(in, c, &in->child[i]);
	c->stat.cores = p.cores;
	c->stat.edges = p.edges;
	post(in, c, &p, NULL, 0);
}

static void
send_peer(struct instance *in, struct child *to, const struct child *peer)
{
	unsigned n = instance_edges(in, to, peer);
	const struct child *net = peer->role == ROLE_NET ? peer : to;
	uint64_t copy = copies_bytes(in, net);
	struct plan_peer p = {
		.head = {PLAN_PEER, peer->domain},
		.role = peer->role,
		.edges = n,
		.edge_bytes = n * edge_bytes(in->layout.slots),
		.data_bytes = peer != net ? in->opt.app_bytes
			: copy		  ? copy
					  : bytes_of(in, net, PART_RX),
		.conns = peer == net ? in->opt.conns : 0,
		.program = peer->place ? peer->domain : 0,
		.copies = copy != 0,
	};

	memcpy(p.name, peer->name, sizeof(p.name));
	post(in, to, &p, NULL, 0);
}

static void
no_bells(struct instance *in, struct child *c, int error)
{
	char why[128];

	if (in->stopping)
		return;
	snprintf(why, sizeof(why), "cannot get bells: %s%s", strerror(error),
		error == EMFILE ? " (see ulimit -n)" : "");
	supervise_fail(in, c, why);
}

/* Both ends of one edge get their ends of its two bells. */
static void
send_edge(struct instance *in, struct child *a, unsigned ca, struct child *b,
	unsigned cb, unsigned index)
{
	struct bell wake_a, wake_b;
	uint64_t offset = index * edge_bytes(in->layout.slots);
	struct plan_edge to_a = {{PLAN_EDGE, b->domain}, ca, b->core[cb],
		node_of(in, b->core[cb]), in->layout.slots, offset};
	struct plan_edge to_b = {{PLAN_EDGE, a->domain}, cb, a->core[ca],
		node_of(in, a->core[ca]), in->layout.slots, offset};
	int rc = bell_make(&wake_a);

	if (rc) {
		no_bells(in, a, -rc);
		return;
	}
	rc = bell_make(&wake_b);
	if (!rc) {
		post(in, a, &to_a, (int[]){wake_a.read_fd, wake_b.write_fd}, 2);
		post(in, b, &to_b, (int[]){wake_b.read_fd, wake_a.write_fd}, 2);
		close(wake_b.read_fd);
		close(wake_b.write_fd);
	} else {
		no_bells(in, a, -rc);
	}
	close(wake_a.read_fd);
	close(wake_a.write_fd);
}

static void
link_pair(struct instance *in, struct child *a, struct child *b)
{
	unsigned index = 0;

	send_peer(in, a, b);
	send_peer(in, b, a);
	for (unsigned i = 0; i < a->cores; i++)
		for (unsigned j = 0; j < b->cores; j++)
			if (layout_edge(&in->layout, a->core[i], b->core[j]))
				send_edge(in, a, i, b, j, index++);
	a->fresh[b->domain] = b->fresh[a->domain] = true;
}

/* It takes part in the round that begins. */
static void
enter_round(struct instance *in, struct child *c)
{
	if (in->stopping)
		return;
	c->state = CHILD_MAKING;
	c->deadline = clock_ns() + LIMIT_START_MS * 1000000ull;
	say_head(in, c, PLAN_MAKE, 0);
}

/* c was spawned. At start it is linked with those before it, so that each
 * pair is linked once, and the round begins with the last of them. */
void
broker_begin(struct instance *in, struct child *c)
{
	send_plan(in, c);
	for (unsigned i = 0; i < in->children; i++) {
		struct child *p = &in->child[i];

		if (!linked(in, c, p) || p->channel < 0 ||
			(!in->started && i > c->domain))
			continue;
		link_pair(in, c, p);
		if (in->started)
			enter_round(in, p);
	}
	if (in->started) {
		enter_round(in, c);
	} else if (c->domain == in->first_place - 1) {
		for (unsigned i = 0; i < in->first_place; i++)
			enter_round(in, &in->child[i]);
	}
}

/* --- the round goes on ---------------------------------------------------*/

/* Whether all that are in the round have reached `state`. */
static bool
all_reached(const struct instance *in, enum child_state state)
{
	for (unsigned i = 0; i < in->children; i++) {
		enum child_state s = in->child[i].state;

		if (s != CHILD_DOWN && s < CHILD_RUNNING && s < state)
			return false;
	}
	return true;
}

static void
send_map(struct instance *in, struct child *to, const struct child *from,
	enum part_kind kind, int fd, uint64_t bytes)
{
	struct plan_part m = {
		.head = {PLAN_MAP, from->domain},
		.kind = kind,
		.bytes = bytes,
	};

	post(in, to, &m, &fd, 1);
}

/* Where what a domain made is kept, which may be for one peer alone. */
struct kept {
	int *fd;
	uint64_t *bytes;
};

static struct kept
kept(struct child *c, enum part_kind kind, unsigned peer)
{
	if (kind == PART_EDGE)
		return (struct kept){&c->edge_part[peer], &c->edge_bytes[peer]};
	if (kind == PART_COPY)
		return (struct kept){&c->copy_part[peer], &c->copy_bytes[peer]};
	return (struct kept){&c->part[kind], &c->part_bytes[kind]};
}

/* Hands out what `from` made, by the table of rights. */
static void
send_maps(struct instance *in, struct child *to, struct child *from)
{
	bool copied = copies(in, from);

	for (int k = 0; k < PART_KINDS; k++) {
		struct kept p = kept(from, k, to->domain);

		if (*p.fd >= 0 && rights_peer_reads(k, to->role, copied))
			send_map(in, to, from, k, *p.fd, *p.bytes);
	}
	to->fresh[from->domain] = false;
}

static void
everybody_maps(struct instance *in)
{
	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];

		if (c->state != CHILD_MADE)
			continue;
		for (unsigned j = 0; j < in->children; j++)
			if (c->fresh[j])
				send_maps(in, c, &in->child[j]);
		if (in->stopping)
			return;
		c->state = CHILD_MAPPING;
		say_head(in, c, PLAN_GO, 0);
	}
}

static void
everybody_starts(struct instance *in)
{
	in->started = true;
	for (unsigned i = 0; i < in->children; i++) {
		struct child *c = &in->child[i];

		if (c->state != CHILD_READY)
			continue;
		c->state = CHILD_RUNNING;
		c->deadline = UINT64_MAX;
		say_head(in, c, PLAN_START, 0);
		if (c->starting)
			ctl_restarted(in, c, true);
		c->starting = false;
	}
}

static void
go_on(struct instance *in)
{
	if (all_reached(in, CHILD_MADE))
		everybody_maps(in);
	if (all_reached(in, CHILD_READY))
		everybody_starts(in);
}

/* --- what a domain says --------------------------------------------------*/

/* Mapped by us, too: then its readers can map it, who may not be harmed by
 * what somebody else made. */
static int
look_at(struct child *c, enum part_kind kind, int fd, uint64_t bytes)
{
	struct part p;
	int rc = part_open(&p, kind, fd, bytes);

	if (rc)
		return rc;
	p.fd = -1; /* it is kept, but not by the mapping */
	if (rights[kind].others & ROLE_TOOL)
		c->stat.part = p;
	else
		part_close(&p);
	return 0;
}

/* The bytes that the plan asks a domain for; 0: it may not make such. */
static uint64_t
part_wanted(const struct instance *in, const struct child *c,
	enum part_kind kind, unsigned peer)
{
	struct plan_plan p = {.role = c->role,
		.cores = c->stat.cores,
		.edges = c->stat.edges,
		.conns = in->opt.conns};

	if (!(rights[kind].writer & c->role))
		return 0;
	if (rights[kind].one_reader && !linked(in, c, &in->child[peer]))
		return 0;
	if (kind == PART_EDGE)
		return instance_edges(in, c, &in->child[peer]) *
			edge_bytes(in->layout.slots);
	if (kind == PART_COPY)
		return copies_bytes(in, c);
	if (kind == PART_STAT)
		return domain_stat_bytes(&p);
	return bytes_of(in, c, kind);
}

/* Whether it is one that this domain may make; then it is kept. */
static bool
take_part(
	struct instance *in, struct child *c, const struct plan_part *m, int fd)
{
	unsigned peer = m->head.domain;
	uint64_t wanted;
	struct kept place;

	if (c->state != CHILD_MAKING || m->kind >= PART_KINDS ||
		peer >= in->children)
		return false;
	wanted = part_wanted(in, c, m->kind, peer);
	place = kept(c, m->kind, peer);
	if (!wanted || *place.fd >= 0 || m->bytes < wanted ||
		m->bytes - wanted >= 2u << 20 ||
		look_at(c, m->kind, fd, m->bytes))
		return false;
	*place.fd = fd;
	*place.bytes = m->bytes;
	if (m->fallback && !in->said_fallback) {
		words_tell("no 2 MiB pages: running on 4 KiB pages, at more "
			   "TLB misses; reserve some in "
			   "/proc/sys/vm/nr_hugepages");
		in->said_fallback = true;
	}
	return true;
}

/* Whether all is there that its peers will map. */
static bool
made_all(const struct instance *in, struct child *c)
{
	for (int k = 0; k < PART_KINDS; k++)
		for (unsigned i = 0; i < in->children; i++)
			if ((c->fresh[i] || !rights[k].one_reader) &&
				part_wanted(in, c, k, i) &&
				*kept(c, k, i).fd < 0)
				return false;
	return true;
}

static void
heard_state(struct instance *in, struct child *c, enum child_state from,
	enum child_state to)
{
	if (c->state == CHILD_STOPPING)
		return;
	if (c->state != from) {
		supervise_fail(in, c, "spoke out of turn");
		return;
	}
	if (to == CHILD_MADE && !made_all(in, c)) {
		supervise_fail(in, c, "did not make all of its partitions");
		return;
	}
	c->state = to;
	go_on(in);
}

/* It closed its end; if it lives on, it must not. */
static void
hung_up(struct child *c)
{
	uint64_t soon = clock_ns() + LIMIT_STOP_MS * 1000000ull;

	post_drop(c);
	close(c->channel);
	c->channel = -1;
	if (c->deadline > soon)
		c->deadline = soon;
}

static void
heard_part(
	struct instance *in, struct child *c, const struct plan_part *m, int fd)
{
	/* It has not heard yet that it is to end; or that the peer is gone for
	 * which it made this, and the next peer of that name is not meant. */
	if (c->state == CHILD_STOPPING ||
		(m->kind < PART_KINDS && rights[m->kind].one_reader &&
			c->forgetting[m->head.domain])) {
		close(fd);
		return;
	}
	if (take_part(in, c, m, fd))
		return;
	close(fd);
	supervise_fail(in, c,
		"offered a partition that it may not make, or "
		"one of a wrong size or not sealed");
}

static void
heard_forgotten(struct instance *in, struct child *c, unsigned dead)
{
	if (!c->forgetting[dead]) {
		supervise_fail(in, c, "spoke out of turn");
		return;
	}
	c->forgetting[dead] = false;
	for (unsigned i = 0; i < in->children; i++)
		if (c->forgetting[i])
			return;
	c->forget_by = UINT64_MAX;
}

void
broker_hear(struct instance *in, struct child *c)
{
	union plan_any m;
	int fds[PASS_FDS], type = plan_recv(c->channel, &m, fds);

	c->joined |= type > 0;
	switch (type) {
	case -EAGAIN:
		return;
	case 0:
		hung_up(c);
		return;
	case PLAN_PART:
		heard_part(in, c, &m.part, fds[0]);
		return;
	case PLAN_MADE:
		heard_state(in, c, CHILD_MAKING, CHILD_MADE);
		return;
	case PLAN_READY:
		heard_state(in, c, CHILD_MAPPING, CHILD_READY);
		return;
	case PLAN_FORGOTTEN:
		heard_forgotten(in, c, m.head.domain);
		return;
	case -EMSGSIZE:
		supervise_fail(in, c,
			"sent too much, or more descriptors "
			"than there is room for (see ulimit -n)");
		return;
	default:
		if (type == PLAN_EDGE || type == PLAN_MAP)
			pass_close_all(fds, type == PLAN_EDGE ? 2 : 1);
		supervise_fail(in, c, "sent what is no message of a domain");
	}
}

/* --- ends ----------------------------------------------------------------*/

static void
close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Nothing of a dead domain is kept, and its peers let go of it. */
void
broker_peer_died(struct instance *in, struct child *dead)
{
	post_drop(dead);
	close_at(&dead->channel);
	for (int k = 0; k < PART_KINDS; k++)
		close_at(&dead->part[k]);
	for (unsigned i = 0; i < in->children; i++) {
		struct child *p = &in->child[i];

		close_at(&dead->edge_part[i]);
		close_at(&p->edge_part[dead->domain]);
		close_at(&dead->copy_part[i]);
		close_at(&p->copy_part[dead->domain]);
		dead->fresh[i] = p->fresh[dead->domain] = false;
		dead->forgetting[i] = false;
		if (!linked(in, dead, p) || p->channel < 0 || in->stopping)
			continue;
		p->forgetting[dead->domain] = true;
		p->forget_by = clock_ns() + LIMIT_START_MS * 1000000ull;
		say_head(in, p, PLAN_GONE, dead->domain);
	}
	if (in->started)
		go_on(in); /* a round may have waited for it */
}

bool
broker_forgotten(const struct instance *in, const struct child *dead)
{
	for (unsigned i = 0; i < in->children; i++)
		if (in->child[i].forgetting[dead->domain])
			return false;
	return true;
}

void
broker_stop(struct instance *in, struct child *c)
{
	if (c->state == CHILD_DOWN || c->state == CHILD_STOPPING)
		return;
	c->state = CHILD_STOPPING;
	c->deadline = clock_ns() + LIMIT_STOP_MS * 1000000ull;
	if (c->channel >= 0)
		say_head(in, c, PLAN_STOP, 0);
}

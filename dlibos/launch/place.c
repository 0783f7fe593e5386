/* place.c - a CPU for every core of a layout. */
#include "dlibos/launch/place.h"
#include "dlibos/launch/text.h"

#include <errno.h>
#include <string.h>

#define NO_PU (-1)

struct work {
	const struct layout *l;
	const struct topology *t;
	struct placement *out;
	int nic;
	int ways; /* hardware threads of a physical core that may be used */
	bool taken[TOPOLOGY_PUS];
	int pu[LIMIT_CORES]; /* of each core, or NO_PU */
};

/* Which groups a quadrant is tried on. Spread gives each an L3 of its own as
 * long as there are some; tight leaves room for larger ones where the groups
 * are of different sizes. */
enum policy { SPREAD, TIGHT };

static void
take(struct work *w, unsigned core, unsigned pu)
{
	w->taken[pu] = true;
	w->pu[core] = (int)pu;
}

static void
reset(struct work *w)
{
	memset(w->taken, 0, sizeof(w->taken));
	for (unsigned i = 0; i < LIMIT_CORES; i++)
		w->pu[i] = NO_PU;
}

static bool
near_nic(const struct work *w, int pu)
{
	return w->t->pu[pu].node == w->nic;
}

static bool
is_open(const struct work *w, unsigned pu)
{
	return !w->taken[pu] && w->t->pu[pu].smt < w->ways;
}

static bool
needs_cpu(const struct work *w, unsigned core)
{
	return w->l->core[core].role != LAYOUT_UNUSED && w->pu[core] == NO_PU;
}

/* Whether PU a is to be taken before b: physical cores before hardware
 * threads, then the NIC's node, then the machine's order. */
static bool
before(const struct work *w, int a, int b)
{
	const struct topology_pu *p = &w->t->pu[a], *q = &w->t->pu[b];

	if (p->smt != q->smt)
		return p->smt < q->smt;
	if (near_nic(w, a) != near_nic(w, b))
		return near_nic(w, a);
	return a < b;
}

/* The best open PU of a group; NO_PU if it has none. */
static int
best_in(const struct work *w, enum topology_level level, int group)
{
	int best = NO_PU;

	for (unsigned i = 0; i < w->t->pus; i++) {
		if (!is_open(w, i) || topology_group(w->t, i, level) != group)
			continue;
		if (best == NO_PU || before(w, (int)i, best))
			best = (int)i;
	}
	return best;
}

static unsigned
open_in(const struct work *w, enum topology_level level, int group)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->t->pus; i++)
		n += is_open(w, i) && topology_group(w->t, i, level) == group;
	return n;
}

/* A PU of the group that suits `size` cores best, or NO_PU. */
static int
choose_group(const struct work *w, enum topology_level level, unsigned size,
	enum policy policy)
{
	unsigned best_room = 0, room;
	int best = NO_PU, last = -1, group;

	for (unsigned i = 0; i < w->t->pus; i++, last = group) {
		group = topology_group(w->t, i, level);
		if (group < 0 || group == last)
			continue;
		room = open_in(w, level, group);
		if (room < size)
			continue;
		if (best != NO_PU && room == best_room &&
			(near_nic(w, best) || !near_nic(w, (int)i)))
			continue;
		if (best != NO_PU &&
			(policy == SPREAD ? room < best_room
					  : room > best_room))
			continue;
		best = (int)i;
		best_room = room;
	}
	return best;
}

static bool
place_quadrant(struct work *w, int quadrant, unsigned size, enum policy policy)
{
	enum topology_level level = TOPOLOGY_L3;
	int pu = choose_group(w, level, size, policy), group;

	if (pu == NO_PU) {
		level = TOPOLOGY_NODE;
		pu = choose_group(w, level, size, policy);
	}
	if (pu == NO_PU)
		return false;
	group = topology_group(w->t, (unsigned)pu, level);
	for (unsigned i = 0; i < w->l->cores; i++)
		if (w->l->core[i].quadrant == quadrant && needs_cpu(w, i))
			take(w, i, (unsigned)best_in(w, level, group));
	return true;
}

/* A quadrant can hold hardware threads while another leaves a physical core
 * free; then its cache is not worth it. */
static bool
wastes_cores(const struct work *w)
{
	int used = 0;

	for (unsigned i = 0; i < w->t->pus; i++)
		if (w->taken[i] && w->t->pu[i].smt > used)
			used = w->t->pu[i].smt;
	for (unsigned i = 0; i < w->t->pus; i++)
		if (!w->taken[i] && w->t->pu[i].smt < used)
			return true;
	return false;
}

/* What no group has room for, and cores outside of all quadrants. */
static void
place_rest(struct work *w)
{
	for (unsigned i = 0; i < w->l->cores; i++)
		if (needs_cpu(w, i))
			take(w, i, (unsigned)best_in(w, TOPOLOGY_MACHINE, 0));
}

/* Largest quadrants first. False: a quadrant found no group. */
static bool
place_quadrants(struct work *w, enum policy policy)
{
	unsigned size[LIMIT_CORES] = {0};
	bool all = true;

	reset(w);
	for (unsigned i = 0; i < w->l->cores; i++)
		if (w->l->core[i].quadrant >= 0 && needs_cpu(w, i))
			size[w->l->core[i].quadrant]++;
	for (;;) {
		unsigned q = 0;

		for (unsigned i = 1; i < LIMIT_CORES; i++)
			if (size[i] > size[q])
				q = i;
		if (!size[q])
			break;
		all = place_quadrant(w, (int)q, size[q], policy) && all;
		size[q] = 0;
	}
	place_rest(w);
	return all && !wastes_cores(w);
}

/* The next core that has no CPU. If the NIC is known, app cores come last;
 * quadrants stay together either way. */
static int
next_core(const struct work *w)
{
	int best = -1, best_key = 0;

	for (unsigned i = 0; i < w->l->cores; i++) {
		const struct layout_core *c = &w->l->core[i];
		int key = c->quadrant;

		if (!needs_cpu(w, i))
			continue;
		if (w->nic >= 0 && c->role == LAYOUT_APP)
			key += LIMIT_CORES + 1;
		if (best < 0 || key < best_key) {
			best = (int)i;
			best_key = key;
		}
	}
	return best;
}

/* First all CPUs are chosen, then they are dealt out: a net core prefers the
 * NIC's node, but not so far as to push a core onto a hardware thread. */
static void
place_list(struct work *w)
{
	bool chosen[TOPOLOGY_PUS] = {false};
	int core, pu;

	reset(w);
	for (unsigned n = layout_used(w->l); n; n--) {
		pu = best_in(w, TOPOLOGY_MACHINE, 0);
		chosen[pu] = w->taken[pu] = true;
	}
	for (unsigned i = 0; i < w->t->pus; i++)
		w->taken[i] = !chosen[i];
	while ((core = next_core(w)) >= 0) {
		pu = best_in(w, TOPOLOGY_NODE, w->nic);
		if (pu == NO_PU)
			pu = best_in(w, TOPOLOGY_MACHINE, 0);
		take(w, (unsigned)core, (unsigned)pu);
	}
}

/* Cores share CPUs: the net and rtc cores go round, the app cores go on. */
static void
place_round(struct work *w)
{
	unsigned order[TOPOLOGY_PUS], k = 0;

	reset(w);
	for (unsigned i = 0; i < w->t->pus; i++) {
		order[i] = (unsigned)best_in(w, TOPOLOGY_MACHINE, 0);
		w->taken[order[i]] = true;
	}
	for (int app = 0; app <= 1; app++)
		for (unsigned i = 0; i < w->l->cores; i++)
			if (needs_cpu(w, i) &&
				(w->l->core[i].role == LAYOUT_APP) == app)
				take(w, i, order[k++ % w->t->pus]);
}

static int
refuse(const struct work *w, char *err, size_t errlen)
{
	const struct layout *l = w->l;

	if (l->fitted)
		return text_explain(-ENOSPC, err, errlen,
			"layout %s needs %u physical cores, this machine has "
			"%u: use --oversubscribe",
			l->name, layout_used(l), w->t->cores);
	return text_explain(-ENOSPC, err, errlen,
		"layout %s has %u cores, this machine has %u CPU%s: use a "
		"ratio such as 1:1, or --oversubscribe",
		l->name, layout_used(l), w->t->pus, w->t->pus == 1 ? "" : "s");
}

/* Whether each quadrant lies within one group; its cores, not the way they
 * were placed, are what is looked at. */
static bool
quadrants_real(const struct work *w)
{
	int first[LIMIT_CORES];
	bool same_l3[LIMIT_CORES], same_node[LIMIT_CORES];
	unsigned n = w->l->cores;

	memset(first, NO_PU, sizeof(first));
	memset(same_l3, true, sizeof(same_l3));
	memset(same_node, true, sizeof(same_node));
	for (unsigned i = 0; i < n; i++) {
		int q = w->l->core[i].quadrant;
		const struct topology_pu *a, *b;

		if (q == LAYOUT_NO_QUADRANT || w->pu[i] == NO_PU)
			continue;
		if (first[q] == NO_PU)
			first[q] = w->pu[i];
		a = &w->t->pu[first[q]];
		b = &w->t->pu[w->pu[i]];
		same_l3[q] = same_l3[q] && a->l3 >= 0 && a->l3 == b->l3;
		same_node[q] = same_node[q] && a->node == b->node;
	}
	for (unsigned q = 0; q < LIMIT_CORES; q++)
		if (!same_l3[q] && !same_node[q])
			return false;
	return w->l->quadrants > 0;
}

/* The fewest hardware threads of each physical core that give room for n
 * cores; 0 if there are too few CPUs. */
static int
ways_for(const struct topology *t, unsigned n)
{
	unsigned room = 0, before_this;

	for (int ways = 1;; ways++) {
		before_this = room;
		for (unsigned i = 0; i < t->pus; i++)
			room += t->pu[i].smt == ways - 1;
		if (room >= n)
			return ways;
		if (room == before_this)
			return 0;
	}
}

static void
report(const struct work *w)
{
	for (unsigned i = 0; i < w->l->cores; i++) {
		if (w->pu[i] == NO_PU)
			continue;
		w->out->cpu[i] = w->t->pu[w->pu[i]].os;
		w->out->node[i] = w->t->pu[w->pu[i]].node;
	}
	w->out->quadrants_real = !w->out->oversubscribed && quadrants_real(w);
}

int
place(const struct layout *l, const struct topology *t,
	const struct place_options *o, struct placement *out, char *err,
	size_t errlen)
{
	struct work w = {.l = l, .t = t, .out = out, .nic = o->nic_node};
	bool by_quadrant = l->quadrants > 0 &&
		(l->reach == LAYOUT_QUADRANT || l->fitted || o->nic_node < 0);

	memset(out->cpu, -1, sizeof(out->cpu));
	memset(out->node, -1, sizeof(out->node));
	out->oversubscribed = out->quadrants_real = false;
	w.ways = ways_for(t, layout_used(l));
	if ((!w.ways || (l->fitted && w.ways > 1)) && !o->oversubscribe)
		return refuse(&w, err, errlen);
	if (!w.ways) {
		w.ways = TOPOLOGY_PUS;
		out->oversubscribed = true;
		place_round(&w);
	} else if (!by_quadrant) {
		place_list(&w);
	} else if (!place_quadrants(&w, SPREAD) &&
		!place_quadrants(&w, TIGHT)) {
		if (wastes_cores(&w))
			place_list(&w);
	}
	report(&w);
	return 0;
}

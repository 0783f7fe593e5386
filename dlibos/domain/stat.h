/* stat.h - what a domain shows of itself, in its PART_STAT. Its cores write
 * there, tools read, and the layout says what is where:
 *
 *	struct domain_stat		one for each core
 *	struct domain_edge_stat		one for each edge
 *	struct domain_table		one for each core: named counters
 *	struct domain_conns		one for each network core (conns.h)
 *
 * A core names its counters once, with domain_counters(), and copies their
 * values there from time to time, with domain_show(): the hot path counts in
 * lines of its own. Values only grow, but for those whose names begin with
 * "gauge.".
 *
 * Readers must not trust any of it: a domain can write there what it likes,
 * whenever it likes.
 */
#ifndef DLIBOS_DOMAIN_STAT_H
#define DLIBOS_DOMAIN_STAT_H

#include "dlibos/base/cacheline.h"
#include "dlibos/domain/conns.h"
#include "dlibos/domain/plan.h"
#include "noc/hub.h"

#define DOMAIN_COUNTERS 384 /* of a core */
#define DOMAIN_COUNTER	40  /* bytes of a name, its end included */

/* The values are copied about so often, in ns. */
#define DOMAIN_SHOW_NS 100000000u

struct domain_stat {
	struct hub_count hub;
	uint64_t clock_hz; /* cycles in a second */
} PAIR_ALIGNED;

struct domain_edge_stat {
	struct edge_count count;
	uint32_t core, peer_core; /* numbers in the layout */
} PAIR_ALIGNED;

struct domain_counter {
	char name[DOMAIN_COUNTER]; /* of a-z, 0-9, '_' and '.' */
	uint64_t value;
};

struct domain_table {
	uint32_t n; /* that have names; stored when they have */
	struct domain_counter counter[DOMAIN_COUNTERS];
} PAIR_ALIGNED;

static inline uint64_t
domain_stat_edges_at(uint32_t cores)
{
	return cores * sizeof(struct domain_stat);
}

static inline uint64_t
domain_stat_tables_at(uint32_t cores, uint32_t edges)
{
	return domain_stat_edges_at(cores) +
		edges * sizeof(struct domain_edge_stat);
}

/* Of core number `core` of the domain; with plan_stack_conns(conns) slots. */
static inline uint64_t
domain_stat_conns_at(
	uint32_t cores, uint32_t edges, uint32_t core, uint32_t conns)
{
	return domain_stat_tables_at(cores, edges) +
		cores * sizeof(struct domain_table) +
		core * domain_conns_bytes(plan_stack_conns(conns));
}

/* By its role, cores, edges and conns. */
static inline uint64_t
domain_stat_bytes(const struct plan_plan *p)
{
	uint32_t nets = p->role & ROLE_NET ? p->cores : 0;

	return domain_stat_conns_at(p->cores, p->edges, nets, p->conns);
}

/* The core of a table names n counters, "group.name" each, and gets the first
 * of them; their values are 0. Dies if there is no room: the bounds above are
 * too small then. */
struct domain_counter *domain_counters(struct domain_table *t,
	const char *group, const char *const *name, unsigned n);

/* The same core, later: their values are these now. */
void domain_show(struct domain_counter *c, const uint64_t *value, unsigned n);

#endif

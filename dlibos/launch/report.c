/* report.c - what `dlibos status` shows: read from the statistics that the
 * domains show, which nobody can disturb by looking. */
#include <stdarg.h>
#include <stdio.h>

#include "dlibos/base/clock.h"
#include "dlibos/launch/instance.h"

struct text {
	char *buf;
	size_t len, used;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->used, t->len - t->used, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < t->len - t->used)
		t->used += (size_t)n; /* a line that does not fit is left out */
	else
		t->buf[t->used] = '\0';
}

const char *
report_state(const struct child *c)
{
	static const char *const names[] = {
		[CHILD_DOWN] = "down",
		[CHILD_MAKING] = "starting",
		[CHILD_MADE] = "starting",
		[CHILD_MAPPING] = "starting",
		[CHILD_READY] = "starting",
		[CHILD_RUNNING] = "running",
		[CHILD_STOPPING] = "stopping",
	};

	return vacant_is(c) ? "vacant" : names[c->state];
}

static void
cpus(struct text *t, const struct instance *in, const struct child *c)
{
	for (unsigned i = 0; i < c->cores; i++)
		add(t, "%s%d", i ? "," : "", in->placement.cpu[c->core[i]]);
}

static void
port_line(struct text *t, const struct instance *in, const struct child *c)
{
	char line[LIMIT_PORT * 2 + 256];

	port_text(&in->port, line, sizeof(line));
	add(t, "%-8s port %s\n", c->name, line);
}

size_t
report_status(const struct instance *in, char *buf, size_t len)
{
	struct text t = {buf, len, 0};

	add(&t, "instance %s: layout %s%s, idle %s, %s\n", in->name,
		in->layout.name,
		in->opt.mode == PLAN_MODE_RTC ? ", mode rtc" : "",
		idle_name(in->idle),
		in->placement.oversubscribed ? "CPUs shared"
					     : "a CPU for each core");
	for (unsigned i = 0; i < in->children; i++) {
		const struct child *c = &in->child[i];

		add(&t, "%-8s %-8s process %d, CPU ", c->name, report_state(c),
			c->state == CHILD_DOWN ? 0 : (int)c->pid);
		cpus(&t, in, c);
		add(&t, ", restarts %u\n", c->restarts);
		if (in->port.kind && c->role & ROLE_NET)
			port_line(&t, in, c);
	}
	return t.used;
}

/* All that is of one core of the layout: its counters are single words, each
 * written by one core; a sum of them may be a few messages old. */
static void
core_lines(struct text *t, const struct child *c)
{
	const struct domain_stat *core =
		(const struct domain_stat *)(const void *)c->stat.part.base;
	const uint8_t *base = c->stat.part.base;
	const struct domain_edge_stat *edge =
		(const struct domain_edge_stat *)(const void *)(base +
			domain_stat_edges_at(c->stat.cores));

	for (unsigned i = 0; i < c->stat.cores; i++)
		add(t,
			"%-8s core %u: turns %llu, with work %llu, sleeps "
			"%llu, "
			"asleep %.3f s, busy %.6f s\n",
			c->name, c->core[i],
			(unsigned long long)core[i].hub.turns,
			(unsigned long long)core[i].hub.busy_turns,
			(unsigned long long)core[i].hub.sleeps,
			(double)core[i].hub.asleep_ns * 1e-9,
			(double)core[i].hub.busy_cycles / (double)clock_hz());
	for (unsigned i = 0; i < c->stat.edges; i++) {
		const struct edge_count *n = &edge[i].count;
		unsigned long long bad = 0;

		if (edge[i].core == edge[i].peer_core)
			continue; /* its peer was not there yet */
		for (unsigned b = 0; b < MSG_BADS; b++)
			bad += n->bad[b];
		add(t,
			"%-8s core %u to %u: sent %llu, received %llu, parked "
			"%llu, refused %llu, rings %llu, most under way %llu, "
			"bad %llu\n",
			c->name, edge[i].core, edge[i].peer_core,
			(unsigned long long)n->sent,
			(unsigned long long)n->received,
			(unsigned long long)n->parked,
			(unsigned long long)n->refused,
			(unsigned long long)n->rings,
			(unsigned long long)n->high_water, bad);
	}
}

size_t
report_domain(const struct child *c, char *buf, size_t len)
{
	struct text t = {buf, len, 0};

	buf[0] = '\0';
	if (c->stat.part.base)
		core_lines(&t, c);
	return t.used;
}

size_t
report_edges(const struct instance *in, char *buf, size_t len)
{
	size_t used = 0;

	for (unsigned i = 0; i < in->children; i++)
		used += report_domain(&in->child[i], buf + used, len - used);
	return used;
}

/* stat.c - the launcher's side of `dlibos stat`: read from the statistics that
 * the domains show. They may write there what they like, while we read: what
 * is checked is a copy, and a name that is none is left out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dlibos/base/atomic.h"
#include "dlibos/base/clock.h"
#include "dlibos/launch/instance.h"
#include "dlibos/launch/stat.h"

#define TRAILER 32 /* bytes kept for the last line */

struct piece {
	char *buf;
	size_t len, used;
	bool full;
	char prefix[LIMIT_NAME + 32]; /* of the lines to come */
};

__attribute__((format(printf, 2, 3))) static void
prefix(struct piece *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->prefix, sizeof(p->prefix), fmt, ap);
	va_end(ap);
}

static void
word(struct piece *p, const char *name, const char *value)
{
	size_t room = p->len - p->used;
	int n = snprintf(
		p->buf + p->used, room, "%s.%s %s\n", p->prefix, name, value);

	if (n < 0 || (size_t)n >= room)
		p->full = true;
	else
		p->used += (size_t)n;
}

static void
number(struct piece *p, const char *name, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	word(p, name, text);
}

static uint64_t
load(const uint64_t *p)
{
	return atomic_load_acq_64(p);
}

/* The sleep that is not over counts, too: it may be a long one. */
static uint64_t
asleep_ns(const struct hub_count *n)
{
	uint64_t since = load(&n->asleep_since), ns = load(&n->asleep_ns);
	uint64_t now = clock_ns();

	if (since && since == load(&n->asleep_since) && since < now)
		ns += now - since;
	return ns;
}

static void
hub(struct piece *p, const struct domain_stat *s)
{
	number(p, "hub.clock_hz", load(&s->clock_hz));
	number(p, "hub.turns", load(&s->hub.turns));
	number(p, "hub.busy_turns", load(&s->hub.busy_turns));
	number(p, "hub.busy_cycles", load(&s->hub.busy_cycles));
	number(p, "hub.sleeps", load(&s->hub.sleeps));
	number(p, "hub.asleep_ns", asleep_ns(&s->hub));
}

static bool
is_name(const char *s)
{
	return *s &&
		strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.") ==
		strlen(s);
}

static void
table(struct piece *p, const struct domain_table *t)
{
	uint32_t n = atomic_load_acq_32(&t->n);

	for (uint32_t i = 0; i < n && i < DOMAIN_COUNTERS; i++) {
		char name[DOMAIN_COUNTER];

		memcpy(name, t->counter[i].name, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		if (is_name(name))
			number(p, name, load(&t->counter[i].value));
	}
}

static void
edge(struct piece *p, const struct child *c, const struct domain_edge_stat *e)
{
	const struct edge_count *n = &e->count;
	uint32_t core = atomic_load_32(&e->core);
	uint32_t peer = atomic_load_32(&e->peer_core);

	if (core == peer)
		return; /* its peer was not there yet */
	prefix(p, "%s.core%u.to%u", c->name, core, peer);
	number(p, "sent", load(&n->sent));
	number(p, "received", load(&n->received));
	number(p, "parked", load(&n->parked));
	number(p, "refused", load(&n->refused));
	number(p, "rings", load(&n->rings));
	number(p, "high_water", load(&n->high_water));
	for (unsigned b = 1; b < MSG_BADS; b++) {
		char name[32];

		snprintf(name, sizeof(name), "bad_%s", msg_bad_name(b));
		number(p, name, load(&n->bad[b]));
	}
}

static void
domain(struct piece *p, const struct child *c)
{
	prefix(p, "%s", c->name);
	word(p, "role",
		c->role == ROLE_NET	      ? "net"
			: c->role == ROLE_APP ? "app"
					      : "both");
	word(p, "state", report_state(c));
	number(p, "process",
		c->state == CHILD_DOWN ? 0 : (uint64_t)(unsigned)c->pid);
	number(p, "restarts", c->restarts);
}

static unsigned
records(const struct child *c)
{
	return c->stat.part.base ? 1 + c->stat.cores + c->stat.edges : 1;
}

static void
record(struct piece *p, const struct instance *in, const struct child *c,
	unsigned r)
{
	const uint8_t *base = c->stat.part.base;
	unsigned cores = c->stat.cores;
	char cpu[16];

	if (!r) {
		domain(p, c);
		return;
	}
	if (--r >= cores) {
		base += domain_stat_edges_at(cores);
		edge(p, c,
			&((const struct domain_edge_stat *)(const void *)
					base)[r - cores]);
		return;
	}
	prefix(p, "%s.core%u", c->name, c->core[r]);
	snprintf(cpu, sizeof(cpu), "%d", in->placement.cpu[c->core[r]]);
	word(p, "cpu", cpu);
	hub(p, &((const struct domain_stat *)(const void *)base)[r]);
	base += domain_stat_tables_at(cores, c->stat.edges);
	table(p, &((const struct domain_table *)(const void *)base)[r]);
}

void
stat_piece(const struct instance *in, unsigned d, unsigned r, char *buf,
	size_t len)
{
	struct piece p = {.buf = buf, .len = len - TRAILER};

	for (; d < in->children; d++, r = 0) {
		const struct child *c = &in->child[d];

		for (; r < records(c); r++) {
			size_t before = p.used;

			record(&p, in, c, r);
			if (!p.full)
				continue;
			snprintf(buf + before, TRAILER, "more %u %u\n", d, r);
			return;
		}
	}
	snprintf(buf + p.used, TRAILER, "end\n");
}

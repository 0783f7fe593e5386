/* mesh.c - edges between the cores of one process. */
#include "dlibos/domain/mesh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dlibos/base/log.h"

static void
poke(void *hub)
{
	hub_poke(hub);
}

static size_t
pages_bytes(unsigned cores)
{
	return (size_t)cores * cores * edge_bytes(LIMIT_MATE);
}

static uint8_t *
page_of(const struct mesh *m, unsigned from, unsigned to)
{
	return m->pages + (from * m->cores + to) * edge_bytes(LIMIT_MATE);
}

static void
open_end(struct domain *d, unsigned from, unsigned to)
{
	struct mesh *m = d->mesh;
	struct mesh_end *e = mesh_end(m, from, to);
	struct edge_config c = {
		.own = page_of(m, from, to),
		.peer = page_of(m, to, from),
		.slots = LIMIT_MATE,
		.in = MSG_MATE,
		.bell_in = -1,
		.bell_out = -1,
		.ring = poke,
		.ring_arg = &d->core[to].hub,
		.own_fence = d->plan.own_fence,
		.handler = d->mate,
		.arg = e,
	};

	e->core = &d->core[from];
	e->mate = to;
	if (edge_init(&e->edge, &c))
		die(EXIT_FAIL, "out of memory for core %u",
			d->core[from].plan.id);
}

void
mesh_open(struct domain *d)
{
	unsigned n = d->plan.cores;
	size_t bytes = (size_t)n * n * sizeof(struct mesh_end);
	struct mesh *m;

	if (!d->mate || n < 2 || n > LIMIT_MATES)
		return;
	m = calloc(1, sizeof(*m));
	if (!m)
		die(EXIT_FAIL, "out of memory for %u cores", n);
	m->cores = n;
	m->end = aligned_alloc(CACHELINE_PAIR, bytes);
	/* Zero pages, of which those are made that are touched, next to the
	 * core that does. */
	m->pages = mmap(NULL, pages_bytes(n), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!m->end || m->pages == MAP_FAILED)
		die(EXIT_FAIL, "out of memory for %u cores", n);
	memset(m->end, 0, bytes);
	d->mesh = m;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++)
			if (i != k)
				open_end(d, i, k);
}

void
mesh_close(struct domain *d)
{
	struct mesh *m = d->mesh;

	if (!m)
		return;
	for (unsigned i = 0; i < m->cores * m->cores; i++)
		if (m->end[i].core)
			edge_fini(&m->end[i].edge);
	munmap(m->pages, pages_bytes(m->cores));
	free(m->end);
	free(m);
	d->mesh = NULL;
}

void
mesh_join(struct domain_core *c)
{
	struct mesh *m = c->domain->mesh;
	int rc;

	for (unsigned i = 0; m && i < m->cores; i++) {
		if (i == c->index)
			continue;
		rc = hub_add(&c->hub, &mesh_end(m, c->index, i)->edge);
		if (rc)
			die(EXIT_FAIL, "core %u: %s", c->plan.id,
				strerror(-rc));
	}
}

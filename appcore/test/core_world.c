/* core_world.c - an application core with direct edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "appcore/test/core_world.h"

static const struct dl_program program;

static void
command(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct world *w = arg;

	assert_int_equal(msg_check(m, n, MSG_COMMAND, WORLD_APP), (int)n);
	w->said[m->type]++;
	w->heard[e - w->net]++;
	memcpy(w->last, m, n * sizeof(*m));
	if (m->type == MSG_CONNECT && w->refuse) {
		struct msg no = {.type = MSG_CONNECT_FAILED,
			.arg = MSG_WHY_UNREACHABLE,
			.ref = m->conn};

		assert_true(edge_send(e, &no, 1));
	}
	if (m->type == MSG_RECV_DONE)
		w->given_back += m->ref;
}

static void
make_rx(struct world *w)
{
	uint32_t x = 1;

	w->rx = malloc(WORLD_RX);
	assert_non_null(w->rx);
	for (unsigned i = 0; i < WORLD_RX; i++) {
		x = x * 1103515245 + 12345;
		w->rx[i] = (uint8_t)(x >> 16);
	}
}

struct world *
world_open(void)
{
	struct world *w = aligned_alloc(_Alignof(struct world), sizeof(*w));

	memset(w, 0, sizeof(*w));
	make_rx(w);
	w->domain.part[PART_APP] =
		(struct part){.base = calloc(1, WORLD_APP), .bytes = WORLD_APP};
	w->core.domain = &w->domain;
	w->core.user = &w->dl;
	w->dl.core = &w->core;
	w->dl.program = &program;
	w->dl.user = w;
	w->dl.owes_tail = &w->dl.owes;
	keep_open(&w->dl);
	for (unsigned i = LIMIT_ATTEMPTS; i-- > 0;)
		attempt_free(&w->dl, &w->dl.attempt[i]);
	for (unsigned i = 0; i < WORLD_NETS; i++) {
		struct domain_edge *e = &w->edge[i];
		struct edge_config up = {
			.in = MSG_EVENT, .handler = event_rx, .arg = e};
		struct edge_config down = {
			.in = MSG_COMMAND, .handler = command, .arg = w};

		e->core = &w->core;
		e->of_core = e->peer = i;
		w->domain.peer[i].conns = 16;
		w->domain.peer[i].data.base = w->rx;
		assert_int_equal(edge_init_direct(&e->edge, &up), 0);
		assert_int_equal(edge_init_direct(&w->net[i], &down), 0);
		edge_join_direct(&e->edge, &w->net[i]);
		event_net_here(&w->dl, e);
	}
	return w;
}

void
world_close(struct world *w)
{
	for (unsigned i = 0; i < WORLD_NETS; i++) {
		edge_fini(&w->edge[i].edge);
		edge_fini(&w->net[i]);
		conn_table_free(&w->dl.net[i]);
	}
	keep_close(&w->dl);
	free(w->rx);
	free(w->domain.part[PART_APP].base);
	free(w);
}

void
world_tell(struct world *w, unsigned net, struct msg m)
{
	assert_true(edge_send(&w->net[net], &m, 1));
	assert_int_equal(w->edge[net].edge.down, EDGE_UP);
}

void
world_event(struct world *w, unsigned net, const struct msg *m, unsigned n)
{
	assert_int_equal(msg_check(m, n, MSG_EVENT, WORLD_RX), (int)n);
	assert_true(edge_send(&w->net[net], m, n));
	assert_int_equal(w->edge[net].edge.down, EDGE_UP);
}

void
world_offer(struct world *w, unsigned net, uint32_t id)
{
	struct msg m = {MSG_NEW_CONN, 0, 0, id, msg_endpoint(1, 1000)};

	world_tell(w, net, m);
}

/* link.c - edges in one process, without domains. */
#include <stdbool.h>
#include <string.h>

#include "bench/duo.h"
#include "bench/link.h"
#include "dlibos/base/cpu.h"
#include "dlibos/base/log.h"

static void
must(int rc, const char *what)
{
	if (rc)
		die(EXIT_FAIL, "%s: %s", what, strerror(-rc));
}

void
link_open(struct link_edge *l, edge_handler *net_handler, void *net,
	edge_handler *app_handler, void *app)
{
	bool own_fence = !cpu_join_fences();
	struct bell bell[2];

	for (int i = 0; i < 2; i++) {
		l->page[i] = duo_memory(edge_bytes(LIMIT_FIFO));
		must(bell_make(&bell[i]), "a bell");
	}
	for (int i = 0; i < 2; i++) {
		struct edge_config c = {
			.own = l->page[i],
			.peer = l->page[!i],
			.slots = LIMIT_FIFO,
			.in = i == LINK_NET ? MSG_COMMAND : MSG_EVENT,
			.in_bytes = 4096,
			.bell_in = bell[i].read_fd,
			.bell_out = bell[!i].write_fd,
			.own_fence = own_fence,
			.handler = i == LINK_NET ? net_handler : app_handler,
			.arg = i == LINK_NET ? net : app,
		};

		must(edge_init(&l->edge[i], &c), "an edge");
	}
}

void
link_close(struct link_edge *l)
{
	for (int i = 0; i < 2; i++)
		edge_fini(&l->edge[i]);
	for (int i = 0; i < 2; i++)
		duo_free(l->page[i], edge_bytes(LIMIT_FIFO));
}

void
link_hub(struct hub *h, enum idle_policy p, uint64_t spin_ns)
{
	must(hub_init(h, p, spin_ns, NULL), "a hub");
}

void
link_add(struct hub *h, struct edge *e)
{
	must(hub_add(h, e), "a hub");
}

/* path_noc - messages from one core to another, both of them this thread:
 * through a bare FIFO, and through a whole edge, which checks them. */
#include "bench/link.h"
#include "bench/path/path.h"
#include "dlibos/base/log.h"

struct noc {
	struct fifo_tx tx;
	struct fifo_rx rx;
	struct link_edge link;
	uint64_t sum, got; /* the messages are really read */
};

static void
make(struct msg *m, unsigned n, unsigned i)
{
	for (unsigned k = 0; k < n; k++)
		m[k] = (struct msg){.type = MSG_PING, .ref = i + k};
}

static inline void
fifo(struct noc *c, unsigned n, unsigned batch)
{
	struct msg m[LIMIT_BURST];

	for (unsigned i = 0; i < n; i++) {
		unsigned got;

		if (fifo_room(&c->tx) < batch && fifo_refresh(&c->tx) < 0)
			die(EXIT_FAIL, "impossible index");
		make(m, batch, i);
		fifo_put(&c->tx, m, batch);
		got = fifo_peek(&c->rx, m, LIMIT_BURST);
		for (unsigned k = 0; k < got; k++)
			c->sum += m[k].ref;
		fifo_skip(&c->rx, got);
		if (fifo_owed(&c->rx) >= LIMIT_FIFO / 4)
			fifo_tell(&c->rx);
		c->got += got;
	}
}

static void
fifo_one(void *arg, unsigned n)
{
	fifo(arg, n, 1);
}

static void
fifo_32(void *arg, unsigned n)
{
	fifo(arg, n, 32);
}

static void
take(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct noc *c = arg;

	(void)e;
	c->sum += m->ref;
	c->got += n;
}

static inline void
edge(struct noc *c, unsigned n, unsigned batch)
{
	struct edge *app = &c->link.edge[LINK_APP];
	struct edge *net = &c->link.edge[LINK_NET];
	struct msg m;

	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < batch; k++) {
			make(&m, 1, i + k);
			edge_send(app, &m, 1);
		}
		edge_flush(app);
		edge_serve(net, LIMIT_BURST);
		edge_flush(net);
	}
}

static void
edge_one(void *arg, unsigned n)
{
	edge(arg, n, 1);
}

static void
edge_32(void *arg, unsigned n)
{
	edge(arg, n, 32);
}

static const struct path_work works[] = {
	{"fifo_one", fifo_one, 1},
	{"fifo_32", fifo_32, 32},
	{"edge_one", edge_one, 1},
	{"edge_32", edge_32, 32},
	{NULL, NULL, 0},
};

int
main(int argc, char **argv)
{
	static struct edge_page side[2];
	static pair128 slots[LIMIT_FIFO];
	static struct noc c;
	int rc;

	fifo_tx_init(&c.tx, slots, &side[0].taken, LIMIT_FIFO);
	fifo_rx_init(&c.rx, slots, &side[0].taken, LIMIT_FIFO);
	link_open(&c.link, take, &c, take, &c);
	rc = path_main(argc, argv, works, &c);
	if (!c.got || c.link.edge[LINK_NET].down)
		die(EXIT_FAIL, "messages were lost");
	link_close(&c.link);
	return rc;
}

/* domain_peer_test - what a launcher says about a peer, and the edge that comes
 * of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dlibos/domain/domain.h"
#include "mem/pass.h"

#define PEER  1
#define SLOTS 16

/* The launcher's end, and one side of an edge. */
struct house {
	struct domain d;
	struct domain_core core;
	struct part in, data; /* the peer's */
	int launcher;
};

static void
heard(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	(void)arg, (void)e, (void)m, (void)n;
}

static void
tell(struct house *h, const void *m, const int *fds, unsigned n)
{
	enum plan_type type;

	assert_int_equal(plan_send(h->launcher, m, fds, n), 0);
	assert_true(domain_obey(&h->d, &type));
}

/* All that it says until then. */
static void
await(struct house *h, int type)
{
	union plan_any m;
	int fds[PASS_FDS], got;

	do {
		got = plan_recv(h->launcher, &m, fds);
		assert_true(got > 0);
		if (got == PLAN_PART)
			close(fds[0]);
	} while (got != type);
}

/* The peer of a `role` has made a partition that it was asked for with `bytes`
 * bytes. */
static void
open_house(struct house *h, enum role role, uint64_t bytes)
{
	enum role peer = role == ROLE_NET ? ROLE_APP : ROLE_NET;
	static const struct domain_ops ops = {.handler = heard};
	int sock[2], fds[2] = {eventfd(0, 0), eventfd(0, 0)};
	struct plan_head make = {.type = PLAN_MAKE}, go = {.type = PLAN_GO};
	struct plan_peer p = {
		.head = {PLAN_PEER, PEER},
		.name = "peer",
		.role = peer,
		.edges = 1,
		.edge_bytes = edge_bytes(SLOTS),
		.data_bytes = bytes,
	};
	struct plan_edge e = {
		.head = {PLAN_EDGE, PEER}, .node = -1, .slots = SLOTS};
	struct plan_part m = {.head = {PLAN_MAP, PEER}};

	memset(h, 0, sizeof(*h));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock), 0);
	h->launcher = sock[0];
	h->d = (struct domain){.ops = &ops, .channel = sock[1]};
	h->d.plan = (struct plan_plan){
		.name = "own", .role = role, .cores = 1, .edges = 1};
	h->d.core = &h->core;
	h->core = (struct domain_core){.domain = &h->d, .plan.node = -1};
	tell(h, &p, NULL, 0);
	tell(h, &e, fds, 2);
	tell(h, &make, NULL, 0);
	await(h, PLAN_MADE);
	assert_int_equal(
		part_create(&h->in, PART_EDGE, edge_bytes(SLOTS), -1, "peer"),
		0);
	assert_int_equal(
		part_create(&h->data, peer == ROLE_APP ? PART_APP : PART_RX,
			bytes, -1, "peer"),
		0);
	m.kind = PART_EDGE;
	m.bytes = h->in.bytes;
	tell(h, &m, &h->in.fd, 1);
	m.kind = h->data.kind;
	m.bytes = h->data.bytes;
	tell(h, &m, &h->data.fd, 1);
	tell(h, &go, NULL, 0);
	await(h, PLAN_READY);
	for (int i = 0; i < 2; i++)
		close(fds[i]);
}

static void
close_house(struct house *h)
{
	struct domain_peer *p = &h->d.peer[PEER];

	edge_fini(&h->d.edge[0]->edge);
	free(h->d.edge[0]);
	part_close(&p->in);
	part_close(&p->out);
	part_close(&p->data);
	part_close(&h->d.part[PART_STAT]);
	part_close(&h->in);
	part_close(&h->data);
	close(h->launcher);
	close(h->d.channel);
}

/* Pages round a partition up: its owner may use all that is there. */
static void
all_that_a_peer_has_may_be_meant(void **state)
{
	static const enum role roles[] = {ROLE_NET, ROLE_APP};
	static struct house h;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct msg m = {
			.type = roles[i] == ROLE_NET ? MSG_SEND : MSG_NEW_DATA,
			.conn = 1 << 24,
		};
		const struct edge *e;
		uint64_t bytes;

		open_house(&h, roles[i], 4097);
		e = &h.d.edge[0]->edge;
		bytes = h.data.bytes;
		assert_int_equal(bytes, 8192);
		m.ref = msg_data(bytes - 100, 100);
		assert_int_equal(msg_check(&m, 1, e->in, e->in_bytes), 1);
		m.ref = msg_data(bytes - 100, 101);
		assert_true(msg_check(&m, 1, e->in, e->in_bytes) < 0);
		close_house(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_a_peer_has_may_be_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* plan.c - names and sizes that both sides compute alike. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "dlibos/domain/plan.h"
#include "mem/pass.h"

static const struct shape {
	const char *name;
	uint16_t bytes;
	uint16_t fds;
} shapes[PLAN_TYPES] = {
	[PLAN_PLAN] = {"plan", sizeof(struct plan_plan), 0},
	[PLAN_PEER] = {"peer", sizeof(struct plan_peer), 0},
	[PLAN_EDGE] = {"edge", sizeof(struct plan_edge), 2},
	[PLAN_MAKE] = {"make", sizeof(struct plan_head), 0},
	[PLAN_PART] = {"part", sizeof(struct plan_part), 1},
	[PLAN_MADE] = {"made", sizeof(struct plan_head), 0},
	[PLAN_MAP] = {"map", sizeof(struct plan_part), 1},
	[PLAN_GO] = {"go", sizeof(struct plan_head), 0},
	[PLAN_READY] = {"ready", sizeof(struct plan_head), 0},
	[PLAN_START] = {"start", sizeof(struct plan_head), 0},
	[PLAN_GONE] = {"gone", sizeof(struct plan_head), 0},
	[PLAN_FORGOTTEN] = {"forgotten", sizeof(struct plan_head), 0},
	[PLAN_STOP] = {"stop", sizeof(struct plan_head), 0},
};

const char *
plan_name(unsigned type)
{
	return type < PLAN_TYPES && shapes[type].name ? shapes[type].name : "?";
}

size_t
plan_bytes(unsigned type)
{
	return type < PLAN_TYPES ? shapes[type].bytes : 0;
}

int
plan_post(int sock, const void *msg, const int *fds, unsigned n)
{
	const struct plan_head *h = msg;

	return pass_send(sock, msg, plan_bytes(h->type), fds, n);
}

int
plan_send(int sock, const void *msg, const int *fds, unsigned n)
{
	struct pollfd p = {.fd = sock, .events = POLLOUT};
	int rc;

	do
		rc = plan_post(sock, msg, fds, n);
	while (rc == -EAGAIN && poll(&p, 1, LIMIT_START_MS) == 1);
	return rc;
}

int
plan_recv(int sock, union plan_any *m, int fds[PASS_FDS])
{
	unsigned n;
	ssize_t len = pass_recv(sock, m, sizeof(*m), fds, &n);
	uint32_t type;

	if (len <= 0) {
		pass_close_all(fds, n); /* an empty message may bring some */
		return (int)len;
	}
	type = m->head.type;
	if ((size_t)len >= sizeof(m->head) && type < PLAN_TYPES &&
		shapes[type].name && shapes[type].bytes == len &&
		shapes[type].fds == n && m->head.domain < LIMIT_DOMAINS)
		return (int)type;
	pass_close_all(fds, n);
	return -EPROTO;
}

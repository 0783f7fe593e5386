/* listen.c - listeners, which outlive network cores; attempts to connect. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "appcore/appcore.h"
#include "dlibos/base/log.h"

_Static_assert((int)DL_CLOSED == MSG_WHY_CLOSED &&
		(int)DL_REFUSED == MSG_WHY_REFUSED &&
		(int)DL_RESET == MSG_WHY_RESET &&
		(int)DL_TIMED_OUT == MSG_WHY_TIMEOUT &&
		(int)DL_UNREACHABLE == MSG_WHY_UNREACHABLE &&
		(int)DL_NO_MEMORY == MSG_WHY_NO_MEMORY &&
		(int)DL_IN_USE == MSG_WHY_IN_USE &&
		(int)DL_NOT_ALLOWED == MSG_WHY_NOT_ALLOWED &&
		(int)DL_NO_PORT == MSG_WHY_NO_PORT &&
		(int)DL_NET_DIED == MSG_WHY_NET_DIED,
	"one list of reasons");

const char *
dl_why(enum dl_why why)
{
	return msg_reason_name(why);
}

/* --- addresses ------------------------------------------------------------*/

static bool
is_v4(const struct dl_addr *a)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(a->bytes, head, sizeof(head));
}

int
dl_addr_parse(struct dl_addr *a, const char *text)
{
	struct in_addr v4;

	if (inet_pton(AF_INET6, text, a->bytes) == 1)
		return 0;
	if (inet_pton(AF_INET, text, &v4) != 1)
		return -EINVAL;
	memset(a->bytes, 0, 10);
	a->bytes[10] = a->bytes[11] = 0xff;
	memcpy(a->bytes + 12, &v4, 4);
	return 0;
}

const char *
dl_addr_text(const struct dl_addr *a, char text[DL_ADDR_TEXT])
{
	bool v4 = is_v4(a);

	return inet_ntop(v4 ? AF_INET : AF_INET6, a->bytes + (v4 ? 12 : 0),
		text, DL_ADDR_TEXT);
}

unsigned
listen_endpoint(struct msg m[3], const struct dl_addr *a, uint16_t port)
{
	static const struct dl_addr any;
	uint32_t ip4 = 0;

	for (int i = 12; i < 16; i++)
		ip4 = ip4 << 8 | a->bytes[i];
	if (is_v4(a) || !memcmp(a, &any, sizeof(any))) {
		m->ref = msg_endpoint(ip4, port);
		return 1;
	}
	m->ref = msg_endpoint(0, port);
	m->flags = MSGF_V6 | MSGF_MORE;
	msg_put_addr6(m + 1, a->bytes);
	return 3;
}

/* --- listeners ------------------------------------------------------------*/

static int
ask(struct dl *dl, unsigned net, unsigned id)
{
	const struct listener *l = &dl->listener[id];
	struct msg m[3] = {{.type = MSG_LISTEN, .arg = (uint16_t)id}};
	unsigned n = listen_endpoint(m, &l->addr, l->port);
	struct edge *e = command_edge(&dl->net[net], n);

	return e && edge_send(e, m, n) ? 0 : -EAGAIN;
}

void
listen_again(struct dl *dl, unsigned net)
{
	/* A new edge has room for all of them. */
	for (unsigned i = 0; i < LIMIT_LISTENERS; i++)
		if (dl->listener[i].handler)
			ask(dl, net, i);
	udp_again(dl, net);
}

bool
listen_room(const struct dl *dl)
{
	for (unsigned i = 0; i < dl->nets; i++) {
		const struct net *net = &dl->net[i];

		if (net->edge && !net->edge->edge.down && !command_edge(net, 3))
			return false;
	}
	return true;
}

unsigned
listen_number(const struct dl *dl)
{
	unsigned id = 0;

	while (id < LIMIT_LISTENERS &&
		(dl->listener[id].handler || dl->udp[id].handler))
		id++;
	return id;
}

int
dl_listen(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_handler *h, void *arg)
{
	unsigned id = listen_number(dl);

	if (!port)
		return -EINVAL;
	if (id == LIMIT_LISTENERS)
		return -ENOSPC;
	if (!listen_room(dl))
		return -EAGAIN;
	dl->listener[id] = (struct listener){h, arg, {{0}}, port, false};
	if (addr)
		dl->listener[id].addr = *addr;
	for (unsigned i = 0; i < dl->nets; i++)
		ask(dl, i, id); /* one that goes is asked when it is back */
	return 0;
}

/* Each network core says so; the program is told once. */
void
listen_over(struct dl *dl, unsigned net, unsigned id, enum dl_why why)
{
	struct listener *l = &dl->listener[id % LIMIT_LISTENERS];

	if (id >= LIMIT_LISTENERS || udp_over(dl, net, id, why) ||
		!l->handler || l->failed)
		return;
	l->failed = true;
	if (l->handler->listen_failed) {
		l->handler->listen_failed(dl, l->arg, why);
		return;
	}
	log_say("cannot listen at port %u: %s", l->port, dl_why(why));
	dl_quit(dl, EXIT_FAIL);
}

/* --- attempts -------------------------------------------------------------*/

struct attempt *
attempt_of(struct dl *dl, uint64_t cookie, unsigned net)
{
	struct attempt *a = &dl->attempt[cookie % LIMIT_ATTEMPTS];

	if (cookie >= LIMIT_ATTEMPTS || !a->handler || a->net != net)
		return NULL;
	return a;
}

void
attempt_free(struct dl *dl, struct attempt *a)
{
	a->handler = NULL;
	a->next = dl->free_attempt;
	dl->free_attempt = (uint32_t)(a - dl->attempt) + 1;
}

void
attempt_net_down(struct dl *dl, unsigned net)
{
	for (unsigned i = 0; i < LIMIT_ATTEMPTS; i++) {
		struct attempt *a = &dl->attempt[i], was = *a;

		if (!a->handler || a->net != net)
			continue;
		attempt_free(dl, a);
		if (was.handler->connect_failed)
			was.handler->connect_failed(dl, was.arg, DL_NET_DIED);
	}
}

int
dl_connect(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_handler *h, void *arg)
{
	uint32_t i = dl->free_attempt;
	struct msg m[3] = {{.type = MSG_CONNECT}};
	unsigned n = listen_endpoint(m, addr, port), net = 0, tries = 0;
	struct edge *e = NULL;
	struct attempt *a;
	bool any = false;

	if (!i || !port)
		return i ? -EINVAL : -EAGAIN;
	for (; tries < dl->nets && !e; tries++) {
		net = dl->next_net++ % dl->nets;
		any |= dl->net[net].edge != NULL;
		e = command_edge(&dl->net[net], n);
	}
	if (!any)
		return -ENOTCONN;
	if (!e)
		return -EAGAIN;
	a = &dl->attempt[i - 1];
	dl->free_attempt = a->next;
	*a = (struct attempt){h, arg, *addr, port, (uint16_t)net, 0};
	m->conn = i - 1;
	if (edge_send(e, m, n)) /* the answer may be there already */
		return 0;
	attempt_free(dl, a);
	return -EAGAIN;
}

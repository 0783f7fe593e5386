/* event_rx.c - (up, step 7 of 8) events become callbacks.
 *
 * A network core is one of our own; what it says of connections that it never
 * offered, or has ended, is a fault of the house, and ends its channel. */
#include <sys/mman.h>

#include "appcore/appcore.h"
#include "dlibos/base/log.h"

void
event_wrong(struct edge *edge, const struct msg *m)
{
	log_say("event %s out of place", msg_name(m->type));
	edge->down = EDGE_BAD_MESSAGES;
}

/* --- network cores come and go --------------------------------------------*/

void
conn_table_free(struct net *net)
{
	if (net->conns)
		munmap(net->conn, net->conns * sizeof(*net->conn));
	net->conns = net->fresh = 0;
}

static void
make_conns(struct net *net, uint32_t conns)
{
	if (net->conns == conns)
		return;
	conn_table_free(net);
	/* Zero pages, of which those are made that connections touch. */
	net->conn = mmap(NULL, conns * sizeof(*net->conn),
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (net->conn == MAP_FAILED)
		die(EXIT_FAIL, "out of memory for %u connections", conns);
	net->conns = conns;
}

void
event_net_here(struct dl *dl, struct domain_edge *e)
{
	struct domain_peer *p = &dl->core->domain->peer[e->peer];
	struct net *net = &dl->net[e->of_core];

	make_conns(net, plan_conn_numbers(p->conns));
	net->edge = e;
	net->rx = p->data.base;
	if (e->of_core >= dl->nets)
		dl->nets = e->of_core + 1;
}

void
event_net_up(struct domain_core *c, struct domain_edge *e)
{
	struct dl *dl = c->user;

	if (!dl)
		return; /* find_nets() will find it */
	event_net_here(dl, e);
	listen_again(dl, e->of_core);
	if (dl->program->net_changed)
		dl->program->net_changed(dl, e->of_core, 1);
}

static void
end(struct dl_conn *c, enum dl_why why)
{
	c->flags |= CONN_ENDED;
	c->dl->count.closed++;
	if (c->handler->closed)
		c->handler->closed(c->dl, c, why);
	command_let_go(c);
}

void
event_net_down(struct domain_core *core, struct domain_edge *e)
{
	struct dl *dl = core->user;
	struct net *net = dl ? &dl->net[e->of_core] : NULL;

	if (!net || net->edge != e)
		return;
	net->edge = NULL; /* what callbacks begin, they begin elsewhere */
	attempt_net_down(dl, e->of_core);
	udp_net_down(dl, e->of_core);
	for (uint32_t i = 0; i < net->fresh; i++) {
		struct dl_conn *c = &net->conn[i];

		if ((c->flags & CONN_OPEN) && !(c->flags & CONN_ENDED))
			end(c, DL_NET_DIED);
		room_forget(c);
		c->flags = 0; /* nobody waits for a word any more */
	}
	command_retry(dl); /* which forgets what was owed to it */
	net->rx = NULL;
	net->pieces = 0;
	if (dl->program->net_changed)
		dl->program->net_changed(dl, e->of_core, 0);
}

/* --- connections ----------------------------------------------------------*/

static struct dl_conn *
conn_of(struct net *net, uint32_t id)
{
	uint32_t i = plan_conn_index(id);

	if (unlikely(i >= net->conns || net->conn[i].id != id ||
		    !(net->conn[i].flags & CONN_OPEN)))
		return NULL;
	return &net->conn[i];
}

static struct dl_conn *
conn_begin(struct dl *dl, unsigned n, uint32_t id)
{
	struct net *net = &dl->net[n];
	uint32_t i = plan_conn_index(id);
	struct dl_conn *c = &net->conn[i];

	if (i >= net->conns || (c->flags & CONN_OPEN))
		return NULL;
	if (i >= net->fresh)
		net->fresh = i + 1;
	*c = (struct dl_conn){
		.dl = dl, .id = id, .net = (uint8_t)n, .flags = CONN_OPEN};
	return c;
}

struct dl_addr
event_peer(const struct msg *m)
{
	struct dl_addr a = {{0}};

	if (m->flags & MSGF_V6) {
		msg_get_addr6(m + 1, a.bytes);
		return a;
	}
	a.bytes[10] = a.bytes[11] = 0xff;
	for (int i = 0; i < 4; i++)
		a.bytes[12 + i] = (uint8_t)(msg_ip4(m) >> (24 - 8 * i));
	return a;
}

static void
new_conn(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct dl_conn *c = conn_begin(dl, e->of_core, m->conn);
	struct listener *l = &dl->listener[m->arg % LIMIT_LISTENERS];
	struct msg yes = {.type = MSG_ACCEPT, .arg = m->arg, .conn = m->conn};

	if (!c || !l->handler) {
		event_wrong(&e->edge, m);
		return;
	}
	dl->count.accepted++;
	c->handler = l->handler;
	c->peer = event_peer(m);
	c->port = msg_port(m);
	/* It is ours in any case; without room for a word it stays unsaid. */
	edge_send(&e->edge, &yes, 1);
	if (l->handler->accepted)
		l->handler->accepted(dl, c, l->arg);
}

static void
connected(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct attempt *a = attempt_of(dl, m->ref, e->of_core), was;
	struct dl_conn *c = a ? conn_begin(dl, e->of_core, m->conn) : NULL;

	if (!c) {
		event_wrong(&e->edge, m);
		return;
	}
	dl->count.connected++;
	was = *a;
	attempt_free(dl, a);
	c->handler = was.handler;
	c->peer = was.addr;
	c->port = was.port;
	if (was.handler->connected)
		was.handler->connected(dl, c, was.arg);
}

static void
connect_failed(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct attempt *a = attempt_of(dl, m->ref, e->of_core), was;

	if (!a) {
		event_wrong(&e->edge, m);
		return;
	}
	was = *a;
	attempt_free(dl, a);
	if (was.handler->connect_failed)
		was.handler->connect_failed(dl, was.arg, (enum dl_why)m->arg);
}

static void
new_data(struct net *net, struct dl_conn *c, const struct msg *m)
{
	if (unlikely(c->flags & (CONN_DONE | CONN_KEEPS))) {
		keep_behind(c, net->rx + msg_offset(m), msg_len(m));
		return;
	}
	c->unread += msg_len(m);
	c->dl->count.rx_bytes += msg_len(m);
	c->handler->data(c->dl, c, net->rx + msg_offset(m), msg_len(m));
}

static void
data_acked(struct net *net, struct dl_conn *c, uint32_t bytes)
{
	c->unacked -= bytes;
	c->dl->count.acked_bytes += bytes;
	if (bytes < c->lot_bytes) {
		c->lot_bytes -= bytes;
	} else { /* what was sent meanwhile is the first lot now */
		net->pieces -= c->lot;
		c->lot = c->next_lot;
		c->next_lot = 0;
		c->lot_bytes = c->unacked;
	}
	if (c->handler->acked)
		c->handler->acked(c->dl, c, bytes);
	keep_turn(c);
}

void
event_remote_closed(struct dl_conn *c)
{
	if (c->flags & CONN_DONE)
		return;
	if (c->flags & CONN_KEEPS) {
		c->flags |= CONN_HUSH;
		return;
	}
	if (c->handler->remote_closed)
		c->handler->remote_closed(c->dl, c);
	else
		dl_close(c);
}

static void
of_conn(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct net *net = &dl->net[e->of_core];
	struct dl_conn *c = conn_of(net, m->conn);

	if (unlikely(!c)) {
		event_wrong(&e->edge, m);
		return;
	}
	switch (m->type) {
	case MSG_NEW_DATA:
		new_data(net, c, m);
		break;
	case MSG_DATA_ACKED:
		data_acked(net, c, (uint32_t)m->ref);
		break;
	case MSG_REMOTE_CLOSED:
		event_remote_closed(c);
		break;
	default: /* MSG_CLEANUP */
		end(c, (enum dl_why)m->arg);
		break;
	}
}

/* --- all of it ------------------------------------------------------------*/

static void
one(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	switch (m->type) {
	case MSG_NEW_CONN:
		new_conn(dl, e, m);
		break;
	case MSG_CONNECTED:
		connected(dl, e, m);
		break;
	case MSG_CONNECT_FAILED:
		connect_failed(dl, e, m);
		break;
	case MSG_LISTENING:
		udp_listening(dl, e->of_core, m->arg);
		break;
	case MSG_LISTEN_CLOSED:
		listen_over(dl, e->of_core, m->arg, (enum dl_why)m->ref);
		break;
	case MSG_PONG:
		if (dl->program->pong)
			dl->program->pong(dl, e->of_core, m->conn, m->ref);
		break;
	case MSG_UDP_DATA:
		udp_data(dl, e, m);
		break;
	case MSG_UDP_SENT:
		udp_sent(dl, e, m);
		break;
	default:
		of_conn(dl, e, m);
		break;
	}
}

void
event_rx(void *arg, struct edge *edge, const struct msg *m, unsigned n)
{
	struct domain_edge *e = arg;

	(void)edge;
	if (likely(m->type == MSG_NEW_DATA)) /* each slot is a piece */
		for (unsigned i = 0; i < n; i++)
			one(e->core->user, e, &m[i]);
	else
		one(e->core->user, e, m);
}

/* door.c - (down, step 3 of 5) commands become calls. */
#include "netcore/door/door.h"

#include <errno.h>
#include <stdlib.h>

#include "dlibos/base/log.h"

/* --- who is there ---------------------------------------------------------*/

int
door_init(struct door *d, const struct door_config *c)
{
	uint32_t conns = c->conns;
	/* Each packet or copy lies in one place. */
	uint32_t nodes = c->rx_buffers + c->wholes +
		c->copies * (c->copy_buffers + c->copy_wholes);
	uint64_t at[4], bytes;

	*d = (struct door){.stack = c->stack, .cfg = *c};
	at[0] = 0;
	at[1] = at[0] + (uint64_t)conns * sizeof(struct door_conn);
	at[2] = at[1] + round_up(idpool_bytes(conns), CACHELINE);
	at[3] = at[2] +
		round_up(slab_bytes(nodes, sizeof(struct door_rx)), CACHELINE);
	bytes = at[3] + c->apps * sizeof(struct door_app);
	d->mem = aligned_alloc(CACHELINE, round_up(bytes, CACHELINE));
	if (!d->mem)
		return -ENOMEM;
	memset(d->mem, 0, bytes);
	d->conn = d->mem;
	idpool_init(&d->ids, (char *)d->mem + at[1], conns, 256);
	slab_init(
		&d->rx, (char *)d->mem + at[2], nodes, sizeof(struct door_rx));
	d->app = (struct door_app *)(void *)((char *)d->mem + at[3]);
	quota_init(&d->share[SHARE_CONNS], c->stack_conns, c->apps);
	quota_init(&d->share[SHARE_LISTENERS], DOOR_LISTENERS, c->apps);
	quota_init(&d->share[SHARE_SENDS], c->sends, c->apps);
	whole_init(&d->whole, c->whole, c->wholes);
	if (c->copies && copy_init(d)) {
		door_fini(d);
		return -ENOMEM;
	}
	d->cfg.rx_buffers += c->copies * c->copy_buffers;
	return 0;
}

void
door_fini(struct door *d)
{
	copy_fini(d);
	free(d->mem);
	d->mem = NULL;
}

void
door_app_up(struct door *d, unsigned app, struct edge *e,
	const struct part *data, unsigned domain, unsigned process)
{
	struct door_app *a = &d->app[app];

	a->edge = e;
	a->data = data;
	a->domain = domain;
	a->process = process;
	for (int i = 0; i < SHARES; i++)
		quota_join(&d->share[i], process);
}

void
door_copy_to(struct door *d, unsigned app, const struct part *p)
{
	copy_app_up(d, app, p);
}

void
door_app_down(struct door *d, unsigned app)
{
	struct door_app *a = &d->app[app];

	a->edge = NULL;
	listen_app_down(d, app);
	datagram_app_down(d, app);
	for (int i = 0; i < SHARES; i++)
		quota_leave(&d->share[i], a->process);
	if (a->pending_head)
		d->pending--;
	a->pending_head = a->pending_tail = 0;
	a->back_head = a->back_tail = 0;
	for (uint32_t i = 0; i < d->ids.fresh; i++) {
		struct door_conn *c = &d->conn[i];

		if (!c->id || c->app != app)
			continue;
		d->count.app_gone++;
		d->held -= !!(c->flags & CONN_HELD);
		c->flags &= (uint16_t) ~(CONN_LISTED | CONN_HELD | CONN_OFFER |
			CONN_CONNECTED | CONN_EOF | CONN_END);
		c->flags |= CONN_APP_GONE | CONN_TOLD_END;
		c->wait[0].bytes = c->wait[1].bytes = 0;
		conn_rx_drop(d, c);
		if (c->flags & CONN_STACK_GONE) {
			conn_try_free(d, c);
			continue;
		}
		stack_close(d->stack, c->stack, true);
	}
	copy_app_down(d, app);
}

/* --- commands -------------------------------------------------------------*/

void
door_refuse(struct door *d, unsigned app, uint64_t *why)
{
	struct edge *e = d->app[app].edge;

	++*why;
	if (++e->bads >= LIMIT_BAD)
		e->down = EDGE_BAD_MESSAGES;
}

/* The connection that a command is about, if the application may speak of
 * it. */
static struct door_conn *
named(struct door *d, unsigned app, uint32_t id)
{
	int32_t i = idpool_check(&d->ids, id);
	struct door_conn *c = &d->conn[i < 0 ? 0 : i];

	if (likely(i >= 0 && c->app == app &&
		    !(c->flags &
			    (CONN_APP_GONE | CONN_OFFER | CONN_CONNECTING |
				    CONN_CONNECTED))))
		return c;
	door_refuse(d, app,
		i < 0			? &d->count.no_conn
			: c->app != app ? &d->count.not_yours
					: &d->count.bad_state);
	return NULL;
}

static void
ping(struct door *d, unsigned app, const struct msg *m)
{
	struct msg pong = *m;

	d->count.pings++;
	pong.type = MSG_PONG;
	tell_answer(d, app, &pong);
}

static void
connect_fails(struct door *d, unsigned app, const struct msg *m, int why)
{
	struct msg failed = {
		.type = MSG_CONNECT_FAILED,
		.arg = (uint16_t)why,
		.ref = m->conn,
	};

	d->count.connect_failed++;
	tell_answer(d, app, &failed);
}

static void
connect_command(struct door *d, unsigned app, const struct msg *m)
{
	struct ip_addr ip = ip_addr_v4(msg_ip4(m));
	struct door_conn *c;
	uint8_t bytes[16];
	int rc;

	if (!d->stack) {
		d->count.no_port++;
		connect_fails(d, app, m, MSG_WHY_NO_PORT);
		return;
	}
	if (m->flags & MSGF_V6) {
		msg_get_addr6(m + 1, bytes);
		ip = ip_addr_v6(bytes);
	}
	c = conn_new(d, app, &d->app[app].over.connects);
	if (!c) {
		connect_fails(d, app, m, MSG_WHY_NO_MEMORY);
		return;
	}
	c->flags |= CONN_CONNECTING;
	c->cookie = m->conn;
	rc = stack_connect(
		d->stack, ip, msg_port(m), 0, idpool_index(c->id), &c->stack);
	if (!rc) {
		stack_set_account(d->stack, c->stack, c->process);
		return;
	}
	c->flags |= CONN_STACK_GONE | CONN_APP_GONE;
	conn_try_free(d, c);
	connect_fails(d, app, m,
		rc == -ENOSPC		    ? MSG_WHY_NO_MEMORY
			: rc == -EADDRINUSE ? MSG_WHY_IN_USE
					    : MSG_WHY_UNREACHABLE);
}

static void
recv_done(struct door *d, unsigned app, struct door_conn *c, uint64_t bytes)
{
	if (unlikely(bytes > c->unread)) {
		door_refuse(d, app, &d->count.bad_count);
		return;
	}
	conn_rx_done(d, c, (uint32_t)bytes);
	if (likely(!(c->flags & CONN_STACK_GONE)))
		stack_recv_done(d->stack, c->stack, (uint32_t)bytes);
}

static void
end_for(struct door *d, struct door_conn *c, enum msg_reason why)
{
	c->why = (uint8_t)why;
	stack_close(d->stack, c->stack, true);
}

static void
send_command(
	struct door *d, unsigned app, struct door_conn *c, const struct msg *m)
{
	const struct part *data = d->app[app].data;
	bool fin = m->flags & MSGF_FIN, more;
	int rc = 0;

	if (unlikely(c->flags & CONN_STACK_GONE)) {
		d->count.late++;
		return;
	}
	do {
		const void *p = part_at(data, msg_offset(m), msg_len(m));

		more = m->flags & MSGF_MORE;
		fin |= m->flags & MSGF_FIN;
		rc = p ? stack_send(d->stack, c->stack, p, msg_len(m))
		       : -EFAULT;
		m++;
	} while (likely(!rc) && more);
	if (unlikely(rc == -ENOBUFS || rc == -EDQUOT)) {
		if (rc == -EDQUOT)
			d->app[app].over.sends++;
		else
			d->count.sends_full++;
		end_for(d, c, MSG_WHY_NO_MEMORY);
	} else if (unlikely(rc)) { /* after a shutdown, or from nowhere */
		door_refuse(d, app, &d->count.bad_state);
	} else if (fin) {
		stack_shutdown(d->stack, c->stack);
	}
}

static void
shutdown_command(struct door *d, struct door_conn *c, const struct msg *m)
{
	if (c->flags & CONN_STACK_GONE) {
		d->count.late++;
		return;
	}
	if (m->arg & MSG_SHUT_RD)
		c->flags |= CONN_DEAF;
	if (m->arg & MSG_SHUT_WR)
		stack_shutdown(d->stack, c->stack);
}

/* All that it was handed comes back with it. Data that nobody has read makes
 * the stack reset the connection (RFC 2525, 2.17), which what it knows of and
 * did not give back does not. */
static void
close_command(struct door *d, struct door_conn *c, bool abort)
{
	uint32_t read = c->unread;

	c->flags |= CONN_APP_GONE;
	conn_rx_drop(d, c);
	if (c->flags & CONN_TOLD_END) {
		conn_try_free(d, c);
		return;
	}
	if (c->flags & CONN_STACK_GONE)
		return;		  /* its end is about to be told */
	if (c->flags & CONN_HELD) /* for the peer's end to be seen */
		stack_hold(d->stack, c->stack, false);
	if (read)
		stack_recv_done(d->stack, c->stack, read);
	stack_close(d->stack, c->stack, abort);
}

static void
option_command(struct door *d, struct door_conn *c, const struct msg *m)
{
	/* A longer one than the stack can measure is as good as this. */
	uint32_t s = m->ref < UINT16_MAX ? (uint32_t)m->ref : UINT16_MAX;

	if (c->flags & CONN_STACK_GONE)
		d->count.late++;
	else if (m->arg == MSG_OPT_NAGLE)
		stack_set_nagle(d->stack, c->stack, m->ref);
	else if (stack_set_keepalive(d->stack, c->stack, s * 1000, 75000, 9))
		door_refuse(d, c->app, &d->count.bad_state);
}

void
door_command(struct door *d, unsigned app, const struct msg *m)
{
	struct door_conn *c;

	switch (m->type) {
	case MSG_PING:
		ping(d, app, m);
		return;
	case MSG_LISTEN:
		listen_command(d, app, m);
		return;
	case MSG_UNLISTEN:
		listen_end(d, app, m);
		return;
	case MSG_CONNECT:
		connect_command(d, app, m);
		return;
	case MSG_UDP_SEND:
		datagram_send(d, app, m);
		return;
	case MSG_UDP_DONE:
		datagram_done(d, app, m->ref);
		return;
	default: /* all others name a connection */
		break;
	}
	c = named(d, app, m->conn);
	if (unlikely(!c))
		return;
	switch (m->type) {
	case MSG_RECV_DONE:
		recv_done(d, app, c, m->ref);
		break;
	case MSG_SEND:
		send_command(d, app, c, m);
		break;
	case MSG_SHUTDOWN:
		shutdown_command(d, c, m);
		break;
	case MSG_CLOSE:
		close_command(d, c, m->flags & MSGF_ABORT);
		break;
	case MSG_SET_OPTION:
		option_command(d, c, m);
		break;
	default: /* MSG_ACCEPT: it was his from the offer on */
		break;
	}
}

/* listen.c - who listens where, for connections or for datagrams. A listener
 * belongs to an application domain; each of its cores that asks for it gets its
 * share of what comes. */
#include <errno.h>

#include "netcore/door/door.h"

static void
fails(struct door *d, unsigned app, uint16_t id, enum msg_reason why)
{
	struct msg m = {.type = MSG_LISTEN_CLOSED, .arg = id, .ref = why};

	tell_answer(d, app, &m);
}

static struct door_listener *
find(struct door *d, struct ip_addr ip, uint16_t port, bool udp)
{
	for (unsigned i = 0; i < DOOR_LISTENERS; i++) {
		struct door_listener *l = &d->listener[i];

		if (l->used && l->port == port && l->udp == udp &&
			ip_addr_eq(l->ip, ip))
			return l;
	}
	return NULL;
}

static int
begin(struct door *d, unsigned app, struct ip_addr ip, uint16_t port, bool udp,
	struct door_listener **out)
{
	struct quota *share = &d->share[SHARE_LISTENERS];
	unsigned process = d->app[app].process;

	for (unsigned i = 0; i < DOOR_LISTENERS; i++) {
		struct door_listener *l = &d->listener[i];
		uint64_t name = (d->listens + 1) * DOOR_LISTENERS + i;
		int rc;

		if (l->used)
			continue;
		if (!quota_take(share, process)) {
			d->app[app].over.listens++;
			return -EDQUOT;
		}
		rc = udp ? stack_udp_bind(d->stack, ip, port, name)
			 : stack_listen(d->stack, ip, port, name);
		if (rc) {
			quota_put(share, process, 1);
			return rc;
		}
		*l = (struct door_listener){
			.ip = ip,
			.port = port,
			.used = true,
			.udp = udp,
			.name = name,
			.domain = d->app[app].domain,
			.process = process,
		};
		d->listens++;
		*out = l;
		return 0;
	}
	return -ENOSPC;
}

static struct door_sub *
sub_of(struct door_listener *l, unsigned app, uint16_t id)
{
	for (unsigned i = 0; l->used && i < l->subs; i++)
		if (l->sub[i].app == app && l->sub[i].id == id)
			return &l->sub[i];
	return NULL;
}

/* An application names its listeners itself, each once. */
static bool
knows(struct door *d, unsigned app, uint16_t id)
{
	for (unsigned i = 0; i < DOOR_LISTENERS; i++)
		if (sub_of(&d->listener[i], app, id))
			return true;
	return false;
}

static struct ip_addr
address(const struct msg *m)
{
	uint8_t bytes[16];

	if (m->flags & MSGF_V6) {
		msg_get_addr6(m + 1, bytes);
		return ip_addr_v6(bytes);
	}
	/* Any address is one of both families. */
	return msg_ip4(m) ? ip_addr_v4(msg_ip4(m)) : (struct ip_addr){0, 0};
}

void
listen_command(struct door *d, unsigned app, const struct msg *m)
{
	struct msg yes = {.type = MSG_LISTENING, .arg = m->arg};
	bool udp = m->flags & MSGF_UDP;
	struct door_listener *l;
	int rc = 0;

	if (udp && m->arg >= LIMIT_LISTENERS) {
		door_refuse(d, app, &d->count.bad_listen);
		return;
	}
	if (!d->stack) {
		d->count.no_port++;
		fails(d, app, m->arg, MSG_WHY_NO_PORT);
		return;
	}
	l = find(d, address(m), msg_port(m), udp);
	if (knows(d, app, m->arg) || (l && l->domain != d->app[app].domain))
		rc = -EADDRINUSE;
	else if (!l)
		rc = begin(d, app, address(m), msg_port(m), udp, &l);
	else if (l->subs == LIMIT_CORES)
		rc = -ENOSPC;
	if (rc) {
		d->count.listen_in_use += rc == -EADDRINUSE;
		d->count.listen_full += rc == -ENOSPC;
		fails(d, app, m->arg,
			rc == -EADDRINUSE ? MSG_WHY_IN_USE : MSG_WHY_NO_MEMORY);
		return;
	}
	l->sub[l->subs++] = (struct door_sub){(uint16_t)app, m->arg};
	if (udp)
		datagram_begin(d, app, m->arg, (unsigned)(l - d->listener));
	tell_answer(d, app, &yes);
}

static void
leave(struct door *d, struct door_listener *l, struct door_sub *s)
{
	if (l->udp)
		datagram_end(d, s->app, s->id);
	*s = l->sub[--l->subs];
	if (l->subs)
		return;
	if (l->udp)
		stack_udp_unbind(d->stack, l->port);
	else
		stack_unlisten(d->stack, l->ip, l->port);
	l->used = false;
	quota_put(&d->share[SHARE_LISTENERS], l->process, 1);
}

void
listen_end(struct door *d, unsigned app, const struct msg *m)
{
	for (unsigned i = 0; i < DOOR_LISTENERS; i++) {
		struct door_sub *s = sub_of(&d->listener[i], app, m->arg);

		if (!s)
			continue;
		leave(d, &d->listener[i], s);
		fails(d, app, m->arg, MSG_WHY_CLOSED);
		return;
	}
	door_refuse(d, app, &d->count.bad_listen);
}

void
listen_app_down(struct door *d, unsigned app)
{
	for (unsigned i = 0; i < DOOR_LISTENERS; i++) {
		struct door_listener *l = &d->listener[i];

		for (unsigned k = l->used ? l->subs : 0; k-- > 0;)
			if (l->sub[k].app == app)
				leave(d, l, &l->sub[k]);
	}
}

/* Another one, if the process of this one has its share of connections. */
static unsigned
with_room(struct door *d, const struct door_listener *l, unsigned best)
{
	const struct quota *q = &d->share[SHARE_CONNS];
	unsigned k = best;

	for (unsigned i = 0; i < l->subs; i++) {
		if (likely(quota_room(q, d->app[l->sub[k].app].process)))
			break;
		k = k + 1 < l->subs ? k + 1 : 0;
	}
	if (unlikely(k != best))
		d->app[l->sub[best].app].over.accepts++;
	return k;
}

int
listen_dispatch(struct door *d, uint64_t name, uint16_t *id)
{
	struct door_listener *l = &d->listener[name % DOOR_LISTENERS];
	unsigned best;

	/* A handshake may outlive its listener, whose place another one has. */
	if (!l->used || l->name != name)
		return -1;
	if (++l->next >= l->subs)
		l->next = 0;
	best = l->next;
	for (unsigned i = 0; d->cfg.dispatch == DOOR_LEAST_CONNS && i < l->subs;
		i++)
		if (d->app[l->sub[i].app].conns <
			d->app[l->sub[best].app].conns)
			best = i;
	best = with_room(d, l, best);
	*id = l->sub[best].id;
	return l->sub[best].app;
}

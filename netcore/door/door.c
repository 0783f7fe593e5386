/* door.c - (down, step 3 of 5) commands become calls; (up, step 4 of 8) upcalls
 * become events. */
#include "netcore/door/door.h"

static const char *const names[DOOR_REFUSALS] = {
	[DOOR_NO_CONN] = "no_conn",
	[DOOR_NO_PORT] = "no_port",
};

const char *
door_refusal_name(unsigned refusal)
{
	return refusal < DOOR_REFUSALS ? names[refusal] : "?";
}

static void
answer(struct edge *e, const struct msg *m)
{
	/* There is room for it, or the command had not been taken. */
	if (!edge_send(e, m, 1) && !e->down)
		e->down = EDGE_BAD_MESSAGES;
}

static void
ping(struct door *d, struct edge *e, const struct msg *m)
{
	struct msg pong = *m;

	d->pings++;
	pong.type = MSG_PONG;
	answer(e, &pong);
}

static void
listen_fails(struct door *d, struct edge *e, const struct msg *m)
{
	struct msg closed = {
		.type = MSG_LISTEN_CLOSED,
		.arg = m->arg,
		.ref = MSG_WHY_NO_PORT,
	};

	d->refused[DOOR_NO_PORT]++;
	answer(e, &closed);
}

static void
connect_fails(struct door *d, struct edge *e, const struct msg *m)
{
	struct msg failed = {
		.type = MSG_CONNECT_FAILED,
		.arg = MSG_WHY_NO_PORT,
		.ref = m->conn,
	};

	d->refused[DOOR_NO_PORT]++;
	answer(e, &failed);
}

void
door_command(struct door *d, struct edge *e, const struct msg *m)
{
	switch (m->type) {
	case MSG_PING:
		ping(d, e, m);
		break;
	case MSG_LISTEN:
		listen_fails(d, e, m);
		break;
	case MSG_CONNECT:
		connect_fails(d, e, m);
		break;
	default: /* all others name a connection, or a listener: none exist */
		d->refused[DOOR_NO_CONN]++;
		if (++e->bads >= LIMIT_BAD)
			e->down = EDGE_BAD_MESSAGES;
		break;
	}
}

/* conn.c - what a program may ask of a connection. */
#include "appcore/appcore.h"

void
dl_conn_set_user(struct dl_conn *c, void *user)
{
	c->user = user;
}

void *
dl_conn_user(const struct dl_conn *c)
{
	return c->user;
}

struct dl *
dl_conn_core(const struct dl_conn *c)
{
	return c->dl;
}

unsigned
dl_conn_net(const struct dl_conn *c)
{
	return c->net;
}

void
dl_conn_peer(const struct dl_conn *c, struct dl_addr *addr, uint16_t *port)
{
	*addr = c->peer;
	*port = c->port;
}

void
dl_conn_set_handler(struct dl_conn *c, const struct dl_handler *h)
{
	c->handler = h;
}

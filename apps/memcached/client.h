/* client.h - a connection on the network: what comes goes to its parser, and
 * what that answers goes out. */
#ifndef APPS_MEMCACHED_CLIENT_H
#define APPS_MEMCACHED_CLIENT_H

#include "apps/memcached/core.h"

struct client {
	struct dl_conn *conn;
	struct core *core;
	struct client *free;
	struct client *rests; /* the next one that rests */
	bool resting;
	bool eof;    /* nothing more comes */
	bool closed; /* by us */
	bool in_burst;
	struct proto proto;
};

/* For dl_listen(), with the struct core. */
extern const struct dl_handler client_handler;

/* It may be read again, and has answers to send. */
void client_resume(struct proto *proto);

/* At the end of a turn: reads what has come in it. */
void client_burst(struct core *c);

/* With a tick: those that rest in the middle of a long answer go on. */
void client_wake(struct core *c);

#endif

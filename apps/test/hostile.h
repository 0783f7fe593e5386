/* hostile.h - what a hostile application core knows, and makes up. */
#ifndef APPS_TEST_HOSTILE_H
#define APPS_TEST_HOSTILE_H

#include "dlibos/domain/domain.h"

#define HOSTILE_CONNS	  4096 /* that it remembers */
#define HOSTILE_LISTENERS 16
#define HOSTILE_UDP	  8    /* ports for datagrams, numbered behind them */
#define HOSTILE_PORT	  2000 /* the first of those where it listens */

struct hostile_conn {
	uint32_t id; /* 0: none */
	uint32_t unread;
	uint8_t shut;  /* it said that nothing follows */
	uint8_t ended; /* and waits for a close */
};

struct hostile {
	uint64_t random; /* the state of a generator */
	uint64_t bad_one_in;
	uint64_t app_bytes;
	uint64_t made; /* commands */
	struct hostile_conn conn[HOSTILE_CONNS];
	unsigned conns;
	uint64_t grams; /* datagrams that it was told of */
	uint8_t listens[HOSTILE_LISTENERS + HOSTILE_UDP];
};

void hostile_event(struct hostile *h, const struct msg *m);

/* As many commands as the edge has room for, within reason; how many. */
unsigned hostile_commands(struct hostile *h, struct edge *e);

/* Closes what is open; true when nothing is. */
bool hostile_closes(struct hostile *h, struct edge *e);

#endif

/* core_world.h - an application core, and network cores that the test acts. */
#ifndef APPCORE_TEST_CORE_WORLD_H
#define APPCORE_TEST_CORE_WORLD_H

#include "appcore/appcore.h"

#define WORLD_NETS 2
#define WORLD_RX   65536 /* bytes that each may have received */
#define WORLD_APP  65536 /* of the App partition */

struct world {
	struct domain domain;
	struct domain_core core;
	struct domain_edge edge[WORLD_NETS];
	struct edge net[WORLD_NETS]; /* their ends */
	uint8_t *rx;		     /* one for all; its bytes are random */
	struct dl dl;
	unsigned said[MSG_TYPES]; /* commands that came, by type */
	unsigned heard[WORLD_NETS];
	struct msg last[LIMIT_RUN]; /* the last of them */
	uint64_t given_back;	    /* bytes */
	bool refuse;		    /* connects are answered at once: no */
	/* The test's own. */
	unsigned closed, room;
	int again;
};

/* dl_user() is the world. */
struct world *world_open(void);
void world_close(struct world *w);

/* A connection by the listener 0, which is there already. */
void world_offer(struct world *w, unsigned net, uint32_t id);
/* Any other event. */
void world_tell(struct world *w, unsigned net, struct msg m);
/* The same with a run of n slots. */
void world_event(
	struct world *w, unsigned net, const struct msg *m, unsigned n);

#endif

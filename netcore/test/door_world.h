/* door_world.h - what tests put around a door: two application cores and a
 * stack in one thread, and a peer behind a wire that loses nothing. */
#ifndef NETCORE_TEST_DOOR_WORLD_H
#define NETCORE_TEST_DOOR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/domain/plan.h"
#include "netcore/door/door.h"
#include "netcore/stack/engine/test/host.h"

#define BUFFERS 64
#define ROOM	2048
#define WHOLES	2
#define EVENTS	256
#define PLACES	16  /* that are shared out */
#define SENDS	512 /* of the stack */

struct world {
	struct edge edge[2], net[2]; /* of two application cores */
	struct door door;
	unsigned process[2]; /* of join(); 0: as the domain */
	struct stack *server, *client;
	struct part rx, app;
	struct part copy[2]; /* of two domains, if there are copies */
	bool used[BUFFERS];
	uint64_t now;
	struct ev {
		struct msg m[LIMIT_RUN];
		unsigned n, app;
	} ev[EVENTS];
	unsigned evs, seen;
	stack_conn peer; /* the client's end, that was made last */
	uint32_t peer_got, peer_acked;
	bool peer_eof, peer_closed;
	enum stack_why peer_why;
	char peer_data[4096];
	unsigned grams; /* that the client got, and the last one: */
	struct stack_datagram gram;
	uint8_t *gram_data;
};

/* A command of an application core. */
void say(struct world *w, unsigned app, struct msg m);
void say_run(struct world *w, unsigned app, const struct msg *m, unsigned n);
/* The next event, of any core; the next one, which is that. */
const struct ev *next(struct world *w);
const struct msg *expect(struct world *w, unsigned app, unsigned type);
/* No event is left. */
void silence(struct world *w);
/* Frames are carried until there are none; the same, while time passes. */
bool carry(struct world *w, struct stack *from); /* one frame, if any */
void settle(struct world *w);
void wait_ms(struct world *w, unsigned ms);
/* An application core comes, goes. */
void join(struct world *w, unsigned app, unsigned domain);
void leave(struct world *w, unsigned app);
/* Both application cores are there: of one domain, or of two. */
struct world *open_world(bool port, bool one_domain);
/* The same; of what they receive, each domain gets so many copies at a time. */
struct world *open_copies(bool port, bool one_domain, uint32_t buffers);
void close_world(struct world *w);
/* Nothing is left of any connection. */
void all_gone(struct world *w);
/* What many tests begin with; connect_to() returns the connection. */
void listen_at(struct world *w, unsigned app, uint16_t id, uint16_t port);
uint32_t connect_to(struct world *w, unsigned app, uint16_t port);
unsigned buffers_used(const struct world *w);

#endif

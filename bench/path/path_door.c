/* path_door - a request of 64 bytes that comes, and its answer of 64, with what
 * a network core does between its stack and a program: the event, the
 * commands, the acknowledgement. A peer and both stacks are there as well; who
 * counts looks at netcore/door/ alone. */
#include "bench/path/path.h"
#include "dlibos/base/log.h"
#include "netcore/test/door_world.h"

#define BYTES 64

struct path_door {
	struct world *w;
	uint32_t id;
};

static void
request(void *arg, unsigned n)
{
	static const char text[BYTES] = "request";
	struct path_door *d = arg;
	struct world *w = d->w;

	for (unsigned i = 0; i < n; i++) {
		unsigned asked = 0;

		w->now += 10000;
		w->peer_got = 0;
		if (stack_send(w->client, w->peer, text, BYTES))
			die(EXIT_FAIL, "the client cannot ask");
		settle(w);
		while (w->seen < w->evs)
			asked += next(w)->m[0].type == MSG_NEW_DATA;
		say(w, 0,
			(struct msg){
				MSG_SEND, 0, 0, d->id, msg_data(0, BYTES)});
		say(w, 0, (struct msg){MSG_RECV_DONE, 0, 0, d->id, BYTES});
		door_turn(&w->door);
		settle(w);
		if (asked != 1 || w->peer_got != BYTES)
			die(EXIT_FAIL, "a request without its answer");
	}
}

static const struct path_work works[] = {
	{"request", request, 1},
	{NULL, NULL, 0},
};

int
main(int argc, char **argv)
{
	struct path_door d = {.w = open_world(true, true)};
	int rc;

	listen_at(d.w, 0, 5, 80);
	d.id = connect_to(d.w, 0, 80);
	rc = path_main(argc, argv, works, &d);
	close_world(d.w);
	return rc;
}

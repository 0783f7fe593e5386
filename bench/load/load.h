/* load.h - the engine of one thread: connections, who asks when, and what
 * counts. Sans-IO: a wire tells it what happens and what time it is; it has no
 * clock, and allocates at start only.
 *
 * Closed loop (rate 0): each connection has `depth` questions under way, and
 * asks anew when it is answered. Open loop: questions are due by a schedule,
 * whatever becomes of those before; the next free connection asks. Latency
 * counts from when a question was due; the schedule waits for nobody, so what
 * a server makes wait while it stands still is all in the figures.
 *
 * A run: connections are opened, some at a time; warming up; measuring; and in
 * an open loop waiting for what was due in time, until `timeout_ns` at most.
 *
 * Order of use: load_init(), load_start(), then what happens, each time with
 * the time, and load_turn() whenever it said or something happened, until
 * load_over(); load_finish(), load_fini().
 */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include <stdbool.h>

#include "bench/load/arrival.h"
#include "bench/load/proto.h"
#include "bench/load/tally.h"
#include "bench/load/wire.h"

#define LOAD_CONNS_MAX 10000 /* of one thread */
#define LOAD_DEPTH_MAX 64

struct load_conf {
	unsigned conns; /* 1 to LOAD_CONNS_MAX */
	unsigned depth; /* 1 to LOAD_DEPTH_MAX: questions under way on each */
	bool one;	/* a connection for each question; depth is 1 then */
	bool bare;	/* with `one`: connect and close, ask nothing */
	double rate;	/* a second; 0: closed loop */
	enum arrival_kind arrival;
	uint64_t seed;
	uint64_t warm_ns, run_ns, timeout_ns;
};

enum load_phase {
	LOAD_CONNECT,
	LOAD_WARM,
	LOAD_RUN,
	LOAD_DRAIN, /* open loop: nothing more becomes due */
	LOAD_OVER,
};

struct load_conn;
struct load_flight;

struct load {
	struct load_conf conf;
	const struct wire *wire;
	void *wire_arg;
	const struct proto *proto;
	void *proto_arg;

	uint64_t now, tick; /* the next look at timeouts */
	uint64_t began, end;
	uint64_t last; /* when the last answer came that counts */
	enum load_phase phase;
	struct arrival arrival;
	bool dry;	/* the protocol has no more questions */
	bool connected; /* somebody ever was */
	bool stop;	/* a wrong value: the run is over */

	struct load_conn *conn;
	struct load_flight *flight; /* depth_ring for each connection */
	uint8_t *state, *cell;
	unsigned depth_ring; /* a power of two */
	unsigned tried, opening, under_way;

	unsigned *ready; /* a ring of those that may ask */
	unsigned ready_head, ready_n, ready_mask;

	struct tally tally;
};

/* 0; -ENOMEM. The wire and the protocol must stay. */
int load_init(struct load *l, const struct load_conf *c,
	const struct wire *wire, void *wire_arg, const struct proto *proto,
	void *proto_arg);
void load_fini(struct load *l);

void load_start(struct load *l, uint64_t now);

/* Does what is due. Returns when it wants to be called again at the latest, in
 * the time of `now`. */
uint64_t load_turn(struct load *l, uint64_t now);

static inline bool
load_over(const struct load *l)
{
	return l->phase == LOAD_OVER;
}

/* What is left undone counts now; `tally` is complete after it. */
void load_finish(struct load *l, uint64_t now);

/* What happens on a connection. load_closed(): TALLY_OK is an orderly end. */
void load_connected(struct load *l, unsigned conn, uint64_t now);
void load_bytes(
	struct load *l, unsigned conn, const void *p, size_t len, uint64_t now);
void load_sent(struct load *l, unsigned conn, size_t len);
void load_room(struct load *l, unsigned conn);
void load_closed(
	struct load *l, unsigned conn, enum tally_kind why, uint64_t now);

#endif

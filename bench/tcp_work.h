/* tcp_work.h - the kinds of work that the engine is measured by. Each is done
 * in bursts on the connections of a crowd, which take turns in an order that no
 * prefetcher guesses; only the server's share is counted.
 *
 *	tcp_crowd_init(&c, 1000, 0);
 *	cycles = tcp_work_cycles(&c, tcp_work_named("rr64"), 100000);
 *	tcp_crowd_fini(&c);
 */
#ifndef BENCH_TCP_WORK_H
#define BENCH_TCP_WORK_H

#include "bench/tcp_pair.h"

#define TCP_WORK_BURST	 32   /* of one work, when there are connections */
#define TCP_WORK_SEGMENT 1460 /* bytes of a full one */

struct tcp_crowd {
	struct tcp_pair pair;
	unsigned burst; /* connections that a burst is of */
	uint32_t *order;
	unsigned at;
	uint64_t between; /* cycles that it takes to read the counter twice */
};

struct tcp_work {
	const char *name;
	const char *what;
	uint32_t reply; /* bytes of the server's answer */
	bool own;	/* makes connections of its own */
	/* Of the server in one burst: cycles, and in *n how many. */
	uint64_t (*burst)(struct tcp_crowd *c, unsigned *n);
	/* How many have come to their end ever. */
	uint64_t (*done)(const struct tcp_pair *p);
	void (*ready)(struct tcp_crowd *c); /* before it is counted; or NULL */
};

/* conns 0: a burst of what makes its own connections is as large as one among
 * many. Dies when there is no memory. */
void tcp_crowd_init(struct tcp_crowd *c, unsigned conns, unsigned how);
void tcp_crowd_fini(struct tcp_crowd *c);

/* The last one has no name. */
extern const struct tcp_work tcp_works[];
/* NULL: there is none. */
const struct tcp_work *tcp_work_named(const char *name);

/* Each connection has had its turn before, some times if they are few, when
 * these begin. They die if what was begun did not come to its end, or something
 * was lost or wrong. */

/* Of one of n; the median of slices: others want the CPU, too. */
double tcp_work_cycles(
	struct tcp_crowd *c, const struct tcp_work *w, unsigned n);
/* At least n of them, after tcp_pair_forget(). Returns how many it were. */
uint64_t tcp_work_some(
	struct tcp_crowd *c, const struct tcp_work *w, unsigned n);

#endif

/* bulk.h - one connection that always has something to send, over a path of
 * the simulator: how much arrived, and what it took. For benches and tests.
 *
 * The receiver reads at once, the sender has a megabyte queued at any time
 * beyond the receive window. Time is virtual: a job makes the same run always.
 */
#ifndef NETCORE_STACK_ENGINE_TEST_BULK_H
#define NETCORE_STACK_ENGINE_TEST_BULK_H

#include "netcore/stack/engine/test/sim.h"

struct bulk_job {
	uint64_t seed;
	struct sim_link there; /* which the data take */
	struct sim_link back;  /* which the acknowledgements take */
	uint32_t window;       /* the receiver's */
	bool reno;
	uint64_t warm_ns; /* from the first byte's arrival on: not counted */
	uint64_t run_ns;  /* what counts */
};

struct bulk_result {
	uint64_t bytes;	 /* that the program got, in order, in run_ns */
	uint64_t lost;	 /* frames with data that the link threw away */
	uint64_t frames; /* that the sender sent */
	struct stack_counters sender; /* all in run_ns */
};

#define BULK_MSS 1448 /* payload of a full segment: 1500 - 20 - 20 - 12 */

/* Aborts if the connection ends, or a byte is not what was sent. */
struct bulk_result bulk_run(const struct bulk_job *job);

#endif

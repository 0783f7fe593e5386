/* edge.h - one core's end of the channel to another core: two FIFOs, the
 * parking place, the bells. Owned by one thread.
 *
 * Order of use in a turn of the loop: edge_serve() hands what came to the
 * handler, edge_send() from wherever, edge_flush() once. hub.h does it for all
 * edges of a core, and sleeps.
 *
 * Backends: with shared memory a message lies in a ring until the other side's
 * turn; with direct calls (edge_join_direct, both ends in one thread) it is
 * the handler's call. The functions are the same.
 *
 * Without credit a message is parked in private memory and retried at each
 * flush, while the core goes on serving its inbox: nobody ever waits for a
 * FIFO, hence no cycle of waiting cores. Parking is bounded; edge_send() says
 * no when it is full, and a caller that cannot bear a no asks edge_room()
 * before it takes work that will have to be answered. The application side
 * always consumes, so the network side's answers always drain.
 */
#ifndef NOC_EDGE_H
#define NOC_EDGE_H

#include "noc/fifo.h"

struct edge;

/* A run that passed msg_check(), in private memory: n slots. */
typedef void edge_handler(
	void *arg, struct edge *e, const struct msg *m, unsigned n);

/* Wakes the other side's core, in place of a bell. */
typedef void edge_ring(void *arg);

/* What one side shows to the other: a page, then the slots that it fills.
 * The lines are apart because they are read at different times. */
struct edge_page {
	uint32_t taken PAIR_ALIGNED;  /* of the ring that we consume */
	uint32_t asleep PAIR_ALIGNED; /* enum edge_sleep and an episode */
} __attribute__((aligned(4096)));

enum edge_sleep {
	EDGE_ASLEEP = 1,
	EDGE_WANTS_CREDIT = 2, /* and has messages parked */
	EDGE_EPISODE = 4,      /* one more each time */
};

/* Counters; they may lie where tools can read them. */
struct edge_count {
	uint64_t sent; /* messages written to the ring or delivered */
	uint64_t received;
	uint64_t parked;     /* messages that had to wait for credit */
	uint64_t refused;    /* runs for which not even parking was left */
	uint64_t rings;	     /* doorbells */
	uint64_t high_water; /* most messages seen under way */
	uint64_t bad[MSG_BADS];
};

/* Why an edge went down. */
enum edge_down {
	EDGE_UP,
	EDGE_PEER_GONE,
	EDGE_BAD_MESSAGES, /* LIMIT_BAD of them */
	EDGE_BAD_INDEX,	   /* the consumer's index went where it cannot */
};

struct edge_config {
	void *own;	  /* edge_bytes(slots), written by us, zero */
	const void *peer; /* the same, written by the other side */
	uint32_t slots;
	enum msg_way in;   /* what we receive */
	uint64_t in_bytes; /* the partition that its data lies in */
	int bell_in;	   /* read end, -1 without; closed by edge_fini() */
	int bell_out;	   /* write end, likewise */
	edge_ring *ring;   /* of one process: called for bell_out; or NULL */
	void *ring_arg;
	bool own_fence;		  /* both sides do: no heavy one (cpu.h) */
	struct edge_count *count; /* NULL: private ones */
	edge_handler *handler;
	void *arg;
};

struct edge {
	struct fifo_tx tx;
	uint32_t parked; /* messages in the parking place */
	bool wrote;	 /* messages since the last flush */
	bool own_fence;
	uint8_t down;  /* enum edge_down */
	bool busy;     /* direct: our side is on the call stack */
	uint32_t rung; /* the sleep that we rang for already */
	const struct edge_page *peer;

	struct fifo_rx rx CACHELINE_ALIGNED;
	uint32_t in; /* enum msg_way */
	uint32_t bads;
	uint64_t in_bytes;
	edge_handler *handler;
	void *arg;

	struct edge_count *count CACHELINE_ALIGNED;
	struct edge_page *own;
	struct edge *direct; /* the other end, for direct calls */
	struct msg *park;
	uint32_t park_head, park_tail;
	int bell_in, bell_out;
	edge_ring *ring;
	void *ring_arg;
	struct edge_count counters;
};

/* The size of one side's page and slots. */
static inline uint64_t
edge_bytes(uint32_t slots)
{
	return sizeof(struct edge_page) +
		round_up((uint64_t)slots * sizeof(struct msg), 4096);
}

/* 0 or -ENOMEM. */
int edge_init(struct edge *e, const struct edge_config *c);
void edge_fini(struct edge *e);

/* Makes two ends of one thread call each other. Of the config only `in`,
 * handler, arg and count matter. */
int edge_init_direct(struct edge *e, const struct edge_config *c);
void edge_join_direct(struct edge *a, struct edge *b);

/* Hands up to max messages to the handler (whole runs; at least one if there
 * is one). Returns how many. */
unsigned edge_serve(struct edge *e, unsigned max);

bool edge_send_slow(struct edge *e, const struct msg *m, unsigned n);

/* Sends a run of n slots, n <= LIMIT_RUN. False: neither credit nor parking
 * left, nothing was sent. */
static inline bool
edge_send(struct edge *e, const struct msg *m, unsigned n)
{
	if (unlikely(e->parked || fifo_room(&e->tx) < n))
		return edge_send_slow(e, m, n);
	fifo_put(&e->tx, m, n);
	e->wrote = true;
	e->count->sent += n;
	return true;
}

/* Messages that edge_send() will certainly take. */
static inline uint32_t
edge_room(const struct edge *e)
{
	return LIMIT_PARK - e->parked;
}

/* Retries what is parked, gives credit back, rings. Once a turn. */
void edge_flush(struct edge *e);

/* For the sleeper (hub.c): says so on our page; takes it back; whether there
 * is anything to do after all. And whether the other side is one. */
void edge_fall_asleep(struct edge *e);
bool edge_peer_sleeps(const struct edge *e); /* and is not being woken */
void edge_wake(struct edge *e);
bool edge_pending(const struct edge *e);

const char *edge_down_name(unsigned down);

#endif

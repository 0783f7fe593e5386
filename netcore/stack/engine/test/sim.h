/* sim.h - two engines, joined by links with seeded faults, under virtual time.
 * One seed makes one run: all that happens is folded into a trace hash. */
#ifndef NETCORE_STACK_ENGINE_TEST_SIM_H
#define NETCORE_STACK_ENGINE_TEST_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "netcore/stack/stack.h"

/* Faults of a direction, in parts per million where it says so. */
struct sim_link {
	uint64_t delay_ns;
	uint64_t jitter_ns;  /* uniform, may reorder */
	uint64_t bits_per_s; /* 0: no limit */
	uint32_t queue;	     /* frames; 0: 1000 */
	uint32_t mark;	     /* from so many on, what is ECT; 0: nothing */
	uint32_t loss, reorder, duplicate, corrupt;
};

struct sim_node;
struct sim;

/* What programs on a node do; all may be NULL. */
struct sim_program {
	void (*accepted)(struct sim_node *n, stack_conn c);
	void (*connected)(struct sim_node *n, stack_conn c);
	void (*data)(struct sim_node *n, stack_conn c, const uint8_t *p,
		uint32_t len);
	void (*acked)(struct sim_node *n, stack_conn c, uint32_t bytes);
	void (*remote_closed)(struct sim_node *n, stack_conn c);
	void (*closed)(struct sim_node *n, stack_conn c, enum stack_why why);
};

struct sim_node {
	struct sim *sim;
	int index;
	struct stack *stack;
	struct stack_config cfg;
	const struct sim_program *program;
	void *user;
	struct sim_link out; /* the link that it sends on */
	uint64_t busy_until; /* of that link */
	uint32_t queued;
	uint64_t frames, bytes, lost, marked, buffers;
};

#define SIM_EVENTS 65536

struct sim_event {
	uint64_t at, order;
	int node;
	uint32_t len;
	uint8_t *frame;
	bool left; /* it leaves the queue of a sender, nothing arrives */
};

struct sim {
	uint64_t now;
	uint64_t seed;
	uint64_t hash;
	uint64_t order;
	struct sim_node node[2];
	struct sim_event heap[SIM_EVENTS];
	unsigned events;
	/* Sees each frame as it is sent; true: throw it away. */
	bool (*tap)(
		struct sim *s, int from, const uint8_t *frame, uint32_t len);
	void *tap_user;
};

struct sim *sim_new(uint64_t seed, const struct stack_config *cfg,
	const struct sim_link *link);
void sim_free(struct sim *s);

/* One event. False: nothing will happen any more, or time is over. */
bool sim_step(struct sim *s, uint64_t until);
void sim_run(struct sim *s, uint64_t until);
/* Lets node i send what it has; after calls from outside of an event. */
void sim_poll(struct sim *s, int i);
uint64_t sim_random(struct sim *s);
struct ip_addr sim_ip(int node);
struct ip_addr sim_ip6(int node); /* if the configuration has ip6_bits */
/* A configuration to begin with. */
struct stack_config sim_config(void);

#endif

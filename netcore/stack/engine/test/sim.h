/* sim.h - up to 64 engines under virtual time, joined by a switch; each has a
 * link of its own in either direction, with seeded faults, and a device that
 * may do some of its work. One seed makes one run: all that happens is folded
 * into a hash.
 *
 *	struct sim *s = sim_net(seed, 3);
 *
 *	sim_boot(s, 0, &cfg);		... and the others
 *	s->node[0].out = (struct sim_link){.delay_ns = 1000};
 *	s->node[0].program = &program;
 *	... calls of the program ...
 *	sim_poll(s, 0);
 *	sim_run(s, until);
 *	sim_free(s);
 *
 * sim_new() is that for two nodes with the same configuration and link.
 */
#ifndef NETCORE_STACK_ENGINE_TEST_SIM_H
#define NETCORE_STACK_ENGINE_TEST_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "netcore/stack/stack.h"

#define SIM_NODES 64
#define SIM_RX	  64 /* frames that a device hands over at a time */

/* Faults of a direction, in parts per million of frames where no unit is said.
 * All of them 0: a frame is at the other end at once. */
struct sim_link {
	uint64_t delay_ns;
	uint64_t jitter_ns;  /* uniform, may reorder */
	uint64_t bits_per_s; /* 0: no limit */
	uint32_t queue;	     /* frames; 0: 1000 */
	uint32_t mark;	     /* from so many on, what is ECT; 0: nothing */
	uint32_t mtu;	     /* larger packets are lost in silence; 0: none */
	uint32_t loss, reorder, duplicate;
	uint32_t corrupt; /* a bit or more of a byte; not of ARP, which has no
			   * checksum */
	uint32_t replay;  /* comes once more, up to replay_ns later */
	uint64_t replay_ns;
	uint32_t split; /* TCP: in two or more, as some box on the way would */
	uint32_t part;	/* TCP: some of it comes ahead of the whole, too */
	/* The second state of Gilbert and Elliott: calm_ns apart and burst_ns
	 * long, on the average. calm_ns 0: there is none. */
	uint64_t calm_ns, burst_ns;
	uint32_t burst_loss;
};

/* What the device does on the way in; on the way out it does what the engine's
 * configuration says (tx_cksum, tso). */
struct sim_dev {
	bool cksum;	  /* says of which frames checksums are right */
	bool lro;	  /* joins segments that follow each other */
	uint64_t wait_ns; /* hands over so long after the first of a burst */
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

enum sim_way {
	SIM_OUT, /* from the node to the switch */
	SIM_IN,
};

/* Where a link stands. */
struct sim_wire {
	uint64_t busy_until;
	uint64_t state_until; /* calm or burst */
	uint32_t queued;
	bool burst;
};

struct sim_node {
	struct sim *sim;
	int index;
	struct stack *stack;
	struct stack_config cfg;
	const struct sim_program *program;
	void *user;
	struct sim_link out, in;
	struct sim_dev dev;
	uint64_t frames, bytes; /* sent */
	uint64_t lost;		/* of these, on its own link */
	uint64_t missed;	/* of what came for it, on its own link */
	uint64_t marked;	/* on either of its links */
	uint64_t oversized;	/* larger than its MTU */
	uint64_t merged, cut;	/* by the device: frames less, and more */
	uint64_t buffers;	/* that the engine or the program has */

	/* the simulator's own */
	struct sim_wire wire[2];
	struct stack_rx_frame rx[SIM_RX];
	unsigned rx_n;
	uint64_t deadline;
};

struct sim {
	uint64_t now;
	uint64_t seed;
	uint64_t hash;
	struct sim_node *node;
	unsigned nodes;
	uint64_t acted; /* whose engine was at work in the last step: bits */
	/* What no device could send; the first. */
	const char *bad;
	/* Sees each frame as it goes over the wire; true: throw it away. */
	bool (*tap)(
		struct sim *s, int from, const uint8_t *frame, uint32_t len);
	/* Sees each frame that reaches a device. */
	void (*seen)(struct sim *s, int to, const uint8_t *frame, uint32_t len);
	void *tap_user;
	FILE *log; /* NULL: nothing is told */

	struct sim_event *heap;
	unsigned events, room;
	uint64_t order;
};

/* --- making ---------------------------------------------------------------*/

/* n nodes without an engine. */
struct sim *sim_net(uint64_t seed, unsigned n);
/* The engine of node i; cfg's addresses, MAC and secret are filled in. */
void sim_boot(struct sim *s, unsigned i, const struct stack_config *cfg);
struct sim *sim_new(uint64_t seed, const struct stack_config *cfg,
	const struct sim_link *link);
void sim_free(struct sim *s);

/* A configuration to begin with. */
struct stack_config sim_config(void);
struct ip_addr sim_ip(int node);
struct ip_addr sim_ip6(int node); /* if the configuration has ip6_bits */

/* --- running --------------------------------------------------------------*/

/* One event. False: nothing will happen any more, or time is over. */
bool sim_step(struct sim *s, uint64_t until);
void sim_run(struct sim *s, uint64_t until);
/* Lets node i send what it has; after calls from outside of an event. */
void sim_poll(struct sim *s, int i);
/* f(node, arg) after ns; then the node is polled. */
void sim_after(struct sim_node *n, uint64_t ns,
	void (*f)(struct sim_node *n, void *arg), void *arg);
/* A frame that nobody sent reaches node's device; none may wait there for the
 * engine. In an event of the node's. */
void sim_forge(struct sim_node *n, const uint8_t *frame, uint32_t len);
uint64_t sim_random(struct sim *s);
/* As printf(), with time and node, if there is a log. */
void sim_say(const struct sim_node *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

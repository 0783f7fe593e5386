/* own.h - what the files of the simulator share.
 *
 *	sim.c	  nodes, time		queue.c	events in order
 *	wire.c	  links, the switch	dev.c	what a device does
 *	port.c	  a node's device	say.c	what happens, as text
 */
#ifndef NETCORE_STACK_ENGINE_TEST_SIM_OWN_H
#define NETCORE_STACK_ENGINE_TEST_SIM_OWN_H

#include "netcore/stack/engine/test/sim.h"

#define SIM_FRAME 66000 /* bytes: 64 KiB and headers */

enum sim_what {
	SIM_LEFT,   /* a frame leaves the queue of node's link, `way` */
	SIM_SWITCH, /* a frame of node's reaches the switch */
	SIM_ARRIVE, /* a frame reaches node's device */
	SIM_HAND,   /* node's device hands over */
	SIM_CALL,   /* f(node, arg) */
};

struct sim_event {
	uint64_t at, order;
	uint8_t what; /* enum sim_what */
	uint8_t way;
	uint16_t node;
	uint32_t len;
	union {
		uint8_t *frame;
		void *arg;
	};
	void (*f)(struct sim_node *n, void *arg);
};

/* queue.c: by time, then by order of making. */
void queue_push(struct sim *s, struct sim_event e);
struct sim_event queue_pop(struct sim *s);

/* wire.c. The frame is the callee's. */
void wire_send(struct sim_node *n, uint8_t *frame, uint32_t len);
void wire_switch(struct sim *s, const struct sim_event *e);

/* port.c */
void port_arrive(struct sim_node *n, uint8_t *frame, uint32_t len);
void port_hand(struct sim_node *n);
void port_drain(struct sim_node *n); /* the engine's frames to the wire */

/* say.c */
void say_frame(const struct sim_node *n, const char *what, const uint8_t *p,
	uint32_t len);

static inline void
sim_fold(struct sim *s, uint64_t v)
{
	s->hash = (s->hash ^ v) * 0x100000001b3;
	s->hash ^= s->hash >> 29;
}

static inline bool
sim_chance(struct sim *s, uint32_t ppm)
{
	return ppm && sim_random(s) % 1000000 < ppm;
}

#endif

/* plain.h - the plain case: TCP on a connection in good health, the
 * next bytes in order and the next acknowledgement in, a segment's worth out
 * (header prediction). Nothing is done here that in.c, ack.c and out.c would
 * not do with the same frame; what is not plain is left to them, and they can
 * do without this. */
#ifndef NETCORE_STACK_ENGINE_PLAIN_H
#define NETCORE_STACK_ENGINE_PLAIN_H

#include "netcore/stack/engine/engine.h"

/* Who has one of these needs a closer look. */
#define PLAIN_TROUBLE                                                     \
	(TCB_ODD | TCB_SYN_DUE | TCB_RECOVERY | TCB_LOSS | TCB_RESIZE |   \
		TCB_TLP_OUT | TCB_DSACK | TCB_FIN_QUEUED | TCB_ORPHAN |   \
		TCB_ALIVE_DUE | TCB_ALIVE_OUT | TCB_FAR | TCB_FIN_EARLY | \
		TCB_ECN | TCB_HELD)

#define PLAIN_BURST 32

/* A burst of frames, in stages: what the next stage reads is on its way while
 * this one works. What is not plain goes to ip_in(). */
void plain_burst(struct stack *s, struct stack_rx_frame *f, unsigned n);

/* A frame of ip_in_tcp4(), which it is for if it has nothing to do with how a
 * connection is made or ends, or something is odd. */
void plain_turn(struct stack *s, struct stack_rx_frame *f, uint32_t len,
	uint32_t hash, uint32_t index);

/* A frame of each connection that has something to send, up to max; what is not
 * plain is out_frame()'s. */
unsigned plain_out(struct stack *s, struct stack_tx_frame *f, unsigned max);

#endif

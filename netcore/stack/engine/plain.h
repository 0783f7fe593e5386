/* plain.h - the plain case: TCP over IPv4 on a connection in good health, the
 * next bytes in order and the next acknowledgement in, a segment's worth out
 * (header prediction). Nothing is done here that in.c, ack.c and out.c would
 * not do with the same frame; what is not plain is left to them, and they can
 * do without this. */
#ifndef NETCORE_STACK_ENGINE_PLAIN_H
#define NETCORE_STACK_ENGINE_PLAIN_H

#include "netcore/stack/engine/engine.h"

/* Who has one of these needs a closer look. */
#define PLAIN_TROUBLE                                                       \
	(TCB_SYN_DUE | TCB_RECOVERY | TCB_LOSS | TCB_RESIZE | TCB_TLP_OUT | \
		TCB_DSACK | TCB_FIN_QUEUED | TCB_ORPHAN)

#define PLAIN_BURST 32

/* Whose a frame may be, without having looked at the connection. */
struct plain_rx {
	uint64_t ports, addr; /* the first two words of a flow_key */
	uint32_t hash;	      /* 0: it is not plain */
	uint16_t len;	      /* of the IP packet */
};

/* Looks at a frame alone, and asks the memory for its connection's bucket. */
void plain_parse(const struct stack *s, const struct stack_rx_frame *f,
	struct plain_rx *p);

/* Asks for the connection; and then for what it refers to. */
void plain_fetch(const struct stack *s, const struct plain_rx *p);
void plain_fetch_more(const struct stack *s, const struct plain_rx *p);

/* True: the frame was dealt with. False: it is for ip_in(), whole. */
bool plain_in(
	struct stack *s, struct stack_rx_frame *f, const struct plain_rx *p);

/* True: f is made, and nothing waits any more. False: it is for out_frame(). */
bool plain_out(struct stack *s, struct tcb *c, struct stack_tx_frame *f);

#endif

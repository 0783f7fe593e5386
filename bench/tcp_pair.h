/* tcp_pair.h - two TCP engines in one thread, a server and a client, that hand
 * each other frames without a wire; time is what the caller says it is.
 *
 * The server's work is done in tcp_pair_serve() and tcp_pair_take() alone, so
 * that a profiler can be told to look at these and at nothing else.
 */
#ifndef BENCH_TCP_PAIR_H
#define BENCH_TCP_PAIR_H

#include "netcore/stack/stack.h"

#define TCP_PAIR_BURST 64	  /* frames at most that go over at once */
#define TCP_PAIR_FRAME 1664	  /* bytes from one to the next */
#define TCP_PAIR_MTU   1512	  /* payload of 1460 beside the timestamps */
#define TCP_PAIR_STEP  10000u	  /* ns that pass in a turn */
#define TCP_PAIR_BULK  (1u << 18) /* bytes that are sent over and over */

struct tcp_end {
	struct stack *s;
	struct stack_ops ops;
	size_t bytes;
	unsigned rx_n, tx_n;
	struct stack_rx_frame rx[TCP_PAIR_BURST];
	struct stack_tx_frame tx[TCP_PAIR_BURST];
	uint8_t *frame; /* what tx refers to */
};

struct tcp_pair {
	struct tcp_end server, client;
	uint64_t now;
	bool closes;  /* the client: after the first answer */
	bool streams; /* the server: whenever it was acknowledged */
	unsigned conns, connected;
	stack_conn *conn;  /* the client's */
	stack_conn stream; /* the connection that the server accepted last */
	uint64_t answers, closed, acked;
	uint8_t *bulk;
};

/* Dies when there is no memory. */
void tcp_pair_init(struct tcp_pair *p, unsigned conns);
void tcp_pair_fini(struct tcp_pair *p);

/* Makes all `conns` connections. */
void tcp_pair_open(struct tcp_pair *p);

/* The client begins n connections, each with a request and an end. */
void tcp_pair_visit(struct tcp_pair *p, unsigned n);

/* A request of 64 bytes on the client's connection i. */
void tcp_pair_request(struct tcp_pair *p, unsigned i);

/* The client takes what came, sends what it has, and the server gets it. Also
 * lets TCP_PAIR_STEP pass. Returns how many frames that were. */
unsigned tcp_pair_client(struct tcp_pair *p);

/* Turns of both until none has anything to send. */
void tcp_pair_settle(struct tcp_pair *p);

/* The server takes what came, and its upcalls answer it; then it sends. */
void tcp_pair_serve(struct tcp_pair *p);

/* The two halves of it. */
void tcp_pair_take(struct tcp_pair *p);
void tcp_pair_give(struct tcp_pair *p);

/* The client takes what the server gave, by two frames, and acknowledges. The
 * payload is not looked at. */
void tcp_pair_sink(struct tcp_pair *p);

#endif

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

/* What the client does on the connections of tcp_pair_visit(). */
enum tcp_visit {
	TCP_VISIT_NONE,	   /* there are none */
	TCP_VISIT_ACCEPT,  /* ends it when it is connected */
	TCP_VISIT_REQUEST, /* asks first, and ends it after the answer */
};

/* What is not as usual, OR. */
enum tcp_pair_how {
	TCP_PAIR_OFFLOAD = 1, /* the devices complete and verify checksums */
	TCP_PAIR_SIX = 2,     /* over IPv6 */
};

struct tcp_pair {
	struct tcp_end server, client;
	uint64_t now;
	unsigned how;
	bool streams;	/* the server: whenever it was acknowledged */
	uint32_t reply; /* bytes of the server's answer; 0: it only reads */
	unsigned conns, connected;
	stack_conn *conn;   /* the client's */
	stack_conn *served; /* the server's ends of them */
	enum tcp_visit visit;
	uint64_t received; /* bytes that the server was handed */
	uint64_t acked;	   /* bytes that it sent, and the client has */
	uint64_t answers, closed;
	uint8_t *bulk;
};

/* The answer to a request has 64 bytes. Dies when there is no memory. */
void tcp_pair_init(struct tcp_pair *p, unsigned conns, unsigned how);
void tcp_pair_fini(struct tcp_pair *p);

/* Makes all `conns` connections. */
void tcp_pair_open(struct tcp_pair *p);

/* The client begins n connections. No visit may be under way when the
 * connections of tcp_pair_open() are used, nor the other way round. */
void tcp_pair_visit(struct tcp_pair *p, unsigned n, enum tcp_visit what);

/* So many bytes on connection i, TCP_PAIR_BULK at most: from the client, or
 * from the server. */
void tcp_pair_ask(struct tcp_pair *p, unsigned i, uint32_t bytes);
void tcp_pair_tell(struct tcp_pair *p, unsigned i, uint32_t bytes);

/* The client takes what came, sends what it has, and the server gets it. Also
 * lets TCP_PAIR_STEP pass. Returns how many frames that were. */
unsigned tcp_pair_client(struct tcp_pair *p);

/* Turns of both until none has anything to send. */
void tcp_pair_settle(struct tcp_pair *p);

/* Turns until no timer of what was done is left. No visit is under way any
 * more. */
void tcp_pair_rest(struct tcp_pair *p);

/* The server takes what came, and its upcalls answer it; then it sends. */
void tcp_pair_serve(struct tcp_pair *p);

/* The two halves of it. Of frames `most` at most, up to TCP_PAIR_BURST. */
void tcp_pair_take(struct tcp_pair *p);
void tcp_pair_give(struct tcp_pair *p, unsigned most);

/* The client takes what the server gave, by two frames, and acknowledges. The
 * payload is not looked at. */
void tcp_pair_sink(struct tcp_pair *p);

/* All counts are 0 again. A profiler forgets what it has seen by then, too. */
void tcp_pair_forget(struct tcp_pair *p);

/* What did not go as it should where nothing is lost, as text; or NULL. */
const char *tcp_pair_wrong(const struct tcp_pair *p);

#endif

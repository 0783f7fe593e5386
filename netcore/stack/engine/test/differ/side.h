/* side.h - one of the two that are compared: an engine, or the kernel; what its
 * peer knows of it, and what was seen of it in a step.
 *
 *	side_begin(d, plan, n)	a connection of its own, numbered n
 *	side_step(d, step)	carries a step out, and fills d->seen
 *	side_end(d)		leaves nothing of it behind
 */
#ifndef NETCORE_STACK_ENGINE_TEST_DIFFER_SIDE_H
#define NETCORE_STACK_ENGINE_TEST_DIFFER_SIDE_H

#include "netcore/stack/engine/test/differ/plan.h"
#include "netcore/stack/wire/tcp.h"

#define SIDE_IP	  0x0a4d0001u
#define SIDE_PEER 0x0a4d0002u
#define SIDE_MTU  1500
#define SIDE_ROOM (SIDE_MTU + 14) /* bytes of a frame */

extern const uint8_t side_mac[6], side_peer_mac[6];

/* Both ways the byte number n is side_bytes[n % SIDE_PATTERN]; as much again
 * follows, so that a run of them is contiguous. */
#define SIDE_PATTERN 65536u
extern uint8_t side_bytes[2 * SIDE_PATTERN];

/* RFC 9293's. LISTEN is nobody's: a listener is not the connection. */
enum side_state {
	SIDE_NONE,
	SIDE_SYN_SENT,
	SIDE_SYN_RCVD,
	SIDE_ESTAB,
	SIDE_CLOSE_WAIT,
	SIDE_FIN_WAIT1,
	SIDE_FIN_WAIT2,
	SIDE_CLOSING,
	SIDE_LAST_ACK,
	SIDE_TIME_WAIT,
	SIDE_STATES
};

/* What the program was told of the end. */
enum side_why {
	SIDE_OPEN,
	SIDE_CLOSED,
	SIDE_RESET,
	SIDE_REFUSED,
	SIDE_UNREACHABLE,
	SIDE_OTHER,
	SIDE_WHYS
};

extern const char *const side_state_name[SIDE_STATES];
extern const char *const side_why_name[SIDE_WHYS];

struct side_seen {
	enum side_state state;
	enum side_why why;
	/* frames of this step */
	unsigned resets, syns, acks, data, fins;
	bool reset_acks;
	uint32_t reset_seq, reset_ack; /* of the first, relative */
	/* relative, so far */
	uint32_t acked, delivered;
	bool shut;    /* the window that it gave last */
	uint32_t top; /* one after all that it has sent */
	bool eof;
	int result; /* of the call: bytes, 0, or -1 */

	/* Of the engine alone: for the rules, not to be compared. */
	uint32_t una, rcv_nxt, rcv_wnd, snd_wnd, max_wnd, ts_recent;
	bool ts;
};

/* The segment that the peer sent last. */
struct side_segment {
	uint32_t seq, end, ack; /* relative; end with SYN and FIN */
	uint32_t len, ts, echo;
};

struct side;

struct side_ops {
	const char *name;
	int (*begin)(struct side *d);
	void (*frame)(struct side *d, const uint8_t *p, uint32_t len);
	void (*call)(struct side *d, const struct step *s);
	void (*wait)(struct side *d, unsigned ms);
	/* Fills state and why, and wscale if it can be known. */
	void (*look)(struct side *d);
	void (*end)(struct side *d);
};

struct side {
	const struct side_ops *ops;
	void *own;
	const struct plan *plan;
	uint16_t port, peer_port;
	uint32_t clock; /* ms of the peer's */

	/* what the peer knows */
	bool syn_seen;
	uint32_t iss, top; /* top: one after all that was seen */
	uint32_t acked;	   /* relative to plan->isn */
	uint32_t best;	   /* relative right edge */
	bool best_known;
	uint16_t window;     /* as in the last header */
	bool window_syn;     /* which was a SYN's */
	uint8_t wscale;	     /* that it applies */
	uint32_t ts, syn_ts; /* of the last, of its SYN */
	uint32_t first;	     /* relative number of the first byte */
	uint32_t syn;	     /* of the last SYN that it sent */
	bool answered;	     /* an ACK came */
	/* A window is as large as each side likes: what filled it does not
	 * count, of what was read neither. */
	uint32_t filled, filled_to, filled_read, acked_filled;
	bool fin_given;
	uint32_t fin_end, text_end; /* the lowest FIN's, the highest text's */

	/* what the program knows */
	bool accepted, gone;
	uint32_t written, delivered;
	bool eof;

	struct side_seen seen;
	struct side_segment given;
	char bad[80]; /* what no side may do; empty if all is well */
};

int side_begin(struct side *d, const struct plan *p, uint32_t number);
void side_step(struct side *d, const struct step *s);
void side_end(struct side *d);

/* For the sides: a frame went out; bytes were given to the program. */
void side_sent(struct side *d, const uint8_t *p, uint32_t len);
void side_got(struct side *d, const uint8_t *p, uint32_t len);
/* The relative right edge, as the peer knows it. */
uint32_t side_edge(struct side *d);

/* Both are made once. NULL, and says why, if it cannot be. */
struct side *side_engine(void);
struct side *side_kernel(void);
void side_print(FILE *f, const struct side *d);

#endif

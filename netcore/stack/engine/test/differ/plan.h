/* plan.h - what happens to one connection: a seeded list of segments of a peer
 * and calls of a program. It knows neither implementation: numbers are relative
 * to what the peer has seen of the other side, so that the same plan can be
 * carried out against both. */
#ifndef NETCORE_STACK_ENGINE_TEST_DIFFER_PLAN_H
#define NETCORE_STACK_ENGINE_TEST_DIFFER_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PLAN_STEPS  48
#define PLAN_BLOCKS 3

enum step_kind {
	STEP_SEG,
	STEP_FILL, /* bytes in order until the window is shut */
	STEP_ICMP,
	STEP_WRITE,
	STEP_READ,
	STEP_SHUT,
	STEP_CLOSE,
	STEP_ABORT,
	STEP_KINDS
};

/* What a sequence number is relative to. */
enum step_seq {
	SEQ_ACKED, /* what the other side has acknowledged: the peer's next */
	SEQ_ISN,   /* the peer's SYN */
	SEQ_EDGE,  /* the right edge that it was given */
	SEQ_BASES
};

/* ... an acknowledgement, and the blocks of a SACK. */
enum step_ack {
	ACK_TOP, /* all that was seen of the other side */
	ACK_ISS, /* its SYN */
	ACK_BASES
};

/* The echo in a timestamp. */
enum step_echo { ECHO_LAST, ECHO_ZERO, ECHO_FUTURE, ECHO_KINDS };

struct step_block {
	uint32_t from, to;
};

struct step {
	uint8_t kind;  /* enum step_kind */
	uint8_t wait;  /* ms before it */
	uint8_t flags; /* enum wire_tcp_flag */
	uint8_t opts;  /* enum wire_tcp_opt */
	uint8_t seq_base, ack_base, echo;
	uint8_t wscale;
	uint8_t blocks;
	uint8_t code; /* of the ICMP error; seq, ack_base: what it quotes */
	uint16_t mss, window, urgent;
	uint32_t len; /* of data; of a write or a read */
	uint32_t seq, ack;
	uint32_t ts; /* from the peer's clock, a ms a step */
	struct step_block block[PLAN_BLOCKS];
};

struct plan {
	uint64_t seed;
	bool active;	/* the program connects */
	bool no_listen; /* there is nobody */
	uint32_t isn;	/* the peer's */
	uint32_t ts;	/* its clock at first */
	unsigned steps;
	struct step step[PLAN_STEPS];
};

void plan_make(struct plan *p, uint64_t seed);
void plan_drop(struct plan *p, unsigned i);
/* One line, without its end. */
void plan_print(FILE *f, const struct step *s);

#endif

/* echo_ask.h - the echo protocol (RFC 862) as a protocol of the engine:
 * messages of one length go there, and have to come back as they were. */
#ifndef BENCH_LOAD_ECHO_ASK_H
#define BENCH_LOAD_ECHO_ASK_H

#include <stdbool.h>

#include "bench/load/proto.h"

#define ECHO_MAX    (1u << 20) /* bytes of a message */
#define ECHO_SHIFTS 4096       /* places where it may begin in the pattern */

struct echo_asker {
	const uint8_t *pattern;
	uint32_t size; /* 1 to ECHO_MAX */
	uint32_t next; /* counts messages */
	/* The first byte that was another one. */
	bool wrong;
	uint32_t at;
	uint8_t expected, got;
};

extern const struct proto echo_proto;

/* 0; -ENOMEM. */
int echo_asker_init(struct echo_asker *a, uint32_t size,
	const struct wire *wire, void *wire_arg);

#endif

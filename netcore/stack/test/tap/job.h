/* job.h - what the two ends do: `conns` connections, on each of which either
 * end sends `bytes[]` of a pattern that the other one verifies by offset. */
#ifndef NETCORE_STACK_TEST_TAP_JOB_H
#define NETCORE_STACK_TEST_TAP_JOB_H

#include <stdbool.h>
#include <stdint.h>

enum job_end { JOB_ENGINE, JOB_KERNEL };

struct job {
	uint32_t conns;
	uint64_t bytes[2];    /* a connection, by sending end */
	enum job_end connect; /* who does */
	bool half_close;      /* the accepting end answers after the FIN only */
	bool ip6;
};

#define JOB_PORT    7007
#define JOB_ENGINE4 0x0a090001u /* 10.9.0.1 */
#define JOB_KERNEL4 0x0a090002u
#define JOB_NET6    0xfd00000000000009ull /* fd00:0:0:9::1 and ::2 */
#define JOB_CONNS   1024u

/* One end's view of a connection. */
struct job_conn {
	uint64_t sent, got;
	uint32_t send_phase, get_phase;
	bool may_send, finished, at_end, over;
};

/* Before anything else. */
void job_pattern_init(void);

/* The connection's two patterns differ, and so do those of connections. */
void job_begin(struct job_conn *c, const struct job *j, enum job_end us,
	uint16_t client_port);

/* What is to be sent next, contiguous; at most `most`. */
const uint8_t *job_next(const struct job_conn *c, const struct job *j,
	enum job_end us, uint32_t most, uint32_t *len);

/* Takes what came. False: not what was to come, or too much of it. */
bool job_take(struct job_conn *c, const struct job *j, enum job_end us,
	const uint8_t *p, uint32_t len);

/* A line and the end, with status 1. */
void job_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif

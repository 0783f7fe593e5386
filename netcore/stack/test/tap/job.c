/* job.c - bytes that both ends know. */
#include "netcore/stack/test/tap/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A prime, so that no power of two of an offset is invisible. The pattern is
 * there twice: from any phase on, PERIOD bytes are contiguous. */
#define PERIOD 65521u

static uint8_t pattern[2 * PERIOD];

void
job_pattern_init(void)
{
	uint64_t z = 0x9e3779b97f4a7c15;

	for (unsigned i = 0; i < PERIOD; i++) {
		z = z * 0x5851f42d4c957f2d + 1;
		pattern[i] = pattern[i + PERIOD] = (uint8_t)(z >> 56);
	}
}

void
job_begin(struct job_conn *c, const struct job *j, enum job_end us,
	uint16_t client_port)
{
	uint32_t phase[2];

	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < 2; i++)
		phase[i] = (client_port * 251u + i * 7919u) % PERIOD;
	c->send_phase = phase[us];
	c->get_phase = phase[!us];
	c->may_send = !j->half_close || us == j->connect;
}

const uint8_t *
job_next(const struct job_conn *c, const struct job *j, enum job_end us,
	uint32_t most, uint32_t *len)
{
	uint64_t left = c->may_send ? j->bytes[us] - c->sent : 0;

	if (most > PERIOD)
		most = PERIOD;
	*len = left < most ? (uint32_t)left : most;
	return pattern + (c->send_phase + c->sent) % PERIOD;
}

bool
job_take(struct job_conn *c, const struct job *j, enum job_end us,
	const uint8_t *p, uint32_t len)
{
	if (len > j->bytes[!us] - c->got)
		return false;
	while (len) {
		uint32_t n = len < PERIOD ? len : PERIOD;

		if (memcmp(p, pattern + (c->get_phase + c->got) % PERIOD, n))
			return false;
		c->got += n;
		p += n;
		len -= n;
	}
	return true;
}

void
job_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("stack_tap: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

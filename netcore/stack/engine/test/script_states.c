/* script_states.c - what a script can begin with, and how it ends. */
#include "netcore/stack/engine/test/script.h"

#include <stdlib.h>

#include "netcore/stack/engine/test/host.h"

struct script *
script_syn_sent(const struct stack_config *cfg)
{
	struct script *s = script_new(cfg);

	assert_int_equal(stack_connect(s->stack, script_ip(2), SCRIPT_PEER_PORT,
				 SCRIPT_PORT, 7, &s->conn),
		0);
	EXPECT(.flags = SYN);
	assert_int_equal(s->iss, 0u - SCRIPT_UNDER);
	s->opts = SCRIPT_ALL;
	return s;
}

struct script *
script_syn_received(const struct stack_config *cfg, uint8_t opts)
{
	struct script *s = script_new(cfg);

	s->opts = opts;
	SEND(.flags = SYN, .opts = opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	assert_int_equal(s->iss, 0u - SCRIPT_UNDER);
	return s;
}

/* The round trip takes 10 ms. */
struct script *
script_open(const struct stack_config *cfg, uint8_t opts)
{
	struct script *s = script_syn_received(cfg, opts);

	script_wait(s, 10);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	SILENCE();
	return s;
}

struct script *
script_established(uint8_t opts)
{
	return script_open(NULL, opts);
}

void
script_again(struct script *s, uint8_t opts)
{
	s->port++;
	s->opts = opts;
	s->accepted = s->closed = 0;
	s->written = s->acked = s->received = s->sent = 0;
	SEND(.flags = SYN, .opts = opts);
	EXPECT(.flags = SYN | ACK, .ack = 1);
	SEND(.seq = 1, .ack = 1);
	assert_int_equal(s->accepted, 1);
	SILENCE();
}

void
script_end(struct script *s)
{
	const char *bad = stack_check(s->stack);

	if (bad)
		fail_msg("invariant: %s", bad);
	SILENCE();
	stack_close(s->stack, s->conn, true); /* if it is still there */
	assert_int_equal(s->buffers, 0);
	host_free(s->stack);
	free(s);
}

uint32_t
script_sent(const struct script *s)
{
	return s->sent;
}

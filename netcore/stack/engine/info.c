/* info.c - what a connection looks like from outside; nothing changes by it. */
#include "netcore/stack/engine/engine.h"

_Static_assert((int)STACK_SYN_SENT == (int)TCP_SYN_SENT &&
		(int)STACK_TIME_WAIT == (int)TCP_TIME_WAIT &&
		(int)STACK_STATES == (int)TCP_STATES,
	"the same states in the same order");

uint32_t
stack_slots(const struct stack *s)
{
	return s->ids.fresh;
}

/* A SYN and a FIN count as one each in sequence numbers. */
static uint32_t
received(const struct tcb *c)
{
	if (c->state < TCP_SYN_RECEIVED)
		return 0;
	return c->rcv_nxt - c->irs - 1 - !!(c->flags & TCB_MOVED);
}

static uint32_t
sent(const struct tcb *c)
{
	if (c->snd_nxt == c->iss) /* not even the SYN was */
		return 0;
	return c->snd_nxt - c->iss - 1 - !!(c->flags & TCB_FIN_SENT);
}

bool
stack_info(const struct stack *s, uint32_t slot, struct stack_info *to)
{
	const struct tcb *c;
	uint32_t handle;

	if (slot >= s->ids.fresh)
		return false;
	c = &s->tcb[slot];
	/* The word of one that is not taken names another [I1, I2]. */
	handle = idpool_handle(&s->ids, slot);
	if (idpool_index(handle) != slot || c->state == TCP_CLOSED)
		return false;
	*to = (struct stack_info){
		.conn = handle,
		.user = c->user,
		.local = key_local(s, &c->key),
		.remote = key_remote(&c->key),
		.lport = c->key.local_port,
		.rport = c->key.remote_port,
		.state = (enum stack_state)c->state,
		.received = received(c),
		.sent = sent(c),
		.unacked = c->sendq.bytes,
		.unread = s->cfg.rcv_window - c->rcv_space,
		.srtt_us = c->flags & TCB_RTT ? c->srtt_us : 0,
		.cwnd = c->cc.cwnd,
		.resent = c->resent,
		.age_ms = (uint32_t)(uint16_t)(tcb_opened(s->tick) - c->opened)
			<< TCB_OPENED_SHIFT,
	};
	return true;
}

/* alive.c - is the peer still there? (RFC 9293, 3.8.4; RFC 1122, 4.2.3.6). Only
 * for a connection that was asked to, and on which nothing is under way: what
 * is under way has its own timers.
 *
 * No segment that comes pays for it. The time of silence is cut into eighths,
 * and after each it is looked whether either side's numbers have moved: so a
 * probe goes out after the time that was asked for, or an eighth later. */
#include "netcore/stack/engine/engine.h"

static void
next_look(struct stack *s, struct tcb *c)
{
	timer_life(c, timer_in(s, c->alive_idle * 1000u / 8));
	timer_arm(s, c);
}

/* t_life is this one's but in those states in which it is the end. */
bool
alive_owns_life(const struct tcb *c)
{
	return c->state != TCP_TIME_WAIT &&
		(c->state != TCP_FIN_WAIT_2 || !(c->flags & TCB_ORPHAN));
}

void
alive_set(struct stack *s, struct tcb *c)
{
	if (!alive_owns_life(c))
		return;
	c->alive_seen = c->rcv_nxt + c->snd_una;
	timer_life(c, 0);
	alive_heard(s, c);
}

void
alive_heard(struct stack *s, struct tcb *c)
{
	c->alive_quiet = c->alive_probes = 0;
	c->flags &= ~(uint32_t)(TCB_ALIVE_DUE | TCB_ALIVE_OUT);
	if (c->alive_idle && alive_owns_life(c))
		next_look(s, c);
}

void
alive_due(struct stack *s, struct tcb *c)
{
	uint32_t seen = c->rcv_nxt + c->snd_una;

	timer_life(c, 0);
	if (!c->alive_idle)
		return;
	if (seen != c->alive_seen || c->rexmit != REXMIT_NONE ||
		c->state < TCP_ESTABLISHED) {
		c->alive_seen = seen;
		alive_heard(s, c);
	} else if (!c->alive_probes && ++c->alive_quiet < 8) {
		next_look(s, c);
	} else if (c->alive_probes == c->alive_count) {
		s->count.give_ups++;
		end_reset(s, c, STACK_TIMEOUT);
	} else {
		c->alive_probes++;
		s->count.keepalive_probes++;
		c->flags |= TCB_ALIVE_DUE | TCB_ALIVE_OUT | TCB_ACK_NOW;
		out_ready(s, c);
		timer_life(c, timer_in(s, c->alive_interval * 1000u));
		timer_arm(s, c);
	}
}

/* linger.c - who is in TIME-WAIT, in the order of coming there. TIME-WAIT keeps
 * old segments from new connections, which sequence numbers and timestamps do
 * nearly as well (RFC 6191, 7323); to keep new connections from being at all is
 * worse. So when none is left, the oldest of them makes room. */
#include "netcore/stack/engine/engine.h"

#define LOOKS \
	64 /* at those that ended by themselves, for each that is wanted */

static struct tcb *
first(const struct stack *s)
{
	uint32_t handle = s->linger[s->linger_tail & s->ready_mask];
	int32_t i = idpool_check(&s->ids, handle);

	return i >= 0 && s->tcb[i].state == TCP_TIME_WAIT ? &s->tcb[i] : NULL;
}

/* At least as many leave the front as come, so there is room for all that are
 * alive, but for those that began anew: these may lose their place. */
void
linger_begin(struct stack *s, const struct tcb *c)
{
	for (int i = 0; i < 2; i++)
		if (s->linger_tail != s->linger_head && !first(s))
			s->linger_tail++;
	if (s->linger_head - s->linger_tail > s->ready_mask)
		s->linger_tail++;
	s->linger[s->linger_head++ & s->ready_mask] = c->handle;
}

void
linger_evict(struct stack *s, bool quietly)
{
	for (int i = 0; i < LOOKS && s->linger_tail != s->linger_head; i++) {
		struct tcb *c = first(s);

		if (c && quietly && !(c->flags & TCB_OVER))
			return;
		s->linger_tail++;
		if (!c)
			continue;
		s->count.time_wait_evicted++;
		end_now(s, c, STACK_CLOSED);
		return;
	}
}

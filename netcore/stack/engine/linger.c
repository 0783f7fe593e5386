/* linger.c - who is in TIME-WAIT and was let go of, in the order of that.
 * TIME-WAIT keeps old segments from new connections, which sequence numbers and
 * timestamps do nearly as well (RFC 6191, 7323); to keep new connections from
 * being at all is worse. So when none is left, the first of them makes room. A
 * connection that its program still has is the program's, and stays.
 *
 * A ring through two words of each connection, that begins and ends at word 0:
 * who ends by itself leaves it at once, so that the first is always one that
 * can go. */
#include "netcore/stack/engine/engine.h"

void
linger_begin(struct stack *s, const struct tcb *c)
{
	struct linger_link *l = s->linger;
	uint32_t i = tcb_index(s, c) + 1, last = l->prev;

	l[i] = (struct linger_link){.prev = last};
	l[last].next = i;
	l->prev = i;
}

void
linger_end(struct stack *s, const struct tcb *c)
{
	struct linger_link *l = s->linger;
	uint32_t i = tcb_index(s, c) + 1;

	l[l[i].prev].next = l[i].next;
	l[l[i].next].prev = l[i].prev;
}

void
linger_evict(struct stack *s)
{
	uint32_t i = s->linger->next;

	if (!i)
		return;
	s->count.time_wait_evicted++;
	end_now(s, &s->tcb[i - 1], STACK_CLOSED);
}

/* account.h - whose pieces of memory wait to be acknowledged. */
#ifndef NETCORE_STACK_ENGINE_ACCOUNT_H
#define NETCORE_STACK_ENGINE_ACCOUNT_H

#include "netcore/stack/engine/engine.h"

/* There were `used` pieces before some of c's were let go of. */
static inline void
account_less(struct stack *s, const struct tcb *c, uint32_t used)
{
	if (s->cfg.send_quota)
		quota_put(s->cfg.send_quota, c->account, used - s->sg.used);
}

/* c's first bytes are acknowledged. */
static inline void
account_ack(struct stack *s, struct tcb *c, uint32_t bytes)
{
	uint32_t used = s->sg.used;

	sendq_ack(&s->sg, &c->sendq, &c->last, bytes);
	account_less(s, c, used);
}

static inline void
account_clear(struct stack *s, struct tcb *c)
{
	uint32_t used = s->sg.used;

	sendq_clear(&s->sg, &c->sendq, &c->last);
	account_less(s, c, used);
}

/* One piece more. 0; -EDQUOT; -ENOBUFS. */
static inline int
account_add(struct stack *s, struct tcb *c, const void *ptr, uint32_t len)
{
	struct quota *q = s->cfg.send_quota;

	if (q && unlikely(!quota_take(q, c->account))) {
		s->count.send_quota_full++;
		return -EDQUOT;
	}
	if (likely(sendq_add(&s->sg, &c->sendq, ptr, len)))
		return 0;
	s->count.send_refs_full++;
	if (q)
		quota_put(q, c->account, 1);
	return -ENOBUFS;
}

#endif

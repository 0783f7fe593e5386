/* quota.h - a pool of equal things that several draw from: each has a share
 * that the others cannot take, and beyond it gets what nobody has a right to.
 *
 *	|<------------------------- total ------------------------->|
 *	| member 0       | member 1       | not here yet    | spare |
 *	| used   | sure  | used           | sure            |       |
 *
 * A member is a number below QUOTA_MEMBERS. It joins with one place or more, of
 * as many as quota_init() was told of; the shares of places that nobody has are
 * kept. What it took while it had places stays its own when it leaves them, and
 * is missing from `spare`, which may be less than nothing for so long.
 *
 * All calls are O(1), and but for quota_init() none divides. Invariant: total
 * is what is used, and `spare`, and what is sure of each member and place but
 * not used.
 */
#ifndef NETCORE_STACK_CORE_QUOTA_H
#define NETCORE_STACK_CORE_QUOTA_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dlibos/base/bits.h"

#define QUOTA_MEMBERS 128

struct quota_member {
	uint32_t used;
	uint32_t sure; /* of its places together */
};

struct quota {
	int64_t spare;
	uint32_t share; /* of one place */
	struct quota_member member[QUOTA_MEMBERS];
};

static inline void
quota_init(struct quota *q, uint32_t total, uint32_t places)
{
	*q = (struct quota){.share = total / places};
	q->spare = total - (int64_t)q->share * places;
}

static inline uint32_t
quota_over(const struct quota_member *m)
{
	return m->used > m->sure ? m->used - m->sure : 0;
}

/* A member has one place more. */
static inline void
quota_join(struct quota *q, unsigned member)
{
	struct quota_member *m = &q->member[member];
	uint32_t over = quota_over(m);

	m->sure += q->share;
	q->spare += over - quota_over(m);
}

/* And one less. */
static inline void
quota_leave(struct quota *q, unsigned member)
{
	struct quota_member *m = &q->member[member];
	uint32_t over = quota_over(m);

	assert(m->sure >= q->share);
	m->sure -= q->share;
	q->spare -= quota_over(m) - over;
}

static inline bool
quota_room(const struct quota *q, unsigned member)
{
	const struct quota_member *m = &q->member[member];

	return likely(m->used < m->sure) || q->spare > 0;
}

/* Whether a member may take one, which it then has. */
static inline bool
quota_take(struct quota *q, unsigned member)
{
	struct quota_member *m = &q->member[member];

	if (unlikely(m->used >= m->sure)) {
		if (q->spare <= 0)
			return false;
		q->spare--;
	}
	m->used++;
	return true;
}

/* It gives n of them back. */
static inline void
quota_put(struct quota *q, unsigned member, uint32_t n)
{
	struct quota_member *m = &q->member[member];
	uint32_t over = quota_over(m);

	assert(n <= m->used);
	if (unlikely(over))
		q->spare += over < n ? over : n;
	m->used -= n;
}

#endif

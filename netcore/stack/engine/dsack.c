/* dsack.c - what the peer got twice (RFC 2883): whoever sends again what had
 * only been late, learns of it. RACK waits longer then (RFC 8985, 6.2, step 4);
 * and if all that a recovery sent again was for nothing, so was its reduction
 * (RFC 3708; the response is that of RFC 4015, 3.2, but for a burst, which
 * three tenths of a window may be). */
#include "netcore/stack/engine/ecn.h"

#define REO_MULT_MAX 16
#define PERSIST	     16 /* recoveries that a longer wait outlives */

/* The window was reduced just now. */
void
dsack_begin(struct tcb *c)
{
	c->undo = true;
	c->undo_bytes = 0;
	if (c->reo_persist && !--c->reo_persist)
		c->reo_mult = 0;
}

/* A segment of the recovery goes out again. */
void
dsack_resent(struct tcb *c, uint32_t seq, uint32_t len)
{
	if (!c->undo || !(c->flags & (TCB_RECOVERY | TCB_LOSS)))
		return;
	if (!c->undo_bytes || seq_lt(seq, c->undo_from))
		c->undo_from = seq;
	if (!c->undo_bytes || seq_gt(seq + len, c->undo_to))
		c->undo_to = seq + len;
	c->undo_bytes += len;
}

/* Once a round trip: what was sent since the last time. */
static void
wait_longer(struct tcb *c, uint32_t from)
{
	c->reo_persist = PERSIST;
	if (c->reo_mult && seq_lt(from, c->dsack_round))
		return;
	c->dsack_round = c->snd_nxt;
	if (c->reo_mult < REO_MULT_MAX)
		c->reo_mult++;
}

static void
undo(struct stack *s, struct tcb *c)
{
	s->count.undone++;
	c->cc.ops->undo(&c->cc);
	c->flags &= ~(uint32_t)(TCB_RECOVERY | TCB_LOSS);
	c->undo = false;
	c->reordering = true;
	c->dupacks = 0;
	tcb_see_odd(c);
	ecn_window_restored(c);
	out_ready(s, c);
}

/* The first block tells of a duplicate if it lies below the acknowledgement,
 * or within the second (RFC 2883, 4). */
static bool
is_dsack(const struct wire_tcp *h)
{
	const struct wire_tcp_sack *b = h->sack;

	if (!h->sacks)
		return false;
	if (seq_le(b[0].right, h->ack))
		return true;
	return h->sacks > 1 && seq_ge(b[0].left, b[1].left) &&
		seq_le(b[0].right, b[1].right);
}

/* Returns whether r tells of a duplicate. The network may have made it: only
 * what lies where something was sent again counts. */
bool
dsack_in(struct stack *s, struct tcb *c, const struct tcp_rx *r)
{
	uint32_t from = r->h.sack[0].left, to = r->h.sack[0].right;

	if (likely(!is_dsack(&r->h)))
		return false;
	wait_longer(c, from);
	if (c->undo && c->undo_bytes && seq_lt(from, to) &&
		seq_ge(from, c->undo_from) && seq_le(to, c->undo_to)) {
		c->undo_bytes -=
			to - from < c->undo_bytes ? to - from : c->undo_bytes;
		if (!c->undo_bytes && c->odd.lost == c->odd.resent)
			undo(s, c);
	}
	return true;
}

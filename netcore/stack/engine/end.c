/* end.c - how connections end (RFC 9293, 3.6, 3.10.4-5). */
#include "netcore/stack/engine/account.h"

void
end_release_ooo(struct stack *s, struct tcb *c)
{
	struct ooo_node n;

	while (c->ooo.head) {
		uint32_t seq =
			((struct ooo_node *)slab_at(&s->ooo, c->ooo.head))->seq;

		ooo_take(&s->ooo, &c->ooo, seq, &n);
		s->ops->release(s->arg, n.buf);
	}
	tcb_see_odd(c);
}

/* All that it holds is given back, and its name is void. */
void
end_now(struct stack *s, struct tcb *c, enum stack_why why)
{
	uint32_t handle = c->handle;
	uint64_t user = c->user;
	/* Whoever connects, or was told of a connection, hears of its end. */
	bool tell = !(c->flags & TCB_OVER) &&
		((c->flags & TCB_KNOWN) || !(c->flags & TCB_PASSIVE));

	if (c->state == TCP_SYN_RECEIVED && (c->flags & TCB_PASSIVE))
		s->half_open--;
	if (c->state <= TCP_SYN_RECEIVED && why == STACK_RESET)
		why = STACK_REFUSED;
	if (unlikely(c->waits))
		neigh_leave(s, c);
	if (c->flags & TCB_OVER)
		linger_end(s, c);
	wheel_cancel(&s->wheel, tcb_index(s, c));
	flow_remove(&s->flow, c->hash, tcb_index(s, c));
	if (c->sendq.head)
		account_clear(s, c);
	if (c->segs.head)
		segs_clear(&s->seg, &c->segs, &c->odd);
	if (c->ooo.head)
		end_release_ooo(s, c);
	c->state = TCP_CLOSED;
	c->handle = 0;
	idpool_put(&s->ids, handle);
	if (tell)
		s->ops->closed(s->arg, handle, user, why);
}

/* Who has let go of a connection need not wait for what only keeps old segments
 * out. */
static void
tell_early(struct stack *s, struct tcb *c)
{
	if ((c->flags & (TCB_ORPHAN | TCB_OVER)) != TCB_ORPHAN)
		return;
	c->flags |= TCB_OVER;
	linger_begin(s, c);
	s->ops->closed(s->arg, c->handle, c->user, STACK_CLOSED);
}

void
end_time_wait(struct stack *s, struct tcb *c)
{
	c->state = TCP_TIME_WAIT;
	c->t_rexmit = 0;
	c->rexmit = REXMIT_NONE;
	timer_life(c,
		timer_in(s, s->cfg.time_wait_ms ? s->cfg.time_wait_ms : 60000));
	timer_arm(s, c);
	tell_early(s, c);
}

void
end_let_go(struct stack *s, struct tcb *c)
{
	c->flags |= TCB_ORPHAN;
	tell_early(s, c);
}

void
end_fin_acked(struct stack *s, struct tcb *c)
{
	switch (c->state) {
	case TCP_FIN_WAIT_1:
		c->state = TCP_FIN_WAIT_2;
		if (c->flags & TCB_ORPHAN) {
			timer_life(c, timer_in(s, 60000));
			timer_arm(s, c);
		}
		break;
	case TCP_CLOSING:
		end_time_wait(s, c);
		break;
	case TCP_LAST_ACK:
		end_now(s, c, STACK_CLOSED);
		break;
	default:
		break;
	}
}

/* Ends it, and tells the peer by a reset, if one side at least still counts on
 * the other (RFC 9293, 3.10.5): not when all was sent and the peer's FIN came,
 * unless data is lost unread. */
void
end_reset(struct stack *s, struct tcb *c, enum stack_why why)
{
	struct tcp_rx to = {
		.key = c->key,
		.h = {.sport = c->key.remote_port, .dport = c->key.local_port},
	};
	struct wire_tcp t = {
		.flags = WIRE_TCP_RST | WIRE_TCP_ACK,
		.seq = c->snd_nxt,
		.ack = c->rcv_nxt,
	};

	bool unread = c->rcv_space < s->cfg.rcv_window;

	if (c->state > TCP_SYN_SENT && c->state != TCP_TIME_WAIT &&
		(c->state < TCP_CLOSING || unread ||
			!(c->flags & TCB_FIN_SENT))) {
		s->count.resets_sent++;
		out_reply_tcp(s, &to, &t);
	}
	end_now(s, c, why);
}

/* program.c - what the programs do: they follow their plan, and look at every
 * byte and every call. */
#include "netcore/stack/engine/test/netsim/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POISON 0xdb

#define TIME_WAIT_LOOK 1000000000ull /* ns */

/* Byte i of a stream; the table goes on for as long as a write is. */
uint8_t *
stream_at(const struct side *s, uint32_t offset, uint32_t *most)
{
	static uint8_t pattern[PERIOD + LONGEST];
	uint32_t salt = s->conn->lport * 2u + (s == &s->conn->side[1]);
	uint32_t at = (offset + salt * 7919u) % PERIOD;

	if (!pattern[1])
		for (uint32_t i = 0; i < sizeof(pattern); i++)
			pattern[i] = (uint8_t)(i % PERIOD * 2654435761u >> 19);
	*most = LONGEST;
	return pattern + at;
}

static struct side *
find(struct sim_node *n, stack_conn c)
{
	struct world *w = n->user;

	for (unsigned i = 0; i < 2 * w->conns; i++) {
		struct side *s = &w->conn[i / 2].side[i % 2];

		if (s->begun && !s->over && s->node == n && s->c == c)
			return s;
	}
	world_bad(w, "an upcall for a connection that is none");
	return NULL;
}

/* --- the memory that is sent ----------------------------------------------*/

/* What was acknowledged is not looked at any more: it becomes something else,
 * and goes back when all of it was. */
static void
give_back(struct side *s, uint32_t bytes)
{
	while (bytes) {
		struct piece *p = &s->piece[s->first % PIECES];
		uint32_t k = p->len - p->acked;

		if (s->first == s->last) {
			world_bad(s->conn->w, "more acknowledged than sent");
			return;
		}
		k = k < bytes ? k : bytes;
		memset(p->mem + p->acked, POISON, k);
		p->acked += k;
		bytes -= k;
		if (p->acked < p->len)
			return;
		free(p->mem);
		s->conn->w->memory--;
		s->first++;
	}
}

static int
send_piece(struct side *s, uint32_t len)
{
	struct piece *p = &s->piece[s->last % PIECES];
	uint32_t most;
	int rc;

	*p = (struct piece){.mem = malloc(len), .len = len};
	memcpy(p->mem, stream_at(s, s->sent, &most), len);
	s->conn->w->memory++;
	s->last++;
	s->sent += len;
	rc = stack_send(s->node->stack, s->c, p->mem, len);
	if (!rc)
		return 0;
	s->sent -= len;
	s->last--;
	s->conn->w->memory--;
	free(p->mem);
	return rc;
}

/* --- ending ---------------------------------------------------------------*/

static void
must(struct side *s, int rc, const char *what)
{
	if (rc)
		world_bad(s->conn->w, what);
}

static void
end_it(struct side *s, bool abort)
{
	sim_say(s->node, "program %s %u", abort ? "aborts" : "closes",
		s->conn->lport);
	s->closed = true;
	s->aborted = abort;
	must(s, stack_close(s->node->stack, s->c, abort), "close failed");
}

/* If it is time to. */
static void
maybe_end(struct side *s)
{
	if (!s->open || s->closed)
		return;
	switch (s->end) {
	case END_SHUT:
		if (s->sent < s->bytes || s->shut)
			return;
		s->shut = true;
		must(s, stack_shutdown(s->node->stack, s->c),
			"shutdown failed");
		break;
	case END_CLOSE:
		if (s->sent == s->bytes && !s->unread &&
			(s->eof || s->got == other(s)->bytes))
			end_it(s, false);
		break;
	case END_EARLY:
	case END_ABORT:
		if (s->sent + s->got >= s->end_at)
			end_it(s, s->end == END_ABORT);
		break;
	}
}

/* --- sending --------------------------------------------------------------*/

static void feed(struct side *s);

static void
silence_over(struct sim_node *n, void *arg)
{
	struct side *s = arg;

	(void)n;
	s->idle = false;
	feed(s);
}

static void
feed(struct side *s)
{
	while (s->open && !s->closed && !s->idle && s->sent < s->bytes &&
		s->sent - s->acked < s->ahead && s->last - s->first < PIECES) {
		uint32_t len =
			1 + (uint32_t)(sim_random(s->node->sim) % s->chunk);
		int rc;

		if (s->idle_ns && !s->idled && s->sent >= s->idle_at) {
			s->idle = s->idled = true;
			sim_after(s->node, s->idle_ns, silence_over, s);
			return;
		}
		if (len > s->bytes - s->sent)
			len = s->bytes - s->sent;
		rc = send_piece(s, len);
		if (rc == -ENOBUFS && s->sent == s->acked)
			world_bad(s->conn->w, "no reference for the first");
		else if (rc && rc != -ENOBUFS)
			world_bad(s->conn->w, "send failed");
		if (rc)
			break;
		maybe_end(s);
	}
	maybe_end(s);
}

/* --- reading --------------------------------------------------------------*/

static void
read_some(struct side *s, uint32_t bytes)
{
	bytes = bytes < s->unread ? bytes : s->unread;
	s->unread -= bytes;
	must(s, stack_recv_done(s->node->stack, s->c, bytes), "reading failed");
}

static void
gulp(struct sim_node *n, void *arg)
{
	struct side *s = arg;

	s->reads = false;
	if (!s->open || s->closed)
		return;
	read_some(s, s->gulp);
	if (s->unread) {
		s->reads = true;
		sim_after(n, s->gulp_ns, gulp, s);
	}
	maybe_end(s);
}

static void
hear(struct side *s)
{
	if (!s->open || s->closed || s->deaf)
		return;
	if (!s->gulp) {
		read_some(s, s->unread);
	} else if (!s->reads && s->unread) {
		s->reads = true;
		sim_after(s->node, s->gulp_ns, gulp, s);
	}
	maybe_end(s);
}

static void
deaf_over(struct sim_node *n, void *arg)
{
	struct side *s = arg;

	(void)n;
	s->deaf = false;
	hear(s);
}

/* --- upcalls --------------------------------------------------------------*/

/* Probes, so that nobody waits for ever for who is gone, and whose last word
 * was lost. */
static void
opened(struct side *s)
{
	struct stack *st = s->node->stack;

	sim_say(s->node, "connection %u is open", s->conn->lport);
	s->open = s->known = true;
	s->t_open = s->node->sim->now;
	must(s, stack_set_keepalive(st, s->c, 20000, 5000, 9), "no keepalive");
	if (s->nagle)
		must(s, stack_set_nagle(st, s->c, true), "no Nagle");
	if (s->deaf_ns) {
		s->deaf = true;
		sim_after(s->node, s->deaf_ns, deaf_over, s);
	}
	forge_begin(s);
	feed(s);
}

static void
up_connected(struct sim_node *n, stack_conn c)
{
	struct side *s = find(n, c);

	if (!s)
		return;
	if (s->known || s->conn->kind == TO_NOBODY)
		world_bad(n->user, "connected twice, or to nobody");
	opened(s);
}

/* Of those with the same ports the one whose SYN it was. */
static void
up_accepted(struct sim_node *n, stack_conn c)
{
	struct world *w = n->user;
	struct side *s = NULL;
	struct ip_addr ip;
	uint16_t port;

	if (stack_peer(n->stack, c, &ip, &port)) {
		world_bad(w, "accepted from nobody");
		return;
	}
	for (unsigned i = 0; i < w->conns; i++) {
		struct conn *k = &w->conn[i];

		if (k->lport == port && k->side[0].begun &&
			k->side[1].node == n && k->kind == TO_LISTENER &&
			k->side[0].iss == judge_irs(n, c) &&
			ip_addr_eq(ip,
				k->v6 ? sim_ip6(k->side[0].node->index)
				      : sim_ip(k->side[0].node->index)))
			s = &k->side[1];
	}
	if (!s || s->begun) {
		world_bad(w, "accepted what nobody began");
		return;
	}
	s->begun = true;
	s->c = c;
	opened(s);
}

static void
up_data(struct sim_node *n, stack_conn c, const uint8_t *p, uint32_t len)
{
	struct side *s = find(n, c);

	if (!s)
		return;
	if (s->closed || s->eof || !len || len > other(s)->bytes - s->got)
		world_bad(n->user, "bytes that nobody waits for");
	for (uint32_t at = 0, k; at < len && !s->conn->w->bad; at += k) {
		const uint8_t *want = stream_at(other(s), s->got + at, &k);

		k = k < len - at ? k : len - at;
		if (memcmp(p + at, want, k))
			world_bad(n->user, "a byte that was not sent");
	}
	s->got += len;
	s->unread += len;
	if (s->got == other(s)->bytes)
		s->t_got = n->sim->now;
	hear(s);
	maybe_end(s);
}

static void
up_acked(struct sim_node *n, stack_conn c, uint32_t bytes)
{
	struct side *s = find(n, c);

	if (!s)
		return;
	if (s->closed)
		world_bad(n->user, "acked after close");
	s->acked += bytes;
	give_back(s, bytes);
	feed(s);
}

static void
up_remote_closed(struct sim_node *n, stack_conn c)
{
	struct side *s = find(n, c);

	if (!s)
		return;
	if (s->eof || s->closed)
		world_bad(n->user, "closed by its peer twice");
	if (s->got != other(s)->bytes && s->conn->sure)
		world_bad(n->user, "an end before the last byte");
	s->eof = true;
	maybe_end(s);
}

static void
again(struct sim_node *n, void *arg)
{
	(void)n;
	program_begin(arg);
}

static void
up_closed(struct sim_node *n, stack_conn c, enum stack_why why)
{
	struct side *s = find(n, c);

	if (!s)
		return;
	sim_say(n, "connection %u is over: %d", s->conn->lport, why);
	s->open = false;
	s->over = true;
	s->why = why;
	s->conn->w->last = n->sim->now;
	while (s->first != s->last) {
		struct piece *p = &s->piece[s->first % PIECES];

		give_back(s, p->len - p->acked);
	}
	if (s->conn->next && s == &s->conn->side[0])
		sim_after(n, s->conn->next_ns, again, s->conn->next);
}

const struct sim_program programs = {
	.accepted = up_accepted,
	.connected = up_connected,
	.data = up_data,
	.acked = up_acked,
	.remote_closed = up_remote_closed,
	.closed = up_closed,
};

/* --- beginning ------------------------------------------------------------*/

static void dial_again(struct sim_node *n, void *arg);

/* A port of one's own may still be in TIME-WAIT. */
static void
dial(struct side *s, uint16_t lport, uint16_t port)
{
	int to = other(s)->node->index;
	int rc;

	sim_say(s->node, "program connects %u to node %d, %u", lport, to, port);
	s->begun = true;
	rc = stack_connect(s->node->stack,
		s->conn->v6 ? sim_ip6(to) : sim_ip(to), port, lport, 0, &s->c);
	if (rc == -EADDRINUSE)
		sim_after(s->node, TIME_WAIT_LOOK, dial_again, s);
	else if (rc)
		world_bad(s->conn->w, "cannot connect");
	else
		s->iss = judge_iss(s->node, s->c);
}

static void
dial_again(struct sim_node *n, void *arg)
{
	struct side *s = arg;
	bool first = s == &s->conn->side[0];

	(void)n;
	dial(s, first ? s->conn->lport : s->conn->port,
		first ? s->conn->port : s->conn->lport);
}

static void
dial_back(struct sim_node *n, void *arg)
{
	struct conn *c = arg;

	(void)n;
	dial(&c->side[1], c->port, c->lport);
}

/* In an event of the first side's node. */
void
program_begin(struct conn *c)
{
	dial(&c->side[0], c->lport, c->port);
	if (c->kind == BOTH_OPEN)
		sim_after(c->side[1].node, 0, dial_back, c);
}

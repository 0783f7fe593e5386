/* conns.c - records of connections, written in turn. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "netcore/conns.h"
#include "dlibos/base/atomic.h"

#define MS 1000000ull

/* Record and stack have the same states. */
#define SAME(name) ((int)DOMAIN_CONN_##name == (int)STACK_##name)
_Static_assert(SAME(SYN_SENT) && SAME(SYN_RECEIVED) && SAME(ESTABLISHED) &&
		SAME(CLOSE_WAIT) && SAME(FIN_WAIT_1) && SAME(FIN_WAIT_2) &&
		SAME(CLOSING) && SAME(LAST_ACK) && SAME(TIME_WAIT) &&
		SAME(STATES),
	"states of connections");

int
conns_open(struct conns *c, const struct stack *s, const struct door *d,
	struct domain_conns *table, uint32_t conns, unsigned apps)
{
	*c = (struct conns){
		.stack = s,
		.door = d,
		.table = table,
		.conns = conns,
		.due = s ? 0 : UINT64_MAX,
		.apps = apps,
	};
	c->shown = calloc(conns, sizeof(*c->shown));
	c->core_of = calloc(apps, sizeof(*c->core_of));
	if (c->shown && c->core_of)
		return 0;
	conns_close(c);
	return -ENOMEM;
}

void
conns_close(struct conns *c)
{
	free(c->shown);
	free(c->core_of);
	c->shown = NULL;
	c->core_of = NULL;
}

void
conns_app(struct conns *c, unsigned app, unsigned core)
{
	assert(app < c->apps);
	c->core_of[app] = (uint16_t)core;
}

/* What the stack has of a connection is short; what was shown before makes it
 * long, if that was of the same one. */
static void
write_slot(
	struct conns *c, uint32_t i, const struct stack_info *n, uint64_t now)
{
	struct domain_conn_slot *slot = &c->table->slot[i];
	int app = door_owner(c->door, n->conn, n->user);
	struct domain_conn r = {.opened_ns = now - n->age_ms * MS};

	if (c->shown[i] == n->conn)
		domain_conn_own(slot, &r);
	c->shown[i] = n->conn;
	ip_addr_put(n->local, r.local);
	ip_addr_put(n->remote, r.remote);
	r.lport = n->lport;
	r.rport = n->rport;
	r.app = app < 0 ? DOMAIN_CONN_NOBODY : c->core_of[app];
	r.state = (uint16_t)n->state;
	r.handle = n->conn;
	r.srtt_us = n->srtt_us;
	r.received += (uint32_t)(n->received - (uint32_t)r.received);
	r.sent += (uint32_t)(n->sent - (uint32_t)r.sent);
	r.resent += (uint16_t)(n->resent - (uint16_t)r.resent);
	r.unacked = n->unacked;
	r.unread = n->unread;
	r.cwnd = n->cwnd;
	r.at_ns = now;
	domain_conn_put(slot, &r);
}

static void
clear_slot(struct conns *c, uint32_t i, uint64_t now)
{
	const struct domain_conn none = {.at_ns = now};

	c->shown[i] = 0;
	domain_conn_put(&c->table->slot[i], &none);
}

/* Whether that wrote something. */
static bool
show_slot(struct conns *c, uint32_t i, uint64_t now)
{
	struct stack_info n;

	if (stack_info(c->stack, i, &n)) {
		write_slot(c, i, &n, now);
		return true;
	}
	if (!c->shown[i])
		return false;
	clear_slot(c, i, now);
	return true;
}

static bool
worked_since(const struct conns *c, uint64_t busy_turns)
{
	return busy_turns != c->busy_turns || stack_taken(c->stack) != c->taken;
}

static void
begin_round(struct conns *c, uint64_t busy_turns, uint64_t now)
{
	c->next = 0;
	c->began = now;
	c->busy_turns = busy_turns;
	c->taken = stack_taken(c->stack);
}

bool
conns_settled(const struct conns *c, uint64_t busy_turns)
{
	return !c->stack ||
		(c->due == UINT64_MAX && !worked_since(c, busy_turns));
}

void
conns_show(struct conns *c, uint64_t busy_turns, uint64_t now)
{
	unsigned looks = CONNS_LOOKS, writes = CONNS_WRITES;
	uint32_t slots;

	if (!c->stack)
		return;
	if (c->due == UINT64_MAX && worked_since(c, busy_turns))
		c->due = 0;
	if (now < c->due)
		return;
	if (!c->next)
		begin_round(c, busy_turns, now);
	slots = stack_slots(c->stack);
	for (; c->next < slots && looks && writes; c->next++, looks--)
		writes -= show_slot(c, c->next, now);
	/* What a reader may look at is there. */
	if (c->next > c->table->slots)
		atomic_store_rel_32(&c->table->slots, c->next);
	c->due = now + CONNS_NS;
	if (c->next < slots)
		return;
	c->round_ns = now - c->began;
	c->next = 0;
	if (!worked_since(c, busy_turns))
		c->due = UINT64_MAX;
}

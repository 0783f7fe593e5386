/* neigh.c - the table of neighbours, and who waits for an answer. */
#include <string.h>

#include "netcore/stack/engine/share.h"

/* --- who waits ------------------------------------------------------------*/

void
neigh_leave(struct stack *s, struct tcb *c)
{
	if (!c->waits)
		return;
	c->waits = false;
	if (c->wait_next)
		s->tcb[c->wait_next - 1].wait_prev = c->wait_prev;
	if (c->wait_prev)
		s->tcb[c->wait_prev - 1].wait_next = c->wait_next;
	else
		s->neighbour[c->wait_hop].first = c->wait_next;
	c->wait_next = c->wait_prev = 0;
}

static void
join(struct stack *s, struct neighbour *n, struct tcb *c)
{
	neigh_leave(s, c);
	c->wait_hop = (uint16_t)(n - s->neighbour);
	c->waits = true;
	c->wait_next = n->first;
	if (n->first)
		s->tcb[n->first - 1].wait_prev = tcb_index(s, c) + 1;
	n->first = tcb_index(s, c) + 1;
}

static void
drop_frame(struct stack *s, struct neigh_frame *w)
{
	s->count.neigh_dropped++;
	s->neighbour[w->hop].frames--;
	w->used = false;
	if (w->r.buf)
		s->ops->release(s->arg, w->r.buf);
}

/* Into the ring, with the address that was missing. */
static void
let_go(struct stack *s, const struct neighbour *n, struct neigh_frame *w)
{
	struct reply *r = reply_new(s);

	if (!r) {
		drop_frame(s, w);
		return;
	}
	*r = w->r;
	memcpy(r->bytes, n->mac, 6);
	s->neighbour[w->hop].frames--;
	w->used = false;
}

/* Its next hop is known: what it waited does not count as timeouts. */
static void
found(struct stack *s, struct tcb *c)
{
	neigh_leave(s, c);
	if (!c->segs.head)
		c->tries = 0;
}

/* Each is visited because it waits, no other is. */
static void
wake(struct stack *s, struct neighbour *n)
{
	uint16_t hop = (uint16_t)(n - s->neighbour);

	while (n->first) {
		struct tcb *c = &s->tcb[n->first - 1];

		found(s, c);
		out_ready(s, c);
	}
	for (unsigned i = 0; n->frames && i < NEIGH_FRAMES; i++)
		if (s->waiting[i].used && s->waiting[i].hop == hop)
			let_go(s, n, &s->waiting[i]);
}

/* Those that waited look again when their own timers say so. */
static void
forget(struct stack *s, struct neighbour *n)
{
	uint16_t hop = (uint16_t)(n - s->neighbour);

	while (n->first)
		neigh_leave(s, &s->tcb[n->first - 1]);
	for (unsigned i = 0; n->frames && i < NEIGH_FRAMES; i++)
		if (s->waiting[i].used && s->waiting[i].hop == hop)
			drop_frame(s, &s->waiting[i]);
	if (n->state != NEIGH_FREE)
		s->count.neigh_evicted++;
	memset(n, 0, sizeof(*n));
	n->ip4 = NEIGH_NOT_IP4;
}

/* --- the table ------------------------------------------------------------*/

static struct neighbour *
set_of(struct stack *s, struct ip_addr ip)
{
	uint64_t w[2] = {ip.hi, ip.lo};

	return &s->neighbour[neigh_bank(ip.lo) +
		sip13_words(&s->secret, w, 2) % NEIGH_SETS * NEIGH_WAYS];
}

struct neighbour *
neigh_look(struct stack *s, struct ip_addr ip)
{
	struct neighbour *n = &s->neighbour[s->neigh_last];

	/* Most often it is the gateway, as for the one before. */
	if (n->state != NEIGH_FREE && ip_addr_eq(n->ip, ip))
		return n;
	n = set_of(s, ip);
	for (unsigned i = 0; i < NEIGH_WAYS; i++) {
		if (n[i].state == NEIGH_FREE || !ip_addr_eq(n[i].ip, ip))
			continue;
		s->neigh_last = (uint32_t)(&n[i] - s->neighbour);
		return &n[i];
	}
	return NULL;
}

static bool
in_use(const struct stack *s, const struct neighbour *n)
{
	return n->used && s->tick - n->t_used < NEIGH_IN_USE_MS;
}

/* The larger, the sooner it goes: free ones, those that we never used, those
 * that we do not use any more, those that do not answer; and the rest. */
static unsigned
rank(const struct stack *s, const struct neighbour *n)
{
	if (n->state == NEIGH_FREE)
		return 4;
	if (!n->used)
		return 3;
	if (!in_use(s, n))
		return 2;
	return n->state == NEIGH_INCOMPLETE;
}

/* Of the same rank, the one that was used least lately. ours: we have something
 * to send there; others do not get what is in use. */
static struct neighbour *
make(struct stack *s, struct ip_addr ip, bool ours)
{
	struct neighbour *n = set_of(s, ip), *worst = n;

	for (unsigned i = 1; i < NEIGH_WAYS; i++) {
		unsigned a = rank(s, &n[i]), b = rank(s, worst);

		if (a > b ||
			(a == b &&
				s->tick - n[i].t_used >
					s->tick - worst->t_used))
			worst = &n[i];
	}
	if (!ours && rank(s, worst) < 2) {
		s->count.neigh_full++;
		return NULL;
	}
	forget(s, worst);
	worst->ip = ip;
	worst->ip4 = ip_addr_is_v4(ip) ? (uint32_t)ip.lo : NEIGH_NOT_IP4;
	worst->t_used = s->tick;
	worst->state = NEIGH_INCOMPLETE;
	return worst;
}

/* --- ageing ---------------------------------------------------------------*/

static void
ask(struct stack *s, struct neighbour *n)
{
	n->t_asked = s->tick;
	n->asked = true;
	if (ip_addr_is_v4(n->ip))
		arp_ask(s, n);
	else
		nd_ask(s, n);
}

static const uint8_t *
good_for(struct stack *s, struct neighbour *n, enum neigh_state state,
	uint32_t ms)
{
	n->state = (uint8_t)state;
	n->since = s->tick;
	n->fresh_ms = ms;
	return n->mac;
}

/* RFC 4861, 7.3.3. Unicast questions first: a table that is full of old entries
 * does not make the whole link listen. */
static const uint8_t *
probe(struct stack *s, struct neighbour *n)
{
	if (n->state != NEIGH_PROBE)
		n->tries = 0;
	if (n->tries == NEIGH_PROBES) {
		s->count.neigh_lost++;
		n->state = NEIGH_INCOMPLETE;
		n->fresh_ms = 0;
		ask(s, n);
		return NULL;
	}
	n->tries++;
	good_for(s, n, NEIGH_PROBE, NEIGH_RETRANS_MS);
	ask(s, n);
	return n->mac;
}

/* It is about to be used. */
static const uint8_t *
use(struct stack *s, struct neighbour *n)
{
	n->used = true;
	n->t_used = s->tick;
	if (n->state == NEIGH_INCOMPLETE) {
		if (!n->asked || s->tick - n->t_asked >= NEIGH_RETRANS_MS)
			ask(s, n);
		return NULL;
	}
	if (s->tick - n->since < n->fresh_ms)
		return n->mac;
	if (n->state == NEIGH_REACHABLE || n->state == NEIGH_STALE)
		return good_for(s, n, NEIGH_DELAY, NEIGH_DELAY_MS);
	return probe(s, n);
}

static struct neighbour *
next_hop(struct stack *s, struct ip_addr to)
{
	struct ip_addr hop = neigh_hop(s, to);
	struct neighbour *n;

	if (ip_addr_is_any(hop)) {
		s->count.no_route++;
		return NULL;
	}
	n = neigh_look(s, hop);
	return n ? n : make(s, hop, true);
}

const uint8_t *
neigh_search(struct stack *s, struct tcb *c)
{
	struct neighbour *n = next_hop(s, tcb_remote(c));
	const uint8_t *mac = n ? use(s, n) : NULL;

	if (!n)
		return NULL;
	if (mac) {
		found(s, c);
		c->hop = (uint8_t)((n - s->neighbour) % NEIGH_BANK);
	} else {
		join(s, n, c);
	}
	return mac;
}

/* --- what is heard --------------------------------------------------------*/

static void
take(struct stack *s, struct neighbour *n, const uint8_t *mac, bool confirmed)
{
	bool news = n->state == NEIGH_INCOMPLETE;
	bool other = memcmp(n->mac, mac, 6) != 0;

	if (!news && other)
		s->count.neigh_moved++;
	memcpy(n->mac, mac, 6);
	if (confirmed) {
		n->asked = false;
		good_for(s, n, NEIGH_REACHABLE, NEIGH_REACHABLE_MS);
	} else if (news || other) {
		good_for(s, n, NEIGH_STALE, 0);
	}
	if (news)
		wake(s, n);
}

void
neigh_asks(struct stack *s, struct ip_addr ip, const uint8_t *mac)
{
	struct neighbour *n = neigh_look(s, ip);

	n = n ? n : make(s, ip, false);
	if (n)
		take(s, n, mac, false);
}

/* Only what answers a question of ours confirms. */
void
neigh_says(
	struct stack *s, struct ip_addr ip, const uint8_t *mac, unsigned flags)
{
	struct neighbour *n = neigh_look(s, ip);
	bool asked, same;

	if (!n || (!mac && n->state == NEIGH_INCOMPLETE)) {
		s->count.neigh_ignored++;
		return;
	}
	mac = mac ? mac : n->mac;
	same = !memcmp(n->mac, mac, 6);
	asked = (flags & NEIGH_ANSWER) && n->asked &&
		s->tick - n->t_asked < NEIGH_PROBES * NEIGH_RETRANS_MS;
	if (n->state == NEIGH_INCOMPLETE || same || (flags & NEIGH_OVERRIDE))
		take(s, n, mac, asked);
	else if (n->state == NEIGH_REACHABLE)
		good_for(s, n, NEIGH_STALE, 0);
}

/* --- frames without a connection ------------------------------------------*/

static struct neigh_frame *
place(struct stack *s, struct neighbour *n)
{
	uint16_t hop = (uint16_t)(n - s->neighbour);
	bool of_n = n->frames >= NEIGH_FRAMES_EACH;
	struct neigh_frame *oldest = NULL;

	for (unsigned i = 0; i < NEIGH_FRAMES; i++) {
		struct neigh_frame *w = &s->waiting[i];

		if (!w->used && !of_n)
			return w;
		if (of_n && (!w->used || w->hop != hop))
			continue;
		if (!oldest || s->tick - w->t > s->tick - oldest->t)
			oldest = w;
	}
	drop_frame(s, oldest);
	return oldest;
}

int
neigh_reply(struct stack *s, struct ip_addr to, struct reply **out,
	const uint8_t **mac)
{
	static const uint8_t none[6];
	struct neighbour *n = next_hop(s, to);
	struct neigh_frame *w;

	if (!n)
		return -ENETUNREACH;
	*mac = use(s, n);
	if (*mac) {
		*out = reply_new(s);
		return *out ? 0 : -ENOBUFS;
	}
	*mac = none;
	w = place(s, n);
	memset(&w->r, 0, sizeof(w->r));
	w->used = true;
	w->hop = (uint16_t)(n - s->neighbour);
	w->t = s->tick;
	n->frames++;
	wheel_set(&s->wheel, s->cfg.conns, timer_in(s, NEIGH_RETRANS_MS));
	*out = &w->r;
	return 0;
}

void
neigh_timer(struct stack *s)
{
	bool more = false;

	for (unsigned i = 0; i < NEIGH_FRAMES; i++) {
		struct neigh_frame *w = &s->waiting[i];
		struct neighbour *n = &s->neighbour[w->hop];

		if (!w->used)
			continue;
		if (s->tick - w->t >= NEIGH_FRAME_MS) {
			drop_frame(s, w);
			continue;
		}
		if (s->tick - n->t_asked >= NEIGH_RETRANS_MS)
			ask(s, n);
		more = true;
	}
	if (more)
		wheel_set(
			&s->wheel, s->cfg.conns, timer_in(s, NEIGH_RETRANS_MS));
}

void
neigh_init(struct stack *s)
{
	for (unsigned i = 0; i < NEIGHBOURS; i++)
		s->neighbour[i].ip4 = NEIGH_NOT_IP4;
	if (!share_is_first(s))
		return;
	arp_announce(s);
	nd_announce(s);
}

/* --- for tests ------------------------------------------------------------*/

const char *
neigh_check(const struct stack *s)
{
	uint32_t waits = 0, chained = 0, frames = 0, held = 0;

	for (uint32_t i = 0; i < s->ids.fresh; i++)
		waits += s->tcb[i].state != TCP_CLOSED && s->tcb[i].waits;
	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		const struct neighbour *n = &s->neighbour[i];
		uint32_t before = 0;

		if (n->state == NEIGH_FREE)
			continue;
		frames += n->frames;
		if ((n->first || n->frames) && n->state != NEIGH_INCOMPLETE)
			return "who waits has a neighbour";
		for (uint32_t k = n->first; k; k = s->tcb[k - 1].wait_next) {
			const struct tcb *c = &s->tcb[k - 1];

			if (c->wait_prev != before || c->wait_hop != i ||
				!c->waits)
				return "the chain of a neighbour is broken";
			before = k;
			chained++;
		}
	}
	for (unsigned i = 0; i < NEIGH_FRAMES; i++)
		held += s->waiting[i].used;
	if (waits != chained)
		return "one waits for no neighbour";
	return frames == held ? NULL : "a frame waits for no neighbour";
}

/* udp.c - ports for datagrams, which outlive network cores.
 *
 * A port is a listener to the network cores, each of which answers whether it
 * has it. What they say is told to the program at the end of the turn, so that
 * no function here calls back; but for datagrams, which are read where they
 * are. The number of a port is free when no network core knows of it any more:
 * what one has said before is never taken for another port's. */
#include <errno.h>

#include "appcore/appcore.h"
#include "dlibos/base/log.h"

#define MOST 65507 /* bytes: of IPv4's largest packet */

_Static_assert(LIMIT_LISTENERS <= 64, "a bit of udp_news each");
_Static_assert(DL_UDP_PIECES + 3 <= LIMIT_RUN, "behind an IPv6 endpoint");

static inline unsigned
number(const struct dl_udp *u)
{
	return (unsigned)(u - u->dl->udp);
}

/* The program is to be told something. */
static inline void
news(struct dl_udp *u)
{
	u->dl->udp_news |= 1ull << number(u);
}

/* One that a network core has; NULL: it does not. */
static struct dl_udp *
known(struct dl *dl, unsigned net, unsigned id)
{
	struct dl_udp *u = &dl->udp[id % LIMIT_LISTENERS];

	return id < LIMIT_LISTENERS && u->handler && u->at[net] != UDP_NONE
		? u
		: NULL;
}

/* --- it begins ------------------------------------------------------------*/

/* One that goes or has no room, which the caller has made sure of, is asked
 * when it is back. */
static void
ask(struct dl_udp *u, unsigned net)
{
	struct msg m[3] = {{.type = MSG_LISTEN, .arg = (uint16_t)number(u)}};
	unsigned n = listen_endpoint(m, &u->addr, u->port);
	struct edge *e = command_edge(&u->dl->net[net], n);

	if (!e)
		return;
	m->flags |= MSGF_UDP;
	/* Before it is said: the answer may come at once. */
	u->at[net] = UDP_ASKED;
	u->nets++;
	if (edge_send(e, m, n))
		return;
	u->at[net] = UDP_NONE;
	u->nets--;
}

int
dl_udp_open(struct dl *dl, const struct dl_addr *addr, uint16_t port,
	const struct dl_udp_handler *h, void *arg, struct dl_udp **out)
{
	unsigned id = listen_number(dl);
	struct dl_udp *u = &dl->udp[id];

	if (!port)
		return -EINVAL;
	if (id == LIMIT_LISTENERS)
		return -ENOSPC;
	if (!listen_room(dl))
		return -EAGAIN;
	*u = (struct dl_udp){.handler = h, .user = arg, .dl = dl, .port = port};
	if (addr)
		u->addr = *addr;
	*out = u;
	for (unsigned i = 0; i < dl->nets; i++)
		ask(u, i);
	return 0;
}

void
udp_again(struct dl *dl, unsigned net)
{
	for (unsigned i = 0; i < LIMIT_LISTENERS; i++)
		if (dl->udp[i].handler && !dl->udp[i].closing)
			ask(&dl->udp[i], net);
}

void
udp_listening(struct dl *dl, unsigned net, unsigned id)
{
	struct dl_udp *u = known(dl, net, id);

	if (!u)
		return; /* a listener for connections */
	u->at[net] = UDP_BOUND;
	if (u->closing)
		dl->udp_owes = true;
	else if (!u->opened)
		news(u);
}

/* --- it ends --------------------------------------------------------------*/

/* What went by a network core is gone, all or the oldest n. */
static uint32_t
gone(struct dl_udp *u, unsigned net, uint64_t n)
{
	uint32_t left = n < LIMIT_UDP_SENDS ? (uint32_t)n : LIMIT_UDP_SENDS;

	for (uint32_t i = u->first; i != u->end && left; i++)
		if (u->by[i % LIMIT_UDP_SENDS] == net + 1) {
			u->by[i % LIMIT_UDP_SENDS] = 0;
			left--;
		}
	news(u);
	return left;
}

static void
left(struct dl_udp *u, unsigned net)
{
	gone(u, net, LIMIT_UDP_SENDS);
	u->at[net] = UDP_NONE;
	u->nets--;
}

static void
close_it(struct dl_udp *u, enum dl_why why)
{
	u->closing = true;
	u->why = (uint8_t)why;
	u->dl->udp_closing |= 1ull << number(u);
	u->dl->udp_owes = true;
	news(u);
}

void
dl_udp_close(struct dl_udp *u)
{
	if (!u->closing)
		close_it(u, DL_CLOSED);
}

/* One that cannot have it spoils it for all, as with a listener. */
bool
udp_over(struct dl *dl, unsigned net, unsigned id, enum dl_why why)
{
	struct dl_udp *u = known(dl, net, id);

	if (!u)
		return false;
	left(u, net);
	if (!u->closing)
		close_it(u, why);
	return true;
}

void
udp_net_down(struct dl *dl, unsigned net)
{
	dl->net[net].grams = 0;
	for (unsigned i = 0; i < LIMIT_LISTENERS; i++)
		if (known(dl, net, i))
			left(&dl->udp[i], net);
}

/* --- what comes -----------------------------------------------------------*/

void
udp_data(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct dl_udp *u = known(dl, e->of_core, m->arg);
	struct net *net = &dl->net[e->of_core];
	unsigned at = msg_pieces_at(m);
	struct dl_addr from = event_peer(m);
	const void *ptr = "";
	size_t len = 0;

	if (unlikely(!u)) {
		event_wrong(&e->edge, m);
		return;
	}
	net->grams++;
	dl->udp_owes = true;
	if (unlikely(u->closing))
		return;
	if (likely(m[at - 1].flags & MSGF_MORE)) {
		ptr = net->rx + msg_offset(&m[at]);
		len = msg_len(&m[at]);
	}
	u->last = e->of_core;
	dl->count.udp_received++;
	dl->count.rx_bytes += len;
	u->handler->datagram(u, ptr, len, &from, msg_port(m));
}

/* --- what goes ------------------------------------------------------------*/

/* Any may send; the one that something came by knows the way. */
static struct net *
way(struct dl_udp *u)
{
	struct dl *dl = u->dl;
	unsigned i = 0;

	if (likely(u->at[u->last] == UDP_BOUND))
		return &dl->net[u->last];
	while (i < dl->nets && u->at[i] != UDP_BOUND)
		i++;
	if (i == dl->nets)
		return NULL;
	u->last = i;
	return &dl->net[i];
}

/* The pieces behind an endpoint of n slots; how many there are then. */
static int
add_pieces(const struct dl *dl, struct msg *m, unsigned n,
	const struct dl_piece *p, unsigned pieces)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < pieces; i++) {
		struct msg slot = {.type = MSG_PIECE};
		int rc;

		if (!p[i].len)
			continue;
		rc = command_piece(dl, &p[i], &slot.ref);
		if (unlikely(rc))
			return rc == -EINVAL ? -EMSGSIZE : rc;
		bytes += p[i].len;
		m[n - 1].flags |= MSGF_MORE;
		m[n++] = slot;
	}
	return bytes <= MOST ? (int)n : -EMSGSIZE;
}

int
dl_udp_send(struct dl_udp *u, const struct dl_addr *to, uint16_t port,
	const struct dl_piece *p, unsigned n)
{
	struct msg m[LIMIT_RUN] = {
		{.type = MSG_UDP_SEND, .arg = (uint16_t)number(u)}};
	struct edge *e;
	struct net *net;
	int slots;

	if (unlikely(n > DL_UDP_PIECES || !port))
		return -EINVAL;
	if (unlikely(u->closing))
		return -EPIPE;
	net = way(u);
	if (unlikely(!net))
		return -ENOTCONN;
	slots = add_pieces(u->dl, m, listen_endpoint(m, to, port), p, n);
	if (unlikely(slots < 0))
		return slots;
	e = command_edge(net, (unsigned)slots);
	if (unlikely(!e || u->end - u->first == LIMIT_UDP_SENDS ||
		    !edge_send(e, m, (unsigned)slots))) {
		u->dl->count.sends_refused++;
		return -EAGAIN;
	}
	u->by[u->end++ % LIMIT_UDP_SENDS] = (uint16_t)(u->last + 1);
	u->dl->count.udp_sent++;
	return 0;
}

void
udp_sent(struct dl *dl, struct domain_edge *e, const struct msg *m)
{
	struct dl_udp *u = known(dl, e->of_core, m->arg);

	if (!u || m->ref > LIMIT_UDP_SENDS || gone(u, e->of_core, m->ref))
		event_wrong(&e->edge, m);
}

/* --- at the end of a turn -------------------------------------------------*/

/* The oldest that are gone: memory is given back in order. */
static void
tell_sent(struct dl_udp *u)
{
	uint32_t from = u->first;

	while (u->first != u->end && !u->by[u->first % LIMIT_UDP_SENDS])
		u->first++;
	if (u->first != from && u->handler->sent)
		u->handler->sent(u, u->first - from);
}

static void
tell_closed(struct dl_udp *u)
{
	if (u->handler->closed) {
		u->handler->closed(u, (enum dl_why)u->why);
	} else if (u->why != DL_CLOSED) {
		log_say("cannot have datagrams at port %u: %s", u->port,
			dl_why((enum dl_why)u->why));
		dl_quit(u->dl, EXIT_FAIL);
	}
	u->handler = NULL;
	u->dl->udp_closing &= ~(1ull << number(u));
}

static void
tell(struct dl_udp *u)
{
	bool bound = false;

	if (unlikely(!u->handler))
		return; /* it ended meanwhile */
	for (unsigned i = 0; !u->opened && i < u->dl->nets; i++)
		bound |= u->at[i] == UDP_BOUND;
	if (bound && !u->closing) {
		u->opened = true;
		if (u->handler->opened)
			u->handler->opened(u);
	}
	tell_sent(u);
	if (u->closing && !u->nets)
		tell_closed(u);
}

/* False: it had no room. */
static bool
leave(struct dl_udp *u, unsigned net)
{
	struct msg m = {.type = MSG_UNLISTEN, .arg = (uint16_t)number(u)};
	struct edge *e = command_edge(&u->dl->net[net], 1);

	if (!e)
		return false;
	u->at[net] = UDP_LEAVING;
	if (edge_send(e, &m, 1))
		return true;
	u->at[net] = UDP_BOUND;
	return false;
}

static bool
give_back(struct dl *dl, unsigned net)
{
	struct msg m = {.type = MSG_UDP_DONE, .ref = dl->net[net].grams};
	struct edge *e = command_edge(&dl->net[net], 1);

	if (!e || !edge_send(e, &m, 1))
		return false;
	dl->net[net].grams = 0;
	return true;
}

/* What does not find room now is said in another turn; credit wakes us. */
static void
say_all(struct dl *dl)
{
	bool owes = false;

	for (unsigned i = 0; i < dl->nets; i++)
		if (dl->net[i].grams)
			owes |= !give_back(dl, i);
	for (uint64_t c = dl->udp_closing; unlikely(c); c &= c - 1) {
		struct dl_udp *u = &dl->udp[__builtin_ctzll(c)];

		for (unsigned i = 0; i < dl->nets; i++)
			if (u->at[i] == UDP_BOUND)
				owes |= !leave(u, i);
	}
	dl->udp_owes = owes;
}

bool
udp_turn_slow(struct dl *dl)
{
	uint64_t told = dl->udp_news;

	dl->udp_news = 0;
	for (; told; told &= told - 1)
		tell(&dl->udp[__builtin_ctzll(told)]);
	if (dl->udp_owes)
		say_all(dl);
	return dl->udp_news != 0;
}

/* --- what a program may ask -----------------------------------------------*/

void *
dl_udp_user(const struct dl_udp *u)
{
	return u->user;
}

struct dl *
dl_udp_core(const struct dl_udp *u)
{
	return u->dl;
}

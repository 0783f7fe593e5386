/* frag.c - packets that come in pieces. */
#include <string.h>

#include "netcore/stack/engine/engine.h"
#include "netcore/stack/engine/udp.h"

static struct frag_node *
node(const struct stack *s, uint32_t i)
{
	return slab_at(&s->frags.node, i);
}

static bool
same(const struct frag_key *a, const struct frag_key *b)
{
	return a->id == b->id && a->proto == b->proto &&
		ip_addr_eq(a->src, b->src) && ip_addr_eq(a->dst, b->dst);
}

/* The buffers go back. */
static void
drop(struct stack *s, struct frag *g)
{
	while (g->head) {
		uint32_t next = node(s, g->head)->next;

		s->ops->release(s->arg, node(s, g->head)->buf);
		slab_put(&s->frags.node, g->head);
		g->head = next;
	}
	s->frags.live -= g->pieces != 0;
	g->pieces = 0;
}

/* Where it is, or could be: who needs a place takes it from the oldest of the
 * few that fell together. */
static struct frag *
place(struct stack *s, const struct frag_key *k)
{
	uint64_t w[6] = {
		k->src.hi, k->src.lo, k->dst.hi, k->dst.lo, k->id, k->proto};
	uint32_t set =
		(uint32_t)sip13_words(&s->secret, w, 6) & (s->frags.sets - 1);
	struct frag *way = &s->frags.frag[set * FRAG_WAYS], *best = way;

	for (unsigned i = 0; i < FRAG_WAYS; i++) {
		if (way[i].pieces && same(&way[i].key, k))
			return &way[i];
		if (best->pieces &&
			(!way[i].pieces || seq_lt(way[i].t_end, best->t_end)))
			best = &way[i];
	}
	if (best->pieces) {
		s->count.drop_fragment_evicted++;
		drop(s, best);
	}
	*best = (struct frag){.key = *k, .t_end = timer_in(s, FRAG_MS)};
	return best;
}

enum fit {
	FIT_NEW,
	FIT_DUPLICATE,
	FIT_BAD, /* pieces that do not go together: it is nobody's packet */
};

static enum fit
fit(const struct stack *s, const struct frag *g, const struct frag_rx *r,
	uint32_t *prev)
{
	uint32_t end = r->off + r->len, next = g->head;

	*prev = 0;
	while (next && node(s, next)->off < r->off) {
		*prev = next;
		next = node(s, next)->next;
	}
	if (next && node(s, next)->off == r->off &&
		node(s, next)->len == r->len)
		return FIT_DUPLICATE;
	if ((next && node(s, next)->off < end) ||
		(*prev && node(s, *prev)->off + node(s, *prev)->len > r->off))
		return FIT_BAD;
	if (g->end && (end > g->end || (!r->more && end != g->end)))
		return FIT_BAD;
	/* The last one is told by its end; nothing may lie behind it. */
	if (!r->more && next)
		return FIT_BAD;
	return FIT_NEW;
}

static bool
add(struct stack *s, struct frag *g, const struct frag_rx *r,
	struct stack_rx_frame *f, uint32_t prev)
{
	uint32_t i = g->pieces < STACK_FRAGS ? slab_get(&s->frags.node) : 0;

	if (!i) {
		s->count.drop_fragment_full++;
		return false;
	}
	*node(s, i) = (struct frag_node){
		.next = prev ? node(s, prev)->next : g->head,
		.off = r->off,
		.len = r->len,
		.ptr = r->data,
		.buf = f->buf,
	};
	if (prev)
		node(s, prev)->next = i;
	else
		g->head = i;
	if (!g->pieces++ && !s->frags.live++)
		s->frags.t_end = g->t_end;
	g->have += r->len;
	g->ce |= r->ce; /* RFC 3168, 5.3 */
	if (!r->more)
		g->end = r->off + r->len;
	f->kept = true;
	return true;
}

/* --- it is whole ----------------------------------------------------------*/

/* As segments of one piece each: the header counts for all, FIN and PSH for
 * the last. One whose header is in pieces itself is nobody's (RFC 1858). */
static void
tcp(struct stack *s, struct stack_rx_frame *f, unsigned n, struct tcp_rx *r)
{
	struct cursor c = cursor_of(f[0].data, f[0].len);
	struct wire_tcp h;
	uint32_t seq;

	if (wire_tcp_parse(&c, &h) != WIRE_OK) {
		s->count.drop_bad_frame++;
		return;
	}
	seq = h.seq;
	r->key.local_port = h.dport;
	r->key.remote_port = h.sport;
	if (h.flags & (WIRE_TCP_SYN | WIRE_TCP_RST))
		n = 1; /* they bring no bytes that matter */
	for (unsigned i = 0; i < n; i++) {
		r->h = h;
		r->h.seq = seq;
		if (i + 1 < n)
			r->h.flags &= (uint8_t) ~(WIRE_TCP_FIN | WIRE_TCP_PSH);
		r->data = i ? f[i].data : c.p;
		r->len = i ? f[i].len : (uint32_t)cursor_left(&c);
		r->frame = &f[i];
		r->syn = false;
		seq += r->len;
		tcp_in(s, r);
	}
}

/* The sum of all pieces, with the pseudo header. */
static bool
is_whole(const struct frag_key *k, const struct stack_rx_frame *f, unsigned n,
	uint32_t len)
{
	struct cksum sum = {.sum = pseudo_of(k->src, k->dst, k->proto, len)};

	for (unsigned i = 0; i < n; i++)
		cksum_add(&sum, f[i].data, f[i].len);
	return cksum_fold(sum.sum) == 0xffff;
}

static uint8_t
icmp_of(struct ip_addr ip)
{
	return ip_addr_is_v4(ip) ? WIRE_IP_ICMP : WIRE_IP_ICMPV6;
}

/* The pieces leave the books first: what is called may call us again. */
static void
deliver(struct stack *s, struct frag *g)
{
	struct stack_rx_frame f[STACK_FRAGS];
	struct frag_key k = g->key;
	struct tcp_rx r = {.key = key_of(k.dst, k.src), .ce = g->ce};
	uint32_t len = g->end;
	unsigned n = 0;

	for (; g->head; n++) {
		struct frag_node *p = node(s, g->head);
		uint32_t next = p->next;

		f[n] = (struct stack_rx_frame){
			.data = p->ptr, .len = p->len, .buf = p->buf};
		slab_put(&s->frags.node, g->head);
		g->head = next;
	}
	s->frags.live--;
	g->pieces = 0;
	s->count.reassembled++;
	if (k.proto == WIRE_IP_UDP)
		udp_pieces(s, &k, f, n, len);
	else if (k.proto == icmp_of(k.dst))
		echo_pieces(s, &k, f, n, len);
	else if (k.proto != WIRE_IP_TCP)
		s->count.drop_not_ip++;
	else if (!is_whole(&k, f, n, len))
		s->count.drop_cksum++;
	else
		tcp(s, f, n, &r);
	for (unsigned i = 0; i < n; i++)
		if (!f[i].kept)
			s->ops->release(s->arg, f[i].buf);
}

void
frag_in(struct stack *s, struct stack_rx_frame *f, const struct frag_rx *r)
{
	struct frag *g;
	uint32_t prev;

	s->count.fragments++;
	if (!s->frags.sets || !r->len) {
		s->count.drop_fragment++;
		return;
	}
	g = place(s, &r->key);
	switch (fit(s, g, r, &prev)) {
	case FIT_DUPLICATE:
		s->count.drop_fragment++;
		return;
	case FIT_BAD:
		s->count.drop_fragment_overlap++;
		drop(s, g);
		return;
	case FIT_NEW:
		break;
	}
	if (!add(s, g, r, f, prev))
		drop(s, g);
	else if (g->end && g->have == g->end)
		deliver(s, g);
}

uint64_t
frag_wait_ns(const struct stack *s)
{
	int32_t ms = (int32_t)(s->frags.t_end - s->tick);

	return ms > 0 ? (uint64_t)ms * WHEEL_TICK_NS : 0;
}

void
frag_expire(struct stack *s)
{
	struct frags *a = &s->frags;
	uint32_t next = timer_in(s, FRAG_MS);

	if (!a->live || (int32_t)(a->t_end - s->tick) > 0)
		return;
	for (uint32_t i = 0; i < a->sets * FRAG_WAYS; i++) {
		struct frag *g = &a->frag[i];

		if (!g->pieces)
			continue;
		if ((int32_t)(g->t_end - s->tick) <= 0) {
			s->count.drop_fragment_late++;
			drop(s, g);
		} else if ((int32_t)(g->t_end - next) < 0) {
			next = g->t_end;
		}
	}
	a->t_end = next;
}

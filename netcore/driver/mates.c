/* mates.c - frames that came by another one's queue. */
#include "netcore/driver/mates.h"

#include <assert.h>
#include <stdlib.h>

#include "dlibos/base/bits.h"
#include "dlibos/base/cacheline.h"

#define TYPE_AT	    12
#define TYPE_IP4    0x0800
#define TYPE_ARP    0x0806
#define TYPE_IP6    0x86dd
#define IP_AT	    14
#define IP4_LEAST   20
#define IP4_FRAG_AT 6
#define IP4_NEXT_AT 9
#define IP4_ADDRS   12
#define IP6_LEN	    40
#define IP6_NEXT_AT 6
#define IP6_ADDRS   8
#define FRAG	    0x3fff /* more follow, or it is not the first */
#define TCP	    6
#define UDP	    17

/* --- whose ----------------------------------------------------------------*/

static inline uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static uint32_t
fold(const uint8_t *p, unsigned bytes)
{
	uint32_t x = 0;

	for (unsigned i = 0; i < bytes; i += 4)
		x ^= be32(p + i);
	return x;
}

int
mates_whose(const struct steer *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + IP_AT, *ports;
	uint32_t addrs, head;
	uint8_t next;
	uint16_t type;

	if (len < IP_AT + IP4_LEAST)
		return MATES_NOBODY;
	type = be16(frame + TYPE_AT);
	if (type == TYPE_IP4) {
		head = (ip[0] & 15u) * 4;
		next = ip[IP4_NEXT_AT];
		addrs = fold(ip + IP4_ADDRS, 8);
		if (be16(ip + IP4_FRAG_AT) & FRAG)
			return MATES_ALL;
	} else if (type == TYPE_IP6 && len >= IP_AT + IP6_LEN) {
		head = IP6_LEN;
		next = ip[IP6_NEXT_AT];
		addrs = fold(ip + IP6_ADDRS, 32);
	} else {
		return type == TYPE_ARP ? MATES_ALL : MATES_NOBODY;
	}
	if (next != TCP && next != UDP)
		return MATES_ALL;
	if (head < IP4_LEAST || len < IP_AT + head + 4)
		return MATES_NOBODY;
	ports = ip + head;
	return (int)steer_share(s, addrs, be16(ports) ^ be16(ports + 2));
}

/* --- to others ------------------------------------------------------------*/

static bool
lend(struct mate *e, unsigned to, struct rte_mbuf *m)
{
	if (e->lent[to] == MATES_LENT ||
		rte_ring_sp_enqueue(e->all->go[e->queue][to], m))
		return false;
	e->lent[to]++;
	return true;
}

static void
tell_all(struct mate *e, struct rte_mbuf *m, struct driver_count *count)
{
	for (unsigned q = 0; q < e->all->n; q++) {
		struct rte_mbuf *copy;

		if (q == e->queue)
			continue;
		copy = rte_pktmbuf_copy(
			m, e->all->pool[e->queue], 0, UINT32_MAX);
		if (copy && lend(e, q, copy)) {
			count->rx_told++;
			continue;
		}
		rte_pktmbuf_free(copy);
		count->rx_drop_mate++;
	}
}

unsigned
mates_sort(struct mate *e, struct rte_mbuf **m, unsigned n,
	struct driver_count *count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		int to = mates_whose(e->steer,
			rte_pktmbuf_mtod(m[i], const uint8_t *),
			m[i]->data_len);

		if (likely(to == (int)e->queue) || to == MATES_NOBODY) {
			m[kept++] = m[i];
		} else if (to == MATES_ALL) {
			tell_all(e, m[i], count);
			m[kept++] = m[i];
		} else if (lend(e, (unsigned)to, m[i])) {
			count->rx_lent++;
		} else {
			count->rx_drop_mate++;
			rte_pktmbuf_free(m[i]);
		}
	}
	return kept;
}

/* --- from others ----------------------------------------------------------*/

unsigned
mates_take(struct mate *e, struct rte_mbuf **m, unsigned max)
{
	struct mates *all = e->all;
	struct rte_mbuf *home[64];
	unsigned n = 0;

	for (unsigned q = 0; q < all->n; q++) {
		unsigned got;

		if (q == e->queue)
			continue;
		got = rte_ring_sc_dequeue_burst(
			all->back[e->queue][q], (void **)home, 64, NULL);
		e->lent[q] -= got;
		for (unsigned i = 0; i < got; i++)
			rte_pktmbuf_free(home[i]);
		n += rte_ring_sc_dequeue_burst(
			all->go[q][e->queue], (void **)(m + n), max - n, NULL);
	}
	return n;
}

bool
mates_pending(const struct mate *e)
{
	for (unsigned q = 0; q < e->all->n; q++)
		if (q != e->queue && !rte_ring_empty(e->all->go[q][e->queue]))
			return true;
	return false;
}

void
mates_return(struct mate *e, struct rte_mbuf *m)
{
	unsigned q = 0;
	int rc;

	while (q < e->all->n && e->all->pool[q] != m->pool)
		q++;
	if (q == e->all->n) { /* another port's, of this thread */
		rte_pktmbuf_free(m);
		return;
	}
	rc = rte_ring_sp_enqueue(e->all->back[q][e->queue], m);
	assert(!rc); /* there is room for all that may be lent */
	(void)rc;
}

/* --- the rings ------------------------------------------------------------*/

static struct rte_ring *
ring(void)
{
	ssize_t bytes = rte_ring_get_memsize(2 * MATES_LENT);
	struct rte_ring *r;

	r = aligned_alloc(CACHELINE, round_up((uint64_t)bytes, CACHELINE));
	if (r &&
		!rte_ring_init(r, "mates", 2 * MATES_LENT,
			RING_F_SP_ENQ | RING_F_SC_DEQ))
		return r;
	free(r);
	return NULL;
}

struct mates *
mates_make(unsigned n)
{
	struct mates *all = calloc(1, sizeof(*all));
	bool well = all;

	for (unsigned i = 0; well && i < n * n; i++) {
		if (i / n == i % n)
			continue;
		all->go[i / n][i % n] = ring();
		all->back[i / n][i % n] = ring();
		well = all->go[i / n][i % n] && all->back[i / n][i % n];
	}
	if (well) {
		all->n = n;
		return all;
	}
	mates_free(all);
	return NULL;
}

void
mates_free(struct mates *all)
{
	for (unsigned i = 0; all && i < DRIVER_QUEUES * DRIVER_QUEUES; i++) {
		free(all->go[i / DRIVER_QUEUES][i % DRIVER_QUEUES]);
		free(all->back[i / DRIVER_QUEUES][i % DRIVER_QUEUES]);
	}
	free(all);
}

void
mates_join(struct mate *e, struct mates *all, unsigned queue,
	struct rte_mempool *pool, const struct steer *s)
{
	e->all = all;
	e->queue = queue;
	e->steer = s;
	all->pool[queue] = pool;
}

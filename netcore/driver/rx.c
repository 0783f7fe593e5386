/* rx.c - from the port to the engine: rx step 2 of 8. */
#include <rte_ethdev.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "dlibos/base/bits.h"
#include "netcore/driver/own.h"

#define ETHERTYPE_AT 12

/* A device says nothing of the header checksum of IPv6, which has none. */
static inline bool
verified(const struct rte_mbuf *m)
{
	uint64_t f = m->ol_flags;
	const uint8_t *p = rte_pktmbuf_mtod(m, const uint8_t *);

	if ((f & RTE_MBUF_F_RX_L4_CKSUM_MASK) != RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return false;
	if ((f & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		return true;
	return (f & RTE_MBUF_F_RX_IP_CKSUM_MASK) !=
		RTE_MBUF_F_RX_IP_CKSUM_BAD &&
		p[ETHERTYPE_AT] == 0x86 && p[ETHERTYPE_AT + 1] == 0xdd;
}

/* What came in several buffers becomes one, if it fits; else it is dropped:
 * the engine hands up one reference a frame. */
static bool
join(struct driver *d, struct rte_mbuf *m)
{
	if (!rte_pktmbuf_linearize(m)) {
		d->count.rx_joined++;
		return true;
	}
	d->count.rx_drop_segments++;
	rte_pktmbuf_free(m);
	return false;
}

static unsigned
take(struct driver *d, struct rte_mbuf *const *m, unsigned n,
	struct stack_rx_frame *f)
{
	struct stack_rx_frame *at = f;

	for (unsigned i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], void *));
	for (unsigned i = 0; i < n; i++) {
		if (unlikely(m[i]->nb_segs > 1) && !join(d, m[i]))
			continue;
		if (unlikely(m[i]->data_len < RTE_ETHER_HDR_LEN)) {
			d->count.rx_drop_empty++;
			rte_pktmbuf_free(m[i]);
			continue;
		}
		*at++ = (struct stack_rx_frame){
			.data = rte_pktmbuf_mtod(m[i], const uint8_t *),
			.len = m[i]->data_len,
			.flags = d->trust || verified(m[i]) ? STACK_RX_CKSUM_OK
							    : 0,
			.buf = m[i],
		};
		d->count.rx_bytes += m[i]->data_len;
	}
	d->count.rx_frames += (uint64_t)(at - f);
	return (unsigned)(at - f);
}

static inline unsigned
burst(struct driver *d, struct rte_mbuf **m, unsigned max)
{
	unsigned n;

	quiet_enter(&d->quiet);
	n = rte_eth_rx_burst(d->id, d->queue, m, (uint16_t)max);
	quiet_leave(&d->quiet);
	return n;
}

/* A frame that came before the port was asked to ring is rung for here. */
void
driver_arm(struct driver *d)
{
	uint64_t one = 1;

	if (!d->port->rings || d->armed || !d->port->started)
		return;
	rte_eth_dev_rx_intr_enable(d->id, d->queue);
	d->armed = true;
	if (driver_pending(d) && write(driver_fd(d), &one, sizeof(one)) < 0)
		return; /* full: it is readable anyhow */
}

/* Nothing is lost: whatever rang until now is looked for next. */
static void
disarm(struct driver *d)
{
	uint64_t rang;

	d->armed = false;
	rte_eth_dev_rx_intr_disable(d->id, d->queue);
	if (read(driver_fd(d), &rang, sizeof(rang)) > 0)
		d->count.rx_woken++;
}

unsigned
driver_rx(struct driver *d, struct stack_rx_frame *f, unsigned max)
{
	struct rte_mbuf *m[DRIVER_BURST];
	unsigned n;

	if (unlikely(d->armed))
		disarm(d);
	n = d->stash_end - d->stash_at;
	max = max < DRIVER_BURST ? max : DRIVER_BURST;
	if (unlikely(n)) {
		n = n < max ? n : max;
		memcpy(m, &d->stash[d->stash_at], n * sizeof(*m));
		d->stash_at += n;
	} else if (likely(d->port->started)) {
		n = burst(d, m, max - (d->mate.all ? max / 4 : 0));
	}
	if (unlikely(d->mate.all)) {
		n = mates_sort(&d->mate, m, n, &d->count);
		n += mates_take(&d->mate, m + n, max - n);
	}
	return n ? take(d, m, n, f) : 0;
}

void
driver_release(struct driver *d, void *buf)
{
	mates_release(&d->mate, buf);
}

/* A quarter of them is left to what comes. */
uint8_t *
driver_take(struct driver *d, void **buf, uint32_t *room)
{
	struct rte_mbuf *m = NULL;

	if (likely(pool_left(d->rx) > d->rx->size / 4))
		m = rte_pktmbuf_alloc(d->rx);
	if (unlikely(!m))
		return NULL;
	*buf = m;
	*room = d->port->room;
	return rte_pktmbuf_mtod(m, uint8_t *);
}

/* A burst tells of every kind of port, where a descriptor would not. */
bool
driver_pending(struct driver *d)
{
	if (d->stash_at == d->stash_end && d->port->started) {
		d->stash_at = 0;
		d->stash_end = burst(d, d->stash, DRIVER_STASH);
	}
	return d->stash_at != d->stash_end ||
		(d->mate.all && mates_pending(&d->mate));
}

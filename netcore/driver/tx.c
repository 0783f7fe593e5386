/* tx.c - from the engine to the port: tx step 7 of 8. A frame becomes a chain:
 *
 *	header buffer, ours --> piece --> piece       each piece: where it lies
 *
 * Only headers are copied, unless the port cannot gather.
 */
#include <assert.h>
#include <rte_ethdev.h>
#include <string.h>

#include "dlibos/base/bits.h"
#include "netcore/driver/cut.h"
#include "netcore/driver/own.h"

#define IPPROTO_AT4 9
#define IPPROTO_AT6 6
#define PROTO_UDP   17
#define TOO_MANY    16384 /* segments: no ring has room for them */

static inline uint32_t
wait_room(const struct driver *d)
{
	return DRIVER_WAIT - (d->wait_end - d->wait_at);
}

unsigned
driver_tx_waiting(const struct driver *d)
{
	return d->wait_end - d->wait_at;
}

static inline uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

unsigned
driver_tx_room(const struct driver *d)
{
	uint32_t room = least(wait_room(d), done_room(&d->done));

	if (!d->gathers)
		return least(room, pool_left(d->rx));
	room = least(room,
		unlikely(d->cuts) ? pool_left(d->pieces) / CUT_MOST
				  : pool_left(d->pieces) / STACK_PIECES);
	return least(room, pool_left(d->headers));
}

static inline bool
has_room(const struct driver *d, const struct stack_tx_frame *f)
{
	if (!wait_room(d) || !done_room(&d->done))
		return false;
	if (!d->gathers)
		return pool_left(d->rx);
	return pool_left(d->headers) &&
		pool_left(d->pieces) >= f->pieces + d->cuts;
}

/* --- a frame becomes buffers ----------------------------------------------*/

static inline void
let_go_at_once(struct driver *d, const struct stack_tx_frame *f)
{
	if (f->buf)
		mates_release(&d->mate, f->buf);
	if (f->pieces)
		done_at_once(&d->done);
}

/* Of a port that cannot gather: headers and pieces into one buffer like those
 * that frames come in. */
static struct rte_mbuf *
copied(struct driver *d, const struct stack_tx_frame *f)
{
	uint32_t len = f->header_len + f->len;
	struct rte_mbuf *m;
	uint8_t *p;

	m = len <= d->port->room ? rte_pktmbuf_alloc(d->rx) : NULL;
	if (!m) {
		d->count.tx_drop_too_long++;
		let_go_at_once(d, f);
		return NULL;
	}
	p = rte_pktmbuf_mtod(m, uint8_t *);
	memcpy(p, f->headers, f->header_len);
	p += f->header_len;
	for (unsigned i = 0; i < f->pieces; i++) {
		memcpy(p, f->piece[i].ptr, f->piece[i].len);
		p += f->piece[i].len;
	}
	m->data_len = (uint16_t)len;
	m->pkt_len = len;
	d->count.tx_copied++;
	let_go_at_once(d, f);
	return m;
}

static void
chain(struct driver *d, const struct stack_tx_frame *f,
	const struct stack_piece *s, unsigned n, struct rte_mbuf *m)
{
	struct rte_mbuf_ext_shared_info *info;
	struct rte_mbuf *piece[CUT_MOST];
	int rc;

	info = done_begin(&d->done, f->buf, (uint16_t)n);
	rc = rte_pktmbuf_alloc_bulk(d->pieces, piece, n);
	assert(!rc); /* has_room() */
	(void)rc;
	m->nb_segs = (uint16_t)(1 + n);
	m->pkt_len += f->len;
	for (unsigned i = 0; i < n; i++, s++) {
		uintptr_t at = (uintptr_t)s->ptr;

		assert(s->len <= UINT16_MAX);
		rte_pktmbuf_attach_extbuf(piece[i], (void *)at, (rte_iova_t)at,
			(uint16_t)s->len, info);
		piece[i]->data_len = (uint16_t)s->len;
		piece[i]->pkt_len = s->len;
		m->next = piece[i];
		m = piece[i];
	}
}

static void
chain_cut(struct driver *d, const struct stack_tx_frame *f, struct rte_mbuf *m)
{
	struct stack_piece cut[CUT_MOST];
	unsigned n = cut_pieces(cut, f->piece, f->pieces);

	d->count.tx_cut += n - f->pieces;
	chain(d, f, cut, n, m);
}

/* The engine has written the header checksum of IP, and the pseudo header's
 * into that of TCP or UDP. A frame that is cut up needs IP's anew each time. */
static void
offload(struct rte_mbuf *m, const struct stack_tx_frame *f)
{
	const uint8_t *ip = f->headers + f->l3;
	bool v4 = ip[0] >> 4 == 4;
	bool udp = ip[v4 ? IPPROTO_AT4 : IPPROTO_AT6] == PROTO_UDP;

	m->l2_len = f->l3;
	m->l3_len = f->l4 - f->l3;
	m->l4_len = f->header_len - f->l4;
	m->ol_flags |= v4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	if (f->flags & STACK_TX_TSO) {
		m->tso_segsz = f->mss;
		m->ol_flags |= RTE_MBUF_F_TX_TCP_SEG |
			(v4 ? RTE_MBUF_F_TX_IP_CKSUM : 0);
		return;
	}
	m->ol_flags |= udp ? RTE_MBUF_F_TX_UDP_CKSUM : RTE_MBUF_F_TX_TCP_CKSUM;
}

static struct rte_mbuf *
gathered(struct driver *d, const struct stack_tx_frame *f)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(d->headers);

	assert(m && f->header_len <= STACK_HEADERS); /* has_room() */
	memcpy(rte_pktmbuf_mtod(m, void *), f->headers, f->header_len);
	m->data_len = f->header_len;
	m->pkt_len = f->header_len;
	if (f->pieces && unlikely(d->cuts))
		chain_cut(d, f, m);
	else if (f->pieces)
		chain(d, f, f->piece, f->pieces, m);
	else if (f->buf)
		mates_release(&d->mate, f->buf);
	return m;
}

static void
put(struct driver *d, const struct stack_tx_frame *f)
{
	bool many = f->pieces + d->cuts >= d->max_segs &&
		!(f->flags & STACK_TX_TSO);
	struct rte_mbuf *m;

	assert(f->pieces <= STACK_PIECES);
	m = likely(d->gathers && !(many && pool_left(d->rx))) ? gathered(d, f)
							      : copied(d, f);
	if (unlikely(!m))
		return;
	if (f->flags & (STACK_TX_CKSUM | STACK_TX_TSO)) {
		offload(m, f);
		if (rte_eth_tx_prepare(d->id, d->queue, &m, 1) != 1) {
			d->count.tx_drop_unfit++;
			rte_pktmbuf_free(m);
			return;
		}
	}
	d->count.tx_frames++;
	d->count.tx_bytes += f->header_len + f->len;
	d->wait[d->wait_end++ % DRIVER_WAIT] = m;
}

/* --- buffers go to the port ------------------------------------------------*/

static void
flush(struct driver *d)
{
	uint32_t at, n, sent;

	if (unlikely(!d->port->started))
		return;
	while (d->wait_at != d->wait_end) {
		at = d->wait_at % DRIVER_WAIT;
		n = least(d->wait_end - d->wait_at, DRIVER_WAIT - at);
		n = least(n, DRIVER_BURST);
		quiet_enter(&d->quiet);
		sent = rte_eth_tx_burst(
			d->id, d->queue, &d->wait[at], (uint16_t)n);
		quiet_leave(&d->quiet);
		d->wait_at += sent;
		if (sent < n) {
			d->count.tx_waited++;
			return;
		}
	}
}

unsigned
driver_tx(struct driver *d, struct stack_tx_frame *f, unsigned n)
{
	unsigned i;

	if (unlikely(d->wait_at != d->wait_end))
		flush(d);
	for (i = 0; i < n && likely(has_room(d, &f[i])); i++)
		put(d, &f[i]);
	d->count.tx_refused += n - i;
	flush(d);
	return i;
}

uint64_t
driver_tx_sent(const struct driver *d)
{
	return d->done.sent;
}

uint64_t
driver_tx_done(const struct driver *d)
{
	return d->done.told;
}

/* The last descriptor before the next that will be used. The frames' buffers
 * stay where they are until the ring comes round. */
static void
ask_status(struct driver *d)
{
	uint16_t last = d->port->tx_desc - 1;

	if (d->wait_at == d->wait_end &&
		rte_eth_tx_descriptor_status(d->id, d->queue, last) ==
			RTE_ETH_TX_DESC_DONE)
		done_all_sent(&d->done);
}

/* net_virtio cleans up when it has no room, and then takes nothing of a frame
 * that still finds none; it looks at no more of it than its segments. */
static void
ask_too_much(struct driver *d)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(d->headers);

	if (!m)
		return;
	m->nb_segs = TOO_MANY;
	if (rte_eth_tx_burst(d->id, d->queue, &m, 1))
		return;
	m->nb_segs = 1;
	rte_pktmbuf_free(m);
}

void
driver_tx_reap(struct driver *d)
{
	if (unlikely(!d->port->started))
		return;
	switch (d->port->reap) {
	case REAP_CLEANUP:
		rte_eth_tx_done_cleanup(d->id, d->queue, 0);
		break;
	case REAP_STATUS:
		ask_status(d);
		break;
	case REAP_REFUSAL:
		ask_too_much(d);
		break;
	case REAP_NONE:
		break;
	}
}

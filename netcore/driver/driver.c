/* driver.c - a queue from its opening to its end. */
#include "netcore/driver/driver.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dlibos/base/bits.h"
#include "netcore/driver/cut.h"
#include "netcore/driver/dma.h"
#include "netcore/driver/eal.h"
#include "netcore/driver/filter.h"
#include "netcore/driver/own.h"

#define PAGE 4096u

/* Of the pages for what is sent, 7 of 13 are for headers, nine to a page; the
 * rest are for pieces, 21 to a page: two a frame. */
#define HEADER_SHARE 7u
#define ALL_SHARES   13u

#define TRIES  50
#define TRY_MS 20

#define RX_LEAST 64u /* buffers */
#define TX_LEAST 32u /* frames */

#define XDP_FRAME PAGE /* bytes at most */

static uint32_t
room_for(const char *port, uint16_t mtu)
{
	return pool_object(mtu + spec_around(port)) - POOL_MBUF - POOL_FORE;
}

uint64_t
driver_rx_bytes(const char *port, uint16_t mtu, uint32_t frames)
{
	uint32_t object = pool_object(room_for(port, mtu ? mtu : 1500));
	uint64_t page = object > PAGE ? 1 : PAGE / object;

	if (object > PAGE)
		return round_up((uint64_t)frames * object, PAGE);
	return (frames + page - 1) / page * PAGE;
}

uint64_t
driver_txhdr_bytes(uint32_t frames)
{
	uint64_t pages = (frames + 8) / 9;

	return (pages * ALL_SHARES + HEADER_SHARE - 1) / HEADER_SHARE * PAGE;
}

/* --- opening --------------------------------------------------------------*/

static int
check(const struct driver_config *c, char *why, size_t size)
{
	const char *what = NULL;
	uint32_t rx, tx;

	if (!c->port || !c->rx || !c->rx->base || !c->txhdr || !c->txhdr->base)
		what = "a driver needs a port and two partitions";
	else if (c->queue >= DRIVER_QUEUES || c->queues > DRIVER_QUEUES ||
		c->queue >= (c->queues ? c->queues : 1))
		what = "there is no such queue";
	else if (c->mtu < DRIVER_MTU_MIN || c->mtu > DRIVER_MTU_MAX)
		what = "an MTU is from 576 to 9000 bytes";
	else if (!strncmp(c->port, "afxdp:", 6) &&
		pool_object(room_for(c->port, c->mtu)) > XDP_FRAME)
		what = "the MTU is too much for an XDP socket";
	if (what) {
		snprintf(why, size, "port %.64s: %s", c->port ? c->port : "",
			what);
		return -EINVAL;
	}
	rx = pool_fit(c->rx->bytes, pool_object(room_for(c->port, c->mtu)));
	tx = pool_fit(c->txhdr->bytes / ALL_SHARES * HEADER_SHARE,
		pool_object(STACK_HEADERS));
	if (rx >= RX_LEAST && tx >= TX_LEAST)
		return 0;
	snprintf(why, size,
		"port %.64s: memory for %u frames received (%u are least), %u "
		"sent (%u)",
		c->port, rx, RX_LEAST, tx, TX_LEAST);
	return -ENOMEM;
}

static int
pools(struct driver *d, const struct driver_config *c, char *why, size_t size)
{
	static unsigned number; /* names are the process's */
	uint64_t pages = c->txhdr->bytes / PAGE;
	uint64_t headers = pages * HEADER_SHARE / ALL_SHARES * PAGE;
	uint32_t slots = 64;

	d->rx = pool_make(
		number++, c->rx->base, c->rx->bytes, room_for(c->port, c->mtu));
	d->headers =
		pool_make(number++, c->txhdr->base, headers, STACK_HEADERS);
	d->pieces = pool_make(
		number++, c->txhdr->base + headers, pages * PAGE - headers, 0);
	if (!d->rx || !d->headers || !d->pieces) {
		snprintf(why, size, "port %.64s: no pool of buffers: %s",
			c->port, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	while (slots < 2 * d->headers->size)
		slots *= 2;
	return done_init(&d->done, slots, &d->mate);
}

/* A device reaches the partitions; what the kernel or memory stands behind
 * needs no such thing. */
static int
map(struct driver *d, const struct driver_config *c, char *why, size_t size)
{
	int rc;

	if (d->port->spec.kind != SPEC_PCI)
		return 0;
	rc = dma_map(c->rx->base, c->rx->bytes, true);
	if (!rc) {
		d->mapped[0] = *c->rx;
		rc = dma_map(c->txhdr->base, c->txhdr->bytes, true);
	}
	if (!rc)
		d->mapped[1] = *c->txhdr;
	else
		snprintf(why, size, "port %.64s: no access for the device: %s",
			c->port, strerror(-rc));
	return rc;
}

int
driver_app_add(struct driver *d, const void *base, uint64_t bytes)
{
	return d->port->spec.kind == SPEC_PCI ? dma_map(base, bytes, false) : 0;
}

void
driver_app_drop(struct driver *d, const void *base, uint64_t bytes)
{
	if (d->port->spec.kind == SPEC_PCI)
		dma_unmap(base, bytes);
}

static int
share(const struct driver *d, const struct driver_config *c, char *why,
	size_t size)
{
	int rc;

	if (c->steer.shares < 2 || d->port->spec.kind != SPEC_AFPACKET)
		return 0;
	rc = filter_attach(driver_fd(d), &c->steer);
	if (rc)
		snprintf(why, size, "port %.64s: no filter for its share: %s",
			c->port, strerror(-rc));
	return rc;
}

static int
join_port(
	struct driver *d, const struct driver_config *c, char *why, size_t size)
{
	int rc;

	d->trust = d->port->spec.trust;
	d->gathers = d->port->caps.gathers;
	d->max_segs = d->port->max_segs;
	d->cuts = d->port->cuts ? CUT_MORE : 0;
	d->id = d->port->id;
	d->queue = (uint16_t)c->queue;
	rc = pools(d, c, why, size);
	if (!rc)
		rc = map(d, c, why, size);
	if (rc)
		return rc;
	if (d->port->mates)
		mates_join(&d->mate, d->port->mates, c->queue, d->rx,
			&d->port->steer);
	d->port->caps.rx_buffers = d->rx->size;
	d->port->caps.tx_frames = d->headers->size;
	if (d->port->spec.kind == SPEC_MEMIF)
		quiet_watch(&d->quiet);
	rc = port_queue(d->port, c->queue, d->rx, why, size);
	return rc ? rc : share(d, c, why, size);
}

static void
let_go(struct driver *d)
{
	for (unsigned i = 0; i < 2; i++)
		if (d->mapped[i].base)
			dma_unmap(d->mapped[i].base, d->mapped[i].bytes);
	quiet_forget(&d->quiet);
	pool_free(d->rx);
	pool_free(d->headers);
	pool_free(d->pieces);
	done_fini(&d->done);
	free(d);
}

static int
attempt(struct driver **out, const struct driver_config *c, char *why,
	size_t size)
{
	struct driver *d = aligned_alloc(CACHELINE, sizeof(*d));
	int rc;

	if (!d) {
		snprintf(why, size, "port %.64s: no memory", c->port);
		return -ENOMEM;
	}
	memset(d, 0, sizeof(*d));
	rc = port_get(&d->port, c, room_for(c->port, c->mtu), why, size);
	if (rc)
		goto fail;
	rc = join_port(d, c, why, size);
	if (!rc) {
		*out = d;
		return 0;
	}
	port_put(d->port, c->queue);
fail:
	let_go(d);
	return rc;
}

int
driver_open(struct driver **out, const struct driver_config *config, char *why,
	size_t size)
{
	struct driver_config c = *config;
	int rc;

	*out = NULL;
	c.mtu = c.mtu ? c.mtu : 1500;
	rc = check(&c, why, size);
	if (rc)
		return rc;
	eal_hush();
	/* The kernel frees the queue that an XDP socket had some time after
	 * the socket was closed, and tells nobody. DPDK keeps the buffers of
	 * an attempt that failed, so each one begins with nothing. */
	for (unsigned i = 0; i < TRIES; i++) {
		rc = attempt(out, &c, why, size);
		if (rc != -EAGAIN)
			break;
		poll(NULL, 0, TRY_MS);
	}
	eal_speak();
	return rc == -EAGAIN ? -EBUSY : rc;
}

void
driver_close(struct driver *d)
{
	bool known;

	if (!d)
		return;
	/* They may hold buffers of a mate. */
	for (; d->wait_at != d->wait_end; d->wait_at++)
		rte_pktmbuf_free(d->wait[d->wait_at % DRIVER_WAIT]);
	/* DPDK takes the interrupts of a port that rings away twice, which it
	 * finds an error; and an XDP program, for which the right is gone: who
	 * has the interface takes that. */
	known = d->port->rings || d->port->spec.kind == SPEC_AFXDP;
	if (known)
		eal_hush();
	port_put(d->port, d->queue);
	if (known)
		eal_speak();
	let_go(d);
}

/* --- asking ---------------------------------------------------------------*/

const struct driver_caps *
driver_caps(struct driver *d)
{
	return port_caps(d->port);
}

int
driver_fd(const struct driver *d)
{
	return d->port->fd[d->queue];
}

/* What the kernel has thrown away, which DPDK 22.11 does not tell. A packet
 * socket tells it once. */
static void
count_drops(struct driver *d)
{
	struct xdp_statistics x;
	struct tpacket_stats p;
	socklen_t len = sizeof(x);

	if (!getsockopt(driver_fd(d), SOL_XDP, XDP_STATISTICS, &x, &len)) {
		d->count.port_ring_full = x.rx_ring_full;
		d->count.port_no_fill = x.rx_fill_ring_empty_descs;
		return;
	}
	len = sizeof(p);
	if (!getsockopt(driver_fd(d), SOL_PACKET, PACKET_STATISTICS, &p, &len))
		d->count.port_ring_full += p.tp_drops;
}

void
driver_stats(struct driver *d, struct driver_count *c)
{
	struct rte_eth_stats s = {0};

	if (driver_fd(d) >= 0)
		count_drops(d);
	*c = d->count;
	c->port_unmapped = atomic_load_32(&d->quiet.unmapped);
	if (d->queue)
		return; /* the first one tells what is the port's */
	c->log_lines = eal_lines();
	if (d->port->gone || rte_eth_stats_get(d->id, &s))
		return;
	c->port_missed = s.imissed;
	c->port_no_buffer = s.rx_nombuf;
	c->port_rx_errors = s.ierrors;
	c->port_tx_errors = s.oerrors;
}

uint32_t
driver_rx_free(const struct driver *d)
{
	return pool_left(d->rx);
}

uint32_t
driver_tx_free(const struct driver *d)
{
	return pool_left(d->headers);
}

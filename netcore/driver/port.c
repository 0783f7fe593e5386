/* port.c - a DPDK port, opened and closed with its queues. */
#include "netcore/driver/port.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netcore/driver/eal.h"
#include "netcore/driver/fanout.h"
#include "netcore/driver/rss.h"
#include "netcore/driver/setup.h"

#ifdef __SANITIZE_ADDRESS__
/* DPDK 22.11 forgets what it knows of an XDP socket's memory. */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:xsk_umem__create\n";
}
#endif

/* DPDK's ports are the process's, and so is the table of them. */
static struct port ports[DRIVER_PORTS];

static int
broken(int err, const struct port *p, const char *what, char *why, size_t size)
{
	const char *said = eal_first();

	snprintf(why, size, "port %.64s: %s: %s", p->text, what,
		said[0] ? said : strerror(err));
	return -err;
}

static struct port *
find(const char *text)
{
	for (unsigned i = 0; i < DRIVER_PORTS; i++)
		if (ports[i].used && !strcmp(ports[i].text, text))
			return &ports[i];
	return NULL;
}

/* A second queue must be of the same port as the first. */
static int
again(struct port *p, const struct driver_config *c, uint32_t room, char *why,
	size_t size)
{
	unsigned queues = c->queues ? c->queues : 1;
	const char *what = NULL;

	if (p->gone)
		what = "was opened, and is being closed";
	else if (p->opened & (1u << c->queue))
		what = "is open already";
	else if (queues != p->queues)
		what = "was opened with another number of queues";
	else if (c->mtu != p->mtu || room != p->room)
		what = "was opened with another MTU";
	if (!what)
		return 0;
	snprintf(why, size, "port %.64s: queue %u %s", p->text, c->queue, what);
	return -EBUSY;
}

static int
probe(struct port *p, char *why, size_t size)
{
	int rc;

	fds_now(&p->before);
	if (p->spec.kind == SPEC_AFPACKET && p->queues == 1)
		rc = fanout_without(rte_dev_probe, p->spec.args);
	else
		rc = rte_dev_probe(p->spec.args);
	/* One that was found at the beginning is as good. */
	if (rc && rc != -EEXIST)
		return broken(
			rc < -1 ? -rc : EIO, p, "cannot be opened", why, size);
	rc = rte_eth_dev_get_port_by_name(p->spec.device, &p->id);
	if (rc)
		return broken(ENODEV, p, "is no network device", why, size);
	return 0;
}

static void
remove_port(struct port *p)
{
	struct rte_eth_dev_info info;
	bool known = !rte_eth_dev_info_get(p->id, &info);

	if (p->member >= 0)
		close(p->member);
	rte_eth_dev_close(p->id);
	/* DPDK 22.11 forgets to close XDP sockets, which keeps their queues
	 * busy until the process ends. */
	for (unsigned q = 0; p->spec.kind == SPEC_AFXDP && q < p->queues; q++)
		fds_close_socket(p->fd[q], AF_XDP);
	/* What libxdp locked something by; others may still use it. */
	if (p->spec.kind == SPEC_AFXDP)
		rmdir("/run/xdp");
	if (known && info.device)
		rte_dev_remove(info.device);
}

int
port_get(struct port **out, const struct driver_config *c, uint32_t room,
	char *why, size_t size)
{
	struct spec_for with = {
		.queues = c->queues ? c->queues : 1,
		.mtu = c->mtu,
		.room = room,
	};
	struct port *p = find(c->port);
	int rc;

	*out = p;
	if (p)
		return again(p, c, room, why, size);
	for (p = ports; p < ports + DRIVER_PORTS && p->used; p++)
		with.number++;
	if (p == ports + DRIVER_PORTS) {
		snprintf(why, size, "port %.64s: %d ports are open already",
			c->port, DRIVER_PORTS);
		return -ENOSPC;
	}
	memset(p, 0, sizeof(*p));
	rc = spec_parse(&p->spec, c->port, &with, why, size);
	if (rc)
		return rc;
	snprintf(p->text, sizeof(p->text), "%s", c->port);
	p->mtu = c->mtu;
	p->room = room;
	p->queues = with.queues;
	p->member = -1;
	for (unsigned q = 0; q < DRIVER_QUEUES; q++)
		p->fd[q] = -1;
	rc = eal_begin(c->label, p->spec.kind == SPEC_PCI, why, size);
	if (rc)
		return rc;
	rc = probe(p, why, size);
	if (rc)
		return rc;
	rc = setup_port(p, c, why, size);
	p->steer = c->steer;
	if (!rc && p->queues > 1) {
		p->mates = mates_make(p->queues);
		rc = p->mates ? 0 : broken(ENOMEM, p, "its queues", why, size);
	}
	if (rc) {
		remove_port(p);
		return rc;
	}
	p->used = true;
	*out = p;
	return 0;
}

static int
start(struct port *p, char *why, size_t size)
{
	int rc = rte_eth_dev_start(p->id);

	if (rc)
		return broken(-rc, p, "does not start", why, size);
	p->started = true;
	rss_table(p);
	p->steer.rss_bits = p->caps.rss_bits;
	p->reap = setup_reap(p);
	p->caps.lazy = p->reap == REAP_NONE;
	/* An XDP socket has been found when it was made. */
	for (unsigned q = 0; p->spec.kind != SPEC_AFXDP && q < p->queues; q++)
		p->fd[q] = setup_fd(p, q);
	return 0;
}

int
port_queue(struct port *p, unsigned queue, struct rte_mempool *pool, char *why,
	size_t size)
{
	bool xdp = p->spec.kind == SPEC_AFXDP;
	struct fds then;
	int rc;

	fds_now(&then);
	rc = rte_eth_rx_queue_setup(
		p->id, (uint16_t)queue, p->rx_desc, SOCKET_ID_ANY, NULL, pool);
	if (xdp && !rc)
		p->fd[queue] = fds_new_socket(&then, AF_XDP, 0);
	if (!rc)
		rc = setup_transmit(p, queue);
	if (rc)
		return broken(xdp	  ? EAGAIN
				: rc < -1 ? -rc
					  : EIO,
			p, "a queue is refused", why, size);
	p->opened |= 1u << queue;
	if (p->opened != (1u << p->queues) - 1)
		return 0;
	return start(p, why, size);
}

/* A port holds buffers of all its queues until it is closed, and the memory of
 * this one's is about to go: so it is closed with the first of them. */
void
port_put(struct port *p, unsigned queue)
{
	bool was_open = p->opened & (1u << queue);

	p->opened &= ~(1u << queue);
	if (!was_open && p->opened)
		return;
	if (!p->gone) {
		if (p->started)
			rte_eth_dev_stop(p->id);
		p->started = false;
		remove_port(p);
		p->gone = true;
	}
	if (p->opened)
		return;
	mates_free(p->mates);
	p->used = false;
}

const struct driver_caps *
port_caps(struct port *p)
{
	struct rte_eth_link link = {0};

	p->caps.link = p->started && !rte_eth_link_get_nowait(p->id, &link) &&
		link.link_status == RTE_ETH_LINK_UP;
	return &p->caps;
}

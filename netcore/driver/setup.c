/* setup.c - the settings of each kind of port. */
#include "netcore/driver/setup.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netcore/driver/eal.h"
#include "netcore/driver/guest.h"
#include "netcore/driver/rss.h"

#define DESCRIPTORS 512
#define TX_FEW	    8
#define TSO_BYTES   65280 /* of a super-segment: with headers below 64 KiB */

#define CKSUM_TX (RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define TSO_TX	 (RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM)

static const uint8_t no_mac[6];

static int
refuse(int err, const struct port *p, const char *what, char *why, size_t size)
{
	const char *said = eal_first();

	snprintf(why, size, "port %.64s: %s: %s", p->text, what,
		said[0] ? said : strerror(err));
	return -err;
}

/* Interfaces of the kernel belong to somebody else: they are not changed. */
static bool
is_guest(const struct port *p)
{
	return p->spec.kind == SPEC_AFPACKET || p->spec.kind == SPEC_AFXDP;
}

/* Of these the device does the work; what DPDK's drivers for the kernel's
 * interfaces offer, they do by our own CPU. */
static bool
is_device(const struct port *p)
{
	return p->spec.kind == SPEC_PCI || p->spec.kind == SPEC_VDEV;
}

static int
check_mtu(const struct port *p, char *why, size_t size)
{
	unsigned mtu = is_guest(p) ? guest_mtu(p->spec.interface) : 0;

	if (!mtu || mtu >= p->mtu)
		return 0;
	snprintf(why, size, "port %.64s: an MTU of %u, but %s has %u", p->text,
		p->mtu, p->spec.interface, mtu);
	return -EMSGSIZE;
}

static void
offloads(struct port *p, const struct rte_eth_dev_info *info,
	struct rte_eth_conf *conf)
{
	uint64_t tx = info->tx_offload_capa, rx = info->rx_offload_capa;
	struct driver_caps *caps = &p->caps;

	caps->gathers = tx & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (caps->gathers)
		conf->txmode.offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (!is_device(p))
		return;
	caps->tx_cksum = (tx & CKSUM_TX) == CKSUM_TX;
	if (caps->tx_cksum)
		conf->txmode.offloads |= CKSUM_TX;
	if (caps->tx_cksum && caps->gathers && (tx & TSO_TX) == TSO_TX) {
		conf->txmode.offloads |= TSO_TX;
		caps->tso = TSO_BYTES;
	}
	caps->rx_cksum = (rx & RTE_ETH_RX_OFFLOAD_CHECKSUM) ==
		RTE_ETH_RX_OFFLOAD_CHECKSUM;
	if (caps->rx_cksum)
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_CHECKSUM;
}

/* QEMU maps each descriptor's memory at once and drops the frame without a word
 * if it comes out shorter; a real device of that name sends the parts as well.
 */
static bool
needs_cuts(const struct port *p)
{
	return !strcmp(p->caps.name, "net_e1000_em");
}

/* Of the drivers that offer it, those that were seen to wake: net_e1000_em does
 * not tell an 82574 which of its MSI-X vectors is for frames. */
static bool
can_ring(const struct port *p, const struct rte_eth_dev_info *info)
{
	return p->spec.kind == SPEC_PCI &&
		!strcmp(info->driver_name, "net_virtio");
}

static void
descriptors(struct port *p, const struct rte_eth_dev_info *info)
{
	p->rx_desc = p->tx_desc = DESCRIPTORS;
	/* A tap takes as many buffers for a single frame. */
	if (p->spec.kind == SPEC_TAP)
		p->rx_desc = 4;
	rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &p->rx_desc, &p->tx_desc);
	p->max_segs = info->tx_desc_lim.nb_mtu_seg_max;
	if (!p->max_segs)
		p->max_segs = UINT8_MAX;
}

/* Whose frames are let in: those for our address, and multicast, by which
 * neighbours of IPv6 ask. The address of a tap's interface is the kernel's, at
 * the other end of the line; all that it sends comes. */
static int
addresses(struct port *p, const struct driver_config *c, char *why, size_t size)
{
	struct rte_ether_addr mac;
	bool other;
	int rc = rte_eth_macaddr_get(p->id, &mac);

	if (rc)
		return refuse(-rc, p, "has no address", why, size);
	other = memcmp(c->mac, no_mac, 6) && memcmp(c->mac, &mac, 6);
	if (other)
		memcpy(&mac, c->mac, 6);
	else if (p->spec.kind == SPEC_TAP)
		mac.addr_bytes[5] ^= 1;
	memcpy(p->caps.mac, &mac, 6);
	if (p->spec.kind == SPEC_TAP)
		return 0;
	if (is_guest(p)) {
		p->member = guest_listen(p->spec.interface, other);
		fds_add(&p->before, p->member); /* it is not DPDK's */
		if (p->member >= 0)
			return 0;
		return refuse(-p->member, p, "cannot listen", why, size);
	}
	if (other && rte_eth_dev_default_mac_addr_set(p->id, &mac) &&
		rte_eth_promiscuous_enable(p->id))
		return refuse(ENOTSUP, p, "takes no other address", why, size);
	if (rte_eth_allmulticast_enable(p->id))
		rte_eth_promiscuous_enable(p->id);
	return 0;
}

static int
configure(const struct port *p, const struct rte_eth_conf *conf)
{
	return rte_eth_dev_configure(
		p->id, (uint16_t)p->queues, (uint16_t)p->queues, conf);
}

int
setup_port(
	struct port *p, const struct driver_config *c, char *why, size_t size)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int rc;

	rc = check_mtu(p, why, size);
	if (rc)
		return rc;
	rc = rte_eth_dev_info_get(p->id, &info);
	if (rc)
		return refuse(-rc, p, "is not to be asked", why, size);
	if (p->queues > info.max_rx_queues || p->queues > info.max_tx_queues)
		return refuse(EINVAL, p, "has not so many queues", why, size);
	offloads(p, &info, &conf);
	if (is_device(p))
		conf.rxmode.mtu = p->mtu;
	if (is_device(p))
		rss_ask(p, &info, &c->steer, &conf);
	p->rings = can_ring(p, &info);
	conf.intr_conf.rxq = p->rings || p->spec.kind == SPEC_TAP;
	rc = configure(p, &conf);
	if (rc && p->rings) {
		p->rings = false;
		conf.intr_conf.rxq = 0;
		rc = configure(p, &conf);
	}
	if (rc)
		return refuse(-rc, p, "cannot be configured", why, size);
	rc = p->spec.kind == SPEC_TAP ? rte_eth_dev_set_mtu(p->id, p->mtu) : 0;
	if (rc)
		return refuse(-rc, p, "does not take the MTU", why, size);
	descriptors(p, &info);
	p->caps.mtu = p->mtu;
	snprintf(p->caps.name, sizeof(p->caps.name), "%s", info.driver_name);
	p->cuts = needs_cuts(p);
	return addresses(p, c, why, size);
}

/* A device reports what it has sent once in many frames, and DPDK looks when it
 * runs short. So that an application need not wait for its memory until enough
 * others have sent, each frame is reported, and looked for with the next burst
 * - if the driver takes that; else it goes by its own measure. */
int
setup_transmit(struct port *p, unsigned queue)
{
	struct rte_eth_txconf conf = {
		.tx_rs_thresh = 1,
		.tx_free_thresh = (uint16_t)(p->tx_desc - TX_FEW),
	};
	int rc = -1;

	if (is_device(p) && p->tx_desc > 2 * TX_FEW)
		rc = rte_eth_tx_queue_setup(p->id, (uint16_t)queue, p->tx_desc,
			SOCKET_ID_ANY, &conf);
	p->reports = !rc;
	if (!rc)
		return 0;
	return rte_eth_tx_queue_setup(
		p->id, (uint16_t)queue, p->tx_desc, SOCKET_ID_ANY, NULL);
}

/* What the kernel stands behind is copied when it is sent. A status is that of
 * the last frame only where each one is reported. */
enum port_reap
setup_reap(const struct port *p)
{
	if (!is_device(p) || rte_eth_tx_done_cleanup(p->id, 0, 0) != -ENOTSUP)
		return REAP_CLEANUP;
	if (p->reports &&
		rte_eth_tx_descriptor_status(p->id, 0, p->tx_desc - 1) ==
			RTE_ETH_TX_DESC_DONE)
		return REAP_STATUS;
	return strcmp(p->caps.name, "net_virtio") ? REAP_NONE : REAP_REFUSAL;
}

/* Whether the device has a bell is known when it was asked for once. */
static int
bell(struct port *p, uint16_t queue)
{
	int fd = rte_eth_dev_rx_intr_ctl_q_get_fd(p->id, queue);

	if (fd >= 0 && !rte_eth_dev_rx_intr_enable(p->id, queue)) {
		rte_eth_dev_rx_intr_disable(p->id, queue);
		return fd;
	}
	p->rings = false;
	return -1;
}

int
setup_fd(struct port *p, unsigned queue)
{
	if (p->spec.kind == SPEC_AFPACKET)
		return fds_new_socket(&p->before, AF_PACKET, queue);
	if (p->spec.kind == SPEC_TAP)
		return rte_eth_dev_rx_intr_ctl_q_get_fd(p->id, (uint16_t)queue);
	return p->rings ? bell(p, (uint16_t)queue) : -1;
}

/* guest.c - interfaces are looked at, and left as they were. */
#include "netcore/driver/guest.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

unsigned
guest_mtu(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};
	unsigned mtu = 0;

	if (fd < 0)
		return 0;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", interface);
	if (!ioctl(fd, SIOCGIFMTU, &r) && r.ifr_mtu > 0)
		mtu = (unsigned)r.ifr_mtu;
	close(fd);
	return mtu;
}

/* DPDK would set a flag of the interface, which stays when a process dies. A
 * membership goes with its socket, which receives nothing itself. */
int
guest_listen(const char *interface, bool everything)
{
	struct packet_mreq m = {
		.mr_ifindex = (int)if_nametoindex(interface),
		.mr_type = everything ? PACKET_MR_PROMISC : PACKET_MR_ALLMULTI,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

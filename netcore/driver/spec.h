/* spec.h - what a user says about a port, and what DPDK is told.
 *
 *	afpacket:IF		a packet socket on a network interface
 *	afxdp:IF[,queue=N]	an XDP socket, from queue N of it on
 *	tap:NAME		a new interface of the kernel
 *	memif:SOCKET[,server|client][,id=N]
 *				shared memory; SOCKET is a path from / on, or
 *				an abstract name; client, if nothing is said
 *	pcap:rx=FILE[,tx=FILE]	frames from a file, and into one
 *	pci:ADDRESS		a device, bound to vfio-pci
 *	vdev:STRING		a virtual device in DPDK's words
 *
 * Each but vdev may end in `,trust`: checksums of what comes are taken to be
 * right, as they are where only memory lies between us and the peer.
 *
 * No DPDK here: text becomes text.
 */
#ifndef NETCORE_DRIVER_SPEC_H
#define NETCORE_DRIVER_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPEC_ARGS 512

enum spec_kind {
	SPEC_AFPACKET,
	SPEC_AFXDP,
	SPEC_TAP,
	SPEC_MEMIF,
	SPEC_PCAP,
	SPEC_PCI,
	SPEC_VDEV,
};

struct spec {
	enum spec_kind kind;
	bool trust;
	char interface[16];   /* of the kernel, that it is on; or "" */
	char device[64];      /* DPDK's name of it */
	char args[SPEC_ARGS]; /* and all that it is told of it */
};

/* What the specification is completed by. */
struct spec_for {
	unsigned number; /* of the port in this process */
	unsigned queues;
	unsigned mtu;
	unsigned room; /* bytes for a frame in a buffer */
};

/* Bytes that a buffer needs besides a packet, for such a port. */
unsigned spec_around(const char *text);

/* 0; -EINVAL, -ENODEV, -ENOENT; then `why` has one line. */
int spec_parse(struct spec *s, const char *text, const struct spec_for *f,
	char *why, size_t size);

#endif

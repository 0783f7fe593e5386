/* driver.h - frames between a port and whoever speaks the protocols. The only
 * room that knows DPDK, and the only thing that others see of it.
 *
 * A driver is one queue of one port, owned by one thread. Drivers are opened
 * and closed by one thread at a time. Where a port has several queues, each is
 * a driver of its own with the same port, and the port starts when the last of
 * them is opened; it stops when the first is closed. None is used before, nor
 * any more when the first is closed.
 *
 * Order of use, each turn of the owner's loop:
 *
 *	n = driver_rx(d, frames, max)	what came; buffers are the caller's
 *	driver_release(d, buf)		... until it gives them back
 *	room = driver_tx_room(d)	what driver_tx() takes for sure
 *	driver_tx(d, frames, n)		what is to go out, and what waits
 *	driver_tx_done(d)		whose memory is free again
 *
 * Nothing here allocates. DPDK sends by a system call where the kernel stands
 * behind the port, and waits there when the ring of a packet socket is full.
 *
 * Completion. Each frame taken that has pieces gets the next serial number,
 * beginning with 1. The memory of its pieces must stay as it is until
 * driver_tx_done() has reached its serial; that of the headers is the caller's
 * again at once. A frame's buf (a received one, or of driver_take()) is
 * released by the driver itself when the port has let go of the frame.
 */
#ifndef NETCORE_DRIVER_DRIVER_H
#define NETCORE_DRIVER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlibos/limits.h"
#include "mem/part.h"
#include "netcore/driver/counters.h"
#include "netcore/stack/frame.h"
#include "netcore/stack/steer.h"

#define DRIVER_QUEUES  LIMIT_QUEUES
#define DRIVER_PORTS   16   /* of a process at most */
#define DRIVER_MTU_MIN 576  /* bytes of an IP packet */
#define DRIVER_MTU_MAX 9000 /* likewise */
#define DRIVER_LABEL   32   /* bytes of a label, its end included */

struct driver;

struct driver_config {
	/* Which port; spec.h has the grammar. */
	const char *port;
	unsigned queue, queues; /* this one, of so many; 0 queues: one */
	/* Of the calling process, and this driver's alone until it is closed:
	 * for received frames, and for headers of what is sent. */
	const struct part *rx, *txhdr;
	uint16_t mtu;	   /* 0: 1500 */
	uint8_t mac[6];	   /* all 0: the port's own */
	const char *label; /* of letters, digits, - and _ */
	/* Which frames are for us, where others have the same address. A packet
	 * socket of an interface that others look at, too, takes its share;
	 * queues of one port, of which share and queue are the same, hand each
	 * other what is not theirs. */
	struct steer steer;
};

struct driver_caps {
	uint8_t mac[6];
	uint16_t mtu;
	bool tx_cksum; /* completes checksums of TCP and UDP */
	bool rx_cksum; /* verifies those of IP, TCP and UDP */
	/* It spreads connections over its queues by steer.h; 0: they come as
	 * they come, and are handed on. */
	uint16_t rss_bits;
	bool gathers; /* sends pieces from where they lie, uncopied */
	/* Tells of the last frames only when more are sent: there is no use in
	 * waiting for them. */
	bool lazy;
	bool link;    /* at the time of asking */
	uint32_t tso; /* bytes of a frame to be cut up, headers included; 0 */
	uint32_t rx_buffers, tx_frames;
	char name[DRIVER_LABEL]; /* of the kind of port, as DPDK says it */
};

struct driver_count {
#define X(name) uint64_t name;
	DRIVER_COUNTERS(X)
#undef X
};

/* Bytes that a partition needs for so many received frames, or frames under
 * way; what is more than that is used, too. */
uint64_t driver_rx_bytes(const char *port, uint16_t mtu, uint32_t frames);
uint64_t driver_txhdr_bytes(uint32_t frames);

/* 0 or -errno; then `why` has one line for the user, without its end. */
int driver_open(struct driver **out, const struct driver_config *c, char *why,
	size_t size);

/* The caller has given all buffers back. When it returns the port has let go of
 * every frame. NULL is left alone. */
void driver_close(struct driver *d);

/* Asks the port about its link anew; valid until the next call. */
const struct driver_caps *driver_caps(struct driver *d);

/* Memory of an application that pieces will lie in, mapped for reading. A port
 * that a device stands behind may read it from now on, and never write it.
 * 0 or -errno. Called before the first frame that refers to it. */
int driver_app_add(struct driver *d, const void *base, uint64_t bytes);

/* Once for each driver_app_add() that went well; before it is unmapped, and
 * once all frames that refer to it are let go of. */
void driver_app_drop(struct driver *d, const void *base, uint64_t bytes);

/* At most `max` frames; data lies in the Rx partition. */
unsigned driver_rx(struct driver *d, struct stack_rx_frame *f, unsigned max);
void driver_release(struct driver *d, void *buf);

/* A buffer like those of received frames, for what is to be sent as some
 * frame's buf: its memory, *room bytes. NULL: the port needs them. */
uint8_t *driver_take(struct driver *d, void **buf, uint32_t *room);

/* Takes frames in order, and returns how many: all, if driver_tx_room() said
 * so. The port is offered what it did not take before, and then these; n may
 * be 0. */
unsigned driver_tx(struct driver *d, struct stack_tx_frame *f, unsigned n);
unsigned driver_tx_room(const struct driver *d);

/* The last serial given; the one up to which all frames were let go of. */
uint64_t driver_tx_sent(const struct driver *d);
uint64_t driver_tx_done(const struct driver *d);

/* Asks the port to let go of what it has sent. */
void driver_tx_reap(struct driver *d);

/* Readable (level-triggered) when a frame has come; -1: this port has no such
 * thing, and its owner has to look by itself. A frame may have come that it
 * does not tell of, so driver_pending() is asked before sleeping, and then
 * driver_arm() called, without which some ports do not tell of any. It holds
 * until the next driver_rx(). */
int driver_fd(const struct driver *d);
void driver_arm(struct driver *d);

/* Is there a frame after all? */
bool driver_pending(struct driver *d);

/* Frames under way that the port has not taken yet: nothing wakes their owner,
 * who must not sleep long before he calls driver_tx() again. */
unsigned driver_tx_waiting(const struct driver *d);

void driver_stats(struct driver *d, struct driver_count *c);

/* For tests: buffers that are not in use. */
uint32_t driver_rx_free(const struct driver *d);
uint32_t driver_tx_free(const struct driver *d);

#endif

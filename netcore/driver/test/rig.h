/* rig.h - a driver with its partitions, and what each test asks of one,
 * whatever its port.
 */
#ifndef NETCORE_DRIVER_TEST_RIG_H
#define NETCORE_DRIVER_TEST_RIG_H

#include <stdint.h>

#include "netcore/driver/driver.h"

#define RIG_QUEUES 2

struct rig {
	struct driver *d;
	struct part rx, txhdr, app, view; /* view: of app, for reading */
	uint8_t *headers;
	uint32_t rx_free, tx_free; /* when nothing was going on */
	uint32_t number;	   /* of the next frame */
};

/* Dies where it cannot. queue of queues, whose last one starts the port. */
void rig_open(struct rig *r, const char *port, uint16_t mtu, unsigned queue,
	unsigned queues);
/* As driver_open(): for those that are to fail. */
int rig_try(struct rig *r, const char *port, uint16_t mtu, unsigned queue,
	unsigned queues, char *why, size_t size);
void rig_close(struct rig *r);

/* Sends into the wire, whose other end is a packet socket, until the driver
 * gets a frame: a device's link takes its time, and may lose what comes early.
 */
void rig_await_link(struct rig *r, int wire);

/* The next frames; each is given back when it was looked at. */
void rig_expect(struct rig *r, size_t len, uint32_t number);

/* A frame of len bytes goes out, of so many pieces of the app's memory. */
void rig_send(struct rig *r, size_t len, unsigned pieces, uint32_t number);

/* What comes goes back, from where it lies; so many of our type. */
void rig_echo(struct rig *r, unsigned frames);

/* Until all that was sent was let go of, and all buffers are back. */
void rig_settle(struct rig *r);

#endif

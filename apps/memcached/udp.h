/* udp.h - requests that come in datagrams: the text commands in frames of
 * memcached's. A request is in one datagram, and stands alone; the answer is in
 * as many as it takes.
 *
 * Answers are copied into memory of this file's own, so that nothing of the
 * store is held until the network is done with it. An answer that finds no room
 * there is left out, and the peer is told.
 */
#ifndef APPS_MEMCACHED_UDP_H
#define APPS_MEMCACHED_UDP_H

#include "apps/memcached/proto.h"
#include "dlibos/dlibos.h"

#define UDP_GRAM  1400 /* bytes of a datagram at most, its frame included */
#define UDP_GRAMS 256  /* on their way; a power of two */

/* One for each core. */
struct udp {
	struct command *command;
	struct dl_udp *port;
	char *buf;	     /* UDP_GRAMS times UDP_GRAM, a ring */
	uint32_t first, end; /* on their way */
	uint16_t len[UDP_GRAMS];
	struct proto proto; /* of the request that is being answered */
};

/* Bytes of the App memory that it takes. */
#define UDP_BYTES (UDP_GRAM * UDP_GRAMS)

/* At the same address as connections, NULL: any. 0 or what dl_udp_open() says;
 * -ENOMEM. */
int udp_open(struct udp *u, struct dl *dl, const struct dl_addr *addr,
	uint16_t port, struct command *command);

#endif

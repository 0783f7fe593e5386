/* frag.h - packets that come in pieces (RFC 791, 815, 5722). The pieces stay
 * where they lie; when all are there they are handed on as pieces. What waits
 * is bounded three times: so many packets, so many pieces in all, FRAG_MS. */
#ifndef NETCORE_STACK_ENGINE_FRAG_H
#define NETCORE_STACK_ENGINE_FRAG_H

#include <stdbool.h>
#include <stdint.h>

#include "netcore/stack/ip_addr.h"
#include "netcore/stack/tcp/slab.h"

#define FRAG_MS	  30000u
#define FRAG_WAYS 4u /* packets whose hashes may fall together */

struct stack;
struct stack_rx_frame;

struct frag_key {
	struct ip_addr src, dst;
	uint32_t id;
	uint8_t proto;
};

/* One that is not whole yet; free while it has no pieces. */
struct frag {
	struct frag_key key;
	uint32_t head; /* its pieces, in order, without overlaps */
	uint32_t pieces;
	uint32_t have; /* bytes */
	uint32_t end;  /* bytes that there are; 0: the last is missing */
	uint32_t t_end;
	bool ce; /* a router has marked one of them */
};

struct frag_node {
	uint32_t next;
	uint32_t off;
	uint32_t len;
	const uint8_t *ptr;
	void *buf;
};

struct frags {
	struct frag *frag;
	uint32_t sets; /* a power of two, of FRAG_WAYS each; or 0 */
	uint32_t live;
	uint32_t t_end; /* the nearest of all, or before */
	struct slab node;
};

/* A piece of a packet: what it is about, and whether more follow. */
struct frag_rx {
	struct frag_key key;
	uint32_t off;
	bool more;
	bool ce;
	const uint8_t *data;
	uint32_t len;
};

void frag_in(
	struct stack *s, struct stack_rx_frame *f, const struct frag_rx *r);
void frag_expire(struct stack *s);
/* Until it has something to do; while any are live. */
uint64_t frag_wait_ns(const struct stack *s);

#endif

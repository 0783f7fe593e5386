/* wire_kernel.h - sockets of the kernel, of one thread: not blocking, waited
 * for by epoll. */
#ifndef BENCH_LOAD_WIRE_KERNEL_H
#define BENCH_LOAD_WIRE_KERNEL_H

#include <netinet/in.h>

#include "bench/load/load.h"

struct kernel_conn;

struct kernel {
	int epoll;
	bool spin;
	unsigned conns;
	struct sockaddr_in6 to; /* or sockaddr_in */
	socklen_t to_len;
	struct load *load;
	struct kernel_conn *conn;
	struct wire_piece *out;	  /* out_ring for each connection */
	unsigned out_ring;	  /* a power of two */
	unsigned *dirty, dirty_n; /* have something to send */
	unsigned *over, over_n;	  /* load_closed() is owed */
	uint8_t *in;
	void *memory; /* a chain of what was given out */
};

extern const struct wire kernel_wire;

/* 0; -errno. */
int kernel_init(struct kernel *k, struct load *l, const struct load_conf *c,
	const char *to, uint16_t port, bool spin);
void kernel_fini(struct kernel *k);

/* Runs l, which was made with this wire, to its end, or until *stop. */
void kernel_run(struct kernel *k, const uint32_t *stop);

#endif

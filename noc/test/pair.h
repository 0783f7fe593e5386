/* pair.h - two ends of an edge for tests, in memory that two threads or two
 * processes share. No protection here: what the hostile tests need is a peer
 * that can write all of its own side, and it can. */
#ifndef NOC_TEST_PAIR_H
#define NOC_TEST_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "noc/bell.h"
#include "noc/edge.h"
#include "noc/hub.h"

struct pair {
	void *side[2]; /* what each side writes */
	uint64_t bytes;
	struct edge end[2];  /* 0 sends commands, 1 sends events */
	struct bell bell[2]; /* bell[i] wakes side i */
};

#define PAIR_DATA 4096 /* bytes of the partition that data lies in */

static inline void *
pair_memory(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* Makes side i of p, for the thread or process that will own it. */
static inline void
pair_open(
	struct pair *p, int i, uint32_t slots, edge_handler *handler, void *arg)
{
	struct edge_config c = {
		.own = p->side[i],
		.peer = p->side[!i],
		.slots = slots,
		.in = i ? MSG_COMMAND : MSG_EVENT,
		.in_bytes = PAIR_DATA,
		.bell_in = p->bell[i].read_fd,
		.bell_out = p->bell[!i].write_fd,
		.handler = handler,
		.arg = arg,
	};

	assert_int_equal(edge_init(&p->end[i], &c), 0);
}

static inline void
pair_make(struct pair *p, uint32_t slots)
{
	memset(p, 0, sizeof(*p));
	p->bytes = edge_bytes(slots);
	for (int i = 0; i < 2; i++) {
		p->side[i] = pair_memory(p->bytes);
		assert_int_equal(bell_make(&p->bell[i]), 0);
	}
}

static inline void
pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->end[i].park)
			edge_fini(&p->end[i]);
		munmap(p->side[i], p->bytes);
	}
}

/* A handler that keeps what came, for looking at it. */
struct inbox {
	struct msg m[64];
	unsigned n, runs;
};

static inline void
inbox_put(void *arg, struct edge *e, const struct msg *m, unsigned n)
{
	struct inbox *in = arg;

	(void)e;
	in->runs++;
	for (unsigned i = 0; i < n; i++)
		in->m[in->n++ % 64] = m[i];
}

#if defined(__SANITIZE_ADDRESS__) || defined(DL_TSAN)
#define PAIR_SLOW 1 /* sanitizers cost a factor of ten to fifty */
#else
#define PAIR_SLOW 0
#endif

#endif

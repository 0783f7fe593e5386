/* part.h - partitions: memory with exactly one writing process.
 *
 * The writer makes an anonymous file, maps it for writing, and then seals it:
 * from then on the kernel refuses everybody, the writer included, another
 * writable mapping, a write(), a truncation, a hole. Readers get the
 * descriptor and check size and seals before they map, so that no writer can
 * hand over memory that others could write or that could vanish under them.
 */
#ifndef MEM_PART_H
#define MEM_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/rights.h"

struct part {
	uint8_t *base;
	uint64_t bytes; /* a multiple of the page size */
	int fd;		/* -1 once it was closed; the mapping stays */
	enum part_kind kind;
	bool writable;
	bool huge;     /* of 2 MiB pages */
	bool fallback; /* it would be, but there were none */
};

/* Makes a partition of at least `bytes` bytes on NUMA node `node` (-1: any),
 * zero, mapped for writing, sealed. What is 2 MiB or more gets pages of 2 MiB
 * where there are any, but for PART_EDGE, whose ranges are bound one by one.
 * `owner` shows in /proc/PID/maps. 0 or -errno. */
int part_create(struct part *p, enum part_kind kind, uint64_t bytes, int node,
	const char *owner);

/* Moves a page-aligned range of a fresh partition of 4 KiB pages to a node of
 * its own; to be called before anything is written there. 0 or -errno. */
int part_bind(const struct part *p, uint64_t offset, uint64_t bytes, int node);

/* Is this what part_create() makes, of exactly this size? -EINVAL: no such
 * file; -ERANGE: another size; -EPERM: seals are missing. */
int part_check(int fd, uint64_t bytes);

/* Checks, then maps for reading. The descriptor belongs to the partition if
 * it succeeds. 0 or -errno. */
int part_open(struct part *p, enum part_kind kind, int fd, uint64_t bytes);

/* Closes the descriptor; nobody else needs it from us any more. */
void part_close_fd(struct part *p);

/* Unmaps and closes; a zeroed or closed partition is left alone. */
void part_close(struct part *p);

/* Offsets cross between processes, pointers never do. Making one is our own
 * business and asserts; resolving one is not, and checks, in a form that
 * cannot wrap: NULL unless all `len` bytes are inside. */
uint64_t part_offset(const struct part *p, const void *ptr);

static inline const void *
part_at(const struct part *p, uint64_t offset, uint64_t len)
{
	if (len > p->bytes || offset > p->bytes - len)
		return NULL;
	return p->base + offset;
}

#endif

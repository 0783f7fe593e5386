/* part.c - making, sealing, checking and mapping. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dlibos/base/bits.h"
#include "dlibos/limits.h"
#include "mem/part.h"

#define PAGE	  4096u
#define HUGE_PAGE (2u << 20)

#ifndef MFD_HUGE_2MB
#define MFD_HUGE_2MB (21u << 26)
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

/* One bit for a node in a mask for the kernel. */
#define MASK_WORDS 16
#define MASK_BITS  (MASK_WORDS * 64u)

/* Prefers the node: a full one costs speed, not the process its life. */
static int
bind_range(void *base, uint64_t bytes, int node)
{
	unsigned long mask[MASK_WORDS] = {0};

	if (node < 0)
		return 0;
	if ((unsigned)node >= MASK_BITS - 1)
		return -EINVAL;
	mask[node / 64] = 1ul << (node % 64);
	/* A kernel without NUMA has one node, and it is the right one. */
	if (mbind(base, bytes, MPOL_PREFERRED, mask, MASK_BITS, 0) &&
		errno != ENOSYS)
		return -errno;
	return 0;
}

/* Makes and maps a file of such pages. Pages of 2 MiB are fetched at once:
 * where they run out, this fails, and not the process some day later. */
static int
make(struct part *p, uint64_t bytes, int node, const char *name, bool huge)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int rc;

	p->bytes = round_up(bytes, huge ? HUGE_PAGE : PAGE);
	p->fd = memfd_create(
		name, huge ? flags | MFD_HUGETLB | MFD_HUGE_2MB : flags);
	if (p->fd < 0)
		return -errno;
	if (ftruncate(p->fd, (off_t)p->bytes))
		goto fail;
	p->base = mmap(
		NULL, p->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->base == MAP_FAILED)
		goto fail;
	rc = bind_range(p->base, p->bytes, node);
	if (!rc && huge && madvise(p->base, p->bytes, MADV_POPULATE_WRITE))
		rc = -errno;
	if (!rc) {
		p->huge = huge;
		return 0;
	}
	munmap(p->base, p->bytes);
	close(p->fd);
	return rc;
fail:
	rc = -errno;
	close(p->fd);
	return rc;
}

int
part_create(struct part *p, enum part_kind kind, uint64_t bytes, int node,
	const char *owner)
{
	/* An edge's slots lie next to their reader, each in its place; of what
	 * statistics have room for, most is never used. */
	bool want_huge =
		bytes >= HUGE_PAGE && kind != PART_EDGE && kind != PART_STAT;
	char name[64];
	int rc = -ENOMEM;

	if (!bytes || bytes > LIMIT_PART_MAX)
		return -EINVAL;
	memset(p, 0, sizeof(*p));
	p->kind = kind;
	p->writable = true;
	snprintf(name, sizeof(name), "dl-%s-%.24s", rights[kind].name, owner);
	if (want_huge)
		rc = make(p, bytes, node, name, true);
	if (rc) {
		p->fallback = want_huge;
		rc = make(p, bytes, node, name, false);
	}
	if (rc) {
		p->base = NULL;
		return rc;
	}
	if (fcntl(p->fd, F_ADD_SEALS, SEALS)) {
		rc = -errno;
		part_close(p);
	}
	return rc;
}

int
part_bind(const struct part *p, uint64_t offset, uint64_t bytes, int node)
{
	if (p->huge)
		return -EINVAL; /* too coarse for it */
	if (!part_at(p, offset, bytes) || (offset | bytes) % PAGE)
		return -EINVAL;
	return bind_range(p->base + offset, bytes, node);
}

int
part_check(int fd, uint64_t bytes)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	if (!bytes || (uint64_t)st.st_size != bytes || bytes % PAGE ||
		bytes > LIMIT_PART_MAX)
		return -ERANGE;
	return (seals & SEALS) == SEALS ? 0 : -EPERM;
}

int
part_open(struct part *p, enum part_kind kind, int fd, uint64_t bytes)
{
	int rc = part_check(fd, bytes);
	void *base;

	if (rc)
		return rc;
	base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return -errno;
	*p = (struct part){
		.base = base,
		.bytes = bytes,
		.fd = fd,
		.kind = kind,
	};
	return 0;
}

void
part_close_fd(struct part *p)
{
	if (p->base && p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

void
part_close(struct part *p)
{
	if (!p->base)
		return;
	part_close_fd(p);
	munmap(p->base, p->bytes);
	p->base = NULL;
	p->bytes = 0;
}

uint64_t
part_offset(const struct part *p, const void *ptr)
{
	uint64_t offset = (uint64_t)((const uint8_t *)ptr - p->base);

	assert(offset < p->bytes);
	return offset;
}

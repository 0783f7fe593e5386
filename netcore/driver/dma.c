/* dma.c - by VFIO itself: DPDK's own call asks for reading and writing of
 * whatever it maps, which the kernel refuses for a view that is mapped for
 * reading. */
#include "netcore/driver/dma.h"

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <rte_vfio.h>
#include <sys/ioctl.h>

#include "dlibos/limits.h"
#include "netcore/driver/driver.h"

/* What is mapped, and how often it was asked for. There is one container in a
 * process, so there is one list. */
static struct {
	pthread_mutex_t lock;
	struct range {
		const void *base;
		unsigned users; /* 0: the place is free */
	} range[LIMIT_DOMAINS + 2 * DRIVER_QUEUES];
} mapped = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define RANGES (sizeof(mapped.range) / sizeof(mapped.range[0]))

static struct range *
find(const void *base)
{
	struct range *place = NULL;

	for (struct range *r = mapped.range; r < mapped.range + RANGES; r++) {
		if (r->users && r->base == base)
			return r;
		if (!r->users && !place)
			place = r;
	}
	return place;
}

static int
map(const void *base, uint64_t bytes, bool written)
{
	struct vfio_iommu_type1_dma_map m = {
		.argsz = sizeof(m),
		.flags = VFIO_DMA_MAP_FLAG_READ,
		.vaddr = (uintptr_t)base,
		.iova = (uintptr_t)base,
		.size = bytes,
	};
	int fd = rte_vfio_get_container_fd();

	if (written)
		m.flags |= VFIO_DMA_MAP_FLAG_WRITE;
	if (fd < 0)
		return -ENODEV;
	return ioctl(fd, VFIO_IOMMU_MAP_DMA, &m) ? -errno : 0;
}

int
dma_map(const void *base, uint64_t bytes, bool written)
{
	struct range *r;
	int rc;

	pthread_mutex_lock(&mapped.lock);
	r = find(base);
	rc = !r ? -ENOSPC : r->users ? 0 : map(base, bytes, written);
	if (!rc) {
		r->base = base;
		r->users++;
	}
	pthread_mutex_unlock(&mapped.lock);
	return rc;
}

static void
unmap(const void *base, uint64_t bytes)
{
	struct vfio_iommu_type1_dma_unmap u = {
		.argsz = sizeof(u),
		.iova = (uintptr_t)base,
		.size = bytes,
	};
	int fd = rte_vfio_get_container_fd();

	if (fd >= 0)
		ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &u);
}

void
dma_unmap(const void *base, uint64_t bytes)
{
	struct range *r;

	pthread_mutex_lock(&mapped.lock);
	r = find(base);
	if (r && r->users && !--r->users)
		unmap(base, bytes);
	pthread_mutex_unlock(&mapped.lock);
}

/* By VFIO itself: DPDK's own call asks for reading and writing of whatever it
 * maps, which the kernel refuses for a view that is mapped for reading. */
#include "netcore/driver/dma.h"

#include <errno.h>
#include <linux/vfio.h>
#include <rte_vfio.h>
#include <sys/ioctl.h>

int
dma_map(const void *base, uint64_t bytes, bool written)
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

void
dma_unmap(const void *base, uint64_t bytes)
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

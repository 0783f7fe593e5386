/* dma.h - what a device may reach: the partitions, and nothing else. */
#ifndef NETCORE_DRIVER_DMA_H
#define NETCORE_DRIVER_DMA_H

#include <stdbool.h>
#include <stdint.h>

/* Lets devices reach [base, base + bytes) at the same address; without
 * `written`, for reading only. Each core of an application asks for the same
 * memory, on the thread of each network core: it is unmapped with the last of
 * them. 0 or -errno. */
int dma_map(const void *base, uint64_t bytes, bool written);
void dma_unmap(const void *base, uint64_t bytes);

#endif

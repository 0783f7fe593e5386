/* cpu.h - threads on processors, and the fence that only one side pays for. */
#ifndef DLIBOS_BASE_CPU_H
#define DLIBOS_BASE_CPU_H

#include <stdbool.h>

/* Puts the calling thread on one CPU. 0 or -errno. */
int cpu_pin(int cpu);

/* Processors that this process may use. */
int cpu_count(void);

/* The asymmetric fence: cpu_heavy_fence() makes every thread of every process
 * that called cpu_join_fences() execute a full fence, wherever it is. So the
 * side that publishes often needs none, and the side that sleeps seldom pays
 * for both (membarrier(2), MEMBARRIER_CMD_GLOBAL_EXPEDITED; 1 to 5 us).
 *
 * cpu_join_fences() says whether the kernel can do it. Where it cannot, the
 * publishing side fences for itself (edge.h). */
bool cpu_join_fences(void);
void cpu_heavy_fence(void);

#endif

/* eal.h - DPDK's environment, which is there once a process, and stays until
 * the process ends: it cannot be begun anew.
 */
#ifndef NETCORE_DRIVER_EAL_H
#define NETCORE_DRIVER_EAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins it, unless it is there. `label` names it among processes; `pci`: real
 * devices will be asked for. The calling thread keeps its CPUs, and nothing is
 * left in a file system. 0; -EINVAL: the label; -EBUSY: it was begun without
 * devices, and now there is to be one; -EIO. */
int eal_begin(const char *label, bool pci, char *why, size_t size);

/* From now on DPDK's complaints are not logged, and the first of them is kept
 * for eal_first(); until eal_speak(). */
void eal_hush(void);
void eal_speak(void);
/* The first complaint since eal_hush(), or "". */
const char *eal_first(void);

/* Lines that DPDK wrote unhushed. Of these only the first are logged. */
uint64_t eal_lines(void);

#endif

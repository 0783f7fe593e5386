/* quiet.c - this program's munmap(), which DPDK finds before the C library's:
 * it has no hook between the link's end and that of the memory. */
#include "netcore/driver/quiet.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <rte_interrupts.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netcore/driver/driver.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct quiet *watched[DRIVER_PORTS]; /* memif has one queue */

static void
put(const struct quiet *from, struct quiet *to)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < DRIVER_PORTS; i++)
		if (watched[i] == from) {
			watched[i] = to;
			break;
		}
	pthread_mutex_unlock(&lock);
}

void
quiet_watch(struct quiet *q)
{
	q->fences = syscall(SYS_membarrier,
		MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	put(NULL, q);
}

void
quiet_forget(struct quiet *q)
{
	put(q, NULL);
}

static void
await(struct quiet *q)
{
	uint32_t seen = atomic_load_acq_32(&q->inside);

	while (seen & 1 && atomic_load_acq_32(&q->inside) == seen)
		sched_yield();
	atomic_store_32(&q->unmapped, q->unmapped + 1);
}

static void
await_all(void)
{
	atomic_full_fence();
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < DRIVER_PORTS; i++)
		if (watched[i])
			await(watched[i]);
	pthread_mutex_unlock(&lock);
}

int
munmap(void *p, size_t len)
{
	if (rte_thread_is_intr())
		await_all();
	return (int)syscall(SYS_munmap, p, len);
}

/* progress.c - nothing is written where nobody looks. What is read of another
 * thread may be a moment old. */
#include <stdio.h>
#include <unistd.h>

#include "bench/load/progress.h"
#include "dlibos/base/atomic.h"

void
progress_begin(struct progress *p)
{
	*p = (struct progress){.on = isatty(STDERR_FILENO)};
}

void
progress_show(struct progress *p, const struct load *first, uint64_t done,
	uint64_t goal, uint64_t now)
{
	uint64_t end = atomic_load_acq_64(&first->end);
	double rate = p->when && now > p->when
		? (double)(done - p->done) * 1e9 / (double)(now - p->when)
		: 0;
	double left = end > now ? (double)(end - now) * 1e-9 : 0;

	if (goal)
		left = rate > 0 && goal > done ? (double)(goal - done) / rate
					       : 0;
	if (!p->on)
		return;
	if (!end)
		fprintf(stderr, "\r\033[Kconnecting");
	else
		fprintf(stderr, "\r\033[K%10.0f/s, %llu done, %.1f s left",
			rate, (unsigned long long)done, left);
	p->when = now;
	p->done = done;
}

void
progress_end(struct progress *p)
{
	if (p->on)
		fputs("\r\033[K", stderr);
}

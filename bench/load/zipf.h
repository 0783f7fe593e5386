/* zipf.h - ranks from 0 to n - 1, of which rank r comes in proportion to
 * (r + 1)^-s. */
#ifndef BENCH_LOAD_ZIPF_H
#define BENCH_LOAD_ZIPF_H

#include <stdint.h>

struct zipf {
	double n, s, begin, end, sure;
};

/* n at least 1; s above 0. */
void zipf_init(struct zipf *z, uint32_t n, double s);
uint32_t zipf_next(const struct zipf *z, uint64_t *rnd);

#endif

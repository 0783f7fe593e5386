/* hist.c - below 64 a bucket is one value; from there on the highest bit says
 * which doubling, and the six below it which bucket of that. */
#include "bench/load/hist.h"

static unsigned
bucket_of(uint64_t v)
{
	unsigned shift;

	if (v < HIST_SUB)
		return (unsigned)v;
	if (v >> HIST_BITS)
		return HIST_BUCKETS - 1;
	shift = 63 - HIST_SUB_BITS - (unsigned)__builtin_clzll(v);
	return (shift + 1) * HIST_SUB + (unsigned)(v >> shift & (HIST_SUB - 1));
}

static uint64_t
middle_of(unsigned bucket)
{
	unsigned doubling = bucket / HIST_SUB;
	uint64_t low = HIST_SUB + bucket % HIST_SUB;

	if (!doubling)
		return bucket;
	return (low << (doubling - 1)) + ((1ull << (doubling - 1)) >> 1);
}

void
hist_add(struct hist *h, uint64_t ns)
{
	h->bucket[bucket_of(ns)]++;
	h->n++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
}

void
hist_merge(struct hist *h, const struct hist *more)
{
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += more->bucket[i];
	h->n += more->n;
	h->sum += more->sum;
	if (more->max > h->max)
		h->max = more->max;
}

uint64_t
hist_at(const struct hist *h, double q)
{
	double want = q * (double)h->n;
	uint64_t below = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		below += h->bucket[i];
		if (h->bucket[i] && (double)below >= want) {
			uint64_t v = middle_of(i);

			return v < h->max ? v : h->max;
		}
	}
	return h->max;
}

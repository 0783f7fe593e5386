/* raw.c - lines between two CPUs, without any FIFO. */
#include "bench/duo.h"
#include "bench/raw.h"
#include "bench/report.h"
#include "dlibos/base/atomic.h"
#include "dlibos/base/cacheline.h"
#include "dlibos/base/clock.h"

struct word {
	uint32_t v PAIR_ALIGNED;
};

struct ball {
	struct word word[2];
	unsigned trips PAIR_ALIGNED;
	struct raw_timer timer PAIR_ALIGNED;
};

double
raw_ns(const struct raw_timer *t, unsigned trips)
{
	double ns[RAW_SLICES];

	for (unsigned i = 0; i < RAW_SLICES; i++)
		ns[i] = (double)(t->at[i + 1] - t->at[i]) * 1e9 /
			(double)clock_hz() / trips;
	return report_median(ns, RAW_SLICES);
}

static void
tight(void)
{
}

/* `back` is the word of the way back: 1, a line of its own, or 0, the same. */
#define PLAYERS(name, back, pause)                                            \
	static void name##_serve(void *arg)                                   \
	{                                                                     \
		struct ball *b = arg;                                         \
		unsigned trips = b->trips;                                    \
		uint32_t *out = &b->word[0].v, *in = &b->word[back].v, v = 0; \
                                                                              \
		for (unsigned s = 0; s < RAW_SLICES; s++) {                   \
			b->timer.at[s] = clock_cycles();                      \
			for (unsigned i = 0; i < trips; i++, v += 2) {        \
				atomic_store_rel_32(out, v + 1);              \
				while (atomic_load_acq_32(in) != v + 2)       \
					pause();                              \
			}                                                     \
		}                                                             \
		b->timer.at[RAW_SLICES] = clock_cycles();                     \
	}                                                                     \
	static void name##_return(void *arg)                                  \
	{                                                                     \
		struct ball *b = arg;                                         \
		uint32_t trips = b->trips * RAW_SLICES, v = 0;                \
		uint32_t *out = &b->word[back].v, *in = &b->word[0].v;        \
                                                                              \
		for (uint32_t i = 0; i < trips; i++, v += 2) {                \
			while (atomic_load_acq_32(in) != v + 1)               \
				pause();                                      \
			atomic_store_rel_32(out, v + 2);                      \
		}                                                             \
	}

PLAYERS(relaxed, 1, cpu_relax)
PLAYERS(shared, 0, cpu_relax)
PLAYERS(tight, 0, tight)

static double
play(const int cpu[2], unsigned trips, duo_fn *a, duo_fn *b)
{
	struct ball *ball = duo_memory(sizeof(*ball));
	double ns;

	clock_hz();
	ball->trips = trips;
	duo_run(cpu, a, b, ball);
	ns = raw_ns(&ball->timer, trips);
	duo_free(ball, sizeof(*ball));
	return ns;
}

double
raw_trip_ns(const int cpu[2], unsigned trips)
{
	return play(cpu, trips, relaxed_serve, relaxed_return);
}

double
raw_shared_trip_ns(const int cpu[2], unsigned trips)
{
	return play(cpu, trips, shared_serve, shared_return);
}

double
raw_tight_trip_ns(const int cpu[2], unsigned trips)
{
	return play(cpu, trips, tight_serve, tight_return);
}

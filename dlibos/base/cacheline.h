/* cacheline.h - who may share a cache line with whom: nobody. */
#ifndef DLIBOS_BASE_CACHELINE_H
#define DLIBOS_BASE_CACHELINE_H

#define CACHELINE 64

/* Processors fetch lines in pairs; what two cores write stands a pair apart. */
#define CACHELINE_PAIR 128

#define CACHELINE_ALIGNED __attribute__((aligned(CACHELINE)))
#define PAIR_ALIGNED	  __attribute__((aligned(CACHELINE_PAIR)))

#endif

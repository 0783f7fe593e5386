/* tcp_cells.h - the cells of docs/tcp_throughput.md: a bulk transfer at some
 * loss and round trip. Time is virtual: a cell is the same on any machine. */
#ifndef BENCH_TCP_CELLS_H
#define BENCH_TCP_CELLS_H

#include <stdint.h>

#define TCP_CELLS_LOSSES 5
#define TCP_CELLS_RTTS	 5

/* The link takes a gigabit a second, from a queue of a round trip's worth or
 * 1000 frames, whatever is more; the receive window is 32 MiB. Losses hit both
 * ways. */

extern const uint32_t tcp_cells_loss_ppm[TCP_CELLS_LOSSES];
extern const uint32_t tcp_cells_rtt_us[TCP_CELLS_RTTS];

/* kbit/s of payload, the start included. */
uint64_t tcp_cells_run(unsigned loss, unsigned rtt);

#endif

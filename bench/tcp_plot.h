/* tcp_plot.h - the table of tcp_cells.h as a picture: a line for each loss,
 * both axes logarithmic. */
#ifndef BENCH_TCP_PLOT_H
#define BENCH_TCP_PLOT_H

#include <stdio.h>

#include "bench/tcp_cells.h"

void tcp_plot(FILE *out, double mbit[TCP_CELLS_LOSSES][TCP_CELLS_RTTS]);

#endif

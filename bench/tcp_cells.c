/* tcp_cells.c - a transfer for each cell, on engines in memory. */
#include "bench/tcp_cells.h"
#include "netcore/stack/engine/test/bulk.h"

#define SEEDS  6
#define MS     1000000ull
#define MBIT_S 1000u
#define FRAME  1514u
#define WINDOW (32u << 20)

static uint32_t
queue(uint32_t rtt_us)
{
	uint32_t frames = rtt_us * (MBIT_S / 8) / FRAME;

	return frames > 1000 ? frames : 1000;
}

const uint32_t tcp_cells_loss_ppm[] = {0, 1000, 10000, 30000, 100000};
const uint32_t tcp_cells_rtt_us[] = {100, 1000, 10000, 50000, 200000};

/* A second and a hundred round trips; ten times as long where timeouts decide,
 * of which there are few. */
uint64_t
tcp_cells_run(unsigned loss, unsigned rtt)
{
	uint32_t ppm = tcp_cells_loss_ppm[loss], us = tcp_cells_rtt_us[rtt];
	struct sim_link link = {.delay_ns = us * 500ull, .loss = ppm};
	struct bulk_job job = {
		.there = link,
		.back = link,
		.window = WINDOW,
		.run_ns = 1000 * MS + us * 100000ull,
	};
	unsigned seeds = ppm ? SEEDS : 1;
	uint64_t bytes = 0;

	if (ppm >= 100000)
		job.run_ns *= 10;
	job.there.bits_per_s = MBIT_S * 1000000ull;
	job.there.queue = queue(us);
	for (job.seed = 1; job.seed <= seeds; job.seed++)
		bytes += bulk_run(&job).bytes;
	return bytes * 8 / (job.run_ns / MS) / seeds;
}

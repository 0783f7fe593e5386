/* tcp_stream.c - what the server sends, over a path with faults. */
#include "bench/tcp_stream.h"

#include "bench/raw.h"
#include "bench/report.h"
#include "bench/tcp_pair.h"
#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"

#define BURST 32    /* segments */
#define PIECE 32768 /* bytes that are sent at a time */

static struct tcp_stream
slice(struct tcp_pair *p, unsigned bursts)
{
	uint64_t take = 0, give = 0, t, begin = clock_cycles();
	uint64_t from = p->acked, acks = 0, hz = clock_hz();
	double bits;

	for (unsigned i = 0; i < bursts; i++) {
		acks += p->server.rx_n;
		t = clock_cycles();
		tcp_pair_take(p);
		take += clock_cycles() - t;
		t = clock_cycles();
		tcp_pair_give(p, BURST);
		give += clock_cycles() - t;
		tcp_pair_sink(p);
	}
	bits = (double)(p->acked - from) * 8 * (double)hz / 1e9;
	return (struct tcp_stream){
		.ack = (double)take / (double)acks,
		.gbps = bits / (double)(take + give),
		.wall_gbps = bits / (double)(clock_cycles() - begin),
	};
}

struct tcp_stream
tcp_stream(unsigned segments)
{
	double ack[RAW_SLICES], gbps[RAW_SLICES], wall[RAW_SLICES];
	const char *wrong;
	struct tcp_pair p;

	tcp_pair_init(&p, 1, 0);
	tcp_pair_open(&p);
	p.streams = true;
	for (unsigned i = 0; i < 4; i++)
		tcp_pair_tell(&p, 0, PIECE);
	slice(&p, 64);
	for (unsigned s = 0; s < RAW_SLICES; s++) {
		struct tcp_stream m =
			slice(&p, segments / BURST / RAW_SLICES + 1);

		ack[s] = m.ack;
		gbps[s] = m.gbps;
		wall[s] = m.wall_gbps;
	}
	wrong = tcp_pair_wrong(&p);
	if (wrong)
		die(EXIT_FAIL, "stream: %s", wrong);
	tcp_pair_fini(&p);
	return (struct tcp_stream){
		.ack = report_median(ack, RAW_SLICES),
		.gbps = report_median(gbps, RAW_SLICES),
		.wall_gbps = report_median(wall, RAW_SLICES),
	};
}

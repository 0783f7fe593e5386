/* tcp_stream.h - one connection on which the server sends as fast as the window
 * lets it, by 32 segments of 1460 bytes, and the client takes all of it. */
#ifndef BENCH_TCP_STREAM_H
#define BENCH_TCP_STREAM_H

struct tcp_stream {
	double ack;	  /* cycles of the server for one */
	double gbps;	  /* payload, in the server's time */
	double wall_gbps; /* in everybody's */
};

/* The medians of slices. Dies if anything was lost. */
struct tcp_stream tcp_stream(unsigned segments);

#endif

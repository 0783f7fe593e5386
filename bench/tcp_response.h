/* tcp_response.h - the response function: the average window, in segments, of
 * a connection that loses one segment in 1/p (RFC 9438, 5). */
#ifndef BENCH_TCP_RESPONSE_H
#define BENCH_TCP_RESPONSE_H

/* The larger of what the curve and what the Reno-friendly region give. */
double tcp_response(double p, double rtt_s);

#endif

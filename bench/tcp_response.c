/* tcp_response.c - from a rate of loss to a window. */
#include <math.h>

#include "bench/tcp_response.h"

#define C    0.4
#define BETA 0.7

/* RFC 9438, 5.1: 1.054 * (rtt / p)^0.75 with these constants. */
static double
curve(double p, double rtt_s)
{
	return pow(C * (3 + BETA) / (4 * (1 - BETA)), 0.25) *
		pow(rtt_s / p, 0.75);
}

/* RFC 9438, 4.3: additive increase by alpha, decrease to beta. alpha is chosen
 * so that it is Reno's: sqrt(1.5 / p). */
static double
aimd(double p)
{
	double alpha = 3 * (1 - BETA) / (1 + BETA);

	return sqrt(alpha * (1 + BETA) / (2 * (1 - BETA) * p));
}

double
tcp_response(double p, double rtt_s)
{
	return fmax(curve(p, rtt_s), aimd(p));
}

/* fan_rings.h - k bare rings between one producer and one consumer: ours, and
 * those whose sides trust each other. */
#ifndef BENCH_FAN_RINGS_H
#define BENCH_FAN_RINGS_H

#define FAN_RINGS_MAX 16

enum fan_kind { FAN_FIFO, FAN_RTE, FAN_CK, FAN_KINDS };

/* Nanoseconds a message at the consumer, cpu[0]; the producer is on cpu[1]. The
 * median of RAW_SLICES slices of `slice` messages. Every message is checked;
 * dies if one is not as it was sent. */
double fan_rings_ns(
	const int cpu[2], enum fan_kind kind, unsigned rings, unsigned slice);

#endif

/* counters.h - what a driver counts: every drop by its reason, and every
 * decision that is not the usual one. Those that begin with port_ are the
 * port's own, for all its queues.
 */
#ifndef NETCORE_DRIVER_COUNTERS_H
#define NETCORE_DRIVER_COUNTERS_H

/* clang-format off */
#define DRIVER_COUNTERS(X) \
	X(rx_frames) \
	X(rx_bytes) \
	X(rx_joined)          /* came in several buffers, made one */ \
	X(rx_drop_segments)   /* and did not fit into one */ \
	X(rx_drop_empty) \
	X(rx_lent)            /* to the queue whose flow it is */ \
	X(rx_told)            /* copies of what all queues are to see */ \
	X(rx_drop_mate)       /* another queue has as many as it may */ \
	X(rx_woken)           /* times that the port rang for a sleeper */ \
	X(tx_frames) \
	X(tx_bytes) \
	X(tx_copied)          /* the port does not gather pieces */ \
	X(tx_cut)             /* pieces more: none crosses a page */ \
	X(tx_waited)          /* bursts that the port did not take whole */ \
	X(tx_refused)         /* frames not taken: there was no room */ \
	X(tx_drop_too_long)   /* had to be one buffer, and did not fit */ \
	X(tx_drop_unfit)      /* the port cannot send such a frame */ \
	X(log_lines)          /* that DPDK wrote in this process */ \
	X(port_unmapped)      /* memory of a memif peer that has gone */ \
	X(port_ring_full)     /* by the kernel: we did not look in time */ \
	X(port_no_fill)       /* by the kernel: an XDP socket had no buffer */ \
	X(port_missed) \
	X(port_no_buffer) \
	X(port_rx_errors) \
	X(port_tx_errors)
/* clang-format on */

#endif

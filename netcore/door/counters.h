/* counters.h - what the door counts; one line each, in the order in which
 * tools show them. */
#ifndef NETCORE_DOOR_COUNTERS_H
#define NETCORE_DOOR_COUNTERS_H

#include <stdint.h>

#define DOOR_COUNTERS(X)                                                    \
	X(pings)                                                            \
	X(offered)   /* connections to an application core */               \
	X(connected) /* that it asked for */                                \
	X(connect_failed)                                                   \
	X(closed)	  /* for good */                                    \
	X(nobody_listens) /* when a connection came */                      \
	X(conns_full)	  /* no place for one more */                       \
	X(told_late)	  /* events that waited for room */                 \
	X(tx_waits)	  /* for the device to let go of what was acked */  \
	X(held)		  /* an application core holds too many buffers */  \
	X(copied_bytes)	  /* to one of several applications */              \
	X(copies_late)	  /* too many wait for a copy: a reset */           \
	X(sends_full)	  /* no references left: the connection is reset */ \
	X(app_gone)	  /* connections reset for it */                    \
	X(udp_received)	  /* datagrams to an application core */            \
	X(udp_wholes)	  /* of these: put together */                      \
	X(udp_sent)                                                         \
	X(udp_cuts) /* of these: in several packets */                      \
	/* Datagrams that came, and were dropped. */                        \
	X(udp_no_answer) /* from port 0 */                                  \
	X(udp_no_room)	 /* it does not take its events */                  \
	X(udp_held)	 /* it holds too many buffers */                    \
	X(udp_rx_long)	 /* its partition is too small for such */          \
	/* That were to be sent, and were not. */                           \
	X(udp_tx_long) /* no datagram is so long */                         \
	X(udp_no_host) /* to no host's address, or of another family */     \
	X(udp_no_route)                                                     \
	X(udp_tx_full) /* too many are under way */                         \
	X(listen_in_use)                                                    \
	X(listen_full)                                                      \
	X(late) /* commands for what had just ended */                      \
	/* Refused commands; too many cost the channel. */                  \
	X(no_conn)    /* no connection has this id (any more) */            \
	X(not_yours)  /* another application core's */                      \
	X(bad_state)  /* not now */                                         \
	X(bad_count)  /* more than it was given */                          \
	X(bad_listen) /* no such listener */                                \
	X(no_port)    /* this core has no interface to do it on */

struct door_count {
#define X(name) uint64_t name;
	DOOR_COUNTERS(X)
#undef X
};

#endif

/* limits.h - every size and bound of the house, with its unit.
 *
 * What the hot path meets is allocated at start from these; nothing grows.
 */
#ifndef DLIBOS_LIMITS_H
#define DLIBOS_LIMITS_H

/* Topology. */
#define LIMIT_CORES   256  /* cores in a layout */
#define LIMIT_DOMAINS 128  /* processes in an instance */
#define LIMIT_EDGES   4096 /* edges of one domain */
#define LIMIT_NAME    24   /* bytes of a name, its end included */
#define LIMIT_QUEUES  16   /* of a port that one process has */
#define LIMIT_PORT    256  /* bytes of what --port says, its end included */

/* The network-on-chip. */
#define LIMIT_FIFO_MIN 8     /* slots; the smallest ring that a test uses */
#define LIMIT_FIFO_MAX 65536 /* slots */
#define LIMIT_FIFO     1024  /* slots, the default: 16 KiB, half an L1 */
#define LIMIT_PARK     4096  /* messages parked for one edge */
#define LIMIT_RUN      8     /* slots of one scatter/gather array */
#define LIMIT_BURST    32    /* messages taken from an edge in a turn */
#define LIMIT_BAD      16    /* bad messages until a channel is closed */
#define LIMIT_MATES    64    /* cores of one domain that tell each other */
#define LIMIT_MATE     256   /* slots from one of them to another */

/* Connections. */
#define LIMIT_CONNS	16384	   /* of a network core, the default */
#define LIMIT_CONNS_MAX (1u << 20) /* and the most that can be asked for */
#define LIMIT_LISTENERS 64	   /* of an application core */
#define LIMIT_ATTEMPTS	1024	   /* to connect, of one, at a time */
#define LIMIT_SENDS	16384 /* pieces under way, from one to a network core */
#define LIMIT_KEPT	65536 /* pieces that a core's program reads later */
#define LIMIT_UDP_SENDS 256 /* datagrams, of one port of an application core */

/* Packets of a port, in bytes, the IP header included. */
#define LIMIT_MTU_MIN 576
#define LIMIT_MTU_IP6 1280 /* RFC 8200, section 5 */
#define LIMIT_MTU_MAX 9000

/* Partitions, in bytes. */
#define LIMIT_RX_BYTES	     (16ull << 20)
#define LIMIT_COPY_BYTES_MIN (1ull << 20) /* of each application */
#define LIMIT_TXHDR_BYTES    (2ull << 20)
#define LIMIT_APP_BYTES	     (64ull << 20)
#define LIMIT_PART_MAX	     (1ull << 40) /* a message's offset has 40 bits */
#define LIMIT_LEN_MAX	     ((1u << 23) - 1) /* and its length has 23 */

/* Waiting, in milliseconds. */
#define LIMIT_START_MS 5000 /* for a domain to join, and to get ready */
#define LIMIT_STOP_MS  2000 /* for a domain to end after it was asked */
#define LIMIT_SLEEP_MS 1000 /* the longest sleep of a core */
#define LIMIT_CTL_MS   1000 /* for a client of the control socket to speak */

/* What a program that is attached is told. */
#define LIMIT_ARGS	256  /* arguments, its name included */
#define LIMIT_ARG_BYTES 4000 /* of all of them, their ends included */

#endif

/* frame.h - what stands between the engine and a driver: frames as they come
 * and as they go. Neither side knows more of the other than this.
 */
#ifndef NETCORE_STACK_FRAME_H
#define NETCORE_STACK_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* A connection: 24 bits of index, 8 of generation, never 0. A stale one is
 * told by every function that takes one (-ENOTCONN). */
typedef uint32_t stack_conn;

/* The device has verified IP's checksum and TCP's or UDP's: nobody looks at
 * them again, and they need not be right. ICMP's, and those of packets in
 * pieces, are looked at all the same. */
enum stack_rx_flag {
	STACK_RX_CKSUM_OK = 1,
};

struct stack_rx_frame {
	const uint8_t *data;
	uint32_t len;
	uint32_t flags;
	void *buf; /* given back by ops->release, if it was kept */
	bool kept; /* out: the engine, or the program, has the buffer now */
};

#define STACK_HEADERS 128 /* bytes of headers that a frame has at most */
#define STACK_PIECES  18  /* pieces of payload */

struct stack_piece {
	const uint8_t *ptr;
	uint32_t len;
};

enum stack_tx_flag {
	STACK_TX_CKSUM = 1, /* the device is to complete the TCP checksum */
	STACK_TX_TSO = 2,   /* the device is to cut it into `mss` pieces */
};

struct stack_tx_frame {
	uint8_t *headers; /* in: STACK_HEADERS bytes of the caller's */
	uint16_t header_len;
	uint16_t l3, l4; /* where the IP and the TCP header begin */
	uint16_t mss;	 /* with STACK_TX_TSO */
	uint16_t flags;
	uint16_t pieces;
	uint32_t len;	 /* of the pieces */
	stack_conn conn; /* whose payload it is; 0: nobody's */
	void *buf;	 /* below; or NULL */
	struct stack_piece piece[STACK_PIECES];
};

/* A frame with `buf` holds a buffer: whoever sends the frame gives it back, to
 * where it came from, when the driver has let go of the frame. It is the buf of
 * a received frame, which goes out again as the payload of an echo; or one of
 * that kind, which the program of a datagram has filled. */

#endif

/* one.h - one engine, a neighbour that is known, frames made by hand, and what
 * went out. */
#ifndef NETCORE_STACK_ENGINE_TEST_ONE_H
#define NETCORE_STACK_ENGINE_TEST_ONE_H

#include <stdbool.h>
#include <stdint.h>

#include "netcore/stack/stack.h"

#define ONE_IP	 0x0a000001u /* the engine's */
#define ONE_PEER 0x0a000002u
#define ONE_OUT	 256

struct one_frame {
	uint8_t bytes[9216]; /* as a whole */
	uint32_t len;
	uint32_t headers; /* of these */
	const uint8_t *piece;
	void *buf;
	uint16_t flags;
	uint16_t mss;
};

struct one {
	struct stack *s;
	struct stack_config cfg;
	const struct stack_counters *n;
	uint8_t tos;	   /* of IPv4 packets to it */
	uint32_t rx_flags; /* of frames to it: enum stack_rx_flag */
	bool group;	   /* pieces come in frames that others get as well */
	uint64_t now;
	struct one_frame out[ONE_OUT];
	unsigned sent; /* of out, by the last one_send() */
	/* upcalls */
	unsigned connected, closed;
	stack_conn conn;   /* the last of them */
	uint64_t listener; /* whose the last connection was */
	enum stack_why why;
	struct stack_datagram got; /* the last */
	unsigned datagrams;
	uint8_t text[65536]; /* of it, or of the connection */
	uint32_t bytes;
	unsigned released;
};

extern struct one one;

struct stack_config one_config(void);
/* Knows its peer's address already. */
void one_start(const struct stack_config *cfg);
void one_stop(void);
/* A packet from the peer: contents of `len` bytes behind the header. True if
 * the buffer was kept; it is the frame's first byte. */
bool one_ip(uint8_t proto, uint16_t frag, uint16_t id, const void *data,
	uint32_t len);
/* Stays where it lies for 64 pieces. */
bool one_piece(uint8_t proto, uint32_t off, bool more, uint16_t id,
	const void *data, uint32_t len);
const uint8_t *one_last(void); /* the frame that was given last */
bool one_rx(const uint8_t *frame, uint32_t len);
/* The same without a copy: it stays where it lies. */
bool one_give(uint8_t *frame, uint32_t len);
/* Makes the same frame, and does not give it: its length. */
uint32_t one_make(uint8_t *frame, uint8_t proto, uint16_t frag, uint16_t id,
	const void *data, uint32_t len);
/* The same over IPv6, and from whom and to whom it is; the frame is to us. */
bool one_ip6(struct ip_addr src, struct ip_addr dst, uint8_t proto,
	uint8_t hop_limit, const void *data, uint32_t len);
uint32_t one_make6(uint8_t *frame, struct ip_addr src, struct ip_addr dst,
	uint8_t proto, uint8_t hop_limit, const void *data, uint32_t len);
bool one_piece6(struct ip_addr src, uint8_t proto, uint32_t off, bool more,
	uint32_t id, const void *data, uint32_t len);
/* fd00::n; 1 is the engine, if it is configured so. */
struct ip_addr one_addr6(uint32_t n);
/* ARP from the station with that last byte of its address. */
void one_arp(uint16_t op, uint8_t station, uint32_t spa, uint32_t tpa);
void one_send(void);
/* A segment of the peer without data; the checksum is filled in. */
struct wire_tcp;
void one_tcp(const struct wire_tcp *t);

#endif

/* dev.h - what a network card does to frames, without a simulator: completes
 * checksums, cuts super-segments, verifies, joins. Ethernet without tags. */
#ifndef NETCORE_STACK_ENGINE_TEST_SIM_DEV_H
#define NETCORE_STACK_ENGINE_TEST_SIM_DEV_H

#include <stdbool.h>
#include <stdint.h>

/* Where the headers of a frame are. */
struct dev_view {
	uint16_t l3, l4;
	uint16_t data;	 /* where the payload of TCP begins; else 0 */
	uint8_t proto;	 /* enum wire_ip_proto */
	uint32_t end;	 /* of the packet: what follows is padding */
	uint64_t pseudo; /* the sum of the pseudo header */
};

/* False: it is no whole packet of IP, or has options or pieces. */
bool dev_look(const uint8_t *frame, uint32_t len, struct dev_view *v);

/* Whether the checksums of IP and TCP or UDP are there, and right. */
bool dev_right(const uint8_t *frame, uint32_t len);

/* Puts the checksum of TCP or UDP where that of the pseudo header is; false if
 * it is not there. */
bool dev_complete(uint8_t *frame, uint32_t len);

/* Cuts a segment into ones of mss bytes: `out` gets each, of which the memory
 * is ours. Headers are copied; length, IP's identification, sequence number
 * and checksums are right in each; FIN and PSH are in the last alone, CWR in
 * the first. Returns how many; 0 if it is no TCP. */
unsigned dev_cut(const uint8_t *frame, uint32_t len, uint16_t mss,
	void (*out)(void *arg, const uint8_t *frame, uint32_t len), void *arg);

/* Appends a frame's payload to the frame before, if it follows in the same flow
 * and nothing else is new: *into is realloc()ed. TCP's checksum is not right
 * afterwards; both were, or this was not to be called. */
bool dev_join(
	uint8_t **into, uint32_t *into_len, const uint8_t *frame, uint32_t len);

#endif

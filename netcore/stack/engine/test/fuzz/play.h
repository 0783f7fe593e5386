/* play.h - what a fuzzer's bytes make happen: frames, calls and time, on one
 * host or on two that are to stay alike. */
#ifndef NETCORE_STACK_ENGINE_TEST_FUZZ_PLAY_H
#define NETCORE_STACK_ENGINE_TEST_FUZZ_PLAY_H

#include "netcore/stack/engine/test/fuzz/peer.h"

#define PLAY_HELD 40

struct play {
	struct host *h[2];
	unsigned hosts;
	bool singly;	  /* the second one gets frames one by one */
	struct peer peer; /* of the first */
	struct host_frame held[PLAY_HELD];
	unsigned frames; /* of held */
	uint8_t rx_flags;
};

struct stack_config play_config(struct bytes *b);
/* One step; everything that may be checked then is. */
void play_step(struct play *p, struct bytes *b);
/* Knows the neighbour, listens on port 80 and takes datagrams. */
void play_begin(struct play *p);
void play_end(struct play *p);

#endif

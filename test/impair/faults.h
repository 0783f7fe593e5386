/* faults.h - what goes wrong with frames in one direction: seeded, without
 * clock or devices. Frames and a time go in; frames come out when they are
 * due. One seed and one order of calls make one outcome. */
#ifndef TEST_IMPAIR_FAULTS_H
#define TEST_IMPAIR_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTS_SLOTS 8192 /* frames under way in a direction */
#define FAULTS_FRAME 2048 /* bytes of the largest */

/* Parts per million, ns, bits a second; 0: none, no limit. */
struct faults_config {
	uint64_t seed;
	uint32_t loss;
	uint32_t burst; /* mean length of a loss, in frames; 0 and 1: single */
	uint32_t reorder, duplicate, corrupt;
	uint64_t delay_ns, jitter_ns; /* jitter: uniform, may reorder */
	uint64_t bits_per_s;
};

struct faults_counts {
	uint64_t in, out;
	uint64_t lost, reordered, duplicated, corrupted;
	uint64_t full; /* lost because all slots were in use */
	uint64_t long_frames;
};

struct faults;

/* NULL: no memory. */
struct faults *faults_new(const struct faults_config *c);
void faults_free(struct faults *f);

/* A frame comes in at `now`; it is copied. */
void faults_in(
	struct faults *f, const uint8_t *frame, uint32_t len, uint64_t now);

/* The next frame that is due, valid until the next call with f; NULL: none. */
const uint8_t *faults_out(struct faults *f, uint64_t now, uint32_t *len);

/* When the next is due; UINT64_MAX: nothing is under way. */
uint64_t faults_deadline(const struct faults *f);

const struct faults_counts *faults_counts(const struct faults *f);

#endif

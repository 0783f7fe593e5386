/* faults.c - dice, and frames that wait for their time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "test/impair/faults.h"

#define MILLION	   1000000u
#define ETH_HEADER 14
#define SECOND	   1000000000ull

struct slot {
	uint64_t at, order;
	uint32_t len;
	uint8_t bytes[FAULTS_FRAME];
};

struct faults {
	struct faults_config cfg;
	struct faults_counts counts;
	uint64_t random;
	uint64_t order;
	uint64_t busy_until; /* of the line, when it has a rate */
	bool losing;	     /* in a burst */
	uint32_t heap[FAULTS_SLOTS], queued;
	uint32_t free[FAULTS_SLOTS], frees;
	struct slot slot[FAULTS_SLOTS];
};

/* splitmix64: any seed is as good as another, 0 too. */
static uint64_t
draw(struct faults *f)
{
	uint64_t z = f->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static bool
chance(struct faults *f, uint64_t ppm)
{
	return ppm && draw(f) % MILLION < ppm;
}

/* --- what is under way: a heap by time, then by order of coming -----------*/

static bool
before(const struct faults *f, uint32_t a, uint32_t b)
{
	const struct slot *x = &f->slot[a], *y = &f->slot[b];

	return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void
push(struct faults *f, uint32_t slot)
{
	uint32_t i = f->queued++;

	while (i && before(f, slot, f->heap[(i - 1) / 2])) {
		f->heap[i] = f->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	f->heap[i] = slot;
}

static uint32_t
pop(struct faults *f)
{
	uint32_t top = f->heap[0], last = f->heap[--f->queued], i = 0;

	for (uint32_t k; (k = 2 * i + 1) < f->queued; i = k) {
		if (k + 1 < f->queued && before(f, f->heap[k + 1], f->heap[k]))
			k++;
		if (!before(f, f->heap[k], last))
			break;
		f->heap[i] = f->heap[k];
	}
	f->heap[i] = last;
	return top;
}

/* --- faults ---------------------------------------------------------------*/

/* Two states after Gilbert: a loss goes on with the probability that makes
 * `burst` frames the mean, and begins with the one that makes `loss` the share
 * of all frames. */
static bool
is_lost(struct faults *f)
{
	uint64_t loss = f->cfg.loss;
	uint64_t burst = f->cfg.burst > 1 ? f->cfg.burst : 1;

	if (burst == 1 || loss >= MILLION)
		return chance(f, loss);
	if (f->losing)
		f->losing = chance(f, MILLION - MILLION / burst);
	else
		f->losing =
			chance(f, loss * MILLION / (MILLION - loss) / burst);
	return f->losing;
}

/* One byte behind the Ethernet header of an IP packet changes. Other frames
 * stay whole: on a real wire the frame's own sum protects them, and ARP, which
 * has no sum, would believe anything. */
static void
corrupt(struct faults *f, uint8_t *frame, uint32_t len)
{
	bool ip = len > ETH_HEADER + 1 &&
		((frame[12] == 0x08 && frame[13] == 0x00) ||
			(frame[12] == 0x86 && frame[13] == 0xdd));

	if (!ip || !chance(f, f->cfg.corrupt))
		return;
	frame[ETH_HEADER + draw(f) % (len - ETH_HEADER)] ^=
		(uint8_t)(1 + draw(f) % 255);
	f->counts.corrupted++;
}

static void
schedule(struct faults *f, const uint8_t *frame, uint32_t len, uint64_t at)
{
	struct slot *s;
	uint32_t i;

	if (!f->frees) {
		f->counts.full++;
		return;
	}
	i = f->free[--f->frees];
	s = &f->slot[i];
	memcpy(s->bytes, frame, len);
	s->len = len;
	s->at = at;
	s->order = f->order++;
	corrupt(f, s->bytes, len);
	push(f, i);
}

/* A reordered frame stays behind for this long at most: a part of the delay,
 * or about the time of some frames when there is none. */
static uint64_t
held_back(struct faults *f)
{
	uint64_t most = f->cfg.delay_ns / 2;

	if (most < 1000000)
		most = 1000000;
	return most / 4 + draw(f) % most;
}

void
faults_in(struct faults *f, const uint8_t *frame, uint32_t len, uint64_t now)
{
	uint64_t at = now;

	f->counts.in++;
	if (len > FAULTS_FRAME) {
		f->counts.long_frames++;
		return;
	}
	if (is_lost(f)) {
		f->counts.lost++;
		return;
	}
	if (f->cfg.bits_per_s) {
		if (f->busy_until > at)
			at = f->busy_until;
		at += len * 8 * SECOND / f->cfg.bits_per_s;
		f->busy_until = at;
	}
	at += f->cfg.delay_ns;
	if (f->cfg.jitter_ns)
		at += draw(f) % f->cfg.jitter_ns;
	if (chance(f, f->cfg.reorder)) {
		f->counts.reordered++;
		at += held_back(f);
	}
	schedule(f, frame, len, at);
	if (chance(f, f->cfg.duplicate)) {
		f->counts.duplicated++;
		schedule(f, frame, len, at);
	}
}

const uint8_t *
faults_out(struct faults *f, uint64_t now, uint32_t *len)
{
	uint32_t i;

	if (faults_deadline(f) > now)
		return NULL;
	i = pop(f);
	/* Not written again before the next call. */
	f->free[f->frees++] = i;
	f->counts.out++;
	*len = f->slot[i].len;
	return f->slot[i].bytes;
}

uint64_t
faults_deadline(const struct faults *f)
{
	return f->queued ? f->slot[f->heap[0]].at : UINT64_MAX;
}

const struct faults_counts *
faults_counts(const struct faults *f)
{
	return &f->counts;
}

struct faults *
faults_new(const struct faults_config *c)
{
	struct faults *f = calloc(1, sizeof(*f));

	assert(c->loss <= MILLION && c->reorder <= MILLION);
	assert(c->duplicate <= MILLION && c->corrupt <= MILLION);
	if (!f)
		return NULL;
	f->cfg = *c;
	f->random = c->seed;
	for (uint32_t i = 0; i < FAULTS_SLOTS; i++)
		f->free[f->frees++] = FAULTS_SLOTS - 1 - i;
	return f;
}

void
faults_free(struct faults *f)
{
	free(f);
}

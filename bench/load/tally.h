/* tally.h - what a run came to. One thread writes a tally; `done` may be looked
 * at by others meanwhile. */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "bench/load/hist.h"

/* How a request failed. A connection that fails counts once for each request
 * that was under way on it, and once if there was none. */
enum tally_kind {
	TALLY_OK,
	TALLY_REFUSED,	   /* the connection was */
	TALLY_UNREACHABLE, /* no way there, or no address or port left here */
	TALLY_RESET,
	TALLY_TIMEOUT,
	TALLY_GARBAGE, /* no answer of this protocol */
	TALLY_SHORT,   /* the connection ended before the answer did */
	TALLY_STATUS,  /* an answer that says no */
	TALLY_LENGTH,  /* not as long as the first one to this question */
	TALLY_WRONG,   /* another value than was stored */
	TALLY_KINDS,
};

struct tally {
	struct hist hist; /* of what was answered, or waited for in vain */
	uint64_t done;	  /* answers that count */
	uint64_t bytes;	  /* of answers */
	uint64_t sent;	  /* bytes of questions */
	uint64_t error[TALLY_KINDS];
	uint64_t reopened; /* connections that ended while idle */
	uint64_t missed;   /* the server had not what was asked for */
	uint64_t unsent;   /* due in time, and never sent */
	uint64_t ns;	   /* that it took */
	unsigned conns;	   /* open in the end */
};

const char *tally_kind_name(enum tally_kind k);
void tally_merge(struct tally *t, const struct tally *more);
uint64_t tally_failed(const struct tally *t);
double tally_rate(const struct tally *t);

/* One line, an object. rate: what was asked for; 0: a closed loop. first: what
 * the caller has to say, as "\"name\": 1, "; or "". */
void tally_print(
	const struct tally *t, const char *first, double rate, FILE *out);

/* How a program ends: the result, and a line to the user that says what failed,
 * if anything did. Returns the status to exit with, 1 if something failed or
 * nothing was answered. */
int tally_report(
	const struct tally *t, const char *first, double rate, FILE *out);

/* "3 refused, 1 reset" into `to`, which is cut at its end. */
void tally_failures(const struct tally *t, char *to, size_t room);

#endif

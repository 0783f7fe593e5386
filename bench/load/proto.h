/* proto.h - what a protocol is to the engine: questions out, answers in. It
 * knows no connection, no clock, and no wire. */
#ifndef BENCH_LOAD_PROTO_H
#define BENCH_LOAD_PROTO_H

#include <stddef.h>
#include <stdint.h>

#include "bench/load/tally.h"
#include "bench/load/wire.h"

enum proto_eat {
	PROTO_MORE, /* the answer goes on; all bytes were eaten */
	PROTO_DONE,
	PROTO_LAST, /* done, and the server says that it closes */
	PROTO_BAD,  /* the connection is of no use any more */
};

struct proto {
	size_t state; /* bytes for each connection; all 0 is a fresh one */
	size_t cell;  /* bytes that ask() may write for one question */

	/* The next question, in at most WIRE_PIECES pieces; returns their
	 * number, 0: there are no more. Pieces lie in `cell`, or in memory that
	 * stays and that the wire can send from. `tag` comes back with the
	 * answer. */
	unsigned (*ask)(
		void *p, void *cell, struct wire_piece *piece, uint32_t *tag);

	/* What ask() said last found no room to be sent: it was not asked. May
	 * be NULL, where any other question does as well. */
	void (*unask)(void *p);

	/* Eats bytes of the answer to `tag`, up to its end, and says how many.
	 * kind: what is wrong with the answer, in the end; it may be missed. */
	enum proto_eat (*eat)(void *p, void *state, uint32_t tag,
		const uint8_t *from, size_t len, size_t *used,
		enum tally_kind *kind);

	/* The server sends no more: was that the end of the answer? May be
	 * NULL: never. */
	enum proto_eat (*end)(
		void *p, void *state, uint32_t tag, enum tally_kind *kind);
};

#endif

/* wire.h - what carries bytes: sockets of the kernel, or an instance of DLibOS.
 *
 * The engine numbers its connections from 0. What happens on them is told to it
 * by load_connected(), load_bytes(), load_room(), load_sent() and load_closed()
 * (load.h), never from within one of the calls here.
 */
#ifndef BENCH_LOAD_WIRE_H
#define BENCH_LOAD_WIRE_H

#include <stddef.h>

#define WIRE_PIECES 4 /* of one question, at most */

struct wire_piece {
	const void *ptr;
	size_t len;
};

struct wire {
	/* Begins to connect. load_connected() or load_closed() follows. 0;
	 * -EAGAIN: not now. */
	int (*open)(void *w, unsigned conn);

	/* All or nothing; the bytes stay as they are until load_sent() has
	 * counted them, or load_closed(). 0; -EAGAIN: load_room() follows;
	 * -EPIPE: load_closed() follows. */
	int (*send)(
		void *w, unsigned conn, const struct wire_piece *p, unsigned n);

	/* Resets it. load_closed() follows. */
	void (*close)(void *w, unsigned conn);

	/* Memory to send from, until the end of the run. NULL: there is none.
	 */
	void *(*memory)(void *w, size_t bytes);
};

#endif

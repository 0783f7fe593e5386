/* end.h - one end of a ping-pong: messages of a size that both know come whole
 * and go whole.
 *
 * A client says first, in 8 bytes, big end first, how long the next messages
 * are and how many of them come; then they come, each after the answer to the
 * one before. When all are answered it may say the next size.
 *
 * Classic: what came is copied to memory of dl_alloc(), and the next message
 * out is that memory. Two buffers take turns, for one may still be under way.
 * Without copying, what came is only counted and the message out was prepared.
 */
#ifndef APPS_NETPIPE_END_H
#define APPS_NETPIPE_END_H

#include <stdint.h>

#include "dlibos/dlibos.h"

#define END_HEAD 8 /* bytes that announce a size */

struct end {
	struct dl_conn *conn;
	const uint8_t *prepared; /* NULL: classic */
	uint8_t *buf[2];
	uint64_t busy[2]; /* until so many bytes are acknowledged */
	unsigned in;	  /* the buffer that fills */
	uint32_t room;	  /* of each buffer */
	uint32_t size;	  /* of the messages now */
	uint32_t got;	  /* of the one that comes */
	uint64_t sent, acked;
	/* Takes bytes that came; says how many, 0: when more
	 * is acknowledged. May end it. */
	size_t (*eat)(struct end *e, const uint8_t *ptr, size_t len);
	int over; /* it was closed by us */
};

/* The content of all messages. */
void end_fill(uint8_t *to, uint32_t bytes);

/* Buffers for messages of up to `room` bytes, or the prepared one. 0; or -1:
 * there is no memory. */
int end_open(struct end *e, struct dl *dl, struct dl_conn *c, uint32_t room,
	const uint8_t *prepared);
void end_free(struct end *e, struct dl *dl);

/* For the callbacks data and acked. */
void end_data(struct end *e, const void *ptr, size_t len);
void end_acked(struct end *e, size_t bytes);

/* Bytes of the message that comes; all of it is here when got is size. */
size_t end_take(struct end *e, const uint8_t *ptr, size_t len);

/* Sends the message that came, or the prepared one, and waits for the next. */
void end_answer(struct end *e);

/* Sends something else that stays where it is. */
void end_say(struct end *e, const void *ptr, uint32_t len);

/* The peer is told by a reset. */
void end_abort(struct end *e);

#endif

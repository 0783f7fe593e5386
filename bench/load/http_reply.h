/* http_reply.h - reads a response of HTTP/1.1 (RFC 9112), however it is cut
 * into pieces: head, then a body of known length, in chunks, or up to the end
 * of the connection. Responses of 1xx are passed over. All 0 is ready for one.
 */
#ifndef BENCH_LOAD_HTTP_REPLY_H
#define BENCH_LOAD_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_REPLY_LINE 192   /* of longer lines the rest is not looked at */
#define HTTP_REPLY_HEAD 65536 /* bytes of a head; of more, it is garbage */

enum http_reply_phase {
	HTTP_REPLY_STATUS,
	HTTP_REPLY_FIELD,
	HTTP_REPLY_BODY,
	HTTP_REPLY_UNTIL_END,
	HTTP_REPLY_CHUNK, /* its size */
	HTTP_REPLY_CHUNK_DATA,
	HTTP_REPLY_CHUNK_END,
	HTTP_REPLY_TRAILER,
	HTTP_REPLY_DONE,
	HTTP_REPLY_BAD,
};

struct http_reply {
	uint8_t phase;
	bool sized, chunked, close;
	uint16_t status;
	uint16_t line_len;
	uint32_t head_len; /* so far */
	uint64_t left;	   /* of the body, or of the chunk */
	uint64_t body;	   /* bytes that came */
	char line[HTTP_REPLY_LINE];
};

/* Eats up to the end of the response, and returns how much; `phase` then says
 * whether that was it. Nothing is eaten after it. */
size_t http_reply_eat(struct http_reply *r, const uint8_t *p, size_t len);

/* The server sends no more. True: that completes the response. */
bool http_reply_end(struct http_reply *r);

#endif

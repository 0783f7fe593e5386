/* item.h - what is stored: a header, and behind it the text that
 * a plain get of one key is answered with, whole:
 *
 *	VALUE <key> <flags> <len>\r\n<data>\r\nEND\r\n
 *
 * A get of several keys sends it without the END, meta and binary answers
 * send the key or the data out of the middle. Lengths never change while an
 * item lives.
 *
 * Who holds a reference may read all that the functions here give. Only
 * item_data() of an item that store_alloc() just gave may be written, until it
 * is put.
 */
#ifndef APPS_MEMCACHED_ITEM_H
#define APPS_MEMCACHED_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_KEY_MAX  250
#define ITEM_TEXT_KEY 6 /* of the text: "VALUE " is before the key */
#define ITEM_TAIL     7 /* "\r\nEND\r\n" */

/* Bits of item.state. */
enum {
	ITEM_LINKED = 1,  /* in the table and in a segment */
	ITEM_FETCHED = 2, /* was got once since it was put */
	ITEM_ACTIVE = 4,  /* and again */
	ITEM_STALE = 8,	  /* invalidated; a new value is wanted */
	ITEM_TOKEN = 16,  /* somebody was told to make the new value */
	ITEM_BINARY = 32, /* the key came in base64 */
};

/* The parts below `refs` belong to the store; the rest is read by the
 * functions below. */
struct item {
	struct item *chain;	  /* the next one in the bucket */
	struct item *next, *prev; /* towards the tail, the head */
	uint64_t refs;		  /* store_ref.h */
	uint64_t cas;
	uint32_t hash;
	uint32_t exptime; /* second in which it ends; 0: never */
	uint32_t time;	  /* second of the last access */
	uint32_t flags;
	uint32_t len; /* of the data */
	uint8_t key_len;
	uint8_t head_len; /* of the text before the data, without the key */
	uint8_t where;	  /* class, and segment in the upper two bits */
	uint8_t state;
	uint32_t born; /* how often all was flushed until then */
	char text[];
};

/* Bytes of an item before its text. */
#define ITEM_HEADER offsetof(struct item, text)

_Static_assert(ITEM_HEADER == 68, "what a find reads is one cache line");

static inline const char *
item_key(const struct item *it)
{
	return it->text + ITEM_TEXT_KEY;
}

static inline char *
item_data(struct item *it)
{
	return it->text + it->head_len + it->key_len;
}

/* The answer to a get, END included or not. */
static inline size_t
item_text_len(const struct item *it, bool with_end)
{
	return (size_t)it->head_len + it->key_len + it->len +
		(with_end ? ITEM_TAIL : 2);
}

/* Seconds that it has left, 0 if none; -1: it has no end. */
static inline int64_t
item_ttl(const struct item *it, uint32_t now)
{
	if (it->exptime == 0)
		return -1;
	return it->exptime > now ? (int64_t)it->exptime - now : 0;
}

#endif

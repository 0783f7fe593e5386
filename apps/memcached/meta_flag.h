/* meta_flag.h - the words of a meta command, read once. */
#ifndef APPS_MEMCACHED_META_FLAG_H
#define APPS_MEMCACHED_META_FLAG_H

#include "apps/memcached/proto_token.h"
#include "apps/memcached/store.h"

#define META_TOKENS 20	       /* a line of as many words has too many flags */
#define META_OPAQUE 32	       /* bytes of O and what follows it, at most */
#define META_NO_CAS UINT64_MAX /* is not 0, and that of no item */

struct meta_request {
	char key[ITEM_KEY_MAX]; /* decoded */
	size_t key_len;
	const struct token *flag; /* in the order of the line */
	unsigned flags;
	uint64_t seen; /* bit meta_bit(c) for each flag */
	char mode;     /* of M; 0 */
	uint32_t client_flags;
	int32_t exptime, vivify, recache; /* T N R */
	uint64_t cas, delta, initial;	  /* C D J */
	bool opaque_long;
};

static inline uint64_t
meta_bit(char c)
{
	return (uint64_t)1 << ((unsigned char)c & 63);
}

static inline bool
meta_has(const struct meta_request *r, char c)
{
	return r->seen & meta_bit(c);
}

enum meta_wrong {
	META_GOOD,
	META_KEY_LONG,
	META_KEY_CODE,
	META_FLAGS_LONG,
	META_DUPLICATE,
	META_INVALID,
	META_BAD_NUMBER,
	META_BAD_FLAGS, /* the number of F */
	META_BAD_DELTA,
	META_BAD_INITIAL,
	META_MODE_LENGTH,
};

/* Whether flag `a` is there, and before flag `b`, if that is. */
bool meta_before(const struct meta_request *r, char a, char b);

/* Reads the key and the flags, which begin at token `from` of `n`. Of several
 * faults the last one is told, as memcached does. */
enum meta_wrong meta_parse(struct meta_request *r, const struct token *t,
	unsigned from, unsigned n);

#endif

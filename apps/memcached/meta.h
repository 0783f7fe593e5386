/* meta.h - the meta commands: mn mg ms md ma me. */
#ifndef APPS_MEMCACHED_META_H
#define APPS_MEMCACHED_META_H

#include "apps/memcached/meta_flag.h"
#include "apps/memcached/text.h"

/* Runs the line if its first word is one of them. */
bool meta_command(struct text *t);

/* meta_answer.c: " f1 s3": what the flags of a request ask to be told. `it`
 * may be NULL: then only what the request itself said. Writes at most
 * META_ROOM. */
#define META_ROOM 1024
struct meta_about {
	const struct meta_request *r;
	const struct item *it;
	const char *which; /* flags that are told of an item */
	uint64_t cas;
	bool was_hit, binary; /* its key is told in base64 */
	uint32_t idle;
	/* t tells the end as it was, or as T and N before it have set it. */
	uint32_t now, before, touched, vivified;
};
char *meta_flags_put(char *to, const struct meta_about *a);

/* Answers a wrong request. */
void meta_complain(struct text *t, enum meta_wrong wrong);

/* What a result is called. */
const char *meta_code(enum store_result r);

/* "HD" or the like, with what the request said; `about` may have no item. */
void meta_say(struct proto *c, const char *code, const struct meta_about *a);

/* meta_set.c; whether the line is right as far as that `len` bytes and an end
 * of line follow. */
bool meta_set_len(const struct text *t, uint32_t *len);
void meta_set(struct text *t);

#endif

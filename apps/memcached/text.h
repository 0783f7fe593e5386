/* text.h - inside of the text commands: a line, cut into words. */
#ifndef APPS_MEMCACHED_TEXT_H
#define APPS_MEMCACHED_TEXT_H

#include "apps/memcached/proto.h"
#include "apps/memcached/proto_token.h"

struct text {
	struct proto *c;
	const struct token *token;
	unsigned tokens;
	bool quiet; /* the last one is "noreply" */
};

/* Unless nobody wants to hear it. */
void text_say(struct text *t, enum answer_text text);

/* text_get.c: answers the gets of one key that lie there whole, up to the first
 * other line. Returns the bytes that it is done with; 0: there is none. */
size_t text_gets(struct proto *c, const char *p, size_t len);

/* text_dump.c: lists of items, and what else the crawler is asked. */
void text_cachedump(struct text *t);
void text_lru_crawler(struct text *t);

/* text_set.c: what is followed by data. */
/* Whether the line is right, so that `len` bytes and an end of line follow. */
bool text_set_len(const struct text *t, uint32_t *len);
void text_set(struct text *t);
void text_add(struct text *t);
void text_replace(struct text *t);
void text_append(struct text *t);
void text_prepend(struct text *t);
void text_cas(struct text *t);

#endif

/* shard_post.c - what cores tell each other, in order, also where some of it
 * has to wait for room. */
#include <assert.h>

#include "apps/memcached/shard.h"

static bool
goes_there(const struct shard_post *p)
{
	return p->word == SHARD_ASK || p->word == SHARD_ASKS;
}

/* 0, and it is no longer ours. */
static int
tell(struct shard *s, struct shard_post *p)
{
	return s->is.tell(
		s->is.arg, goes_there(p) ? p->to : p->from, p->word, p);
}

/* Also behind items that are given back: while those wait nothing is asked that
 * would bring more of them. */
void
shard_tell(struct shard *s, struct shard_post *p, enum shard_word word)
{
	struct shard_queue *q = &s->stuck;

	p->word = (uint8_t)word;
	if (!q->head && !s->items_n && !tell(s, p))
		return;
	s->stalled++;
	p->next = NULL;
	if (q->head)
		q->tail->next = p;
	else
		q->head = p;
	q->tail = p;
}

void
shard_give_back(void *arg, unsigned core, struct item *it)
{
	struct shard *s = arg;
	unsigned at;

	if (!s->items_n && !s->is.tell(s->is.arg, core, SHARD_ITEM, it))
		return;
	assert(s->items_n < s->items_most);
	s->stalled++;
	at = s->items_first + s->items_n++;
	if (at >= s->items_most)
		at -= s->items_most;
	s->items[at] = (struct shard_item){it, core};
}

void
shard_room(struct shard *s)
{
	while (s->items_n) {
		const struct shard_item *i = &s->items[s->items_first];

		if (s->is.tell(s->is.arg, i->core, SHARD_ITEM, i->item))
			return;
		s->items_n--;
		if (++s->items_first == s->items_most)
			s->items_first = 0;
	}
	while (s->stuck.head) {
		struct shard_post *p = s->stuck.head, *next = p->next;

		if (tell(s, p))
			break;
		s->stuck.head = next;
	}
}

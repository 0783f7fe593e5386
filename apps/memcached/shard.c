/* shard.c - the connection's side: asking, waiting, and what comes back. */
#include "apps/memcached/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/keyhash.h"

static void give_back(void *arg, unsigned core, struct item *it);

int
shard_open(struct shard *s, const struct shard_config *c)
{
	*s = (struct shard){.is = *c, .most = c->conns + SHARD_BRIEF};
	/* What connections may hold of other cores' items, and what comes back
	 * when they are gone. */
	s->items_most =
		c->conns * (ANSWER_PIECES / ANSWER_HOLE + 1) + SHARD_BRIEF;
	/* Pages of these are made when they are touched. */
	s->asks = calloc(s->most, sizeof(*s->asks));
	s->items = calloc(s->items_most, sizeof(*s->items));
	if (!s->asks || !s->items) {
		shard_close(s);
		return -ENOMEM;
	}
	c->command->pool->give_back = give_back;
	c->command->pool->arg = s;
	c->command->shard = s;
	return 0;
}

void
shard_close(struct shard *s)
{
	free(s->asks);
	free(s->items);
	s->asks = NULL;
	s->items = NULL;
}

unsigned
shard_of(const struct shard *s, const char *key, size_t len)
{
	return (unsigned)((uint64_t)keyhash(s->is.secret, key, len) *
			s->is.cores >>
		32);
}

/* --- telling --------------------------------------------------------------*/

static void
put(struct shard_queue *q, struct shard_ask *a)
{
	a->next = NULL;
	if (q->head)
		q->tail->next = a;
	else
		q->head = a;
	q->tail = a;
}

static unsigned
aim(const struct shard_ask *a)
{
	return a->word == SHARD_ASK ? a->to : a->from;
}

/* In order, also where some of it has to wait; and behind items that are given
 * back: while those wait nothing is asked that would bring more of them. */
static void
post(struct shard *s, struct shard_ask *a, enum shard_word word)
{
	a->word = (uint8_t)word;
	if (!s->stuck.head && !s->items_n &&
		!s->is.tell(s->is.arg, aim(a), word, a))
		return;
	s->stalled++;
	put(&s->stuck, a);
}

static void
give_back(void *arg, unsigned core, struct item *it)
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
			break;
		s->items_n--;
		if (++s->items_first == s->items_most)
			s->items_first = 0;
	}
	while (s->stuck.head) {
		struct shard_ask *a = s->stuck.head, *next = a->next;

		/* Told, it is no longer ours. */
		if (s->is.tell(s->is.arg, aim(a), a->word, a))
			break;
		s->stuck.head = next;
	}
}

/* --- asks -----------------------------------------------------------------*/

static bool
may_ask(const struct shard *s)
{
	return s->briefs < SHARD_BRIEF && (s->free || s->used < s->most);
}

static struct shard_ask *
ask_new(struct proto *c, enum shard_job job, const char *text, size_t len)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = s->free;

	if (a) {
		s->free = a->next;
	} else {
		assert(s->used < s->most); /* shard_may_read() has seen it */
		a = &s->asks[s->used++];
	}
	assert(len <= sizeof(a->guest.buf));
	s->busy++;
	s->asked++;
	a->job = job;
	a->from = (uint16_t)s->is.self;
	a->tour = a->away = false;
	a->c = c;
	a->len = (uint32_t)len;
	a->hole.answer = NULL;
	memcpy(a->guest.buf, text, len);
	a->guest.binary = c->binary;
	a->guest.keys = c->keys;
	a->chunk.mem = a->text;
	return a;
}

static void
ask_free(struct shard *s, struct shard_ask *a)
{
	a->next = s->free;
	s->free = a;
	s->busy--;
}

static void
send(struct shard *s, struct shard_ask *a, unsigned core)
{
	a->away = true;
	a->to = (uint16_t)core;
	post(s, a, SHARD_ASK);
}

void
shard_brief(struct proto *c, unsigned core, enum shard_job job,
	const char *text, size_t len)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = ask_new(c, job, text, len);

	a->brief = true;
	s->briefs++;
	answer_dig(&c->out, &a->hole);
	send(s, a, core);
}

void
shard_data(struct proto *c, unsigned core, enum shard_job job, const char *text,
	size_t len)
{
	struct shard_ask *a = ask_new(c, job, text, len);

	a->brief = false;
	c->ask = a;
	send(c->core->shard, a, core);
}

/* A step of a list, whose answer is behind what is there. */
void
shard_dump(struct proto *c, unsigned core)
{
	struct shard_ask *a = ask_new(c, SHARD_DUMP, "", 0);

	a->brief = false;
	a->guest.dump = c->dump;
	c->ask = a;
	send(c->core->shard, a, core);
}

/* --- waiting --------------------------------------------------------------*/

static void
wait_out(struct shard *s, struct proto *c)
{
	if (!c->waits)
		return;
	c->waits = false;
	s->waiting--;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->waits = c->next;
	if (c->next)
		c->next->prev = c->prev;
	else
		s->waits_last = c->prev;
}

bool
shard_may_read(struct proto *c)
{
	struct shard *s = c->core->shard;

	if (c->ask)
		return !c->ask->away;
	if (c->guest || may_ask(s))
		return true;
	if (c->waits)
		return false;
	s->waited++;
	s->waiting++;
	c->waits = true;
	c->next = NULL;
	c->prev = s->waits_last;
	if (c->prev)
		c->prev->next = c;
	else
		s->waits = c;
	s->waits_last = c;
	return false;
}

/* Those who wait have their turn, each once. */
static void
go_on(struct shard *s)
{
	for (unsigned n = s->waiting; n && s->waits && may_ask(s); n--) {
		struct proto *c = s->waits;

		wait_out(s, c);
		s->is.resume(s->is.arg, c);
	}
}

void
shard_leave(struct proto *c)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = c->ask;

	wait_out(s, c);
	if (!a)
		return;
	c->ask = NULL;
	a->c = NULL;
	if (a->away)
		return;
	a->job = SHARD_END; /* in the middle of its data */
	send(s, a, a->to);
}

/* --- tours ----------------------------------------------------------------*/

static bool
counts(const struct shard_ask *a)
{
	return a->job == SHARD_COUNT;
}

/* There is one sum: its users take turns. Returns whether it is a's now. */
static bool
count_in_turn(struct shard_queue *q, struct shard_ask *a)
{
	bool first = !q->head;

	a->later = NULL;
	if (first)
		q->head = a;
	else
		q->tail->later = a;
	q->tail = a;
	return first;
}

/* All others have run it: it is run here, as if it had just been read. */
static void
run_here(struct shard *s, struct shard_ask *a)
{
	struct proto *c = a->c;

	c->ask = NULL;
	c->toured = true;
	s->summed = counts(a);
	if (c->binary)
		binary_run(c, a->guest.buf);
	else
		text_command(c, a->guest.buf, a->len);
	s->summed = c->toured = false;
	c->closing |= c->out.broken;
}

static void tour_end(struct shard *s, struct shard_ask *a);

static void
tour_on(struct shard *s, struct shard_ask *a)
{
	if (a->at == s->is.self)
		a->at++;
	/* What is only asked ends with its connection; what is done, is done
	 * everywhere. */
	if ((a->c || !counts(a)) && a->at < s->is.cores)
		send(s, a, a->at++);
	else
		tour_end(s, a);
}

static void
tour_begin(struct shard *s, struct shard_ask *a)
{
	if (counts(a))
		s->sum = (struct shard_sum){0};
	a->at = 0;
	tour_on(s, a);
}

static void
tour_end(struct shard *s, struct shard_ask *a)
{
	struct proto *c = a->c;
	bool counted = counts(a);

	if (c)
		run_here(s, a);
	else if (!counted)
		shard_run(s, a);
	if (counted)
		s->counts.head = a->later;
	ask_free(s, a);
	/* First the next, for c may go on and want to count again. */
	if (counted && s->counts.head)
		tour_begin(s, s->counts.head);
	if (c)
		s->is.resume(s->is.arg, c);
}

void
shard_tour(struct proto *c, enum shard_job job, const char *text, size_t len)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = ask_new(c, job, text, len);

	a->brief = false;
	a->tour = a->away = true;
	a->sum = &s->sum;
	c->ask = a;
	if (!counts(a) || count_in_turn(&s->counts, a))
		tour_begin(s, a);
}

/* --- what comes back ------------------------------------------------------*/

/* Data into the item that the key's core has made. */
static size_t
feed(struct proto *c, const char *p, size_t len)
{
	struct shard_ask *a = c->ask;
	struct proto *g = &a->guest;
	size_t n = 0;

	while (n < len && !g->ready)
		n += g->step(g, p + n, len - n);
	if (g->ready) {
		a->job = SHARD_PUT;
		send(c->core->shard, a, a->to);
	}
	return n;
}

static void
brief_back(struct shard *s, struct shard_ask *a)
{
	struct proto *c = a->hole.answer ? a->c : NULL;

	s->briefs--;
	if (c)
		answer_fill(&a->hole, &a->guest.out, a->to);
	else
		answer_discard(s->is.command->pool, &a->guest.out, a->to);
	ask_free(s, a);
	if (c)
		s->is.resume(s->is.arg, c);
}

static void
data_back(struct shard *s, struct shard_ask *a)
{
	struct proto *c = a->c, *g = &a->guest;

	if (!c) {
		answer_discard(s->is.command->pool, &g->out, a->to);
		if (g->set.item) {
			a->job = SHARD_END;
			send(s, a, a->to);
		} else {
			ask_free(s, a);
		}
		return;
	}
	answer_append(&c->out, &g->out, a->to);
	c->closing |= g->closing | c->out.broken;
	if (g->set.item) {
		c->step = feed;
	} else { /* whatever comes next is read here */
		c->step = g->step;
		c->skip = g->skip;
		c->dump = g->dump;
		c->ask = NULL;
		ask_free(s, a);
	}
	s->is.resume(s->is.arg, c);
}

void
shard_told(struct shard *s, unsigned from, enum shard_word word, void *p)
{
	struct shard_ask *a = p;

	(void)from;
	switch (word) {
	case SHARD_ASK:
		s->served++;
		shard_run(s, a);
		post(s, a, SHARD_BACK);
		return;
	case SHARD_ITEM:
		store_returned(s->is.command->store, p);
		return;
	case SHARD_BACK:
		break;
	}
	a->away = false;
	if (a->brief) {
		brief_back(s, a);
	} else if (a->tour) {
		answer_discard(s->is.command->pool, &a->guest.out, a->to);
		a->away = true;
		tour_on(s, a);
	} else {
		data_back(s, a);
	}
	if (s->waits)
		go_on(s);
}

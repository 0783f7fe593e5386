/* shard.c - the connection's side: asking, waiting, and what comes back. */
#include "apps/memcached/shard.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/keyhash.h"

static int
get_memory(struct shard *s)
{
	unsigned bundles = SHARD_BUNDLES + 2 * s->is.cores;

	s->most = s->is.conns;
	/* What connections may hold of other cores' items, and what comes back
	 * when they are gone. */
	s->items_most = s->is.conns * (ANSWER_PIECES / ANSWER_HOLE + 1) +
		bundles * SHARD_BUNDLE;
	/* Pages of these are made when they are touched. */
	s->asks = calloc(s->most, sizeof(*s->asks));
	s->items = calloc(s->items_most, sizeof(*s->items));
	s->bundles = calloc(bundles, sizeof(*s->bundles));
	s->open = calloc(s->is.cores, sizeof(*s->open));
	if (!s->asks || !s->items || !s->bundles || !s->open)
		return -ENOMEM;
	while (bundles--) {
		s->bundles[bundles].post.next = s->free_bundle;
		s->free_bundle = &s->bundles[bundles].post;
	}
	return 0;
}

int
shard_open(struct shard *s, const struct shard_config *c)
{
	*s = (struct shard){.is = *c, .chunk.mem = s->text};
	if (get_memory(s)) {
		shard_close(s);
		return -ENOMEM;
	}
	c->command->pool->give_back = shard_give_back;
	c->command->pool->arg = s;
	c->command->shard = s;
	return 0;
}

void
shard_close(struct shard *s)
{
	free(s->asks);
	free(s->items);
	free(s->bundles);
	free(s->open);
	s->asks = NULL;
	s->items = NULL;
	s->bundles = NULL;
	s->open = NULL;
}

unsigned
shard_of(const struct shard *s, const char *key, size_t len)
{
	return (unsigned)((uint64_t)keyhash(s->is.secret, key, len) *
			s->is.cores >>
		32);
}

/* --- asks -----------------------------------------------------------------*/

static struct shard_ask *
ask_new(struct proto *c, enum shard_job job, const char *text, size_t len)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = (struct shard_ask *)s->free_ask;

	if (a) {
		s->free_ask = a->post.next;
	} else {
		assert(s->used < s->most); /* a connection has one */
		a = &s->asks[s->used++];
	}
	assert(len <= sizeof(a->guest.buf));
	s->busy++;
	s->asked++;
	a->job = job;
	a->post.from = (uint16_t)s->is.self;
	a->tour = a->away = false;
	a->c = c;
	a->len = (uint32_t)len;
	memcpy(a->guest.buf, text, len);
	a->guest.binary = c->binary;
	a->guest.keys = c->keys;
	a->chunk.mem = a->text;
	c->ask = a;
	return a;
}

static void
ask_free(struct shard *s, struct shard_ask *a)
{
	a->post.next = s->free_ask;
	s->free_ask = &a->post;
	s->busy--;
}

/* Behind what was asked before. */
static void
send(struct shard *s, struct shard_ask *a, unsigned core)
{
	shard_send(s, core);
	a->away = true;
	a->post.to = (uint16_t)core;
	shard_tell(s, &a->post, SHARD_ASK);
}

void
shard_data(struct proto *c, unsigned core, enum shard_job job, const char *text,
	size_t len)
{
	send(c->core->shard, ask_new(c, job, text, len), core);
}

/* A step of a list, whose answer is behind what is there. */
void
shard_dump(struct proto *c, unsigned core)
{
	struct shard_ask *a = ask_new(c, SHARD_DUMP, "", 0);

	a->guest.dump = c->dump;
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
	if (c->guest || shard_may_ask(s))
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
	for (unsigned n = s->waiting; n && s->waits && shard_may_ask(s); n--) {
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
	send(s, a, a->post.to);
}

/* --- tours ----------------------------------------------------------------*/

static bool
counts(const struct shard_ask *a)
{
	return a->job == SHARD_COUNT;
}

/* There is one sum: its users take turns. Returns whether it is a's now. */
static bool
count_in_turn(struct shard *s, struct shard_ask *a)
{
	bool first = !s->counts;

	a->later = NULL;
	if (first)
		s->counts = a;
	else
		s->counts_last->later = a;
	s->counts_last = a;
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
		s->counts = a->later;
	ask_free(s, a);
	/* First the next, for c may go on and want to count again. */
	if (counted && s->counts)
		tour_begin(s, s->counts);
	if (c)
		s->is.resume(s->is.arg, c);
}

void
shard_tour(struct proto *c, enum shard_job job, const char *text, size_t len)
{
	struct shard *s = c->core->shard;
	struct shard_ask *a = ask_new(c, job, text, len);

	a->tour = a->away = true;
	a->sum = &s->sum;
	if (!counts(a) || count_in_turn(s, a))
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
		send(c->core->shard, a, a->post.to);
	}
	return n;
}

static void
data_back(struct shard *s, struct shard_ask *a)
{
	struct proto *c = a->c, *g = &a->guest;

	if (!c) {
		answer_discard(s->is.command->pool, &g->out, a->post.to);
		if (g->set.item) {
			a->job = SHARD_END;
			send(s, a, a->post.to);
		} else {
			ask_free(s, a);
		}
		return;
	}
	answer_append(&c->out, &g->out, a->post.to);
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

static void
ask_back(struct shard *s, struct shard_ask *a)
{
	a->away = false;
	if (!a->tour) {
		data_back(s, a);
		return;
	}
	answer_discard(s->is.command->pool, &a->guest.out, a->post.to);
	a->away = true;
	tour_on(s, a);
}

void
shard_told(struct shard *s, unsigned from, enum shard_word word, void *p)
{
	(void)from;
	switch (word) {
	case SHARD_ASKS:
		shard_serve(s, p);
		shard_tell(s, p, SHARD_REPLY);
		return;
	case SHARD_ASK:
		s->served++;
		shard_run(s, p);
		shard_tell(s, p, SHARD_BACK);
		return;
	case SHARD_ITEM:
		store_returned(s->is.command->store, p);
		return;
	case SHARD_REPLY:
		shard_replied(s, p);
		break;
	case SHARD_BACK:
		ask_back(s, p);
		break;
	}
	if (s->waits)
		go_on(s);
}

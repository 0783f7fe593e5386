/* shard_kit.c - what tests put around sharded cores. */
#include "apps/memcached/test/shard_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "shard_kit: %s\n", what);
	abort();
}

uint64_t
kit_draw(uint64_t *seed)
{
	uint64_t x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* --- cores ----------------------------------------------------------------*/

static void *
page(void *arg, size_t bytes)
{
	struct mate *m = arg;

	must(m->page_count < KIT_PAGES, "pages");
	return m->pages[m->page_count++] = aligned_alloc(64, bytes);
}

static int
tell(void *arg, unsigned core, enum shard_word word, void *p)
{
	struct mate *m = arg;
	struct mate_ring *r = &m->to[core];
	uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);

	must(core != m->self && core < KIT_CORES, "it tells itself");
	if (r->head - tail >= r->room) {
		m->refused = true;
		return -1;
	}
	r->word[r->head & (KIT_RING - 1)] = (struct mate_word){word, p};
	__atomic_store_n(&r->head, r->head + 1, __ATOMIC_RELEASE);
	return 0;
}

/* Whoever has the connection sees to it in its next turn; and only if it was
 * said so. */
static void
resume(void *arg, struct proto *c)
{
	struct talker *t = (struct talker *)(void *)((char *)c -
		offsetof(struct talker, proto));

	(void)arg;
	must(t->mate, "who is gone is told to go on");
	t->awake = true;
}

static void
mate_open(struct mates *all, unsigned i, unsigned conns, unsigned room)
{
	struct mate *m = &all->mate[i];
	struct store_config c;

	m->all = all;
	m->self = i;
	m->set.threads = KIT_CORES;
	store_defaults(&c);
	c.limit = 64u << 20;
	c.hashpower = 12;
	c.page = page;
	c.arg = m;
	must(!store_open(&m->store, &c, KIT_NOW), "store_open");
	m->mem = malloc(answer_pool_bytes(KIT_CHUNKS));
	must(!answer_pool_open(&m->pool, KIT_CHUNKS, m->mem, m->store),
		"answer_pool_open");
	m->core = (struct command){
		.store = m->store, .pool = &m->pool, .set = &m->set};
	for (unsigned k = 0; k < KIT_CORES; k++)
		m->to[k].room = room;
	must(!shard_open(&m->shard,
		     &(struct shard_config){
			     .command = &m->core,
			     .self = i,
			     .cores = KIT_CORES,
			     .conns = conns,
			     .secret = {0x243f6a8885a308d3, 0x13198a2e03707344},
			     .tell = tell,
			     .resume = resume,
			     .arg = m,
		     }),
		"shard_open");
}

void
mates_open(struct mates *m, unsigned conns, unsigned room)
{
	memset(m, 0, sizeof(*m));
	for (unsigned i = 0; i < KIT_CORES; i++)
		mate_open(m, i, conns, room);
}

static void
mate_close(struct mate *m)
{
	struct store_stats n;
	struct store_class cls;
	uint64_t used = 0;
	unsigned chunks = 0, bundles = 0;

	store_stats(m->store, &n);
	for (unsigned i = 1; store_class_stats(m->store, i, &cls); i++)
		used += cls.used_chunks;
	must(used == n.curr_items, "an item is held");
	for (struct answer_chunk *c = m->pool.free; c; c = c->next)
		chunks++;
	must(chunks == KIT_CHUNKS, "a chunk is held");
	must(!n.evictions, "memory is too small for comparisons");
	must(!m->shard.busy, "an ask is held");
	must(!m->shard.briefs && !m->shard.waiting && !m->shard.items_n &&
			!m->shard.stuck.head && !m->shard.counts,
		"somebody waits");
	for (struct shard_post *p = m->shard.free_bundle; p; p = p->next)
		bundles++;
	must(bundles == SHARD_BUNDLES + 2 * KIT_CORES, "a bundle is held");
	shard_close(&m->shard);
	answer_pool_close(&m->pool);
	store_close(m->store);
	for (unsigned i = 0; i < m->page_count; i++)
		free(m->pages[i]);
	free(m->mem);
}

void
mates_close(struct mates *m)
{
	for (unsigned i = 0; i < KIT_CORES; i++)
		mate_close(&m->mate[i]);
}

unsigned
mate_hear(struct mate *m, unsigned most)
{
	unsigned n = 0;

	for (unsigned i = 0; i < KIT_CORES; i++) {
		struct mate_ring *r = &m->all->mate[i].to[m->self];

		while (n < most &&
			__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) !=
				r->tail) {
			struct mate_word w = r->word[r->tail & (KIT_RING - 1)];

			__atomic_store_n(
				&r->tail, r->tail + 1, __ATOMIC_RELEASE);
			shard_told(&m->shard, i, w.word, w.p);
			n++;
		}
	}
	if (m->refused) {
		m->refused = false;
		shard_room(&m->shard);
		n += !m->refused;
	}
	if (m->shard.opened) {
		shard_turn(&m->shard);
		n++;
	}
	return n;
}

/* --- connections ----------------------------------------------------------*/

void
talker_begin(struct talker *t, struct mate *m, const char *ask, size_t len)
{
	proto_begin(&t->proto, &m->core);
	t->mate = m;
	t->ask = ask;
	t->ask_len = len;
	t->out_len = t->acked = 0;
	t->first = t->pieces = 0;
	t->awake = true;
}

static void
take(struct talker *t)
{
	struct answer *a = &t->proto.out;
	unsigned n;

	while ((n = answer_ready(a, 1 + kit_draw(&t->seed) % 8))) {
		for (unsigned i = 0; i < n; i++) {
			const struct answer_piece *p = answer_at(a, i);

			if (t->out_len + p->len > t->out_room) {
				t->out_room = 2 * (t->out_len + p->len);
				t->out = realloc(t->out, t->out_room);
				must(t->out, "memory");
			}
			memcpy(t->out + t->out_len, p->ptr, p->len);
			must(t->pieces < ANSWER_PIECES, "pieces");
			t->piece[(t->first + t->pieces++) % ANSWER_PIECES] =
				(struct talker_piece){
					p->ptr, t->out_len, p->len};
			t->out_len += p->len;
		}
		answer_sent(a, n);
	}
}

static void
acknowledge(struct talker *t, size_t bytes)
{
	size_t all = t->acked + bytes;

	while (t->pieces) {
		const struct talker_piece *p =
			&t->piece[t->first % ANSWER_PIECES];

		if (p->at + p->len > all)
			break;
		must(!memcmp(p->ptr, t->out + p->at, p->len),
			"what was sent has changed");
		t->first++;
		t->pieces--;
	}
	t->acked = all;
	t->awake |= bytes > 0;
	answer_acked(&t->proto.out, bytes);
}

static bool
reads(const struct talker *t)
{
	return t->ask_len && !t->proto.closing;
}

/* As a program does that was called: what is there goes out first, which may
 * make room. */
static void
go_on(struct talker *t, uint64_t r)
{
	size_t n = 1 + (r >> 8) % (r & 7 ? 200 : r & 8 ? 3 : 60000), used;
	char *piece;

	t->awake = false;
	take(t);
	if (!reads(t))
		return;
	n = n < t->ask_len ? n : t->ask_len;
	piece = malloc(n); /* which is there only while it is read */
	must(piece, "memory");
	memcpy(piece, t->ask, n);
	used = proto_read(&t->proto, piece, n);
	free(piece);
	t->ask += used;
	t->ask_len -= used;
	t->awake |= used > 0 || t->proto.pauses;
	take(t);
}

bool
talker_turn(struct talker *t)
{
	uint64_t r = kit_draw(&t->seed);
	size_t owed;

	if (!t->mate)
		return false;
	if (t->awake)
		go_on(t, r);
	must(!t->proto.out.broken, "an answer is broken");
	owed = t->out_len - t->acked;
	if (owed)
		acknowledge(t, r & 64 ? owed : (r >> 20) % (owed + 1));
	return reads(t) || answer_unsent(&t->proto.out) ||
		t->out_len != t->acked || (t->proto.ask && t->proto.ask->away);
}

void
talker_end(struct talker *t)
{
	proto_end(&t->proto);
	t->mate = NULL;
}

bool
mate_is_asking(const struct mate *m)
{
	return m->shard.busy || m->shard.briefs;
}

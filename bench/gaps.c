/* gaps.c - the gaps of a loop; and a queue with these gaps. */
#include "bench/gaps.h"

#include <stdlib.h>

#include "dlibos/base/clock.h"

void
gaps_find(struct gaps *g, uint64_t span, uint64_t least)
{
	uint64_t begin = clock_cycles(), last = begin, now;

	g->n = 0;
	do {
		now = clock_cycles();
		if (now - last >= least)
			g->gap[g->n++] =
				(struct gap){last - begin, now - begin};
		last = now;
	} while (now - begin < span && g->n < GAPS_MAX);
	g->span = now - begin;
}

double
gaps_part(const struct gaps *g, uint64_t least)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < g->n; i++)
		if (g->gap[i].to - g->gap[i].from >= least)
			sum += g->gap[i].to - g->gap[i].from;
	return (double)sum / (double)g->span;
}

uint64_t
gaps_longest(const struct gaps *g)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < g->n; i++)
		if (g->gap[i].to - g->gap[i].from > most)
			most = g->gap[i].to - g->gap[i].from;
	return most;
}

/* A walk over gaps by times that only grow. */
struct walk {
	const struct gaps *g;
	unsigned next; /* of the gaps that end later */
};

/* The first time from t on that is in no gap. */
static uint64_t
free_from(struct walk *w, uint64_t t)
{
	while (w->next < w->g->n && w->g->gap[w->next].to <= t)
		w->next++;
	if (w->next < w->g->n && w->g->gap[w->next].from <= t)
		return w->g->gap[w->next].to;
	return t;
}

/* When work that begins at t is done. */
static uint64_t
worked(struct walk *w, uint64_t t, uint64_t work)
{
	for (;;) {
		uint64_t left;

		t = free_from(w, t);
		while (w->next < w->g->n && w->g->gap[w->next].to <= t)
			w->next++;
		if (w->next == w->g->n)
			return t + work;
		left = w->g->gap[w->next].from - t;
		if (work <= left)
			return t + work;
		work -= left;
		t = w->g->gap[w->next].to;
	}
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t
gaps_late(const struct gaps *client, const struct gaps *server, uint64_t every,
	uint64_t work, unsigned permille, uint64_t *room)
{
	struct walk asks = {client, 0}, serves = {server, 0},
		    hears = {client, 0};
	uint64_t span =
		client->span < server->span ? client->span : server->span;
	uint64_t done = 0;
	unsigned n = 0;

	for (uint64_t t = 0; t < span && n < GAPS_LATE; t += every) {
		uint64_t asked = free_from(&asks, t);

		done = worked(&serves, asked > done ? asked : done, work);
		room[n++] = free_from(&hears, done) - t;
	}
	if (!n)
		return 0;
	qsort(room, n, sizeof(*room), by_size);
	return room[(uint64_t)(n - 1) * permille / 1000];
}

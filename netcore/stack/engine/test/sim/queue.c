/* queue.c - a heap by time, then by order of making. */
#include "netcore/stack/engine/test/sim/own.h"

#include <stdlib.h>

#define MOST (1u << 22) /* events; more is a run that has gone wild */

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
grow(struct sim *s)
{
	s->room = s->room ? 2 * s->room : 1024;
	s->heap = realloc(s->heap, s->room * sizeof(*s->heap));
	if (s->room > MOST || !s->heap) {
		fprintf(stderr, "sim: %u events at a time\n", s->events);
		abort();
	}
}

void
queue_push(struct sim *s, struct sim_event e)
{
	unsigned i = s->events++;

	if (i == s->room)
		grow(s);
	e.order = s->order++;
	while (i && before(&e, &s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = e;
}

struct sim_event
queue_pop(struct sim *s)
{
	struct sim_event top = s->heap[0], e = s->heap[--s->events];
	unsigned i = 0;

	for (;;) {
		unsigned k = 2 * i + 1;

		if (k >= s->events)
			break;
		if (k + 1 < s->events && before(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!before(&s->heap[k], &e))
			break;
		s->heap[i] = s->heap[k];
		i = k;
	}
	if (s->events)
		s->heap[i] = e;
	return top;
}

/* timer.c - timers in a pairing heap, whose nodes are the program's: setting
 * one is two comparisons, and there is no limit to their number. */
#include "appcore/appcore.h"

static struct dl_timer *
meld(struct dl_timer *a, struct dl_timer *b)
{
	if (!a || !b)
		return a ? a : b;
	if (b->at < a->at) {
		struct dl_timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a; /* of the first child: the parent */
	b->next = a->child;
	if (b->next)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Two by two from the left, then all from the right: without recursion. */
static struct dl_timer *
meld_all(struct dl_timer *t)
{
	struct dl_timer *pairs = NULL, *all = NULL;

	while (t) {
		struct dl_timer *a = t, *b = t->next;

		t = b ? b->next : NULL;
		a->next = a->prev = NULL;
		if (b)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	while (pairs) {
		struct dl_timer *next = pairs->next;

		pairs->next = NULL;
		all = meld(all, pairs);
		pairs = next;
	}
	return all;
}

static void
take_out(struct dl *dl, struct dl_timer *t)
{
	struct dl_timer *rest = meld_all(t->child);

	if (t == dl->timer) {
		dl->timer = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next)
			t->next->prev = t->prev;
		dl->timer = meld(dl->timer, rest);
	}
	t->child = t->next = t->prev = NULL;
	t->at = 0;
}

void
dl_timer_set(struct dl *dl, struct dl_timer *t, unsigned ms)
{
	if (t->at)
		take_out(dl, t);
	t->at = dl->now + (ms ? ms * 1000000ull : 1);
	dl->timer = meld(dl->timer, t);
}

void
dl_timer_stop(struct dl *dl, struct dl_timer *t)
{
	if (t->at)
		take_out(dl, t);
}

void
timer_run(struct dl *dl)
{
	/* One that sets itself anew with 0 ms has its turn in the next one. */
	for (unsigned i = 0; i < LIMIT_BURST; i++) {
		struct dl_timer *t = dl->timer;

		if (!t || t->at > dl->now)
			return;
		take_out(dl, t);
		t->expired(dl, t);
	}
}

/* show.c - an application core's counters, where tools can see them: copied
 * from time to time, and before the core sleeps. */
#include "appcore/appcore.h"

#define X(name) #name,
static const char *const names[] = {APP_COUNTERS(X)};
#undef X

#define NAMES (sizeof(names) / sizeof(*names))

_Static_assert(sizeof(struct app_count) == NAMES * sizeof(uint64_t), "names");

void
show_open(struct dl *dl)
{
	static const char *const conns[] = {"app_conns"};
	struct domain_table *t = domain_table(dl->core);

	dl->shown = domain_counters(t, "app", names, NAMES);
	dl->shown_gauge = domain_counters(t, "gauge", conns, 1);
}

void
show_now(struct dl *dl)
{
	const struct app_count *n = &dl->count;
	uint64_t conns = n->accepted + n->connected - n->closed;

	domain_show(dl->shown, (const uint64_t *)n, NAMES);
	domain_show(dl->shown_gauge, &conns, 1);
	dl->show_due = dl->now + DOMAIN_SHOW_NS;
}

void
show_core(struct domain_core *c)
{
	struct dl *dl = c->user;

	show_now(dl);
	if (dl->rtc)
		rtc_show(dl->rtc);
}

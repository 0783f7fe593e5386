/* kv_ask.c - what is asked next, and what was wrong: the same for all
 * protocols. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/load/kv_ask.h"
#include "bench/load/rnd.h"

static uint32_t
pick(struct kv_asker *a)
{
	return a->zipf ? zipf_next(a->zipf, &a->rnd)
		       : rnd_below(&a->rnd, a->data->keys);
}

bool
kv_next(struct kv_asker *a, uint32_t *tag)
{
	if (!a->fill) {
		bool set = rnd_unit(&a->rnd) > a->gets;

		*tag = pick(a) | (set ? KV_SET : 0);
		return true;
	}
	if (a->next >= a->data->keys)
		return false;
	*tag = (uint32_t)a->next | KV_SET;
	a->next += a->step;
	return true;
}

/* When it fills, no key may be left out. */
void
kv_unask(void *arg)
{
	struct kv_asker *a = arg;

	if (a->fill)
		a->next -= a->step;
}

enum proto_eat
kv_wrong(struct kv_asker *a, uint32_t id, size_t at, const uint8_t *got,
	size_t len, enum tally_kind *kind)
{
	const uint8_t *want = a->pattern + kv_data_shift(id) + at;
	size_t left = a->data->size[id].value - at;
	struct kv_wrong *w = &a->wrong;

	*kind = TALLY_WRONG;
	if (w->is)
		return PROTO_BAD;
	w->is = true;
	w->id = id;
	w->at = at;
	snprintf(w->expected, sizeof(w->expected), "%.*s",
		(int)(left < KV_SHOW ? left : KV_SHOW), (const char *)want);
	for (size_t i = 0; i < len && i < KV_SHOW; i++)
		w->got[i] =
			(char)(got[i] >= ' ' && got[i] < 127 ? got[i] : '?');
	return PROTO_BAD;
}

int
kv_asker_init(struct kv_asker *a, const struct kv_data *d, uint64_t seed,
	const struct wire *wire, void *wire_arg)
{
	uint8_t *m = wire->memory(wire_arg, KV_PATTERN + 2);

	if (!m)
		return -ENOMEM;
	memcpy(m, d->pattern, KV_PATTERN);
	memcpy(m + KV_PATTERN, "\r\n", 2);
	memset(a, 0, sizeof(*a));
	a->data = d;
	a->rnd = rnd_mix(seed);
	a->pattern = m;
	a->gets = 1;
	a->step = 1;
	return 0;
}

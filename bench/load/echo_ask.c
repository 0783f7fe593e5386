/* echo_ask.c - each message begins elsewhere in a pattern, so that one that
 * came instead of another is seen. */
#include <errno.h>
#include <string.h>

#include "bench/load/echo_ask.h"
#include "bench/load/rnd.h"

struct answer {
	uint32_t at;
};

static unsigned
ask(void *arg, void *cell, struct wire_piece *piece, uint32_t *tag)
{
	struct echo_asker *a = arg;

	(void)cell;
	*tag = a->next++ & (ECHO_SHIFTS - 1);
	*piece = (struct wire_piece){a->pattern + *tag, a->size};
	return 1;
}

static enum proto_eat
eat(void *arg, void *state, uint32_t tag, const uint8_t *p, size_t len,
	size_t *used, enum tally_kind *kind)
{
	struct echo_asker *a = arg;
	struct answer *s = state;
	const uint8_t *want = a->pattern + tag + s->at;
	size_t left = a->size - s->at, i = 0;

	*used = len < left ? len : left;
	if (memcmp(p, want, *used)) {
		while (p[i] == want[i])
			i++;
		*kind = TALLY_WRONG;
		a->wrong = true;
		a->at = s->at + (uint32_t)i;
		a->expected = want[i];
		a->got = p[i];
		return PROTO_BAD;
	}
	s->at += (uint32_t)*used;
	if (s->at < a->size)
		return PROTO_MORE;
	s->at = 0;
	return PROTO_DONE;
}

const struct proto echo_proto = {
	.state = sizeof(struct answer),
	.ask = ask,
	.eat = eat,
};

int
echo_asker_init(struct echo_asker *a, uint32_t size, const struct wire *wire,
	void *wire_arg)
{
	uint64_t rnd = 862;
	uint8_t *m = wire->memory(wire_arg, size + ECHO_SHIFTS);

	if (!m)
		return -ENOMEM;
	for (uint32_t i = 0; i < size + ECHO_SHIFTS; i++)
		m[i] = (uint8_t)rnd_next(&rnd);
	memset(a, 0, sizeof(*a));
	a->pattern = m;
	a->size = size;
	return 0;
}

/* kv_ask.h - memcached's protocols as protocols of the engine: sets of all keys
 * in turn, or gets and sets of keys as popular as asked for. Each value that is
 * read is compared with what its key says.
 *
 * How answers count: `missed` is a get of what is not there. TALLY_STATUS is a
 * refusal in proper form, after which the connection goes on; TALLY_GARBAGE is
 * no answer to what was asked; TALLY_WRONG is another value, length or flags,
 * which ends the run. */
#ifndef BENCH_LOAD_KV_ASK_H
#define BENCH_LOAD_KV_ASK_H

#include "bench/load/kv_data.h"
#include "bench/load/proto.h"
#include "bench/load/zipf.h"

#define KV_SHOW	   48 /* bytes of a wrong value that are kept */
#define KV_PATTERN (KV_VALUE_MAX + KV_SHIFTS)
#define KV_SET	   0x80000000u /* in a tag, beside the key's number */

/* The first answer that was not what was stored. */
struct kv_wrong {
	bool is;
	uint32_t id;
	size_t at; /* which byte; the value's length: it is as long as that */
	char expected[KV_SHOW + 1], got[KV_SHOW + 1];
};

struct kv_asker {
	const struct kv_data *data;
	const struct zipf *zipf; /* NULL: all are as popular */
	double gets;		 /* part of all */
	bool fill;		 /* set each key once: next, next + step ... */
	uint64_t next;
	uint32_t step;
	uint64_t rnd, missed;
	bool quiet;		/* binary: gets that do not say a miss */
	const uint8_t *pattern; /* a copy that can be sent from, and "\r\n" */
	struct kv_wrong wrong;
};

extern const struct proto kv_text, kv_binary;

/* The rest of `a` is set by the caller, after it. 0; -ENOMEM. */
int kv_asker_init(struct kv_asker *a, const struct kv_data *d, uint64_t seed,
	const struct wire *wire, void *wire_arg);

/* For the protocols only. The next question as its tag; false: there are no
 * more. */
bool kv_next(struct kv_asker *a, uint32_t *tag);
void kv_unask(void *a);
/* Keeps the first wrong answer: what came at byte `at` of the value, or a text
 * that says what is wrong. */
enum proto_eat kv_wrong(struct kv_asker *a, uint32_t id, size_t at,
	const uint8_t *got, size_t len, enum tally_kind *kind);

#endif

/* kv_ask.h - memcached's text protocol as a protocol of the engine: sets of all
 * keys in turn, or gets and sets of keys as popular as asked for. Each value
 * that is read is compared with what its key says. */
#ifndef BENCH_LOAD_KV_ASK_H
#define BENCH_LOAD_KV_ASK_H

#include "bench/load/kv_data.h"
#include "bench/load/proto.h"
#include "bench/load/zipf.h"

#define KV_SHOW 48 /* bytes of a wrong value that are kept */

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
	const uint8_t *pattern; /* a copy that can be sent from, and "\r\n" */
	struct kv_wrong wrong;
};

extern const struct proto kv_proto;

/* The rest of `a` is set by the caller, after it. 0; -ENOMEM. */
int kv_asker_init(struct kv_asker *a, const struct kv_data *d, uint64_t seed,
	const struct wire *wire, void *wire_arg);

#endif

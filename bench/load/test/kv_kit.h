/* kv_kit.h - some keys, and answers that come in two pieces. */
#ifndef BENCH_LOAD_TEST_KV_KIT_H
#define BENCH_LOAD_TEST_KV_KIT_H

#include "bench/load/kv_ask.h"

#define STORE_KEYS 1000

struct store {
	struct kv_data data;
	struct kv_asker asker;
	void *memory;
	uint32_t id; /* a key with a value of 20 to 99 bytes */
	char key[KV_KEY_MAX + 1];
	uint32_t value_len;
	const char *value;
	char good[512]; /* the test's: an answer, and its length */
	size_t len;
};

void store_make(struct store *s);
void store_end(struct store *s);

/* The answer to `tag`, cut in two, each piece in memory of its own. */
enum proto_eat eat_cut(const struct proto *proto, struct store *s, uint32_t tag,
	const char *text, size_t len, size_t cut, size_t *used,
	enum tally_kind *kind);

#endif

/* kv_data.h - what a store of keys and values holds: each key's text and value
 * follow from its number, so that whoever reads it can tell.
 *
 * Sizes are those that Atikoglu and others published of Facebook's pools
 * (SIGMETRICS 2012):
 *	USR	keys of 16 and 21 bytes, values of 2; that one half of the keys
 *		is of each length is ours
 *	ETC	keys by a generalised extreme value distribution, values by a
 *		table up to 14 bytes and a generalised Pareto one above
 */
#ifndef BENCH_LOAD_KV_DATA_H
#define BENCH_LOAD_KV_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KV_KEYS_MAX  (1u << 27)
#define KV_KEY_MIN   10
#define KV_KEY_MAX   250   /* bytes; memcached's own bound */
#define KV_VALUE_MAX 65536 /* bytes; the tail is cut here */
#define KV_SHIFTS    4096  /* places where a value may begin in the pattern */

enum kv_dist { KV_USR, KV_ETC };

struct kv_data {
	uint32_t keys;
	struct kv_size {
		uint32_t key : 8, value : 24;
	} * size;
	uint8_t *pattern; /* KV_VALUE_MAX + KV_SHIFTS bytes */
};

/* 0; -ENOMEM. */
int kv_data_init(struct kv_data *d, uint32_t keys, enum kv_dist dist);
void kv_data_fini(struct kv_data *d);

/* All values have so many bytes from now on, KV_VALUE_MAX at most. */
void kv_data_values(struct kv_data *d, uint32_t bytes);

/* Writes the key's text, size[id].key bytes without an end. Returns that. */
size_t kv_data_key(const struct kv_data *d, uint32_t id, char *to);

/* Where its value begins in a copy of the pattern. */
size_t kv_data_shift(uint32_t id);

#endif

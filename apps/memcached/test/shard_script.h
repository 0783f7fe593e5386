/* shard_script.h - what a connection says: commands of all kinds, wrong ones
 * too, drawn from a seed. */
#ifndef APPS_MEMCACHED_TEST_SHARD_SCRIPT_H
#define APPS_MEMCACHED_TEST_SHARD_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins all zero; `p` is the caller's to free. */
struct script {
	char *p;
	size_t len, room;
};

__attribute__((format(printf, 2, 3))) void script_add(
	struct script *s, const char *format, ...);

/* Classic and meta commands, whose keys begin with `who`; none whose answer
 * tells a cas. With `large`, also values that are too large. */
struct script script_text(const char *who, uint64_t seed, bool large);

struct script script_binary(const char *who, uint64_t seed);

#endif

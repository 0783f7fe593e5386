/* store_kit.h - a store over memory of the test's own, and short ways to speak
 * to it. */
#ifndef APPS_MEMCACHED_TEST_STORE_KIT_H
#define APPS_MEMCACHED_TEST_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apps/memcached/store.h"

#define KIT_NOW	  1000000000u
#define KIT_PAGES 4096

struct kit {
	struct store *s;
	struct store_config config;
	void *pages[KIT_PAGES];
	unsigned count, room; /* page() gives up to `room` pages */
	uint32_t now;
};

/* The defaults, to be changed before kit_open(). */
void kit_init(struct kit *k);
void kit_open(struct kit *k);
/* And checks that the numbers add up, and that nothing is in use. */
void kit_close(struct kit *k);

/* Time goes on. */
void kit_later(struct kit *k, uint32_t seconds);
/* All work that is due. */
void kit_work(struct kit *k);

enum store_result kit_put(struct kit *k, const char *key, const char *value,
	const struct store_how *how, int64_t exptime);
/* store_put() by mode alone, for ever. */
enum store_result kit_mode(struct kit *k, enum store_mode mode, const char *key,
	const char *value);
void kit_set(struct kit *k, const char *key, const char *value);

/* The text, END included, is that of `value`, with the flags 7; or there is
 * nothing, if value is NULL. */
void kit_expect(struct kit *k, const char *key, const char *value);

struct item *kit_find(struct kit *k, const char *key);
enum store_result kit_delete(struct kit *k, const char *key);
uint64_t kit_cas(struct kit *k, const char *key);
struct store_stats kit_stats(struct kit *k);
/* The class that an item is in. */
struct store_class kit_class(struct kit *k, unsigned cls);
unsigned kit_class_of(struct kit *k, const char *key);

#endif

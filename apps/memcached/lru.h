/* lru.h - the segments of a class: new items are hot; what leaves hot and warm
 * without having been got twice is cold, and the cold tail goes first. Items
 * with a short life are apart (temp), and are never moved.
 *
 * The class is locked by the caller of all these.
 */
#ifndef APPS_MEMCACHED_LRU_H
#define APPS_MEMCACHED_LRU_H

#include "apps/memcached/store_in.h"

/* At the head of a segment, which `where` will say; and out of it. */
void lru_insert(struct slab_class *k, struct item *it, enum segment_id seg);
void lru_remove(struct slab_class *k, struct item *it);

/* Throws out the item that is missed least, so that its chunk is free; false
 * if those that were tried are all in use. */
bool lru_evict(struct store *s, uint32_t cls);

/* Moves up to `budget` items out of segments that are too large or too old.
 * Returns how many were looked at. */
unsigned lru_juggle(struct store *s, uint32_t cls, unsigned budget);

#endif

/* slab.h - pages cut into chunks of one size, a class for each size.
 *
 * Pages go to the class that asks first. One of them is kept back for classes
 * that have none yet; slab_move.c takes pages from classes and gives them to
 * others.
 */
#ifndef APPS_MEMCACHED_SLAB_H
#define APPS_MEMCACHED_SLAB_H

#include "apps/memcached/store_in.h"

/* Sizes of the classes; c->config is there. */
void slab_classes(struct store_common *c);

/* The class for so many bytes, 0 if there is none. */
uint32_t slab_class_for(const struct store_common *c, size_t bytes);

/* Whether a larger class is near enough to keep what is of this one. */
static inline bool
slab_near(const struct store_common *c, uint32_t cls, uint32_t larger)
{
	return c->classes[larger].size <= (uint64_t)c->classes[cls].size
		<< c->near;
}

/* A chunk of a class, which the caller has locked: free, or of a new page. NULL
 * when there is none. Its refs are REF_USER, its state 0. */
struct item *slab_get(struct store *s, uint32_t cls);

/* A chunk whose refs are 0. Its class is locked. */
void slab_put(struct store *s, struct item *it);

/* Into its class's list of free chunks: its `where` is 0. */
void slab_list(struct slab_class *k, struct item *it);

/* Out of its class's list of free chunks. */
void slab_unlist(struct slab_class *k, struct item *it);

#endif

/* slab_move.h - pages that change their class: one is kept free for classes
 * that will need a first one, and classes whose items are thrown out young get
 * one from those whose items grow old.
 */
#ifndef APPS_MEMCACHED_SLAB_MOVE_H
#define APPS_MEMCACHED_SLAB_MOVE_H

#include "apps/memcached/store_in.h"

/* About `budget` chunks of a page are emptied. The caller has the work lock and
 * no other. Whether there is more to do at once. */
bool slab_move_work(struct store *s, unsigned budget);

#endif

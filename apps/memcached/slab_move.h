/* slab_move.h - pages that change their class: one is kept free for classes
 * that will need a first one, and classes whose items are thrown out young get
 * one from those whose items grow old.
 */
#ifndef APPS_MEMCACHED_SLAB_MOVE_H
#define APPS_MEMCACHED_SLAB_MOVE_H

#include "apps/memcached/store_in.h"

#define SLAB_MOVE_PAGES 4 /* with fewer in all, none moves */

/* About `budget` chunks of a page are emptied. The caller has the work lock and
 * no other. Whether there is more to do at once. */
bool slab_move_work(struct store *s, unsigned budget);

/* For a class without a page: goes on until a page is empty, once through it at
 * most. The caller has no lock but stripes, of which the items are held that he
 * needs. Whether there may be a page now. */
bool slab_move_now(struct store *s, uint32_t cls);

#endif

/* slab_move.h - pages that change their class: one is kept free for classes
 * that will need a first one, and classes whose items are thrown out young get
 * one from those whose items grow old.
 */
#ifndef APPS_MEMCACHED_SLAB_MOVE_H
#define APPS_MEMCACHED_SLAB_MOVE_H

#include "apps/memcached/store_in.h"

#define SLAB_MOVE_PAGES 4 /* with fewer in all, none moves by and by */

/* About `budget` chunks of a page are emptied. The caller has the work lock and
 * no other. Whether there is more to do at once. */
bool slab_move_work(struct store *s, unsigned budget);

/* For a class that has nothing to throw out: a page of another one of which
 * nothing is in use is emptied at once, if there is one among those that are
 * looked at. What was on its way goes on to this class, or stays where it was.
 * The caller has no lock but stripes, of which the items are held that he
 * needs. Whether a page was emptied. */
bool slab_move_now(struct store *s, uint32_t cls);

#endif

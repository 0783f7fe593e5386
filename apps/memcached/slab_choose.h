/* slab_choose.h - which page leaves its class: for slab_move.c alone, which has
 * the work lock, and no lock of a class. */
#ifndef APPS_MEMCACHED_SLAB_CHOOSE_H
#define APPS_MEMCACHED_SLAB_CHOOSE_H

#include "apps/memcached/store_in.h"

/* A page that is to be emptied by and by, with time to wait for what is in use;
 * NO_PAGE: all stay. *to: the class it is for, 0: to be kept. `reserve`: no
 * page is left. */
uint32_t slab_choose(struct store *s, bool reserve, uint32_t *to);

/* A page of another class of which nothing is in use right now; NO_PAGE if none
 * of a bounded number of pages is so. The next call looks at the next ones. */
uint32_t slab_choose_now(struct store *s, uint32_t to);

#endif

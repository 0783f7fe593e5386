/* site_index.h - how a site is put together; for site_load.c alone. */
#ifndef APPS_WEBSERVER_SITE_INDEX_H
#define APPS_WEBSERVER_SITE_INDEX_H

#include "apps/webserver/site.h"

/* Without documents and pages. NULL if there is no memory. */
struct site *site_new(const struct site_memory *memory, struct hash_key key);

/* Memory to send from, freed with the site; NULL if there is no more. */
void *site_alloc(struct site *s, size_t bytes);

/* A copy of bytes in such memory. */
const char *site_copy(struct site *s, const char *p, size_t len);

/* Adds a copy of doc, and of its path, which no document has yet. 0 or
 * -ENOMEM. It cannot be found before site_index(). */
int site_add(struct site *s, const struct site_doc *doc);

/* Makes the table, when all documents are there. 0 or -ENOMEM. */
int site_index(struct site *s);

#endif

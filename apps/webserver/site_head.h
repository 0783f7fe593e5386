/* site_head.h - the texts of heads and pages; for site_load.c alone. */
#ifndef APPS_WEBSERVER_SITE_HEAD_H
#define APPS_WEBSERVER_SITE_HEAD_H

#include "apps/webserver/site.h"

/* The heads of a document whose other members are there. 0 or -ENOMEM. */
int site_head_doc(struct site *s, struct site_doc *d, const char *type);

/* The heads of a redirection to the same path with a slash behind it. After
 * site_head_pages(). 0 or -ENOMEM. */
int site_head_redirect(struct site *s, struct site_doc *d);

/* All pages, and the lines that belong to no document. 0 or -ENOMEM. */
int site_head_pages(struct site *s);

#endif

/* mime.h - the Content-Type of a file, by its suffix. */
#ifndef APPS_WEBSERVER_MIME_H
#define APPS_WEBSERVER_MIME_H

#include <stddef.h>

/* The type of the file of this name, whatever the suffix's case; text is UTF-8.
 * application/octet-stream if the suffix says nothing. */
const char *mime_type(const char *name, size_t len);

#endif

/* http_target.h - what a request asks for: RFC 9112 section 3.2.
 *
 * For http_parse.c alone. Pure functions over bytes.
 */
#ifndef APPS_WEBSERVER_HTTP_TARGET_H
#define APPS_WEBSERVER_HTTP_TARGET_H

#include "apps/webserver/http_parse.h"

/* Sets path and query, and host if the target names one. The target is of the
 * origin or the absolute form; the others belong to methods that are not
 * served. 0 or -400. len < HTTP_LINE_MAX. */
int http_target(struct http_request *r, const char *p, size_t len);

/* Whether this is host [":" port], RFC 9110 section 7.2; it may be empty. */
bool http_host_ok(const char *p, size_t len);

#endif

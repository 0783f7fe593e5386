/* options.h - the command line, as memcached's. */
#ifndef APPS_MEMCACHED_OPTIONS_H
#define APPS_MEMCACHED_OPTIONS_H

#include "apps/memcached/settings.h"

/* 0; 1: all was said, -h or -V; -1: a line has said what is wrong. */
int options_parse(struct settings *s, int argc, char **argv);

#endif

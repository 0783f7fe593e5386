/* number.h - a number in decimal, as memcached reads one out of a command or
 * out of a value. */
#ifndef APPS_MEMCACHED_NUMBER_H
#define APPS_MEMCACHED_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Spaces and a sign may be before the digits; what is behind a space or a NUL
 * is not looked at. *to is the number without its sign. False: there is none,
 * or more than 64 bits of it. */
bool number_read(const char *p, size_t len, uint64_t *to, bool *minus);

/* A negative number is taken only if it wraps to less than 2^63. */
bool number_u64(const char *p, size_t len, uint64_t *to);

#endif

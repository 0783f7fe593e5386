/* touched.h - which bytes of the elements of a table a program touches while it
 * is watched. The table's pages are inaccessible then: whatever is read or
 * written stops there, is noted by its address, and goes on with that one
 * instruction. Works without a sanitizer and with any, on x86-64: others do not
 * step one instruction at a time for a program's own sake.
 *
 * One table at a time, one thread. The pages may have other things on them;
 * they are not noted. A system call must not be given their memory meanwhile.
 */
#ifndef NETCORE_STACK_ENGINE_TEST_TOUCHED_H
#define NETCORE_STACK_ENGINE_TEST_TOUCHED_H

#include <stdint.h>

#if defined(__x86_64__)
#define TOUCHED_WORKS 1
#else
#define TOUCHED_WORKS 0
#endif

#define TOUCHED_STRIDE 1024 /* bytes of an element at most */

struct touched {
	char *from; /* where the table begins */
	uint32_t n, stride;
	uint32_t count[TOUCHED_STRIDE]; /* accesses that begin at this byte */
};

/* Counts are added to those that t has. */
void touched_begin(struct touched *t);
void touched_end(void);

#endif

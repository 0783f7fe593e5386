/* cursor.h - the unread part of a frame. Nothing here reads at or past `end`.
 *
 * A parser moves `p` over its header, and moves `end` down to where the header
 * says that its contents end; so the next parser sees what is its own, never
 * the padding. After a refusal the cursor stands anywhere in the frame.
 */
#ifndef NETCORE_STACK_WIRE_CURSOR_H
#define NETCORE_STACK_WIRE_CURSOR_H

#include "dlibos/base/bits.h"
#include "netcore/stack/wire/be.h"

struct cursor {
	const uint8_t *p, *end; /* p <= end, always */
};

static inline struct cursor
cursor_of(const void *p, size_t len)
{
	return (struct cursor){p, (const uint8_t *)p + len};
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, and steps over them; NULL, and stays, if there are fewer.
 */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (unlikely(cursor_left(c) < n))
		return NULL;
	c->p += n;
	return p;
}

/* The rest becomes n bytes long; false, and unchanged, if it is shorter. */
static inline bool
cursor_cut(struct cursor *c, size_t n)
{
	if (unlikely(cursor_left(c) < n))
		return false;
	c->end = c->p + n;
	return true;
}

/* On false, *v is unchanged. */
static inline bool
cursor_get8(struct cursor *c, uint8_t *v)
{
	const uint8_t *p = cursor_take(c, 1);

	if (unlikely(!p))
		return false;
	*v = *p;
	return true;
}

static inline bool
cursor_get16(struct cursor *c, uint16_t *v)
{
	const uint8_t *p = cursor_take(c, 2);

	if (unlikely(!p))
		return false;
	*v = be_get16(p);
	return true;
}

static inline bool
cursor_get32(struct cursor *c, uint32_t *v)
{
	const uint8_t *p = cursor_take(c, 4);

	if (unlikely(!p))
		return false;
	*v = be_get32(p);
	return true;
}

static inline bool
cursor_get_bytes(struct cursor *c, void *to, size_t n)
{
	const uint8_t *p = cursor_take(c, n);

	if (unlikely(!p))
		return false;
	memcpy(to, p, n);
	return true;
}

#endif

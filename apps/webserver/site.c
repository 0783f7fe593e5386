/* site.c - the index: slots of eight bytes with a part of the hash in them, so
 * that a search reads one line of them and one document.
 */
#include "apps/webserver/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/webserver/site_index.h"

struct site_slot {
	uint32_t tag; /* the upper half of the hash */
	uint32_t doc; /* from 1; 0 is a free slot */
};

struct site *
site_new(const struct site_memory *memory, struct hash_key key)
{
	struct site *s = calloc(1, sizeof(*s));

	if (s) {
		s->memory = *memory;
		s->key = key;
	}
	return s;
}

void
site_free(struct site *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; s->memory.free && i < s->block_count; i++)
		s->memory.free(s->memory.arg, s->blocks[i]);
	for (uint32_t i = 0; i < s->count; i++)
		free((void *)(uintptr_t)s->docs[i].path);
	free(s->blocks);
	free(s->docs);
	free(s->slots);
	free(s);
}

/* Room for one more in an array that doubles. */
static void *
grown(void *array, uint32_t count, uint32_t *room, size_t each)
{
	void *more;

	if (count < *room)
		return array;
	more = realloc(array, each * (*room ? *room * 2 : 64));
	if (more)
		*room = *room ? *room * 2 : 64;
	return more;
}

void *
site_alloc(struct site *s, size_t bytes)
{
	void **blocks = grown(
		s->blocks, s->block_count, &s->block_room, sizeof(*blocks));
	void *p;

	if (!blocks)
		return NULL;
	s->blocks = blocks;
	p = s->memory.alloc(s->memory.arg, bytes);
	if (p)
		s->blocks[s->block_count++] = p;
	return p;
}

const char *
site_copy(struct site *s, const char *p, size_t len)
{
	char *copy = site_alloc(s, len);

	if (copy)
		memcpy(copy, p, len);
	return copy;
}

int
site_add(struct site *s, const struct site_doc *doc)
{
	struct site_doc *docs =
		grown(s->docs, s->count, &s->room, sizeof(*docs));
	char *path;

	if (!docs)
		return -ENOMEM;
	s->docs = docs;
	path = malloc(doc->path_len);
	if (!path)
		return -ENOMEM;
	memcpy(path, doc->path, doc->path_len);
	s->docs[s->count] = *doc;
	s->docs[s->count++].path = path;
	return 0;
}

int
site_index(struct site *s)
{
	uint32_t size = 8;

	while (size < (uint64_t)s->count * 2)
		size *= 2;
	s->slots = calloc(size, sizeof(*s->slots));
	if (!s->slots)
		return -ENOMEM;
	s->mask = size - 1;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct site_doc *d = &s->docs[i];
		uint64_t h = hash_bytes(&s->key, d->path, d->path_len);
		uint32_t at = (uint32_t)h & s->mask;

		while (s->slots[at].doc)
			at = (at + 1) & s->mask;
		s->slots[at] = (struct site_slot){(uint32_t)(h >> 32), i + 1};
	}
	return 0;
}

const struct site_doc *
site_find(const struct site *s, const char *path, size_t len)
{
	uint64_t h = hash_bytes(&s->key, path, len);
	uint32_t tag = (uint32_t)(h >> 32);
	const struct site_slot *slot;

	for (uint32_t at = (uint32_t)h & s->mask; (slot = &s->slots[at])->doc;
		at = (at + 1) & s->mask) {
		const struct site_doc *d = &s->docs[slot->doc - 1];

		if (slot->tag == tag && d->path_len == len &&
			!memcmp(d->path, path, len))
			return d;
	}
	return NULL;
}

const struct site_page *
site_page(const struct site *s, int status)
{
	const struct site_page *fallback = NULL;

	for (unsigned i = 0; i < SITE_PAGES; i++) {
		if (s->pages[i].status == status)
			return &s->pages[i];
		if (s->pages[i].status == 500)
			fallback = &s->pages[i];
	}
	return fallback;
}

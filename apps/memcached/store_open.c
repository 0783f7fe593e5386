/* store_open.c - how a store begins and ends. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/memcached/slab.h"
#include "apps/memcached/table.h"

#define KIB 1024u
#define MIB (1024u * KIB)

void
store_defaults(struct store_config *c)
{
	*c = (struct store_config){
		.limit = 64 * MIB,
		.item_max = MIB,
		.chunk_min = 48,
		.factor = 1.25,
		.hashpower = 16,
		.hot_percent = 20,
		.warm_percent = 40,
		.hot_factor = 0.2,
		.warm_factor = 2.0,
		.stripes = 12,
	};
}

static uint32_t
page_size(const struct store_config *c)
{
	return c->item_max > STORE_PAGE ? c->item_max : STORE_PAGE;
}

const char *
store_complaint(const struct store_config *c)
{
	if (!c->page)
		return "a store needs pages";
	if (c->item_max < KIB || c->item_max > 1024 * MIB)
		return "the largest item must have 1 KiB to 1 GiB";
	if (c->item_max % KIB)
		return "the largest item must have a multiple of 1 KiB";
	if (c->limit < page_size(c))
		return "the memory limit must hold one page: 1 MiB, or the "
		       "largest item";
	if (c->limit / page_size(c) >= UINT32_MAX / 2)
		return "the memory limit is too large";
	if (!(c->factor > 1.0 && c->factor <= 100.0))
		return "the factor from class to class must be more than 1";
	if (c->chunk_min < 1 || c->chunk_min > c->item_max / 2)
		return "the smallest chunk must have 1 byte to half of the "
		       "largest item";
	if (c->hashpower < 4 || c->hashpower > 30)
		return "hashpower must be 4 to 30";
	if (c->shared && (c->stripes < 1 || c->stripes > c->hashpower))
		return "there cannot be more locks than buckets";
	if (c->hot_percent + c->warm_percent > 80 || c->hot_percent < 1 ||
		c->warm_percent < 1 || c->hot_percent > 80 ||
		c->warm_percent > 80)
		return "hot and warm must have 1 % each and 80 % together";
	if (!(c->hot_factor > 0 && c->hot_factor <= 1e6 && c->warm_factor > 0 &&
		    c->warm_factor <= 1e6))
		return "the factors of hot and warm must be more than 0";
	return NULL;
}

static void
free_common(struct store_common *c)
{
	table_fini(&c->table);
	free(c->stripes);
	free(c->pages);
	free(c->pool);
	free(c);
}

static struct store_common *
make_common(const struct store_config *config)
{
	size_t bytes = (sizeof(struct store_common) + 63) & ~(size_t)63;
	struct store_common *c = aligned_alloc(64, bytes);
	uint32_t stripes = config->shared ? 1u << config->stripes : 1;

	if (!c)
		return NULL;
	memset(c, 0, bytes);
	c->config = *config;
	c->shared = config->shared;
	c->stripe_mask = stripes - 1;
	c->page_size = page_size(config);
	c->page_max = (uint32_t)(config->limit / c->page_size);
	c->stripes = aligned_alloc(64, stripes * sizeof(c->stripes[0]));
	c->pages = calloc(c->page_max, sizeof(c->pages[0]));
	c->pool = calloc(c->page_max, sizeof(c->pool[0]));
	if (!c->stripes || !c->pages || !c->pool ||
		table_init(&c->table, config->hashpower)) {
		free_common(c);
		return NULL;
	}
	memset(c->stripes, 0, stripes * sizeof(c->stripes[0]));
	slab_classes(c);
	c->cas = config->cas;
	return c;
}

static struct store *
make_view(struct store_common *c, void *arg, uint32_t now)
{
	size_t bytes = (sizeof(struct store) + 63) & ~(size_t)63;
	struct store *s = aligned_alloc(64, bytes); /* no line with another's */

	if (!s)
		return NULL;
	memset(s, 0, bytes);
	s->c = c;
	s->shared = c->shared;
	s->now = now;
	s->arg = arg;
	s->next = c->views;
	c->views = s;
	return s;
}

int
store_open(struct store **out, const struct store_config *config, uint32_t now)
{
	struct store_common *c;

	if (store_complaint(config))
		return -EINVAL;
	c = make_common(config);
	if (!c)
		return -ENOMEM;
	*out = make_view(c, config->arg, now);
	if (!*out) {
		free_common(c);
		return -ENOMEM;
	}
	return 0;
}

int
store_join(struct store **out, struct store *first, void *arg)
{
	if (!first->shared)
		return -EINVAL;
	*out = make_view(first->c, arg, first->now);
	return *out ? 0 : -ENOMEM;
}

void
store_close(struct store *first)
{
	struct store_common *c;
	struct store *v, *next;

	if (!first)
		return;
	c = first->c;
	for (v = c->views; v; v = next) {
		next = v->next;
		free(v);
	}
	free_common(c);
}

/* text_dump.c - lists of what is stored: `stats cachedump` and `lru_crawler
 * metadump`. A list of any length takes the memory of one text: it goes on when
 * the peer has taken what was said, and pauses between its steps, which are as
 * short where there is little to be told as where there is much.
 */
#include "apps/memcached/shard.h"
#include "apps/memcached/text.h"

#define DUMP_ITEMS 16  /* held at a time */
#define DUMP_LOOKS 256 /* chunks of memory that are looked at at a time */
#define DUMP_TURNS 64  /* and how often in a step, at most */
#define DUMP_STEP  (4 * DUMP_LOOKS) /* or until it were so many */

/* Bytes of a line, at most: numbers of 20 digits, and each byte of a key as %XX
 * in the second. */
#define ITEM_LINE (ITEM_KEY_MAX + 64)
#define META_LINE (3 * ITEM_KEY_MAX + 160)

static char *
put(char *to, const char *text)
{
	size_t len = strlen(text);

	memcpy(to, text, len);
	return to + len;
}

/* ITEM <key> [<len> b; <end> s] */
static char *
item_line(char *to, const struct item *it)
{
	to = put(to, "ITEM ");
	memcpy(to, item_key(it), it->key_len);
	to = put(to + it->key_len, " [");
	to += number_put(to, it->len);
	to = put(to, " b; ");
	to += number_put(to, it->exptime);
	return put(to, " s]\r\n");
}

/* What RFC 3986 calls unreserved stays as it is. */
static char *
put_encoded(char *to, const char *key, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)key[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			(c >= 'a' && c <= 'z') || (c && strchr("-._~", c))) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

static char *
meta_line(char *to, const struct item *it)
{
	to = put_encoded(put(to, "key="), item_key(it), it->key_len);
	to = put(to, " exp=");
	if (it->exptime)
		to += number_put(to, it->exptime);
	else
		to = put(to, "-1");
	to = put(to, " la=");
	to += number_put(to, it->time);
	to = put(to, " cas=");
	to += number_put(to, it->cas);
	to = put(to, it->state & ITEM_FETCHED ? " fetch=yes" : " fetch=no");
	to = put(to, " cls=");
	to += number_put(to, it->where & (STORE_CLASSES - 1));
	to = put(to, " size=");
	to += number_put(to, ITEM_HEADER + item_text_len(it, true));
	return put(to, "\n");
}

/* Returns the bytes that it takes. */
static size_t
say(struct proto *c, struct item *it, size_t most)
{
	char *to = answer_reserve(&c->out, most);
	char *end = c->dump.meta ? meta_line(to, it) : item_line(to, it);

	answer_commit(&c->out, (size_t)(end - to));
	return (size_t)(end - to);
}

/* As many as have room for certain. */
static unsigned
fits(const struct proto_dump *d, size_t room, size_t line)
{
	size_t n = room / line < DUMP_ITEMS ? room / line : DUMP_ITEMS;

	return (unsigned)(n < d->left ? n : d->left);
}

void
dump_some(struct proto *c)
{
	struct proto_dump *d = &c->dump;
	struct store *s = c->core->store;
	size_t line = d->meta ? META_LINE : ITEM_LINE, room = ANSWER_CHUNK;
	struct item *item[DUMP_ITEMS];
	struct store_walked got = {.item = item};
	unsigned looks = 0;

	for (unsigned turn = 0; turn < DUMP_TURNS && !d->end; turn++) {
		got.most = fits(d, room, line);
		if (!got.most || looks >= DUMP_STEP)
			break;
		got.looks = DUMP_LOOKS;
		d->end = !store_walk(s, &d->walk, &got);
		for (unsigned i = 0; i < got.n; i++) {
			room -= say(c, item[i], line);
			store_release(s, item[i]);
		}
		d->left -= got.n;
		looks += DUMP_LOOKS - got.looks;
	}
	d->end |= !d->left;
}

size_t
text_dump(struct proto *c, const char *p, size_t len)
{
	struct proto_dump *d = &c->dump;
	struct shard *s = c->core->shard;

	(void)p;
	(void)len;
	if (!d->end && s && d->core != s->is.self) {
		shard_dump(c, d->core);
		return 0;
	}
	if (!d->end)
		dump_some(c);
	if (d->end && d->left && s && d->core + 1u < s->is.cores) {
		d->core++;
		d->end = false;
		d->walk.page = d->walk.chunk = 0;
	}
	c->pauses = !d->end;
	if (c->pauses)
		return 0;
	answer_fixed(&c->out, ANSWER_END);
	c->step = text_line;
	return 1;
}

static void
begin(struct text *t, bool meta, uint64_t classes, uint32_t items)
{
	t->c->dump = (struct proto_dump){
		.walk = {.classes = classes},
		.left = items,
		.meta = meta,
	};
	t->c->step = text_dump;
}

void
text_cachedump(struct text *t)
{
	uint32_t cls, items;

	if (t->tokens < 4)
		answer_fixed(&t->c->out, ANSWER_STATS_LINE);
	else if (!token_u32(t->token[2].p, t->token[2].len, &cls) ||
		!token_u32(t->token[3].p, t->token[3].len, &items))
		answer_fixed(&t->c->out, ANSWER_FORMAT);
	else if (cls >= STORE_CLASSES)
		answer_fixed(&t->c->out, ANSWER_SLAB_ID);
	else
		begin(t, false, (uint64_t)1 << cls, items ? items : UINT32_MAX);
}

/* "all", or numbers with commas between them. 0: it is neither. */
static uint64_t
read_classes(const struct token *k)
{
	const char *p = k->p, *end = k->p + k->len;
	uint64_t classes = 0;

	if (token_is(k, "all") || token_is(k, "hash"))
		return UINT64_MAX;
	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *to = comma ? comma : end;
		uint32_t cls;

		if (!token_u32(p, (size_t)(to - p), &cls) || cls == 0 ||
			cls >= STORE_CLASSES)
			return 0;
		classes |= (uint64_t)1 << cls;
		p = to + (comma != NULL);
	}
	return classes;
}

void
text_lru_crawler(struct text *t)
{
	bool dump = token_is(&t->token[1], "metadump");
	uint64_t classes = read_classes(&t->token[2]);

	if (!dump && !token_is(&t->token[1], "crawl")) {
		answer_fixed(&t->c->out, ANSWER_ERROR);
	} else if (!classes) {
		answer_fixed(&t->c->out, ANSWER_BAD_CLASS);
	} else if (dump) {
		begin(t, true, classes, UINT32_MAX);
	} else {
		/* All of them, which costs no more. */
		store_crawl(t->c->core->store);
		answer_fixed(&t->c->out, ANSWER_OK);
	}
}

/* binary.c - the binary protocol: a head of 24 bytes, extras, a key and a
 * value. All but the value is gathered, if it does not lie in one piece; the
 * value of a set goes into its item. */
#include "apps/memcached/binary.h"

#include <string.h>

#include "apps/memcached/shard.h"

static void
get(const struct binary *b)
{
	struct store *s = b->c->core->store;
	bool touch = b->op == OP_GAT || b->op == OP_GATK || b->op == OP_TOUCH;
	bool with_key = b->op == OP_GETK || b->op == OP_GATK;
	struct item *it;
	char flags[4];

	if (touch)
		it = store_find_touch(
			s, b->key, b->key_len, binary_u32(b->ext));
	else
		it = store_find(s, b->key, b->key_len);
	if (!it && b->quiet)
		return;
	if (!it && !with_key) {
		binary_say(b, BINARY_NOT_FOUND, 0);
		return;
	}
	if (!it) {
		binary_head(b->c, b->opcode, b->opaque, BINARY_NOT_FOUND, 0,
			NULL, 0, b->key, b->key_len, 0);
		return;
	}
	binary_put(flags, it->flags, 4);
	if (b->op == OP_TOUCH) {
		binary_head(b->c, b->opcode, b->opaque, BINARY_OK, it->cas,
			flags, 4, NULL, 0, 0);
		store_release(s, it);
		return;
	}
	binary_head(b->c, b->opcode, b->opaque, BINARY_OK, it->cas, flags, 4,
		b->key, with_key ? b->key_len : 0, it->len);
	if (it->len)
		answer_item(&b->c->out, it, item_data(it), it->len, true);
	else
		store_release(s, it);
}

static void delete (const struct binary *b)
{
	enum store_result r =
		store_delete(b->c->core->store, b->key, b->key_len, b->cas);

	if (r != STORE_OK || !b->quiet)
		binary_say(b, binary_status(r), 0);
}

static void
sum(const struct binary *b)
{
	struct store *s = b->c->core->store;
	uint32_t exptime = binary_u32(b->ext + 16);
	bool made;
	struct store_sum how = {
		.decr = b->op == OP_DECR,
		.delta = binary_u64(b->ext),
		.cas = b->cas,
		.vivify = exptime != UINT32_MAX, /* else it must be there */
		.initial = binary_u64(b->ext + 8),
		.vivify_time = exptime,
		.made = &made,
	};
	enum store_result r;
	struct item *it;
	uint64_t value;
	char sent[8];

	r = store_add(s, b->key, b->key_len, &how, &value, &it);
	if (r != STORE_OK) {
		binary_say(b, binary_status(r), 0);
		return;
	}
	if (!b->quiet) {
		binary_head(b->c, b->opcode, b->opaque, BINARY_OK, it->cas,
			NULL, 0, NULL, 0, 8);
		binary_put(sent, value, 8);
		answer_copy(&b->c->out, sent, 8);
	}
	store_release(s, it);
}

static void
flush(const struct binary *b)
{
	struct command *core = b->c->core;

	if (core->set->no_flush) {
		binary_say(b, BINARY_AUTH, 0);
		return;
	}
	store_flush(core->store, b->ext_len ? binary_u32(b->ext) : 0);
	if (!b->quiet)
		binary_say(b, BINARY_OK, 0);
}

static void
quit(const struct binary *b)
{
	if (!b->quiet)
		binary_say(b, BINARY_OK, 0);
	b->c->closing = true;
}

static void
good(const struct binary *b)
{
	binary_say(b, BINARY_OK, 0);
}

static void
version(const struct binary *b)
{
	binary_head(b->c, b->opcode, b->opaque, BINARY_OK, 0, NULL, 0, NULL, 0,
		sizeof(SETTINGS_VERSION) - 1);
	answer_copy(&b->c->out, SETTINGS_VERSION, sizeof(SETTINGS_VERSION) - 1);
}

static void
emit(void *to, const char *name, size_t name_len, const char *value,
	size_t value_len)
{
	const struct binary *b = to;

	binary_head(b->c, b->opcode, b->opaque, BINARY_OK, 0, NULL, 0, name,
		(uint16_t)name_len, (uint32_t)value_len);
	answer_copy(&b->c->out, value, value_len);
}

static void
stat(const struct binary *b)
{
	struct binary copy = *b;

	if (command_stats(b->c->core, b->key, b->key_len, emit, &copy) ==
		COMMAND_STATS_UNKNOWN)
		binary_say(b, BINARY_NOT_FOUND, 0);
	else
		binary_say(b, BINARY_OK, 0);
}

/* What there must be, besides the head. */
enum {
	KEY = 1,
	MAY_KEY = 2,
	VALUE = 4,
	MAY_EXT = 8, /* or none */
	/* A value is nothing to it, but the connection ends behind it. */
	LAST_VALUE = 16,
};

static const struct rule {
	void (*run)(const struct binary *b);
	uint8_t has, ext_len;
} rules[] = {
	[OP_GET] = {get, KEY, 0},
	[OP_SET] = {binary_set, KEY | VALUE, 8},
	[OP_ADD] = {binary_set, KEY | VALUE, 8},
	[OP_REPLACE] = {binary_set, KEY | VALUE, 8},
	[OP_DELETE] = {delete, KEY, 0},
	[OP_INCR] = {sum, KEY, 20},
	[OP_DECR] = {sum, KEY, 20},
	[OP_QUIT] = {quit, 0, 0},
	[OP_FLUSH] = {flush, MAY_EXT, 4},
	[OP_NOOP] = {good, 0, 0},
	[OP_VERSION] = {version, 0, 0},
	[OP_GETK] = {get, KEY, 0},
	[OP_APPEND] = {binary_set, KEY | VALUE, 0},
	[OP_PREPEND] = {binary_set, KEY | VALUE, 0},
	[OP_STAT] = {stat, MAY_KEY | LAST_VALUE, 0},
	[OP_TOUCH] = {get, KEY | LAST_VALUE, 4},
	[OP_GAT] = {get, KEY | LAST_VALUE, 4},
	[OP_GATK] = {get, KEY | LAST_VALUE, 4},
};

/* The opcode without its quietness. */
static uint8_t
loud(uint8_t op, bool *quiet)
{
	*quiet = true;
	if (op == 0x09)
		return OP_GET;
	if (op == 0x0d)
		return OP_GETK;
	if (op >= 0x11 && op <= 0x18)
		return (uint8_t)(op - 0x10);
	if (op == 0x19 || op == 0x1a)
		return (uint8_t)(op - 0x0b);
	if (op == 0x1e)
		return OP_GAT;
	if (op == 0x24)
		return OP_GATK;
	*quiet = false;
	return op;
}

static bool
fits(const struct binary *b, const struct rule *r)
{
	bool ext =
		b->ext_len == r->ext_len || (r->has & MAY_EXT && !b->ext_len);
	bool key = r->has & KEY ? b->key_len : !b->key_len || r->has & MAY_KEY;

	return ext && key && (r->has & (VALUE | LAST_VALUE) || !b->value_len);
}

static inline const struct rule *
rule_of(const struct binary *b)
{
	if (b->op >= sizeof(rules) / sizeof(*rules) || !rules[b->op].run)
		return NULL;
	return &rules[b->op];
}

/* --- what is refused ------------------------------------------------------*/

/* Behind what tells where the next request begins. */
static size_t
refused(struct proto *c, const char *p, size_t len)
{
	size_t n = len < c->skip ? len : (size_t)c->skip;

	(void)p;
	c->skip -= n;
	if (c->skip)
		return n;
	binary_say_set(c, c->set.refusal, 0);
	c->closing = c->set.last;
	proto_skip(c, c->set.left);
	return n;
}

/* memcached answers when all but the value is there, and then loses its place
 * in the stream, unless the refused request was one of some that it knows. Here
 * the connection ends instead. */
static enum binary_status
judge(struct binary *b, bool *last)
{
	bool plain = !b->ext_len && !b->key_len;

	*last = true;
	if ((uint32_t)b->key_len + b->ext_len > b->body_len)
		return BINARY_UNKNOWN;
	if (b->key_len > ITEM_KEY_MAX)
		return BINARY_INVALID;
	if (b->op == OP_SASL_LIST && b->body_len)
		return BINARY_INVALID;
	if (b->op == OP_SASL_AUTH || b->op == OP_SASL_STEP) {
		*last = b->ext_len || !b->key_len;
		return *last ? BINARY_INVALID : BINARY_UNKNOWN;
	}
	if (!rule_of(b)) {
		*last = !plain;
		return BINARY_UNKNOWN;
	}
	return fits(b, rule_of(b)) ? BINARY_OK : BINARY_INVALID;
}

/* A head alone; says whether the request is to be run. */
static bool
read_head(struct binary *b, const char *p)
{
	struct proto *c = b->c;
	enum binary_status status;

	b->opcode = (uint8_t)p[1];
	b->op = loud(b->opcode, &b->quiet);
	b->key_len = (uint16_t)(binary_u32(p) & 0xffff);
	b->ext_len = (uint8_t)p[4];
	b->body_len = binary_u32(p + 8);
	memcpy(&b->opaque, p + 12, 4);
	b->cas = binary_u64(p + 16);
	b->value_len = b->body_len - b->key_len - b->ext_len;
	if ((uint8_t)p[0] != BINARY_REQUEST ||
		(uint32_t)b->key_len + b->ext_len > BINARY_KEY_SKIP) {
		c->core->n.bad_binary++;
		c->closing = true;
		return false;
	}
	status = judge(b, &c->set.last);
	if (status == BINARY_OK)
		return true;
	c->core->n.bad_binary += c->set.last;
	c->set.opcode = b->opcode;
	c->set.opaque = b->opaque;
	c->set.refusal = status;
	c->set.left = b->value_len;
	c->skip = (uint64_t)b->key_len + b->ext_len;
	c->step = refused;
	if (!c->skip)
		refused(c, p, 0);
	return false;
}

static void
run(struct binary *b, const char *whole)
{
	const struct rule *r = &rules[b->op];

	b->ext = whole + BINARY_HEAD;
	b->key = b->ext + b->ext_len;
	if (!b->c->core->shard ||
		!shard_binary(b, whole, r->has & KEY, r->has & VALUE))
		r->run(b);
}

void
binary_run(struct proto *c, const char *whole)
{
	struct binary b = {.c = c};

	if (read_head(&b, whole))
		run(&b, whole);
}

size_t
binary_request(struct proto *c, const char *p, size_t len)
{
	struct binary b = {.c = c};
	uint32_t had = c->held;
	const char *whole = p;
	size_t want = BINARY_HEAD, n;

	/* Its head, and then the rest, in place or in buf. */
	for (unsigned part = 0; part < 2; part++) {
		if (had || len < want) {
			n = want > c->held ? want - c->held : 0;
			if (n > len - (c->held - had))
				n = len - (c->held - had);
			memcpy(c->buf + c->held, p + (c->held - had), n);
			c->held += (uint32_t)n;
			if (c->held < want)
				return len;
			whole = c->buf;
		}
		if (part)
			break;
		if (!read_head(&b, whole)) {
			c->held = 0;
			return want - had;
		}
		want += (size_t)b.ext_len + b.key_len;
	}
	c->held = 0;
	want -= had;
	c->rest = (struct proto_rest){p + want, len - want, 0};
	run(&b, whole);
	want += c->rest.taken;
	c->rest = (struct proto_rest){0};
	if (rules[b.op].has & LAST_VALUE && b.value_len)
		c->closing = true;
	return want;
}

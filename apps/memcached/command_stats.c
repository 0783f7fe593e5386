/* command_stats.c - what `stats` and its kinds say. */
#include "apps/memcached/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/memcached/lock.h"
#include "apps/memcached/shard.h"

struct field {
	const char *name;
	size_t at;
};

/* clang-format off */
#define S(name) {#name, offsetof(struct store_stats, name)}
#define C(name) {#name, offsetof(struct store_class, name)}
/* clang-format on */

static const struct field general[] = {S(cmd_set), S(cmd_flush), S(cmd_touch),
	S(cmd_meta), S(get_hits), S(get_misses), S(get_expired), S(get_flushed),
	S(delete_misses), S(delete_hits), S(incr_misses), S(incr_hits),
	S(decr_misses), S(decr_hits), S(cas_misses), S(cas_hits), S(cas_badval),
	S(touch_hits), S(touch_misses), S(store_too_large), S(store_no_memory),
	S(limit_maxbytes), S(hash_power_level), S(hash_bytes),
	S(hash_is_expanding), S(slab_reassign_evictions), S(slab_reassign_busy),
	S(slabs_moved), S(bytes), S(curr_items), S(total_items),
	S(slab_global_page_pool), S(expired_unfetched), S(evicted_unfetched),
	S(evicted_active), S(evictions), S(reclaimed), S(crawler_reclaimed),
	S(lru_crawler_starts), S(crawler_items_checked), S(lrutail_reflocked),
	S(moves_to_cold), S(moves_to_warm), S(moves_within_lru),
	S(direct_reclaims), S(pages_refused), S(hash_grow_failed),
	S(incr_in_place)};

static const struct field slabs[] = {C(chunk_size), C(chunks_per_page),
	C(total_pages), C(total_chunks), C(used_chunks), C(free_chunks),
	C(free_chunks_end), C(get_hits), C(cmd_set), C(delete_hits),
	C(incr_hits), C(decr_hits), C(cas_hits), C(cas_badval), C(touch_hits)};

static const struct field items[] = {C(number), C(number_hot), C(number_warm),
	C(number_cold), C(number_temp), C(age_hot), C(age_warm), C(age),
	C(mem_requested), C(evicted), C(evicted_nonzero), C(evicted_time),
	C(outofmemory), C(tailrepairs), C(reclaimed), C(expired_unfetched),
	C(evicted_unfetched), C(evicted_active), C(crawler_reclaimed),
	C(crawler_items_checked), C(lrutail_reflocked), C(moves_to_cold),
	C(moves_to_warm), C(moves_within_lru), C(direct_reclaims),
	{"hits_to_hot", offsetof(struct store_class, hits_to[0])},
	{"hits_to_warm", offsetof(struct store_class, hits_to[1])},
	{"hits_to_cold", offsetof(struct store_class, hits_to[2])},
	{"hits_to_temp", offsetof(struct store_class, hits_to[3])}};

#undef S
#undef C

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct sink {
	command_emit *emit;
	void *to;
};

static void
text(const struct sink *k, const char *name, const char *value)
{
	k->emit(k->to, name, strlen(name), value, strlen(value));
}

static void
number(const struct sink *k, const char *name, uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	text(k, name, digits);
}

static void
fields(const struct sink *k, const struct field *f, size_t n, const void *from,
	const char *before)
{
	char name[64];

	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)from + f[i].at, sizeof(value));
		snprintf(name, sizeof(name), "%s%s", before, f[i].name);
		number(k, name, value);
	}
}

static void
seconds(const struct sink *k, const char *name, const struct timeval *t)
{
	char value[48];

	snprintf(value, sizeof(value), "%lld.%06ld", (long long)t->tv_sec,
		(long)t->tv_usec);
	text(k, name, value);
}

#define COUNTERS (sizeof(struct command_counters) / sizeof(uint64_t))

static struct command *
nth(struct command *c, unsigned i)
{
	return c->all ? c->all[i] : c;
}

static struct command_counters
sum(struct command *c)
{
	struct command_counters all = {0};
	uint64_t *to = (uint64_t *)&all;

	for (unsigned i = 0; i < (c->all ? c->cores : 1); i++) {
		const struct command *one = nth(c, i);

		for (size_t k = 0; one && k < COUNTERS; k++)
			to[k] +=
				relaxed_load_64((const uint64_t *)&one->n + k) -
				relaxed_load_64(
					(const uint64_t *)&one->base + k);
	}
	return all;
}

static uint64_t
no_chunks(struct command *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < (c->all ? c->cores : 1); i++) {
		const struct command *one = nth(c, i);

		if (one)
			n += relaxed_load_64(&one->pool->no_chunk);
	}
	return n;
}

/* Each core writes its own counters: who resets them remembers what they were;
 * but for how many connections there are, which counts no events. */
static void
reset(struct command *c)
{
	const size_t now = offsetof(struct command_counters, curr_connections) /
		sizeof(uint64_t);

	for (unsigned i = 0; i < (c->all ? c->cores : 1); i++) {
		struct command *one = nth(c, i);

		for (size_t k = 0; one && k < COUNTERS; k++)
			if (k != now)
				relaxed_store_64((uint64_t *)&one->base + k,
					relaxed_load_64(
						(uint64_t *)&one->n + k));
	}
}

static void
all_of_it(struct command *c, const struct sink *k)
{
	struct command_counters n = sum(c);
	struct store_stats s;
	struct rusage use;

	shard_stats(c, &s);
	getrusage(RUSAGE_SELF, &use);
	number(k, "pid", (uint64_t)getpid());
	number(k, "uptime", store_now(c->store) - c->started);
	number(k, "time", store_now(c->store));
	text(k, "version", SETTINGS_VERSION);
	number(k, "pointer_size", 8 * sizeof(void *));
	seconds(k, "rusage_user", &use.ru_utime);
	seconds(k, "rusage_system", &use.ru_stime);
	number(k, "max_connections", c->set->conns);
	number(k, "curr_connections", n.curr_connections);
	number(k, "total_connections", n.total_connections);
	number(k, "rejected_connections", n.rejected_connections);
	/* A connection too many is refused alone. */
	number(k, "accepting_conns", 1);
	number(k, "listen_disabled_num", 0);
	number(k, "response_obj_oom", no_chunks(c));
	number(k, "lines_too_long", n.line_long);
	number(k, "http_requests", n.http);
	number(k, "bad_binary_requests", n.bad_binary);
	number(k, "sends_failed", n.send_failed);
	number(k, "cmd_get", s.get_hits + s.get_misses);
	number(k, "bytes_read", n.bytes_read);
	number(k, "bytes_written", n.bytes_written);
	number(k, "threads", c->set->threads);
	number(k, "conn_yields", n.yields);
	fields(k, general, COUNT(general), &s, "");
	if (c->shard) {
		number(k, "shard_requests_sent", c->shard->asked);
		number(k, "shard_requests_run", c->shard->served);
		number(k, "shard_bundles", c->shard->bundled);
		number(k, "shard_waits", c->shard->waited);
		number(k, "shard_stalls", c->shard->stalled);
	}
}

static void
of_classes(struct command *c, const struct sink *k, bool want_items)
{
	struct store_class cls;
	char before[32];

	for (unsigned i = 1; i <= store_classes(c->store); i++) {
		if (!shard_class_stats(c, i, &cls))
			continue;
		if (want_items ? !cls.number : !cls.total_pages)
			continue;
		snprintf(before, sizeof(before),
			want_items ? "items:%u:" : "%u:", i);
		if (want_items)
			fields(k, items, COUNT(items), &cls, before);
		else
			fields(k, slabs, COUNT(slabs), &cls, before);
	}
}

static void
of_slabs(struct command *c, const struct sink *k)
{
	struct store_stats s;

	of_classes(c, k, false);
	shard_stats(c, &s);
	number(k, "active_slabs", s.active_slabs);
	number(k, "total_malloced", s.total_malloced);
}

static void
real(const struct sink *k, const char *name, double n)
{
	char value[32];

	snprintf(value, sizeof(value), "%.2f", n);
	text(k, name, value);
}

static void
of_settings(struct command *c, const struct sink *k)
{
	const struct settings *s = c->set;

	number(k, "maxbytes", s->limit);
	number(k, "maxconns", s->conns);
	number(k, "tcpport", s->port);
	number(k, "udpport", s->udp_port);
	text(k, "inter", s->addr ? s->addr : "NULL");
	number(k, "verbosity", s->verbose);
	text(k, "evictions", s->no_evict ? "off" : "on");
	text(k, "shutdown_command", s->shutdown ? "yes" : "no");
	real(k, "growth_factor", s->factor);
	number(k, "chunk_size", s->chunk_min);
	number(k, "num_threads", s->threads);
	text(k, "cas_enabled", s->no_cas ? "no" : "yes");
	text(k, "binding_protocol", "auto-negotiate");
	number(k, "item_size_max", s->item_max);
	number(k, "hashpower_init", s->hashpower);
	text(k, "slab_reassign", s->no_move ? "no" : "yes");
	text(k, "flush_enabled", s->no_flush ? "no" : "yes");
	number(k, "hot_lru_pct", s->hot_percent);
	number(k, "warm_lru_pct", s->warm_percent);
	real(k, "hot_max_factor", s->hot_factor);
	real(k, "warm_max_factor", s->warm_factor);
	number(k, "temporary_ttl", s->temp_ttl);
}

static void
of_conns(struct command *c, const struct sink *k)
{
	struct command_counters n = sum(c);

	number(k, "curr_connections", n.curr_connections);
	number(k, "total_connections", n.total_connections);
	number(k, "conn_yields", n.yields);
}

enum command_stats
command_stats(struct command *c, const char *what, size_t len,
	command_emit *emit, void *to)
{
	struct sink k = {emit, to};

	if (!len) {
		all_of_it(c, &k);
	} else if (len == 5 && !memcmp(what, "reset", 5)) {
		store_stats_reset(c->store);
		reset(c);
		return COMMAND_STATS_RESET;
	} else if (len == 5 && !memcmp(what, "items", 5)) {
		of_classes(c, &k, true);
	} else if (len == 5 && !memcmp(what, "slabs", 5)) {
		of_slabs(c, &k);
	} else if (len == 5 && !memcmp(what, "conns", 5)) {
		of_conns(c, &k);
	} else if (len == 5 && !memcmp(what, "sizes", 5)) {
		text(&k, "sizes_status", "disabled");
	} else if (len == 8 && !memcmp(what, "settings", 8)) {
		of_settings(c, &k);
	} else {
		return COMMAND_STATS_UNKNOWN;
	}
	return COMMAND_STATS;
}

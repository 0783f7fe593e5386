/* core_cost - what does an operation of the engine's tables cost? Prints
 * cycles. For instructions: `valgrind --tool=callgrind` shows them for each
 * cost_ function, which does what it is named for ROUNDS times.
 *
 *	core_cost [connections]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlibos/base/clock.h"
#include "dlibos/base/log.h"
#include "netcore/stack/core/flow.h"
#include "netcore/stack/core/idpool.h"
#include "netcore/stack/core/test/rand.h"
#include "netcore/stack/core/wheel.h"

#define ROUNDS (1u << 20)
#define BURST  16

#define COST __attribute__((noinline)) static uint64_t

/* As big as a connection's hot part. */
struct conn {
	struct flow_key key;
	uint64_t rest[11];
} CACHELINE_ALIGNED;

static struct flow flow;
static struct wheel wheel;
static struct idpool pool;
static struct conn *conns;
static struct flow_key *packets; /* in the order in which they come */
static uint32_t connections = 1u << 20;
static uint32_t handle; /* the last one handed out */

COST
cost_hash(void)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < ROUNDS; k++)
		sum += flow_hash(&flow, &packets[k]);
	return sum;
}

COST
cost_hit(void)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < ROUNDS; k++)
		sum += flow_find(
			&flow, &packets[k], flow_hash(&flow, &packets[k]));
	return sum;
}

COST
cost_hit_staged(void)
{
	uint32_t hash[BURST], i;
	uint64_t sum = 0;

	for (uint32_t k = 0; k < ROUNDS; k += BURST) {
		for (uint32_t j = 0; j < BURST; j++) {
			hash[j] = flow_hash(&flow, &packets[k + j]);
			flow_prefetch(&flow, hash[j]);
		}
		for (uint32_t j = 0; j < BURST; j++) {
			i = flow_guess(&flow, hash[j]);
			if (i != FLOW_NONE)
				__builtin_prefetch(&conns[i]);
		}
		for (uint32_t j = 0; j < BURST; j++)
			sum += flow_find(&flow, &packets[k + j], hash[j]);
	}
	return sum;
}

COST
cost_miss(void)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < ROUNDS; k++) {
		struct flow_key key = packets[k];

		key.local_port++;
		sum += flow_find(&flow, &key, flow_hash(&flow, &key));
	}
	return sum;
}

COST
cost_remove_insert(void)
{
	for (uint32_t k = 0; k < ROUNDS; k++) {
		uint32_t h = flow_hash(&flow, &packets[k]);
		uint32_t i = flow_find(&flow, &packets[k], h);

		flow_remove(&flow, h, i);
		flow_insert(&flow, h, i);
	}
	return flow.count;
}

COST
cost_put_off(void)
{
	for (uint32_t k = 0; k < ROUNDS; k++)
		wheel_set(&wheel, k % connections, 300 + k / 65536);
	return wheel.count;
}

COST
cost_cancel_set(void)
{
	for (uint32_t k = 0; k < ROUNDS; k++) {
		wheel_cancel(&wheel, k % connections);
		wheel_set(&wheel, k % connections, 300 + k % 65536);
	}
	return wheel.count;
}

/* A turn of the loop that finds no timer due. */
COST
cost_idle_turn(void)
{
	uint32_t out[32], n = 0;

	for (uint32_t k = 0; k < ROUNDS; k++)
		n += wheel_advance(&wheel, k / 65536, 32, out);
	return n;
}

COST
cost_expire_all(void)
{
	uint32_t out[32], n = 0, next;

	while (wheel_next(&wheel, &next))
		n += wheel_advance(&wheel, next, 32, out);
	return n;
}

COST
cost_put_get(void)
{
	uint64_t sum = 0;

	for (uint32_t k = 0; k < ROUNDS; k++) {
		idpool_put(&pool, handle);
		sum += handle = idpool_get(&pool);
	}
	return sum;
}

static void *
zeroes(uint64_t bytes)
{
	void *mem = aligned_alloc(CACHELINE, round_up(bytes, CACHELINE));

	if (!mem)
		die(EXIT_FAIL, "no memory for %lu bytes", bytes);
	return memset(mem, 0, bytes);
}

static void
fill(void)
{
	struct flow_config c = {
		.connections = connections,
		.eighths = 7,
		.stride = sizeof(*conns),
		.secret = {rand64(), rand64()},
	};

	conns = zeroes(connections * sizeof(*conns));
	packets = zeroes(ROUNDS * sizeof(*packets));
	c.keys = &conns->key;
	flow_init(&flow, zeroes(flow_bytes(&c)), &c);
	wheel_init(&wheel, zeroes(wheel_bytes(connections)), connections, 0);
	idpool_init(&pool, zeroes(idpool_bytes(connections)), connections,
		connections);
	for (uint32_t i = 0; i < connections; i++) {
		conns[i].key = flow_key4(80, 0x0a000000 + (i >> 12),
			(uint16_t)(1024 + i % 4096));
		flow_insert(&flow, flow_hash(&flow, &conns[i].key), i);
		wheel_set(&wheel, i, 200);
		handle = idpool_get(&pool);
	}
	for (uint32_t k = 0; k < ROUNDS; k++)
		packets[k] = conns[rand_below(connections)].key;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t (*run)(void);
	} costs[] = {
		{"flow_hash", cost_hash},
		{"flow_hash + flow_find, hit", cost_hit},
		{"  in bursts of 16, staged", cost_hit_staged},
		{"flow_hash + flow_find, miss", cost_miss},
		{"hit + flow_remove + flow_insert", cost_remove_insert},
		{"wheel_set, later", cost_put_off},
		{"wheel_advance, nothing due", cost_idle_turn},
		{"wheel_cancel + wheel_set", cost_cancel_set},
		{"wheel_advance, all expire", cost_expire_all},
		{"idpool_put + idpool_get", cost_put_get},
	};
	uint64_t begin, sum = 0;

	if (argc > 1)
		connections = (uint32_t)strtoul(argv[1], NULL, 0);
	if (!connections || connections > FLOW_INDICES)
		die(EXIT_USAGE, "connections: 1 to %u", FLOW_INDICES);
	fill();
	for (unsigned i = 0; i < sizeof(costs) / sizeof(*costs); i++) {
		begin = clock_cycles();
		sum += costs[i].run();
		printf("%8.1f cycles  %s\n",
			(double)(clock_cycles() - begin) / ROUNDS,
			costs[i].name);
	}
	printf("%u connections, checksum %lx\n", connections, sum);
	return EXIT_OK;
}

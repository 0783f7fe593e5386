/* kv_data.c - sizes are drawn from a number that each key has of its own.
 *
 * The numbers of ETC: Atikoglu, Xu, Frachtenberg, Jiang and Paleczny, "Workload
 * analysis of a large-scale key-value store", SIGMETRICS 2012:
 *
 *	key	generalised extreme value: mu 30.7984, sigma 8.20449,
 *		k 0.078688
 *	value	0 to 14 bytes by a table; from 15 on generalised Pareto:
 *		sigma 214.476, k 0.348238
 *
 * The paper's theta is 0. Here what is not in the table begins at 15, as in the
 * load generator mutilate (theta 15), so that figures compare. Taken as what
 * theta 0 leaves above 15, those values would be 2 % longer on average.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/kv_data.h"
#include "bench/load/rnd.h"

/* Parts of all values of ETC that have 0, 1, 2 ... bytes. */
static const double small[] = {.00536, .00047, .17820, .09239, .00018, .02740,
	.00065, .00606, .00023, .00837, .00837, .08989, .00092, .00326, .01980};

#define SMALL (sizeof(small) / sizeof(*small))

static uint8_t
etc_key(double u)
{
	double len = 30.7984 + 8.20449 * (pow(-log(u), -.078688) - 1) / .078688;

	return (uint8_t)(len < KV_KEY_MIN  ? KV_KEY_MIN
			: len > KV_KEY_MAX ? KV_KEY_MAX
					   : floor(len + .5));
}

static uint32_t
etc_value(double u)
{
	const double sigma = 214.476, k = .348238;
	double left = 1, len;

	for (unsigned i = 0; i < SMALL; i++) {
		if (u <= small[i])
			return i;
		u -= small[i];
		left -= small[i];
	}
	u = (left - u) / left; /* even from 0 to 1 again */
	if (u < 1e-12)
		return KV_VALUE_MAX;
	len = SMALL + sigma / k * (pow(u, -k) - 1);
	return len > KV_VALUE_MAX ? KV_VALUE_MAX : (uint32_t)len;
}

int
kv_data_init(struct kv_data *d, uint32_t keys, enum kv_dist dist)
{
	uint64_t rnd = 2012;

	memset(d, 0, sizeof(*d));
	d->keys = keys;
	d->size = malloc(keys * sizeof(*d->size));
	d->pattern = malloc(KV_VALUE_MAX + KV_SHIFTS);
	if (!d->size || !d->pattern) {
		kv_data_fini(d);
		return -ENOMEM;
	}
	for (size_t i = 0; i < KV_VALUE_MAX + KV_SHIFTS; i++)
		d->pattern[i] = (uint8_t)('0' + rnd_below(&rnd, 75));
	for (uint32_t i = 0; i < keys; i++) {
		uint64_t own = rnd_mix(i + 1);

		d->size[i].key = own & 1 ? 16 : 21;
		d->size[i].value = 2;
		if (dist == KV_ETC) {
			d->size[i].key = etc_key(rnd_unit(&own));
			d->size[i].value = etc_value(rnd_unit(&own));
		}
	}
	return 0;
}

void
kv_data_fini(struct kv_data *d)
{
	free(d->size);
	free(d->pattern);
	memset(d, 0, sizeof(*d));
}

void
kv_data_values(struct kv_data *d, uint32_t bytes)
{
	for (uint32_t i = 0; i < d->keys; i++)
		d->size[i].value = bytes;
}

static inline void
put8(char *to, uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	bytes = __builtin_bswap64(bytes);
#endif
	memcpy(to, &bytes, 8);
}

/* Eight digits, the first one in the lowest byte. */
static inline uint64_t
hexadecimal(uint32_t v)
{
	uint64_t x = __builtin_bswap32(v), letters;

	x = (x | x << 16) & 0x0000ffff0000ffff;
	x = (x | x << 8) & 0x00ff00ff00ff00ff;
	x = (x >> 4 | x << 8) & 0x0f0f0f0f0f0f0f0f;
	letters = (x + 0x0606060606060606) >> 4 & 0x0101010101010101;
	return x + 0x3030303030303030 + letters * ('a' - '0' - 10);
}

/* The number in hexadecimal, then letters of its own. */
size_t
kv_data_key(const struct kv_data *d, uint32_t id, char *to)
{
	size_t len = d->size[id].key, at = 8;
	uint64_t own;

	put8(to, hexadecimal(id));
	for (; at + 8 <= len; at += 8) {
		own = rnd_mix(id + at) & 0x0f0f0f0f0f0f0f0f;
		put8(to + at, own + 0x6161616161616161);
	}
	for (own = rnd_mix(id + at); at < len; at++, own >>= 8)
		to[at] = (char)('a' + (own & 15));
	return len;
}

size_t
kv_data_shift(uint32_t id)
{
	return rnd_mix(id) & (KV_SHIFTS - 1);
}

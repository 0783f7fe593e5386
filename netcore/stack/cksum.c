/* cksum.c - the sums over bytes.
 *
 * The checksum is a sum modulo 0xffff, and 2^16, 2^32 and 2^64 are all 1 there;
 * so words of any width may be summed, and any carry put back at the low end.
 */
#include "netcore/stack/cksum.h"

#include "dlibos/base/bits.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Bytes from which the vector version wins over the plain one. */
#define WIDE_FROM 128

/* Fewer than 8 bytes, zeros put behind them. */
static uint64_t
tail_word(const uint8_t *p, size_t len)
{
	uint64_t w = 0;

	if (len & 4) {
		memcpy(&w, p, 4);
		p += 4;
	}
	if (len & 2) {
		uint16_t h;

		memcpy(&h, p, 2);
		w += h;
		p += 2;
	}
	if (len & 1) {
		uint8_t last[2] = {*p, 0};
		uint16_t h;

		memcpy(&h, last, 2);
		w += h;
	}
	return w;
}

static inline uint64_t
word_at(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Carries are counted apart, and put back at the end. */
struct carried {
	uint64_t sum, carries;
};

static inline void
carried_add(struct carried *c, uint64_t word)
{
	c->carries += __builtin_add_overflow(c->sum, word, &c->sum);
}

uint64_t
cksum_partial_plain(const void *data, size_t len, uint64_t sum)
{
	const uint8_t *p = data;
	struct carried c = {sum, 0};

	for (; len >= 32; len -= 32, p += 32) {
		carried_add(&c, word_at(p));
		carried_add(&c, word_at(p + 8));
		carried_add(&c, word_at(p + 16));
		carried_add(&c, word_at(p + 24));
	}
	for (; len >= 8; len -= 8, p += 8)
		carried_add(&c, word_at(p));
	if (unlikely(len))
		carried_add(&c, tail_word(p, len));
	return cksum_join(c.sum, c.carries);
}

#if defined(__x86_64__)
/* Two sums of 32-bit words in 64-bit lanes, which 2^32 additions cannot
 * overflow: the even words and the odd ones, apart until the end. */
struct lanes {
	__m256i even, odd;
};

__attribute__((target("avx2"), always_inline)) static inline void
lanes_add(struct lanes *l, const uint8_t *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i low = _mm256_set1_epi64x(0xffffffff);

	l->even = _mm256_add_epi64(l->even, _mm256_and_si256(v, low));
	l->odd = _mm256_add_epi64(l->odd, _mm256_srli_epi64(v, 32));
}

__attribute__((target("avx2"))) static uint64_t
partial_wide(const void *data, size_t len, uint64_t sum)
{
	const __m256i zero = _mm256_setzero_si256();
	struct lanes a = {zero, zero}, b = {zero, zero};
	const uint8_t *p = data;
	uint64_t four[4];
	__m256i all;

	for (; len >= 128; len -= 128, p += 128) {
		lanes_add(&a, p);
		lanes_add(&b, p + 32);
		lanes_add(&a, p + 64);
		lanes_add(&b, p + 96);
	}
	for (; len >= 32; len -= 32, p += 32)
		lanes_add(&a, p);
	all = _mm256_add_epi64(_mm256_add_epi64(a.even, a.odd),
		_mm256_add_epi64(b.even, b.odd));
	_mm256_storeu_si256((__m256i *)(void *)four, all);
	sum = cksum_join(sum, four[0] + four[1]);
	sum = cksum_join(sum, four[2] + four[3]);
	for (; len >= 8; len -= 8, p += 8)
		sum = cksum_join(sum, word_at(p));
	if (len)
		sum = cksum_join(sum, tail_word(p, len));
	return sum;
}

/* Written once, before main(). */
static bool wide;

__attribute__((constructor)) static void
cksum_init(void)
{
	__builtin_cpu_init();
	wide = __builtin_cpu_supports("avx2");
}

bool
cksum_is_wide(void)
{
	return wide;
}

uint64_t
cksum_partial(const void *p, size_t len, uint64_t sum)
{
	if (len >= WIDE_FROM && likely(wide))
		return partial_wide(p, len, sum);
	return cksum_partial_plain(p, len, sum);
}
#else
bool
cksum_is_wide(void)
{
	return false;
}

uint64_t
cksum_partial(const void *p, size_t len, uint64_t sum)
{
	return cksum_partial_plain(p, len, sum);
}
#endif

/* At an odd offset each byte stands in the other half of its word; and a sum
 * of swapped words is the swapped sum (RFC 1071, section 2, B). */
void
cksum_add_odd(struct cksum *c, const void *p, size_t len)
{
	uint16_t s = cksum_fold(cksum_partial(p, len, 0));

	s = (uint16_t)(s << 8 | s >> 8);
	c->sum = cksum_join(c->sum, s);
}

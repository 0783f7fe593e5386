/* cksum_short.h - the sum of cksum.h over few bytes, without a call: for the
 * plain case, where most frames are short. Code at each place of use grows by
 * some 200 bytes.
 */
#ifndef NETCORE_STACK_CKSUM_SHORT_H
#define NETCORE_STACK_CKSUM_SHORT_H

#include "netcore/stack/cksum.h"

/* From here on a call costs less than it saves. */
#define CKSUM_SHORT 128

static inline uint64_t
cksum_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

#if defined(__SANITIZE_ADDRESS__)
#define CKSUM_WATCHED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CKSUM_WATCHED
#endif
#endif

/* Each addition takes the carry of the one before it along, which C cannot say.
 * Where a sanitizer watches what is read, it is C all the same. */
#if defined(__x86_64__) && !defined(CKSUM_WATCHED)
struct cksum_32 {
	uint8_t bytes[32];
};

struct cksum_64 {
	uint8_t bytes[64];
};

static inline uint64_t
cksum_add32(const uint8_t *p, uint64_t sum)
{
	__asm__("addq 0(%1), %0\n\t"
		"adcq 8(%1), %0\n\t"
		"adcq 16(%1), %0\n\t"
		"adcq 24(%1), %0\n\t"
		"adcq $0, %0"
		: "+r"(sum)
		: "r"(p), "m"(*(const struct cksum_32 *)p)
		: "cc");
	return sum;
}

static inline uint64_t
cksum_add64(const uint8_t *p, uint64_t sum)
{
	__asm__("addq 0(%1), %0\n\t"
		"adcq 8(%1), %0\n\t"
		"adcq 16(%1), %0\n\t"
		"adcq 24(%1), %0\n\t"
		"adcq 32(%1), %0\n\t"
		"adcq 40(%1), %0\n\t"
		"adcq 48(%1), %0\n\t"
		"adcq 56(%1), %0\n\t"
		"adcq $0, %0"
		: "+r"(sum)
		: "r"(p), "m"(*(const struct cksum_64 *)p)
		: "cc");
	return sum;
}
#else
static inline uint64_t
cksum_add32(const uint8_t *p, uint64_t sum)
{
	for (unsigned i = 0; i < 32; i += 8)
		sum = cksum_join(sum, cksum_word(p + i));
	return sum;
}

static inline uint64_t
cksum_add64(const uint8_t *p, uint64_t sum)
{
	return cksum_add32(p + 32, cksum_add32(p, sum));
}
#endif

/* As cksum_partial(). */
static inline uint64_t
cksum_short(const void *data, size_t len, uint64_t sum)
{
	const uint8_t *p = data;

	if (unlikely(len >= CKSUM_SHORT))
		return cksum_partial(p, len, sum);
	if (len & 64) {
		sum = cksum_add64(p, sum);
		p += 64;
	}
	if (len & 32) {
		sum = cksum_add32(p, sum);
		p += 32;
	}
	if (len & 16) {
		sum = cksum_join(sum, cksum_word(p));
		sum = cksum_join(sum, cksum_word(p + 8));
		p += 16;
	}
	if (len & 8) {
		sum = cksum_join(sum, cksum_word(p));
		p += 8;
	}
	return unlikely(len & 7) ? cksum_partial(p, len & 7, sum) : sum;
}

/* As cksum_ok(). */
static inline bool
cksum_short_ok(const void *p, size_t len, uint64_t sum)
{
	return cksum_fold(cksum_short(p, len, sum)) == 0xffff;
}

#endif

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// JSON text with escapes, 64 bytes a step: one bit per byte for each kind of byte, and arithmetic on the bits tells which quotes are
// escaped. Real prompts have a quote or a line break in every second line; finding them one by one costs a mispredicted branch each.
// The arithmetic is that of Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1.1.
#include "bytescan.h"

#if defined(__x86_64__)
#include <immintrin.h>

// One bit per byte of 64.
struct kinds {
    uint64_t quotes, backslashes;
    // Control characters and bytes above 0x7F.
    uint64_t unusual;
    // Bytes that may follow a backslash, but for `u`.
    uint64_t short_escapes;
};

// A byte is in the set when the entries of its two halves share a bit; each bit stands for one upper half: 2, 5, 6, 7.
#define BOTH_LANES(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define LOWER_HALVES BOTH_LANES(0, 0, 13, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1)
#define UPPER_HALVES BOTH_LANES(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0)

__attribute__((target("avx2"), always_inline)) static inline struct kinds kinds_of_32(const uint8_t *p) {
    __m256i v = _mm256_loadu_si256((const __m256i *)p);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0F));
    __m256i shared = _mm256_and_si256(_mm256_shuffle_epi8(LOWER_HALVES, v), _mm256_shuffle_epi8(UPPER_HALVES, upper));
    return (struct kinds){
        .quotes = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'))),
        .backslashes = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'))),
        // Signed comparison: bytes above 0x7F are negative.
        .unusual = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v)),
        .short_escapes = (uint32_t)~_mm256_movemask_epi8(_mm256_cmpeq_epi8(shared, _mm256_setzero_si256())),
    };
}

__attribute__((target("avx2"), always_inline)) static inline struct kinds kinds_of_64(const uint8_t *p) {
    struct kinds low = kinds_of_32(p), high = kinds_of_32(p + 32);
    return (struct kinds){
        .quotes = low.quotes | high.quotes << 32,
        .backslashes = low.backslashes | high.backslashes << 32,
        .unusual = low.unusual | high.unusual << 32,
        .short_escapes = low.short_escapes | high.short_escapes << 32,
    };
}

// Bytes behind an odd number of backslashes. `carry` says whether the first byte is one, and then whether the next block's first is.
static inline uint64_t escaped(uint64_t backslashes, uint64_t *carry) {
    const uint64_t even = 0x5555555555555555;
    uint64_t escaping = backslashes & ~*carry;
    uint64_t follows = escaping << 1 | *carry;
    uint64_t odd_starts = escaping & ~even & ~follows;
    uint64_t run_ends;
    *carry = __builtin_add_overflow(odd_starts, escaping, &run_ends);
    return (even ^ run_ends << 1) & follows;
}

__attribute__((target("avx2"))) static const uint8_t *wide_text_end(const uint8_t *p, const uint8_t *end, bool *has_escapes) {
    uint64_t carry = 0, seen = 0;
    for (; end - p >= 64; p += 64) {
        struct kinds kinds = kinds_of_64(p);
        uint64_t behind = escaped(kinds.backslashes, &carry);
        uint64_t stops = (kinds.quotes & ~behind) | kinds.unusual | (behind & ~kinds.short_escapes);
        if (stops) {
            int at = __builtin_ctzll(stops);
            *has_escapes |= seen || kinds.backslashes & ((1ull << at) - 1);
            return p + at - (behind >> at & 1);
        }
        seen |= kinds.backslashes;
    }
    *has_escapes |= seen != 0;
    // The last block may have ended with a backslash whose escape is still to come.
    return isobar_json_plain_end(p - carry, end);
}
#endif

const uint8_t *isobar_json_text_end(const uint8_t *p, const uint8_t *end, bool *has_escapes) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return wide_text_end(p, end, has_escapes);
#endif
    return isobar_json_plain_end(p, end);
}

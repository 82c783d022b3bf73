// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// Searches that look at 16 bytes a step. Swift's SIMD types have no cheap way from a comparison to a bit mask, which is what finding
// a position needs; everything else about parsing is Swift. Each function has a plain loop for the tail and for other processors.
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// First byte that may not stand in a header value: a control character other than tab, or DEL. `end` when there is none.
static inline const uint8_t *isobar_header_value_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i limit = _mm_set1_epi8(0x1F), tab = _mm_set1_epi8('\t'), del = _mm_set1_epi8(0x7F);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, limit), v);
        __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), control), _mm_cmpeq_epi8(v, del));
        int mask = _mm_movemask_epi8(bad);
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++)
        if ((*p < 0x20 && *p != '\t') || *p == 0x7F) return p;
    return end;
}

// First byte that ends a plain ASCII run inside a JSON string: quote, backslash, control character, or a byte above 0x7F.
static inline const uint8_t *isobar_json_plain_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), limit = _mm_set1_epi8(0x20);
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        // Signed comparison: bytes above 0x7F are negative and so below 0x20 as well.
        __m128i stop = _mm_or_si128(_mm_cmplt_epi8(v, limit), _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)));
        int mask = _mm_movemask_epi8(stop);
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++)
        if (*p < 0x20 || *p == '"' || *p == '\\' || *p > 0x7F) return p;
    return end;
}

// First LF or CR; `end` when there is none.
static inline const uint8_t *isobar_line_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
    for (; end - p >= 16; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++)
        if (*p == '\n' || *p == '\r') return p;
    return end;
}

// Whether a byte may stand in a token, e.g. a method or a header's name (RFC 9110 section 5.6.2).
static inline int isobar_is_token(uint8_t byte) {
    static const uint64_t table[4] = {
        // ! # $ % & ' * + - . 0-9
        0x03FF6CFA00000000ull,
        // A-Z ^ _ ` a-z | ~
        0x57FFFFFFC7FFFFFEull, 0, 0};
    return (int)(table[byte >> 6] >> (byte & 63)) & 1;
}

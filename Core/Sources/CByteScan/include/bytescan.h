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

// End of the token that begins at `p`, e.g. of a method or a header's name (RFC 9110 section 5.6.2). `p` itself when there is none.
static inline const uint8_t *isobar_token_end(const uint8_t *p, const uint8_t *end) {
    static const uint8_t is_token[256] = {
        ['!'] = 1, ['#' ... '\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['0' ... '9'] = 1,
        ['A' ... 'Z'] = 1, ['^' ... 'z'] = 1, ['|'] = 1, ['~'] = 1};
    while (p < end && is_token[*p]) p++;
    return p;
}

// Position after the last occurrence of the seven bytes `"usage"` in [p, end); NULL when there is none.
static inline const uint8_t *isobar_after_last_usage(const uint8_t *p, const uint8_t *end) {
    const uint8_t *last = end - 7;
#if defined(__SSE2__)
    // Sixteen places a step from the end: a quote followed by a `u` is rare enough to look closer.
    const __m128i quote = _mm_set1_epi8('"'), letter = _mm_set1_epi8('u');
    for (; last - p >= 16; last -= 16) {
        __m128i first = _mm_loadu_si128((const __m128i *)(last - 15));
        __m128i second = _mm_loadu_si128((const __m128i *)(last - 14));
        int mask = _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(first, quote), _mm_cmpeq_epi8(second, letter)));
        while (mask) {
            int highest = 31 - __builtin_clz(mask);
            const uint8_t *at = last - 15 + highest;
            if (__builtin_memcmp(at, "\"usage\"", 7) == 0) return at + 7;
            mask &= ~(1 << highest);
        }
    }
#endif
    for (; last >= p; last--)
        if (__builtin_memcmp(last, "\"usage\"", 7) == 0) return last + 7;
    return NULL;
}

// Whether [p, p + count) equals `text`, letters in either case. `text` is lower case; both are tokens, so setting bit 5 maps no
// other byte onto a wrong one.
static inline int isobar_equals_folded(const uint8_t *p, const uint8_t *text, size_t count) {
    const uint64_t fold = 0x2020202020202020ull;
    uint64_t a, b;
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __builtin_memcpy(&a, p + i, 8);
        __builtin_memcpy(&b, text + i, 8);
        if ((a | fold) != (b | fold)) return 0;
    }
    for (; i < count; i++)
        if ((p[i] | 0x20) != (text[i] | 0x20)) return 0;
    return 1;
}

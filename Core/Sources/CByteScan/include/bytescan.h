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
    static const uint8_t is_token[256] = {
        ['!'] = 1, ['#' ... '\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['0' ... '9'] = 1,
        ['A' ... 'Z'] = 1, ['^' ... 'z'] = 1, ['|'] = 1, ['~'] = 1};
    return is_token[byte];
}

// End of the token that begins at `p`; `p` itself when there is none.
static inline const uint8_t *isobar_token_end(const uint8_t *p, const uint8_t *end) {
    while (p < end && isobar_is_token(*p)) p++;
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

// Whether the member whose name ends before `p` is null: optional spaces around the colon.
static inline int isobar_is_null_member(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p == ' ') p++;
    if (p == end || *p++ != ':') return 0;
    while (p < end && *p == ' ') p++;
    return end - p >= 4 && __builtin_memcmp(p, "null", 4) == 0;
}

// Whether a name that matters in a stream event begins at the quote `p`: "finish_reason" or "usage" with a value, or
// "error" (also as the value of SGLang's "object").
static inline int isobar_is_stream_marker(const uint8_t *p, const uint8_t *end) {
    size_t left = (size_t)(end - p);
    switch (left > 1 ? p[1] : 0) {
    case 'f': return left >= 15 && __builtin_memcmp(p, "\"finish_reason\"", 15) == 0 && !isobar_is_null_member(p + 15, end);
    case 'u': return left >= 7 && __builtin_memcmp(p, "\"usage\"", 7) == 0 && !isobar_is_null_member(p + 7, end);
    case 'e': return left >= 7 && __builtin_memcmp(p, "\"error\"", 7) == 0;
    default: return 0;
    }
}

// Whether a stream event's JSON holds anything but more content: a finish reason, usage or an error. Inside text the quotes are
// escaped, so text never looks like a member's name. 1 asks for a closer look.
static inline int isobar_has_stream_marker(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), f = _mm_set1_epi8('f'), u = _mm_set1_epi8('u'), e = _mm_set1_epi8('e');
    for (; end - p >= 17; p += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)p);
        __m128i next = _mm_loadu_si128((const __m128i *)(p + 1));
        __m128i letter = _mm_or_si128(_mm_cmpeq_epi8(next, f), _mm_or_si128(_mm_cmpeq_epi8(next, u), _mm_cmpeq_epi8(next, e)));
        int mask = _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(here, quote), letter));
        for (; mask; mask &= mask - 1)
            if (isobar_is_stream_marker(p + __builtin_ctz(mask), end)) return 1;
    }
#endif
    for (; p < end; p++)
        if (*p == '"' && isobar_is_stream_marker(p, end)) return 1;
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// Searches that look at 16 bytes a step, or at 64 where the processor has the means (json_text.c). Swift's SIMD types have no cheap way from
// a comparison to a bit mask, which is what finding a position needs; everything else about parsing is Swift. Each function has a plain loop
// for the tail and for other processors.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#pragma clang assume_nonnull begin

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

#if defined(__SSE2__)
// Bit per byte of 16: quote, backslash, control character, or a byte above 0x7F.
static inline __m128i isobar_json_special(const uint8_t *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    // Signed comparison: bytes above 0x7F are negative and so below 0x20 as well.
    __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    return _mm_or_si128(low, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}
#endif

// First byte that ends a plain ASCII run inside a JSON string: quote, backslash, control character, or a byte above 0x7F.
// The first 64 bytes go 16 a step, because names and the text between escapes are short; long text then goes 64 a step.
static inline const uint8_t *isobar_json_plain_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    for (int step = 0; end - p >= 16; step++, p += 16) {
        for (; step >= 4 && end - p >= 80; p += 64) {
            __m128i a = isobar_json_special(p), b = isobar_json_special(p + 16);
            __m128i c = isobar_json_special(p + 32), d = isobar_json_special(p + 48);
            if (_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d)))) break;
        }
        int mask = _mm_movemask_epi8(isobar_json_special(p));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    for (; p < end; p++)
        if (*p < 0x20 || *p == '"' || *p == '\\' || *p > 0x7F) return p;
    return end;
}

// Moves over the inside of a JSON string, plain ASCII and escapes of two characters alike, from a place that no backslash escapes. Ends at
// the quote that closes the string or at the first thing that wants a closer look: a control character, a byte above 0x7F, the backslash
// of a longer or wrong escape, or any backslash in the last bytes before `end`. Sets `has_escapes` when it passed one.
const uint8_t *isobar_json_text_end(const uint8_t *p, const uint8_t *end, bool *has_escapes);

// Whether a byte may follow the backslash of an escape of two characters.
static inline int isobar_json_is_short_escape(uint8_t byte) {
    switch (byte) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': return 1;
    default: return 0;
    }
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

// Bytes that may stand in a token, e.g. a method or a header's name (RFC 9110 section 5.6.2).
static const uint8_t isobar_token_bytes[256] = {
    ['!'] = 1, ['#' ... '\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['0' ... '9'] = 1,
    ['A' ... 'Z'] = 1, ['^' ... 'z'] = 1, ['|'] = 1, ['~'] = 1,
};

static inline int isobar_is_token(uint8_t byte) { return isobar_token_bytes[byte]; }

#if defined(__SSE2__)
// Bit per byte of 16 that is a letter, a digit or a hyphen, as nearly all of a header's names are.
static inline int isobar_name_bytes(const uint8_t *p) {
    __m128i v = _mm_loadu_si128((const __m128i *)p);
    __m128i letter = _mm_sub_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    __m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    __m128i isLetter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    __m128i isDigit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(isLetter, isDigit), _mm_cmpeq_epi8(v, _mm_set1_epi8('-'))));
}
#endif

// First byte that may not stand in a token; `end` when there is none.
static inline const uint8_t *isobar_token_end(const uint8_t *p, const uint8_t *end) {
#if defined(__SSE2__)
    while (end - p >= 16) {
        int other = isobar_name_bytes(p) ^ 0xFFFF;
        p += other ? __builtin_ctz(other) : 16;
        if (!other) continue;
        if (!isobar_token_bytes[*p]) return p;
        p++;
    }
#endif
    while (p < end && isobar_token_bytes[*p]) p++;
    return p;
}

// Position after the last occurrence of the seven bytes `"usage"` in [p, end); NULL when there is none.
static inline const uint8_t *_Nullable isobar_after_last_usage(const uint8_t *p, const uint8_t *end) {
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

// Whether `gn` at `at` is that of a member's name `thoughtSignature` or `thought_signature`.
static inline int isobar_is_thought_signature(const uint8_t *start, const uint8_t *at, const uint8_t *end) {
    if (end - at < 8 || at - start < 9 || __builtin_memcmp(at, "gnature\"", 8) != 0) return 0;
    if (__builtin_memcmp(at - 9, "thoughtSi", 9) == 0) return 1;
    return at - start >= 10 && __builtin_memcmp(at - 10, "thought_si", 10) == 0;
}

// Whether JSON has a member `thoughtSignature`, in either of Google's spellings; inside text its last quote is escaped.
static inline int isobar_has_thought_signature(const uint8_t *start, const uint8_t *end) {
    const uint8_t *p = start;
#if defined(__SSE2__)
    const __m128i first = _mm_set1_epi8('g'), second = _mm_set1_epi8('n');
    for (; end - p >= 17; p += 16) {
        __m128i here = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)p), first);
        __m128i next = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(p + 1)), second);
        for (int mask = _mm_movemask_epi8(_mm_and_si128(here, next)); mask; mask &= mask - 1)
            if (isobar_is_thought_signature(start, p + __builtin_ctz(mask), end)) return 1;
    }
#endif
    for (; p < end; p++)
        if (*p == 'g' && isobar_is_thought_signature(start, p, end)) return 1;
    return 0;
}

#pragma clang assume_nonnull end

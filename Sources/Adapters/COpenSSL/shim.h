// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// OpenSSL 3 for Swift, with functions for the macros that Swift cannot import.
#pragma once
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline uint64_t isobar_tls_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
}

static inline long isobar_tls_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}

static inline void isobar_tls_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

// HMAC-SHA-256 (RFC 2104) from states that have read the key already. OpenSSL's newer interface allocates a state for
// each message; this one copies 112 bytes and is what its provider calls in the end.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
typedef struct {
    SHA256_CTX inner, outer;
} isobar_hmac_state;

// A key longer than a block is hashed, a shorter one filled with zeros (RFC 2104 §3).
static inline void isobar_hmac_begin(isobar_hmac_state *state, const void *key, size_t count) {
    unsigned char block[64] = {0}, pad[64];
    if (count > sizeof block) {
        SHA256_CTX context;
        SHA256_Init(&context);
        SHA256_Update(&context, key, count);
        SHA256_Final(block, &context);
    } else if (count > 0) {
        memcpy(block, key, count);
    }
    for (int i = 0; i < 64; i++) pad[i] = block[i] ^ 0x36;
    SHA256_Init(&state->inner);
    SHA256_Update(&state->inner, pad, 64);
    for (int i = 0; i < 64; i++) pad[i] = block[i] ^ 0x5c;
    SHA256_Init(&state->outer);
    SHA256_Update(&state->outer, pad, 64);
    OPENSSL_cleanse(pad, 64);
    OPENSSL_cleanse(block, 64);
}

static inline void isobar_hmac(const isobar_hmac_state *state, const void *message, size_t count,
                               unsigned char digest[32]) {
    SHA256_CTX context = state->inner;
    SHA256_Update(&context, message, count);
    SHA256_Final(digest, &context);
    context = state->outer;
    SHA256_Update(&context, digest, 32);
    SHA256_Final(digest, &context);
}

static inline void isobar_sha256(const void *message, size_t count, unsigned char digest[32]) {
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, message, count);
    SHA256_Final(digest, &context);
}
#pragma clang diagnostic pop

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// OpenSSL 3 for Swift, with functions for the macros that Swift cannot import.
#pragma once
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline uint64_t isobar_tls_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
}

static inline uint64_t isobar_tls_no_ticket(void) { return SSL_OP_NO_TICKET; }

static inline void isobar_tls_no_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
}

// Calls `take` with each address among the subject's alternative names.
static inline void isobar_certificate_uris(X509 *certificate, void *context,
                                           void (*take)(void *context, const unsigned char *bytes, size_t count)) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI) continue;
        const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
        take(context, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
    }
    GENERAL_NAMES_free(names);
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

static inline void isobar_free(void *memory) { OPENSSL_free(memory); }

// Public keys from numbers; NULL when they are none.
static inline EVP_PKEY *isobar_public_key(const char *kind, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (parameters && context && EVP_PKEY_fromdata_init(context) == 1
        && EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1) {
        EVP_PKEY_CTX *check = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
        if (!check || EVP_PKEY_public_check(check) != 1) {
            EVP_PKEY_free(key);
            key = NULL;
        }
        EVP_PKEY_CTX_free(check);
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

static inline EVP_PKEY *isobar_rsa_key(const unsigned char *modulus, size_t modulus_count,
                                       const unsigned char *exponent, size_t exponent_count) {
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, NULL), *e = BN_bin2bn(exponent, (int)exponent_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1) {
        key = isobar_public_key("RSA", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static inline EVP_PKEY *isobar_ec_key(const char *curve, const unsigned char *point, size_t count) {
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    if (builder && OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1
        && OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, count) == 1) {
        key = isobar_public_key("EC", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    return key;
}

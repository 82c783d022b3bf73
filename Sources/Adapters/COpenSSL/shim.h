// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// OpenSSL 3 for Swift, with functions for the macros that Swift cannot import.
#pragma once
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static inline uint64_t isobar_tls_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
}

static inline long isobar_tls_set_server_name(SSL *session, const char *name) {
    return SSL_set_tlsext_host_name(session, name);
}

static inline void isobar_tls_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// SQLite for Swift, with functions for the macro that Swift cannot import.
#pragma once
#include <sqlite3.h>

/// Binds text that SQLite copies.
static inline int isobar_bind_text(sqlite3_stmt *statement, int position, const char *text, int length) {
    return sqlite3_bind_text(statement, position, text, length, SQLITE_TRANSIENT);
}

/// The same for bytes.
static inline int isobar_bind_blob(sqlite3_stmt *statement, int position, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, position, bytes, length, SQLITE_TRANSIENT);
}

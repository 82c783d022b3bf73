// SPDX-License-Identifier: Apache-2.0
// Isobar

import Glibc

/// A value that one thread waits for and another one gives, once.
final class OneShot<Value>: @unchecked Sendable {
    // Proof of @unchecked: `value` is only touched with `mutex` held.
    private var mutex = pthread_mutex_t()
    private var condition = pthread_cond_t()
    private var value: Value?

    init() {
        pthread_mutex_init(&mutex, nil)
        pthread_cond_init(&condition, nil)
    }

    deinit {
        pthread_cond_destroy(&condition)
        pthread_mutex_destroy(&mutex)
    }

    func fulfil(_ value: Value) {
        pthread_mutex_lock(&mutex)
        self.value = value
        pthread_cond_signal(&condition)
        pthread_mutex_unlock(&mutex)
    }

    func wait() -> Value {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        while true {
            if let value { return value }
            pthread_cond_wait(&condition, &mutex)
        }
    }
}

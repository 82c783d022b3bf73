// SPDX-License-Identifier: Apache-2.0
// Isobar

// The kernel calls that Swift's Glibc module does not export, and the hot ones in a form that returns the error number. The header includes
// no system header: seen with other feature macros than Swift's own module uses, their types would differ.

#ifndef BENCH_CEPOLL_H
#define BENCH_CEPOLL_H

#include <stddef.h>
#include <stdint.h>

/// Most tags one `cepoll_wait` returns.
enum { cepoll_batch_max = 1024 };

/// CLOCK_MONOTONIC in nanoseconds: the same clock in every process, so that a send time can be compared across them.
int64_t cepoll_now(void);

/// Ends timed waits on time: the default slack of 50 us would be larger than the delays measured.
void cepoll_use_exact_timers(void);

/// An epoll descriptor, or -errno.
int cepoll_create(void);

/// Level-triggered, for listeners. 0 or -errno.
int cepoll_add_listener(int poller, int fd, int64_t tag);

/// Edge-triggered for both directions, once per connection: no further epoll_ctl is needed. 0 or -errno.
int cepoll_add(int poller, int fd, int64_t tag);

/// Waits at most `nanoseconds`, or for ever when negative. Returns the number of tags written (at most `cepoll_batch_max`) or -errno.
int cepoll_wait(int poller, int64_t *tags, int64_t nanoseconds);

/// Bytes received, 0 at the end of the stream, or -errno.
int64_t cepoll_receive(int fd, void *bytes, size_t count);

/// Bytes taken by the kernel or -errno. Never raises SIGPIPE.
int64_t cepoll_send(int fd, const void *bytes, size_t count);

/// A non-blocking connection, or -errno.
int cepoll_accept(int listener);

/// First occurrence of `needle`, or NULL.
const void *cepoll_find(const void *bytes, size_t count, const void *needle, size_t needleCount);

#endif

// SPDX-License-Identifier: Apache-2.0
// Isobar

// The few kernel calls that Swift's Glibc module does not export, and the two hot ones that return an error number
// in their result so that callers need not read errno.

#ifndef BENCH_CEPOLL_H
#define BENCH_CEPOLL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

/// CLOCK_MONOTONIC in nanoseconds: the same clock in every process, so that a send time can be compared across them.
static inline int64_t cepoll_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// Ends timed waits on time: the default slack of 50 us would be larger than the delays measured.
static inline void cepoll_use_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL); }

static inline int cepoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

/// Level-triggered, for listeners.
static inline int cepoll_add_listener(int poller, int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

/// Edge-triggered for both directions, once per connection: no further epoll_ctl is needed.
static inline int cepoll_add(int poller, int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = tag}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

/// Waits at most `nanoseconds`, or for ever when negative. Returns the number of events or -errno.
static inline int cepoll_wait(int poller, struct epoll_event *events, int capacity, int64_t nanoseconds) {
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int count = epoll_pwait2(poller, events, capacity, nanoseconds < 0 ? NULL : &limit, NULL);
    return count < 0 ? -errno : count;
}

static inline uint64_t cepoll_tag(const struct epoll_event *events, int index) { return events[index].data.u64; }

/// Bytes received, 0 at the end of the stream, or -errno.
static inline int64_t cepoll_receive(int fd, void *bytes, size_t count) {
    ssize_t received = recv(fd, bytes, count, 0);
    return received < 0 ? -errno : received;
}

/// Bytes taken by the kernel or -errno.
static inline int64_t cepoll_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

/// A non-blocking connection, or -errno.
static inline int cepoll_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/// First occurrence of `needle`, or NULL.
static inline const void *cepoll_find(const void *bytes, size_t count, const void *needle, size_t needleCount) {
    return memmem(bytes, count, needle, needleCount);
}

#endif

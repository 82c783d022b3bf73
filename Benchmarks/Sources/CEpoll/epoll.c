// SPDX-License-Identifier: Apache-2.0
// Isobar

#define _GNU_SOURCE
#include "cepoll.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

int64_t cepoll_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void cepoll_use_exact_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL); }

int cepoll_create(void) {
    int poller = epoll_create1(EPOLL_CLOEXEC);
    return poller < 0 ? -errno : poller;
}

static int add(int poller, int fd, int64_t tag, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.u64 = (uint64_t)tag}};
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int cepoll_add_listener(int poller, int fd, int64_t tag) { return add(poller, fd, tag, EPOLLIN); }

int cepoll_add(int poller, int fd, int64_t tag) { return add(poller, fd, tag, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET); }

int cepoll_wait(int poller, int64_t *tags, int64_t nanoseconds) {
    struct epoll_event events[cepoll_batch_max];
    struct timespec limit = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    int count = epoll_pwait2(poller, events, cepoll_batch_max, nanoseconds < 0 ? NULL : &limit, NULL);
    if (count < 0) return -errno;
    for (int index = 0; index < count; index++) tags[index] = (int64_t)events[index].data.u64;
    return count;
}

int64_t cepoll_receive(int fd, void *bytes, size_t count) {
    ssize_t received = recv(fd, bytes, count, 0);
    return received < 0 ? -errno : received;
}

int64_t cepoll_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int cepoll_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

const void *cepoll_find(const void *bytes, size_t count, const void *needle, size_t needleCount) {
    return memmem(bytes, count, needle, needleCount);
}

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// What Swift's Glibc overlay does not export: epoll, eventfd, accept4 and the socket options the reactor needs.
#pragma once
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Monotonic clock in nanoseconds.
static inline int64_t isobar_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// accept4 with SOCK_NONBLOCK | SOCK_CLOEXEC. Negative: -errno.
static inline int isobar_accept(int listener, struct sockaddr_storage *peer, socklen_t *length) {
    int fd = accept4(listener, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

// Edge-triggered registration for input, output and half-close, once per descriptor; never modified afterwards. 0 or -errno.
static inline int isobar_epoll_add(int epoll, int fd, uint64_t token) {
    struct epoll_event e;
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

// Level-triggered, input only: listeners and wake-up descriptors. 0 or -errno.
static inline int isobar_epoll_add_listener(int epoll, int fd, uint64_t token) {
    struct epoll_event e;
    e.events = EPOLLIN;
    e.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static inline int isobar_epoll_remove(int epoll, int fd) {
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &e) < 0 ? -errno : 0;
}

// SPDX-License-Identifier: Apache-2.0
// Isobar
//
// What Swift's Glibc overlay does not export: epoll, eventfd, accept4, reuse-port filters.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

// Monotonic clock in nanoseconds.
static inline int64_t isobar_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// recv, send and sendmsg (without SIGPIPE) as libc has them, errors in `errno`, but not as points where a thread can be cancelled: entering
// and leaving such a point takes two locked instructions, and nobody cancels a loop.
intptr_t isobar_receive(int fd, void *bytes, size_t count);
intptr_t isobar_send(int fd, const void *bytes, size_t count);
// `message` is a msghdr.
intptr_t isobar_send_message(int fd, const void *message);

// Asks the system to begin writing a file's content to the disk; a hint, waits for nothing.
void isobar_begin_writeback(int fd);

// accept4 with SOCK_NONBLOCK | SOCK_CLOEXEC. Negative: -errno.
int isobar_accept(int listener);

// Edge-triggered registration for input, output and half-close, once per descriptor; never modified afterwards. 0 or -errno.
int isobar_epoll_add(int epoll, int fd, uint64_t token);

// Level-triggered, input only: listeners and wake-up descriptors. 0 or -errno.
int isobar_epoll_add_listener(int epoll, int fd, uint64_t token);

// Attaches a filter to a SO_REUSEPORT group that picks the socket at `index` for every new connection; an index out of range
// leaves the choice to the kernel's hash (socket(7), SO_ATTACH_REUSEPORT_CBPF). 0 or -errno.
int isobar_reuseport_steer(int listener, uint32_t index);
int isobar_reuseport_unsteer(int listener);

// Names the calling thread, at most 15 bytes.
void isobar_name_thread(const char *name);

// Starts a program in its own process group; it gets SIGTERM when the calling thread's process ends, however that happens.
// Output goes to `output` (both streams), input is empty. Signals are unblocked. The process id, or -errno.
int isobar_spawn(const char *const *arguments, int output);

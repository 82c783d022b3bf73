// SPDX-License-Identifier: Apache-2.0
// Isobar
#define _GNU_SOURCE 1
#include "csystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

intptr_t isobar_receive(int fd, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, fd, bytes, count, 0, NULL, NULL);
}

void isobar_begin_writeback(int fd) { sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

intptr_t isobar_send(int fd, const void *bytes, size_t count) {
    return syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL, NULL, 0);
}

intptr_t isobar_send_message(int fd, const void *message) { return syscall(SYS_sendmsg, fd, message, MSG_NOSIGNAL); }

int isobar_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int add(int epoll, int fd, uint64_t token, uint32_t events) {
    struct epoll_event e;
    memset(&e, 0, sizeof e);
    e.events = events;
    e.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

int isobar_epoll_add(int epoll, int fd, uint64_t token) {
    return add(epoll, fd, token, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int isobar_epoll_add_listener(int epoll, int fd, uint64_t token) { return add(epoll, fd, token, EPOLLIN); }

int isobar_reuseport_steer(int listener, uint32_t index) {
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, index)};
    struct sock_fprog program = {1, code};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) < 0 ? -errno : 0;
}

int isobar_reuseport_unsteer(int listener) {
    int none = 0;
    return setsockopt(listener, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none, sizeof none) < 0 ? -errno : 0;
}

void isobar_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int isobar_spawn(const char *const *arguments, int output) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) return child < 0 ? -errno : child;
    // Only async-signal-safe calls from here to exec: the parent may have threads that held locks.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    int empty = open("/dev/null", O_RDONLY);
    dup2(empty, 0);
    dup2(output, 1);
    dup2(output, 2);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
}

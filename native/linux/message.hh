// One datagram of a seqpacket socket, with at most a few descriptors.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace keelson {

inline constexpr int descriptorsPerMessage = 16;

// False with errno set; EAGAIN when the socket is non-blocking and full.
inline bool sendMessage(int socket, const char* data, size_t size, const int* fds, int count) {
  iovec part = {const_cast<char*>(data), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * descriptorsPerMessage)] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * static_cast<size_t>(count));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * static_cast<size_t>(count));
    memcpy(CMSG_DATA(header), fds, sizeof(int) * static_cast<size_t>(count));
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(size);
}

inline bool sendMessage(int socket, const char* data, size_t size, int fd) {
  return sendMessage(socket, data, size, &fd, fd < 0 ? 0 : 1);
}

struct Received {
  // -1: nothing there (EAGAIN) or failed; 0: the other end is closed.
  ssize_t size;
  int fds[descriptorsPerMessage];
  int count;
};

inline void closeReceived(Received& received) {
  for (int i = 0; i < received.count; i++) {
    if (received.fds[i] >= 0) close(received.fds[i]);
  }
  received.count = 0;
}

// A message that was cut off, in bytes or descriptors, is an error: half a plan is no plan.
inline Received receiveMessage(int socket, char* buffer, size_t capacity, int flags = 0) {
  Received received = {};
  iovec part = {buffer, capacity};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * descriptorsPerMessage)];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  do received.size = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  while (received.size < 0 && errno == EINTR);
  if (received.size < 0) return received;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (size_t i = 0; i < bytes / sizeof(int); i++) {
      memcpy(&received.fds[received.count++], CMSG_DATA(header) + i * sizeof(int), sizeof(int));
    }
  }
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
    closeReceived(received);
    received.size = -1;
    errno = EMSGSIZE;
  }
  return received;
}

}  // namespace keelson

// TUN and TAP devices: the kinds of interface that rtnetlink cannot make.
#pragma once

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <napi.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cstring>
#include <memory>
#include <string>

#include "../linux/descriptor.hh"
#include "argument.hh"
#include "throwaway.hh"

namespace keelson::addon::netlink {

struct TapRequest {
  Descriptor space;
  std::string name;
  int flags;
  int owner, group;  // -1: nobody in particular
};

// The device is made in the namespace of the thread that opens /dev/net/tun, and outlives it.
inline Result<bool> makeTap(const TapRequest& request) {
  if (request.space.valid() && setns(request.space.get(), CLONE_NEWNET) < 0) {
    return failed("setns", "network namespace");
  }
  Descriptor tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!tun.valid()) return failed("open", "/dev/net/tun");
  ifreq asked{};
  request.name.copy(asked.ifr_name, IFNAMSIZ - 1);
  // IFF_TUN_EXCL: without it the call would attach to a device that is there.
  asked.ifr_flags = static_cast<short>(request.flags | IFF_TUN_EXCL);
  if (ioctl(tun.get(), TUNSETIFF, &asked) < 0) return failed("TUNSETIFF", request.name);
  if (request.owner >= 0 && ioctl(tun.get(), TUNSETOWNER, request.owner) < 0) {
    return failed("TUNSETOWNER", request.name);
  }
  if (request.group >= 0 && ioctl(tun.get(), TUNSETGROUP, request.group) < 0) {
    return failed("TUNSETGROUP", request.name);
  }
  if (ioctl(tun.get(), TUNSETPERSIST, 1) < 0) return failed("TUNSETPERSIST", request.name);
  return true;
}

// netlinkTap(namespaceFd, name, flags, owner, group): Promise<true>; -1 is the own namespace
inline Napi::Value tap(const Napi::CallbackInfo& info) {
  int namespaceFd = toInt(info[0]);
  auto request = std::make_shared<TapRequest>();
  if (namespaceFd >= 0) {
    request->space = Descriptor(fcntl(namespaceFd, F_DUPFD_CLOEXEC, 3));
    if (!request->space.valid()) return raise(info.Env(), failed("fcntl", "network namespace"));
  }
  request->name = toString(info[1]);
  request->flags = toInt(info[2]);
  request->owner = toInt(info[3]);
  request->group = toInt(info[4]);
  return onThrowawayThread<bool>(
      info.Env(), [request] { return makeTap(*request); },
      [](Napi::Env env, bool made) -> Napi::Value { return Napi::Boolean::New(env, made); });
}

}  // namespace keelson::addon::netlink

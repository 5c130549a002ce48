// TUN and TAP devices: the kinds of interface that rtnetlink cannot make.
#pragma once

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <napi.h>
#include <sys/ioctl.h>

#include <cstring>
#include <string>

#include "../linux/descriptor.hh"
#include "argument.hh"
#include "visit.hh"

namespace keelson::addon::netlink {

struct TapRequest {
  std::string name;
  int flags;
  int owner, group;  // -1: nobody in particular
};

// The device is made in the namespace of the thread that opens /dev/net/tun, and outlives it.
inline Result<bool> makeTap(const TapRequest& request) {
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
  TapRequest request{toString(info[1]), toInt(info[2]), toInt(info[3]), toInt(info[4])};
  return visiting<bool>(
      info.Env(), toInt(info[0]), [request] { return makeTap(request); },
      [](Napi::Env env, bool made) -> Napi::Value { return Napi::Boolean::New(env, made); });
}

}  // namespace keelson::addon::netlink

// Pseudo-terminals.
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "binding.hh"
#include "../linux/descriptor.hh"

namespace keelson::addon {

// Opens and unlocks the controlling side: of `devpts`, a folder where one is mounted, or of /dev.
inline Napi::Value openTerminal(const Call& info) {
  Napi::Env env = info.Env();
  int devpts = toInt(info[0]);
  const char* name = devpts < 0 ? "/dev/ptmx" : "ptmx";
  Descriptor control(openat(devpts, name, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  // On Debian /dev/ptmx is a device, elsewhere a link to /dev/pts/ptmx.
  if (!control.valid() && errno == ELOOP && devpts < 0)
    control = Descriptor(open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC));
  if (!control.valid()) return raise(env, failed("open", name));
  int unlocked = 0;
  if (ioctl(control.get(), TIOCSPTLCK, &unlocked) < 0)
    return raise(env, failed("ioctl TIOCSPTLCK"));
  return Napi::Number::New(env, control.release());
}

inline void registerTerminal(Napi::Env env, Napi::Object exports) {
  bind(exports, "openTerminal", openTerminal);
  bind(exports, "terminalPeer", [](const Call& info) {
    int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
    return answer(info.Env(), ioctl(toInt(info[0]), TIOCGPTPEER, flags), "ioctl TIOCGPTPEER");
  });
  bind(exports, "terminalNumber", [](const Call& info) {
    unsigned number = 0;
    int result = ioctl(toInt(info[0]), TIOCGPTN, &number);
    return answer(info.Env(), result < 0 ? result : int64_t{number}, "ioctl TIOCGPTN");
  });
  bind(exports, "setWindowSize", [](const Call& info) {
    winsize size{};
    size.ws_row = toUint32(info[1]);
    size.ws_col = toUint32(info[2]);
    return answer(info.Env(), ioctl(toInt(info[0]), TIOCSWINSZ, &size), "ioctl TIOCSWINSZ");
  });
  // Rows and columns in one number.
  bind(exports, "getWindowSize", [](const Call& info) {
    winsize size{};
    int result = ioctl(toInt(info[0]), TIOCGWINSZ, &size);
    int64_t both = int64_t{size.ws_row} << 16 | size.ws_col;
    return answer(info.Env(), result < 0 ? result : both, "ioctl TIOCGWINSZ");
  });
}

}  // namespace keelson::addon

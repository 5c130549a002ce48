// What went wrong in the kernel: the call, its errno, and the object it was about.
// A Failure travels as a value; nothing under native/ throws C++ exceptions.
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace keelson {

struct Failure {
  const char* call;
  int error;
  std::string path;
  // The kernel's own words, where it gives some (verifier and mount logs).
  std::string text = {};
};

inline Failure failed(const char* call, std::string path = {}) {
  return Failure{call, errno, std::move(path)};
}

// Nothing, or the failure that prevented it.
using Outcome = std::optional<Failure>;
inline constexpr std::nullopt_t ok = std::nullopt;

// A value, or the failure that prevented it.
template <typename Value>
class Result {
 public:
  Result(Value value) : state_(std::move(value)) {}
  Result(Failure failure) : state_(std::move(failure)) {}

  explicit operator bool() const { return std::holds_alternative<Value>(state_); }
  Value& operator*() { return std::get<Value>(state_); }
  Value* operator->() { return &std::get<Value>(state_); }
  Failure& failure() { return std::get<Failure>(state_); }

 private:
  std::variant<Value, Failure> state_;
};

}  // namespace keelson

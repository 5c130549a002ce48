// Arguments as src/kernel passes them. The TypeScript side has checked types and ranges;
// these only convert.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace keelson::addon {

inline int toInt(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

inline uint32_t toUint32(const Napi::Value& value) {
  return value.As<Napi::Number>().Uint32Value();
}

// 64-bit flags and sizes travel as bigint or as a safe integer.
inline uint64_t toUint64(const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    return value.As<Napi::BigInt>().Uint64Value(&lossless);
  }
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

inline std::string toString(const Napi::Value& value) {
  return value.As<Napi::String>().Utf8Value();
}

}  // namespace keelson::addon

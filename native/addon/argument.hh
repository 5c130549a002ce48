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

inline int64_t toInt64(const Napi::Value& value) { return static_cast<int64_t>(toUint64(value)); }

inline std::string toString(const Napi::Value& value) {
  return value.As<Napi::String>().Utf8Value();
}

// A path as a string, or as bytes where a file's name is no UTF-8.
inline std::string toPath(const Napi::Value& value) {
  if (!value.IsTypedArray()) return toString(value);
  auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

// True when a C function would see less of the path than there is.
inline bool isCut(const std::string& path) { return path.find('\0') != std::string::npos; }

}  // namespace keelson::addon

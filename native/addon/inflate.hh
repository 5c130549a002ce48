// Decompression of layers: gzip by ISA-L, zstd by libzstd. One stream is an object that JavaScript
// owns; a step turns a part of the input into a part of the output and keeps what it must.
#pragma once

#include <isa-l/igzip_lib.h>
#include <napi.h>
#include <zstd.h>

#include <cstring>
#include <memory>
#include <string>

#include "argument.hh"
#include "error.hh"

namespace keelson::addon {

struct Step {
  const uint8_t* input;
  size_t inputBytes;
  uint8_t* output;
  size_t outputBytes;
  // Nothing of the input or output is left to do before the next member or frame.
  bool boundary = false;
  const char* reason = nullptr;  // why the data is bad
};

class Inflater {
 public:
  virtual ~Inflater() = default;
  // Moves the step's pointers past what was read and written.
  virtual void run(Step& step) = 0;
};

// Members follow each other, as gzip allows and eStargz does. ISA-L checks CRC and length of each.
class GzipInflater : public Inflater {
 public:
  GzipInflater() { begin(); }

  void run(Step& step) override {
    if (state_.block_state == ISAL_BLOCK_FINISH) {
      if (step.inputBytes == 0) return void(step.boundary = true);
      begin();
    }
    state_.next_in = const_cast<uint8_t*>(step.input);
    state_.avail_in = static_cast<uint32_t>(step.inputBytes);
    state_.next_out = step.output;
    state_.avail_out = static_cast<uint32_t>(step.outputBytes);
    int result = isal_inflate(&state_);
    step.input = state_.next_in;
    step.inputBytes = state_.avail_in;
    step.output = state_.next_out;
    step.outputBytes = state_.avail_out;
    step.boundary = state_.block_state == ISAL_BLOCK_FINISH;
    step.reason = reasonOf(result);
  }

 private:
  void begin() {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  static const char* reasonOf(int result) {
    switch (result) {
      case ISAL_INVALID_BLOCK:
      case ISAL_INVALID_SYMBOL:
      case ISAL_INVALID_LOOKBACK: return "its deflate data is damaged";
      case ISAL_INVALID_WRAPPER: return "a gzip header is damaged";
      case ISAL_UNSUPPORTED_METHOD: return "its gzip method is not deflate";
      case ISAL_INCORRECT_CHECKSUM: return "a gzip checksum does not match";
      case ISAL_NEED_DICT: return "it needs a dictionary";
      default: return nullptr;
    }
  }

  inflate_state state_;
};

class ZstdInflater : public Inflater {
 public:
  explicit ZstdInflater(int windowLog) : stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, windowLog);
  }

  void run(Step& step) override {
    if (idle_ && step.inputBytes == 0) return void(step.boundary = true);
    ZSTD_inBuffer in{step.input, step.inputBytes, 0};
    ZSTD_outBuffer out{step.output, step.outputBytes, 0};
    size_t result = ZSTD_decompressStream(stream_.get(), &out, &in);
    step.input += in.pos;
    step.inputBytes -= in.pos;
    step.output += out.pos;
    step.outputBytes -= out.pos;
    if (ZSTD_isError(result)) step.reason = ZSTD_getErrorName(result);
    step.boundary = idle_ = result == 0;
  }

 private:
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream_;
  bool idle_ = true;
};

// inflateOpen(isZstd, windowLog) -> stream
inline Napi::Value inflateOpen(const Napi::CallbackInfo& info) {
  Inflater* made = info[0].ToBoolean()
                       ? static_cast<Inflater*>(new ZstdInflater(toInt(info[1])))
                       : new GzipInflater();
  auto free = [](Napi::Env, Inflater* inflater) { delete inflater; };
  return Napi::External<Inflater>::New(info.Env(), made, free);
}

// inflateStep(stream, input, output, counts): counts becomes bytes read, bytes written, and 1 at
// the end of a member or frame. Returns why the data is bad, or undefined.
inline Napi::Value inflateStep(const Napi::CallbackInfo& info) {
  auto* inflater = info[0].As<Napi::External<Inflater>>().Data();
  auto input = info[1].As<Napi::Uint8Array>();
  auto output = info[2].As<Napi::Uint8Array>();
  auto counts = info[3].As<Napi::Uint32Array>();
  Step step{input.Data(), input.ByteLength(), output.Data(), output.ByteLength()};
  inflater->run(step);
  counts[0] = static_cast<uint32_t>(input.ByteLength() - step.inputBytes);
  counts[1] = static_cast<uint32_t>(output.ByteLength() - step.outputBytes);
  counts[2] = step.boundary ? 1 : 0;
  if (step.reason == nullptr) return info.Env().Undefined();
  return Napi::String::New(info.Env(), step.reason);
}

inline void registerInflate(Napi::Env env, Napi::Object exports) {
  exports["inflateOpen"] = Napi::Function::New(env, inflateOpen);
  exports["inflateStep"] = Napi::Function::New(env, inflateStep);
}

}  // namespace keelson::addon

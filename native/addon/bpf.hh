// Loads BPF programs and attaches them to cgroups. What a program does is decided in src/cgroup.
#pragma once

#include <linux/bpf.h>
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "../linux/failure.hh"
#include "argument.hh"
#include "error.hh"

namespace keelson::addon {

inline long bpf(bpf_cmd command, bpf_attr& attributes) {
  return syscall(SYS_bpf, command, &attributes, sizeof(attributes));
}

inline uint64_t addressOf(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// The verifier gives up with EAGAIN when a signal arrives, and V8 sends its threads some.
inline long verify(bpf_attr& attributes) {
  long program = -1;
  for (int attempt = 0; attempt < 20; attempt++) {
    program = bpf(BPF_PROG_LOAD, attributes);
    if (program >= 0 || errno != EAGAIN) break;
  }
  return program;
}

// The verifier's log costs time, so it is asked for only when the program has been refused.
inline long loadProgram(bpf_attr attributes, std::string& log) {
  const long program = verify(attributes);
  if (program >= 0 || errno == EPERM || errno == ENOSYS) return program;
  std::vector<char> buffer(64 * 1024);
  attributes.log_level = 1;
  attributes.log_buf = addressOf(buffer.data());
  attributes.log_size = static_cast<uint32_t>(buffer.size());
  const long again = verify(attributes);
  const int error = errno;
  log.assign(buffer.data(), strnlen(buffer.data(), buffer.size()));
  errno = error;
  return again;
}

// (type, instructions, name) -> descriptor
inline Napi::Value bpfLoad(const Napi::CallbackInfo& info) {
  const Napi::Uint8Array instructions = info[1].As<Napi::Uint8Array>();
  const std::string name = toString(info[2]);
  // Neither GPL helpers nor their licence are needed by a filter that only compares numbers.
  static const char license[] = "Apache-2.0";
  bpf_attr attributes{};
  attributes.prog_type = toUint32(info[0]);
  attributes.insns = addressOf(instructions.Data());
  attributes.insn_cnt = static_cast<uint32_t>(instructions.ByteLength() / sizeof(bpf_insn));
  attributes.license = addressOf(license);
  // The last byte stays zero.
  name.copy(attributes.prog_name, sizeof(attributes.prog_name) - 1);
  std::string log;
  const long program = loadProgram(attributes, log);
  if (program >= 0) return Napi::Number::New(info.Env(), static_cast<double>(program));
  Failure failure = failed("bpf", "BPF_PROG_LOAD");
  failure.text = log;
  return raise(info.Env(), failure);
}

// (cgroup, type, flags, program, replaced program or -1)
inline Napi::Value bpfAttach(const Napi::CallbackInfo& info) {
  bpf_attr attributes{};
  attributes.target_fd = toUint32(info[0]);
  attributes.attach_type = toUint32(info[1]);
  attributes.attach_flags = toUint32(info[2]);
  attributes.attach_bpf_fd = toUint32(info[3]);
  if (const int replaced = toInt(info[4]); replaced >= 0) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<uint32_t>(replaced);
  }
  if (bpf(BPF_PROG_ATTACH, attributes) < 0)
    return raise(info.Env(), failed("bpf", "BPF_PROG_ATTACH"));
  return info.Env().Undefined();
}

// (cgroup, type, program)
inline Napi::Value bpfDetach(const Napi::CallbackInfo& info) {
  bpf_attr attributes{};
  attributes.target_fd = toUint32(info[0]);
  attributes.attach_type = toUint32(info[1]);
  attributes.attach_bpf_fd = toUint32(info[2]);
  if (bpf(BPF_PROG_DETACH, attributes) < 0)
    return raise(info.Env(), failed("bpf", "BPF_PROG_DETACH"));
  return info.Env().Undefined();
}

// (cgroup, type) -> numbers of the programs. The kernel allows 64 in one cgroup.
inline Napi::Value bpfQuery(const Napi::CallbackInfo& info) {
  uint32_t ids[64];
  bpf_attr attributes{};
  attributes.query.target_fd = toUint32(info[0]);
  attributes.query.attach_type = toUint32(info[1]);
  attributes.query.prog_ids = addressOf(ids);
  attributes.query.prog_cnt = static_cast<uint32_t>(std::size(ids));
  if (bpf(BPF_PROG_QUERY, attributes) < 0)
    return raise(info.Env(), failed("bpf", "BPF_PROG_QUERY"));
  Napi::Array result = Napi::Array::New(info.Env());
  for (uint32_t index = 0; index < attributes.query.prog_cnt; index++) result[index] = ids[index];
  return result;
}

// (number of a program) -> descriptor
inline Napi::Value bpfOpen(const Napi::CallbackInfo& info) {
  bpf_attr attributes{};
  attributes.prog_id = toUint32(info[0]);
  const long program = bpf(BPF_PROG_GET_FD_BY_ID, attributes);
  if (program < 0) return raise(info.Env(), failed("bpf", "BPF_PROG_GET_FD_BY_ID"));
  return Napi::Number::New(info.Env(), static_cast<double>(program));
}

inline Napi::Value bpfName(const Napi::CallbackInfo& info) {
  bpf_prog_info program{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = toUint32(info[0]);
  attributes.info.info_len = sizeof(program);
  attributes.info.info = addressOf(&program);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0)
    return raise(info.Env(), failed("bpf", "BPF_OBJ_GET_INFO_BY_FD"));
  const std::string name(program.name, strnlen(program.name, sizeof(program.name)));
  return Napi::String::New(info.Env(), name);
}

inline void registerBpf(Napi::Env env, Napi::Object exports) {
  exports["bpfLoad"] = Napi::Function::New(env, bpfLoad);
  exports["bpfAttach"] = Napi::Function::New(env, bpfAttach);
  exports["bpfDetach"] = Napi::Function::New(env, bpfDetach);
  exports["bpfQuery"] = Napi::Function::New(env, bpfQuery);
  exports["bpfOpen"] = Napi::Function::New(env, bpfOpen);
  exports["bpfName"] = Napi::Function::New(env, bpfName);
}

}  // namespace keelson::addon

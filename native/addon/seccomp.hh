// Seccomp filters: compiled by libseccomp, exported as the BPF program that the kernel takes.
#pragma once

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "binding.hh"
#include "throwaway.hh"
#include "../linux/descriptor.hh"

namespace keelson::addon {

struct FilterRule {
  uint32_t action;
  std::vector<std::string> names;
  std::vector<scmp_arg_cmp> conditions;
};

struct FilterPlan {
  uint32_t defaultAction;
  std::vector<std::string> architectures;  // as libseccomp names them: x86_64; empty for our own
  std::vector<FilterRule> rules;
};

struct CompiledFilter {
  std::string program;
  // Names that this libseccomp does not know, which the caller may know better.
  std::vector<std::string> unknown;
};

// The functions of libseccomp return a negative errno and leave errno alone.
inline Failure refused(const char* call, int result, std::string object = {}) {
  return Failure{call, -result, std::move(object)};
}

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

inline Outcome setArchitectures(const Filter& filter, const FilterPlan& plan) {
  if (plan.architectures.empty()) return ok;
  // The filter starts with our own architecture; the plan may be without it.
  if (int result = seccomp_arch_remove(filter.get(), SCMP_ARCH_NATIVE); result < 0)
    return refused("seccomp_arch_remove", result);
  for (const auto& name : plan.architectures) {
    uint32_t token = seccomp_arch_resolve_name(name.c_str());
    if (token == 0) return Failure{"seccomp_arch_resolve_name", EINVAL, name};
    int result = seccomp_arch_add(filter.get(), token);
    if (result < 0 && result != -EEXIST) return refused("seccomp_arch_add", result, name);
  }
  return ok;
}

inline bool testsOneArgumentTwice(const std::vector<scmp_arg_cmp>& conditions) {
  unsigned seen = 0;
  for (const auto& each : conditions) {
    if (seen & 1u << each.arg) return true;
    seen |= 1u << each.arg;
  }
  return false;
}

// All conditions must hold, except that libseccomp takes one per argument: a rule with several on
// the same argument means any of them, as runc and crun read it.
inline int addRule(const Filter& filter, const FilterRule& rule, int number) {
  auto add = [&](size_t count, const scmp_arg_cmp* first) {
    return seccomp_rule_add_array(filter.get(), rule.action, number, count, first);
  };
  const auto& all = rule.conditions;
  if (!testsOneArgumentTwice(all)) return add(all.size(), all.data());
  for (const auto& each : all) {
    if (int result = add(1, &each); result < 0) return result;
  }
  return 0;
}

inline Outcome addRules(const Filter& filter, const FilterPlan& plan, CompiledFilter& compiled) {
  for (const auto& rule : plan.rules) {
    for (const auto& name : rule.names) {
      int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        compiled.unknown.push_back(name);
        continue;
      }
      int result = addRule(filter, rule, number);
      if (result < 0) return refused("seccomp_rule_add", result, name);
    }
  }
  return ok;
}

inline Outcome exportProgram(const Filter& filter, std::string& program) {
  Descriptor file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return failed("memfd_create");
  if (int result = seccomp_export_bpf(filter.get(), file.get()); result < 0)
    return refused("seccomp_export_bpf", result);
  off_t size = lseek(file.get(), 0, SEEK_END);
  program.resize(size);
  if (pread(file.get(), program.data(), size, 0) != size) return failed("pread");
  return ok;
}

inline Result<CompiledFilter> compile(const FilterPlan& plan) {
  Filter filter(seccomp_init(plan.defaultAction), seccomp_release);
  if (!filter) return Failure{"seccomp_init", EINVAL, {}};
  // A binary tree of numbers instead of a list; unknown before libseccomp 2.5, then left out.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  CompiledFilter compiled;
  if (auto outcome = setArchitectures(filter, plan)) return *outcome;
  if (auto outcome = addRules(filter, plan, compiled)) return *outcome;
  if (auto outcome = exportProgram(filter, compiled.program)) return *outcome;
  return compiled;
}

inline std::vector<std::string> toStrings(const Napi::Value& value) {
  auto list = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < list.Length(); i++) strings.push_back(toString(list[i]));
  return strings;
}

// Conditions as four numbers each: argument, operator, value, second value.
inline FilterRule toRule(const Napi::Array& fields) {
  FilterRule rule{toUint32(fields[0u]), toStrings(fields[1u]), {}};
  auto numbers = fields.Get(2u).As<Napi::Array>();
  for (uint32_t i = 0; i + 3 < numbers.Length(); i += 4) {
    auto operation = static_cast<scmp_compare>(toInt(numbers[i + 1]));
    rule.conditions.push_back({toUint32(numbers[i]), operation, toUint64(numbers[i + 2]),
                               toUint64(numbers[i + 3])});
  }
  return rule;
}

// Arguments: default action, architectures, rules of [action, names, conditions].
inline Napi::Value compileSeccomp(const Call& info) {
  FilterPlan plan{toUint32(info[0]), toStrings(info[1]), {}};
  auto rules = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < rules.Length(); i++)
    plan.rules.push_back(toRule(rules.Get(i).As<Napi::Array>()));
  return onThrowawayThread<CompiledFilter>(
      info.Env(), [plan = std::move(plan)] { return compile(plan); },
      [](Napi::Env env, CompiledFilter& compiled) {
        auto unknown = Napi::Array::New(env);
        for (const auto& name : compiled.unknown)
          unknown[unknown.Length()] = Napi::String::New(env, name);
        Napi::Object result = Napi::Object::New(env);
        result["program"] =
            Napi::Buffer<char>::Copy(env, compiled.program.data(), compiled.program.size());
        result["unknown"] = unknown;
        return result;
      });
}

inline Napi::Value loadSeccomp(const Call& info) {
  auto bytes = info[0].As<Napi::Uint8Array>();
  sock_fprog program{static_cast<unsigned short>(bytes.ByteLength() / sizeof(sock_filter)),
                     reinterpret_cast<sock_filter*>(bytes.Data())};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, toUint32(info[1]), &program);
  return answer(info.Env(), result, "seccomp");
}

inline Napi::Value seccompVersion(const Call& info) {
  const scmp_version* version = seccomp_version();
  return Napi::String::New(info.Env(), std::to_string(version->major) + "." +
                                           std::to_string(version->minor) + "." +
                                           std::to_string(version->micro));
}

inline void registerSeccomp(Napi::Env env, Napi::Object exports) {
  bind(exports, "compileSeccomp", compileSeccomp);
  bind(exports, "loadSeccomp", loadSeccomp);
  bind(exports, "seccompVersion", seccompVersion);
  bind(exports, "syscallNumber", [](const Call& info) {
    uint32_t token = seccomp_arch_resolve_name(toString(info[1]).c_str());
    int number = seccomp_syscall_resolve_name_arch(token, toString(info[0]).c_str());
    return Napi::Number::New(info.Env(), number);
  });
  bind(exports, "seccompActionAvailable", [](const Call& info) {
    uint32_t action = toUint32(info[0]);
    long result = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    return Napi::Boolean::New(info.Env(), result == 0);
  });
  bind(exports, "setNoNewPrivileges", [](const Call& info) {
    return answer(info.Env(), prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
  });
}

}  // namespace keelson::addon

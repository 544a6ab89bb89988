// SPDX-License-Identifier: GPL-2.0-only
// The QEMU plugin: tells the recorder which blocks run.
//
//   -plugin FILE,out=PATH,switch=HEX,length=N
//
// `switch` is the kernel's function that changes stacks (__switch_to_asm,
// cpu_switch_to), `length` its bytes.
//
// Each block calls once, each instruction adds one to a counter. The counter
// tells a block that was left half way; the call is where a window
// costs more than its outside.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "profile/counter.h"
#include "profile/qemu_plugin.h"
#include "profile/recorder.h"
#include "profile/running_vcpu.h"

// QEMU looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
int qemu_plugin_version = RETRAP_PLUGIN_API;

namespace retrap::profile {
namespace {

struct Plugin {
  Isa isa = Isa::kX86_64;
  std::uint64_t switch_begin = 0;
  std::uint64_t switch_end = 0;
  Counter counter;
  std::optional<RunningVcpu> running;
  std::unique_ptr<Recorder> recorder;
};

// QEMU's callbacks have no other way to it. Never destroyed: a vCPU may run on
// while QEMU exits.
Plugin& plugin = *new Plugin;

void* as_data(std::uint64_t value) noexcept {
  return reinterpret_cast<void*>(value);  // NOLINT: a number through userdata
}

// The recorder, with the count it wants: of nothing outside a window.
Recorder& recorder() {
  if (plugin.recorder->wants_count())
    plugin.recorder->executed = plugin.counter.value();
  return *plugin.recorder;
}

// `told`: the vCPU, as QEMU has it.
void on_block(unsigned told, void* block) {
  if (!plugin.recorder->wants_count()) return;
  recorder().begin_block(plugin.running->number(told),
                         *static_cast<Block*>(block));
}

void on_marker(unsigned told, void* marker) {
  recorder().meet_marker(
      plugin.running->number(told),
      static_cast<Marker>(reinterpret_cast<std::uintptr_t>(marker)));
}

void on_clock(unsigned told, void* user) {
  if (!plugin.recorder->wants_count()) return;
  recorder().read_clock(plugin.running->number(told), user != nullptr);
}

void on_switch(unsigned told, void* /*unused*/) {
  plugin.recorder->enter_switch(plugin.running->number(told));
}

void on_switch_access(unsigned told, qemu_plugin_meminfo_t info,
                      std::uint64_t address, void* /*unused*/) {
  if (!qemu_plugin_mem_is_store(info))
    plugin.recorder->load_in_switch(plugin.running->number(told), address);
}

void call_at(qemu_plugin_insn* insn, qemu_plugin_vcpu_udata_cb_t callback,
             std::uint64_t data) {
  qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, RunningVcpu::kFlags,
                                         as_data(data));
}

// Both architectures keep the kernel in the upper half.
bool is_user(std::uint64_t address) noexcept { return address >> 63 == 0; }

void instrument(qemu_plugin_insn* insn, std::span<const std::uint8_t> bytes) {
  const std::uint64_t address = qemu_plugin_insn_vaddr(insn);
  if (const auto marker = marker_of(plugin.isa, bytes))
    call_at(insn, on_marker, static_cast<std::uint64_t>(*marker));
  if (reads_clock(plugin.isa, bytes) && is_user(address))
    call_at(insn, on_clock, 1);
  if (address == plugin.switch_begin) call_at(insn, on_switch, 0);
  if (address >= plugin.switch_begin && address < plugin.switch_end)
    // Not QEMU_PLUGIN_MEM_R: asked for loads alone, QEMU 7.2 tells of stores.
    qemu_plugin_register_vcpu_mem_cb(insn, on_switch_access,
                                     RunningVcpu::kFlags, QEMU_PLUGIN_MEM_RW,
                                     nullptr);
  plugin.counter.count(insn);
}

using Code = std::array<std::uint8_t, 16>;  // x86_64: 15 at the most

std::span<const std::uint8_t> bytes_of(const qemu_plugin_insn* insn,
                                       Code& code) {
  const std::size_t size = std::min(qemu_plugin_insn_size(insn), code.size());
#if RETRAP_PLUGIN_API == 1
  std::memcpy(code.data(), qemu_plugin_insn_data(insn), size);
#else
  (void)qemu_plugin_insn_data(insn, code.data(), size);
#endif
  return std::span(code).first(size);
}

void on_translation(qemu_plugin_id_t /*id*/, qemu_plugin_tb* tb) {
  const std::size_t count = qemu_plugin_tb_n_insns(tb);
  std::vector<std::uint8_t> sizes(count);
  Flow flow = Flow::kNext;
  for (std::size_t i = 0; i < count; ++i) {
    qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(tb, i);
    Code code;
    const std::span<const std::uint8_t> bytes = bytes_of(insn, code);
    sizes[i] = static_cast<std::uint8_t>(bytes.size());
    flow = flow_of(plugin.isa, bytes);
    instrument(insn, bytes);
  }
  Block& block = plugin.recorder->new_block(qemu_plugin_tb_vaddr(tb), flow,
                                            std::move(sizes));
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, RunningVcpu::kFlags,
                                       &block);
}

void on_exit(qemu_plugin_id_t /*id*/, void* /*unused*/) {
  try {
    plugin.recorder->finish();
  } catch (const std::system_error& error) {
    (void)std::fprintf(stderr, "retrap-profile: %s\n", error.what());
  }
}

int refuse(const char* what, std::string_view of = "") {
  (void)std::fprintf(stderr, "retrap-profile: %s%.*s\n", what,
                     static_cast<int>(of.size()), of.data());
  return 1;
}

bool number(std::string_view text, int base, std::uint64_t& value) {
  const char* end = text.data() + text.size();
  return std::from_chars(text.data(), end, value, base).ptr == end;
}

int install(qemu_plugin_id_t id, const qemu_info_t& info,
            std::span<char*> arguments) {
  const std::string_view target = info.target_name;
  if (target != "x86_64" && target != "aarch64")
    return refuse("no markers for this target: ", target);
  if (!info.system_emulation) return refuse("wants system emulation");
  plugin.isa = target == "x86_64" ? Isa::kX86_64 : Isa::kArm64;
  std::string path;
  std::uint64_t length = 0;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string_view key = argument.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? "" : argument.substr(equals + 1);
    if (key == "out") {
      path = value;
    } else if (!(key == "switch" && number(value, 16, plugin.switch_begin)) &&
               !(key == "length" && number(value, 10, length))) {
      return refuse("cannot take the argument ", argument);
    }
  }
  if (path.empty() || plugin.switch_begin == 0 || length == 0)
    return refuse("wants out=PATH,switch=HEX,length=N");
  plugin.switch_end = plugin.switch_begin + length;
  const auto vcpus = static_cast<unsigned>(info.system.max_vcpus);
  plugin.running.emplace(plugin.isa, vcpus);
  plugin.recorder = std::make_unique<Recorder>(path, vcpus);
#if RETRAP_PLUGIN_API != 1
  qemu_plugin_register_vcpu_init_cb(
      id, [](qemu_plugin_id_t, unsigned) { plugin.running->find_registers(); });
#endif
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit, nullptr);
  return 0;
}

}  // namespace
}  // namespace retrap::profile

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                        char** argv) {
  try {
    return retrap::profile::install(id, *info,
                                    {argv, static_cast<std::size_t>(argc)});
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "retrap-profile: %s\n", error.what());
    return 1;
  }
}

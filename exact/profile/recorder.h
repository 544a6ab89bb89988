// SPDX-License-Identifier: GPL-2.0-only
// The blocks that ran between two clock reads, in order, on every vCPU.
//
// Knows nothing of QEMU: the plugin calls it, tests do too. It does not
// interpret either. What a block belongs to, who called it and for which task
// it ran is worked out afterwards, from the file (docs/data-format.md,
// "profile.bin") by python/retrap.
#ifndef RETRAP_PROFILE_RECORDER_H_
#define RETRAP_PROFILE_RECORDER_H_

#include <cstdint>
#include <cstdio>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/measure/marker.h"
#include "profile/instruction.h"

namespace retrap::profile {

// A translated block: straight code that is entered at its beginning.
struct Block {
  static constexpr std::uint32_t kNameless =
      std::numeric_limits<std::uint32_t>::max();

  std::uint64_t pc = 0;
  Flow flow = Flow::kNext;          // of the last instruction
  std::vector<std::uint8_t> sizes;  // bytes of each instruction
  std::uint32_t id = kNameless;     // once it has run in a window
};

// Words of a window. Below kEscape: the block of that id begins.
enum : std::uint32_t {
  kEscape = 0x80000000,
  kPartial = 0x80000000,  // + n: the block before began n instructions, not all
  kVcpu = 0xa0000000,     // + v: what follows is vCPU v's
  kTask = 0xc0000000,     // + t: which goes on as task t
  kPayload = 0x1fffffff,
};

enum class Record : std::uint32_t {
  kBlock = 1,   // pc low, high, flow, number of instructions, sizes padded
  kRun = 2,     // Marker::kRun
  kTracee = 3,  // task
  kWindow = 4,  // vCPU, task, total low, high, words
  kEnd = 5,     // windows, unbalanced markers, windows left open, CRC-32
};

class Recorder {
 public:
  // Writes to `path`, which must not exist. Throws std::system_error.
  Recorder(const std::string& path, unsigned vcpus);

  // The instructions begun so far, on all vCPUs: who calls sets it before,
  // while the recorder wants it.
  std::uint64_t executed = 0;
  [[nodiscard]] bool wants_count() const noexcept {
    return state_ != State::kClosed;
  }

  Block& new_block(std::uint64_t pc, Flow flow,
                   std::vector<std::uint8_t> sizes);
  void begin_block(unsigned vcpu, Block& block);

  void meet_marker(unsigned vcpu, Marker marker);
  // Before the instruction that reads the clock counts as executed.
  void read_clock(unsigned vcpu, bool user);

  // The scheduler's switch is entered, and loads: the first load after that is
  // from the task it switches to (__switch_to_asm, cpu_switch_to).
  void enter_switch(unsigned vcpu) noexcept { vcpus_[vcpu].switching = true; }
  void load_in_switch(unsigned vcpu, std::uint64_t address);

  // Ends the file. Throws std::system_error if any of it was not written.
  void finish();

 private:
  enum class State : std::uint8_t { kClosed, kArmed, kOpen };
  struct Vcpu {
    bool switching = false;
    std::uint32_t task = 0;  // 0: not known yet
    std::uint32_t said = 0;  // the task last named in the open window
  };
  struct Closer {
    void operator()(std::FILE* file) const noexcept { (void)std::fclose(file); }
  };

  void open(unsigned vcpu);
  void close();
  void settle();
  void go_on_at(unsigned vcpu);
  void name(Block& block);
  void put(Record type, std::span<const std::uint32_t> head,
           std::span<const std::uint32_t> words = {});
  void write(std::span<const std::uint32_t> words);

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  int error_ = 0;
  std::uint32_t crc_ = ~0U;
  std::deque<Block> blocks_;
  std::uint32_t names_ = 0;
  std::map<std::uint64_t, std::uint32_t> tasks_;
  std::vector<Vcpu> vcpus_;

  State state_ = State::kClosed;
  unsigned owner_ = 0;  // the vCPU whose marker opened
  std::uint32_t owner_task_ = 0;
  unsigned now_ = 0;             // the vCPU of the last word
  const Block* last_ = nullptr;  // the block of the last word
  std::uint64_t begun_ = 0;      // `executed` when it began
  std::uint64_t start_ = 0;      // `executed` after the first clock read
  std::uint64_t end_ = 0;        // and after the last one so far
  std::size_t end_words_ = 0;    // 0: none so far
  std::vector<std::uint32_t> words_;
  std::uint32_t windows_ = 0;
  std::uint32_t unbalanced_ = 0;
};

}  // namespace retrap::profile

#endif  // RETRAP_PROFILE_RECORDER_H_

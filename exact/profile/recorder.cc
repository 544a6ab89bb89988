// SPDX-License-Identifier: GPL-2.0-only
#include "profile/recorder.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace retrap::profile {
namespace {

constexpr std::array<std::uint32_t, 4> kMagic = {0x52544552, 0x50415250,
                                                 0x49464f52, 1};
// CRC-32 of ISO 3309, as in zlib, of one more byte.
constexpr std::array<std::uint32_t, 256> crc_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? 0xedb88320U ^ (value >> 1) : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrc = crc_table();

std::uint32_t low(std::uint64_t value) noexcept {
  return static_cast<std::uint32_t>(value);
}
std::uint32_t high(std::uint64_t value) noexcept {
  return static_cast<std::uint32_t>(value >> 32);
}

}  // namespace

Recorder::Recorder(const std::string& path, unsigned vcpus)
    : path_(path), file_(std::fopen(path.c_str(), "wbxe")), vcpus_(vcpus) {
  if (!file_)
    throw std::system_error(errno, std::generic_category(), "open " + path);
  words_.reserve(1 << 16);
  write(kMagic);
}

Block& Recorder::new_block(std::uint64_t pc, Flow flow,
                           std::vector<std::uint8_t> sizes) {
  return blocks_.emplace_back(
      Block{.pc = pc, .flow = flow, .sizes = std::move(sizes)});
}

void Recorder::begin_block(unsigned vcpu, Block& block) {
  if (state_ != State::kOpen) return;
  settle();
  if (vcpu != now_) go_on_at(vcpu);
  if (block.id == Block::kNameless) name(block);
  words_.push_back(block.id);
  last_ = &block;
  begun_ = executed;
}

// The block before may have been left in its middle: by a fault, or to have an
// access to a device executed on its own.
void Recorder::settle() {
  if (last_ == nullptr) return;
  const std::uint64_t count = executed - begun_;
  if (count != last_->sizes.size()) words_.push_back(kPartial | low(count));
  last_ = nullptr;
}

void Recorder::go_on_at(unsigned vcpu) {
  now_ = vcpu;
  words_.push_back(kVcpu | vcpu);
  Vcpu& there = vcpus_[vcpu];
  if (there.said == there.task) return;
  there.said = there.task;
  words_.push_back(kTask | there.task);
}

void Recorder::load_in_switch(unsigned vcpu, std::uint64_t address) {
  Vcpu& here = vcpus_[vcpu];
  if (!here.switching) return;
  here.switching = false;
  const auto next = static_cast<std::uint32_t>(tasks_.size() + 1);
  here.task = tasks_.try_emplace(address, next).first->second;
  if (state_ != State::kOpen) return;
  here.said = here.task;
  words_.push_back(kTask | here.task);
}

void Recorder::meet_marker(unsigned vcpu, Marker marker) {
  switch (marker) {
    case Marker::kRun:
      put(Record::kRun, {});
      break;
    case Marker::kTracee:
      put(Record::kTracee, std::array{vcpus_[vcpu].task});
      break;
    case Marker::kOpen:
      if (state_ != State::kClosed) ++unbalanced_;
      state_ = State::kArmed;
      owner_ = vcpu;
      owner_task_ = vcpus_[vcpu].task;
      break;
    case Marker::kClose:
      if (state_ == State::kOpen && vcpu == owner_ && end_words_ != 0) {
        close();
      } else {
        ++unbalanced_;
      }
      state_ = State::kClosed;
      break;
  }
}

// Only the marking task's own reads count; the kernel reads the clock as well.
void Recorder::read_clock(unsigned vcpu, bool user) {
  if (state_ == State::kClosed || !user || vcpu != owner_ ||
      vcpus_[vcpu].task != owner_task_)
    return;
  if (state_ == State::kArmed) {
    open(vcpu);
    return;
  }
  end_ = executed + 1;
  end_words_ = words_.size();
}

void Recorder::open(unsigned vcpu) {
  state_ = State::kOpen;
  words_.clear();
  last_ = nullptr;
  now_ = vcpu;
  start_ = executed + 1;
  end_words_ = 0;
  for (Vcpu& each : vcpus_) each.said = 0;
  vcpus_[vcpu].said = owner_task_;
}

void Recorder::close() {
  const std::uint64_t total = end_ - start_;
  put(Record::kWindow, std::array{owner_, owner_task_, low(total), high(total)},
      std::span(words_).first(end_words_));
  ++windows_;
}

void Recorder::name(Block& block) {
  block.id = names_++;
  std::vector<std::uint32_t> sizes((block.sizes.size() + 3) / 4);
  for (std::size_t i = 0; i < block.sizes.size(); ++i)
    sizes[i / 4] |= static_cast<std::uint32_t>(block.sizes[i]) << (i % 4 * 8);
  put(Record::kBlock,
      std::array{low(block.pc), high(block.pc),
                 static_cast<std::uint32_t>(block.flow),
                 static_cast<std::uint32_t>(block.sizes.size())},
      sizes);
}

void Recorder::put(Record type, std::span<const std::uint32_t> head,
                   std::span<const std::uint32_t> words) {
  write(std::array{static_cast<std::uint32_t>(type),
                   static_cast<std::uint32_t>(head.size() + words.size())});
  write(head);
  write(words);
}

void Recorder::write(std::span<const std::uint32_t> words) {
  if (!file_) return;         // finished; the guest may go on a little
  if (words.empty()) return;  // fwrite(3) wants a pointer even for none
  for (const std::byte byte : std::as_bytes(words))
    crc_ = kCrc[(crc_ ^ static_cast<std::uint32_t>(byte)) & 0xff] ^ (crc_ >> 8);
  if (std::fwrite(words.data(), sizeof(std::uint32_t), words.size(),
                  file_.get()) != words.size() &&
      error_ == 0)
    error_ = errno;
}

void Recorder::finish() {
  const std::uint32_t crc = ~crc_;
  put(Record::kEnd, std::array{windows_, unbalanced_,
                               state_ == State::kClosed ? 0U : 1U, crc});
  if (std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno;
  if (error_ != 0)
    throw std::system_error(error_, std::generic_category(), "write " + path_);
}

}  // namespace retrap::profile

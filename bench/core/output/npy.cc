// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/npy.h"

#include <algorithm>
#include <bit>
#include <string_view>

namespace retrap {
namespace {

// numpy/lib/format.py: "\x93NUMPY", version 1.0, header length (u16).
constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kPreamble = kMagic.size() + 2;
constexpr std::size_t kAlignment = 64;

static_assert(std::endian::native == std::endian::little,
              "samples are written as they lie in memory");

std::string dictionary(std::size_t samples) {
  return "{'descr': [('t_trigger_ns', '<u8'), ('t_return_ns', '<u8'), "
         "('wait_status', '<i4'), ('outcome', '<u2'), ('cpu', '<u2')], "
         "'fortran_order': False, 'shape': (" +
         std::to_string(samples) + ",), }";
}

}  // namespace

std::string npy_header(std::size_t samples) {
  std::string text = dictionary(samples);
  const std::size_t used = kPreamble + text.size() + 1;  // and the newline
  text.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  text.push_back('\n');
  std::string header(kMagic);
  header.push_back(static_cast<char>(text.size() & 0xff));
  header.push_back(static_cast<char>(text.size() >> 8));
  return header + text;
}

std::vector<std::byte> npy_bytes(std::span<const Sample> samples) {
  const std::string header = npy_header(samples.size());
  const auto head = std::as_bytes(std::span(header));
  const auto body = std::as_bytes(samples);
  std::vector<std::byte> file(head.size() + body.size());
  std::ranges::copy(body, std::ranges::copy(head, file.begin()).out);
  return file;
}

}  // namespace retrap

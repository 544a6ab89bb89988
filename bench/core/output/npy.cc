// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/npy.h"

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

std::string dictionary(std::size_t samples, const Readings& readings) {
  std::string fields;
  for (const SampleField& field : sample_fields(readings))
    fields.append(fields.empty() ? "" : ", ")
        .append("('")
        .append(field.name)
        .append("', '")
        .append(field.type)
        .append("')");
  return "{'descr': [" + fields + "], 'fortran_order': False, 'shape': (" +
         std::to_string(samples) + ",), }";
}

}  // namespace

std::vector<SampleField> sample_fields(const Readings& readings) {
  std::vector<SampleField> fields = {{"t_trigger_ns", "<u8"},
                                     {"t_return_ns", "<u8"},
                                     {"wait_status", "<i4"},
                                     {"outcome", "<u2"},
                                     {"cpu", "<u2"}};
  for (const std::string_view stage : readings.stages)
    fields.push_back({"t_" + std::string(stage) + "_ns", "<u8"});
  for (const std::string_view tally : readings.tallies)
    fields.push_back({"n_" + std::string(tally), "<u8"});
  return fields;
}

std::string npy_header(std::size_t samples, const Readings& readings) {
  std::string text = dictionary(samples, readings);
  const std::size_t used = kPreamble + text.size() + 1;  // and the newline
  text.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  text.push_back('\n');
  std::string header(kMagic);
  header.push_back(static_cast<char>(text.size() & 0xff));
  header.push_back(static_cast<char>(text.size() >> 8));
  return header + text;
}

std::vector<std::byte> npy_bytes(const SampleBuffer& samples,
                                 const Readings& readings) {
  const std::string header = npy_header(samples.samples().size(), readings);
  const auto head = std::as_bytes(std::span(header));
  std::vector<std::byte> file(head.begin(), head.end());
  const auto append = [&file](std::span<const std::byte> bytes) {
    file.insert(file.end(), bytes.begin(), bytes.end());
  };
  std::size_t at = 0;
  for (const Sample& sample : samples.samples()) {
    append(std::as_bytes(std::span(&sample, 1)));
    append(std::as_bytes(samples.readings().subspan(at, readings.size())));
    at += readings.size();
  }
  return file;
}

}  // namespace retrap

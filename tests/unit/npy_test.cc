// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/npy.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace retrap {
namespace {

TEST(Npy, HeaderIsVersionOneAndAlignedToSixtyFour) {
  for (const std::size_t samples : {0UL, 1UL, 2000UL, 123456789UL}) {
    const std::string header = npy_header(samples);
    EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const auto low = static_cast<unsigned char>(header[8]);
    const auto high = static_cast<unsigned char>(header[9]);
    EXPECT_EQ(low + 256U * high, header.size() - 10);
    EXPECT_EQ(header.size() % 64, 0U);
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST(Npy, HeaderNamesEveryField) {
  const std::string header = npy_header(3);
  const std::string dictionary =
      "{'descr': [('t_trigger_ns', '<u8'), ('t_return_ns', '<u8'), "
      "('wait_status', '<i4'), ('outcome', '<u2'), ('cpu', '<u2')], "
      "'fortran_order': False, 'shape': (3,), }";
  EXPECT_EQ(header.substr(10, dictionary.size()), dictionary);
}

TEST(Npy, BytesOfASampleFollowTheHeader) {
  SampleBuffer samples(1);
  samples.push({.t_trigger_ns = 0x0102030405060708,
                .t_return_ns = kNeverReturned,
                .wait_status = WaitStatus(0x80057f),
                .outcome = Outcome::kDeadline,
                .cpu = 0x0203});
  const auto bytes = npy_bytes(samples);
  const std::size_t head = npy_header(1).size();
  ASSERT_EQ(bytes.size(), head + 24);
  const std::array<unsigned char, 24> expected = {
      8,    7,    6,    5,    4,    3,    2,    1,    0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0x7f, 0x05, 0x80, 0x00, 4,    0,    3,    2};
  EXPECT_EQ(std::memcmp(bytes.data() + head, expected.data(), 24), 0);
}

}  // namespace
}  // namespace retrap

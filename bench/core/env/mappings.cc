// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/mappings.h"

#include <sstream>

#include "core/sys/file.h"

namespace retrap {

std::vector<std::string> code_mappings(std::string_view maps) {
  std::vector<std::string> found;
  std::istringstream lines{std::string(maps)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string range, rights, offset, device, inode, path;
    words >> range >> rights >> offset >> device >> inode >> std::ws;
    std::getline(words, path);
    if (rights.find('x') == std::string::npos) continue;
    found.push_back(range.append(" ").append(offset).append(" ").append(path));
  }
  return found;
}

std::vector<std::string> read_code_mappings() {
  return code_mappings(read_file("/proc/self/maps").value_or(""));
}

}  // namespace retrap

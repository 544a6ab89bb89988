// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/kernel.h"

#include <elf.h>
#include <link.h>
#include <sys/utsname.h>

#include <cstring>

#include "core/sys/file.h"

namespace retrap {
namespace {

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 3) & ~3UL; }

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

}  // namespace

std::optional<std::string> find_build_id(std::string_view notes) {
  constexpr std::string_view kGnu("GNU\0", 4);
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr head;
    std::memcpy(&head, notes.data(), sizeof head);
    const std::size_t content = sizeof head + padded(head.n_namesz);
    if (content + head.n_descsz > notes.size()) return std::nullopt;
    if (head.n_type == NT_GNU_BUILD_ID &&
        notes.substr(sizeof head, head.n_namesz) == kGnu)
      return to_hex(notes.substr(content, head.n_descsz));
    const std::size_t next = content + padded(head.n_descsz);
    if (next > notes.size()) return std::nullopt;
    notes.remove_prefix(next);
  }
  return std::nullopt;
}

std::optional<std::string> read_own_build_id() {
  std::optional<std::string> found;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* into) {
        for (int n = 0; n < object->dlpi_phnum; ++n) {
          const auto& part = object->dlpi_phdr[n];
          if (part.p_type != PT_NOTE) continue;
          const auto address = object->dlpi_addr + part.p_vaddr;
          // NOLINTNEXTLINE(performance-no-int-to-ptr): <link.h> has a number
          const auto* start = reinterpret_cast<const char*>(address);
          if (const auto id = find_build_id({start, part.p_memsz}))
            *static_cast<std::optional<std::string>*>(into) = id;
        }
        return 1;  // the first object is the program itself
      },
      &found);
  return found;
}

KernelFacts read_kernel_facts() {
  KernelFacts facts;
  utsname names;
  if (::uname(&names) == 0) {
    facts.release = names.release;
    facts.version = names.version;
  }
  if (const auto notes = read_file("/sys/kernel/notes"))
    facts.build_id = find_build_id(*notes);
  return facts;
}

}  // namespace retrap

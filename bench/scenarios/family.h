// SPDX-License-Identifier: GPL-2.0-only
// What is known of a code path before a cell of it is open.
//
// A family is a code path with its parameters. With a number for each of them
// it is a scenario: elsewhere/jobctl has `threads`, from which comes
// elsewhere/jobctl/threads:8. Most families have none, and are one scenario.
//
// A family is one header: a class (cell.h) that has
//   static constexpr FamilyInfo kFamily
// and, below the class, its registration:
//   inline const Registration<Class> kClass;
// Whatever program is linked with the header has the family.
#ifndef RETRAP_SCENARIOS_FAMILY_H_
#define RETRAP_SCENARIOS_FAMILY_H_

#include <array>
#include <memory>
#include <span>
#include <string_view>

#include "core/measure/sample.h"
#include "core/ptrace/interface.h"
#include "scenarios/cell.h"

namespace retrap {

// A parameter takes every number from `least` to `most`. `usual` are those
// that are measured when none is named.
struct Parameter {
  std::string_view name;
  int least;
  int most;
  std::span<const int> usual;
};

// Of those who use nothing that a design adds: what it costs the others.
inline constexpr std::span<const Interface> kInNoMode =
    std::span(kInterfaces).first(1);
static_assert(kInNoMode.front() == Interface::kListen);

struct FamilyInfo {
  std::string_view name;  // elsewhere/jobctl
  std::string_view help;  // one line
  std::span<const Parameter> parameters = {};
  std::span<const Interface> interfaces = kInterfaces;
  // The readings() of the class: stages between the trigger and the return,
  // where it reads the clock too, and then whole numbers.
  std::span<const std::string_view> stages = {};
  std::span<const std::string_view> tallies = {};
  bool is_floor = false;    // what the method costs, with no ptrace in it
  bool has_partner = true;  // a second end: a tracee, or the other of a floor
  int least_cpus = 1;       // at its least placement

  [[nodiscard]] constexpr Readings readings() const noexcept {
    return {.stages = stages, .tallies = tallies};
  }
};

// The same with the functions of its class.
struct Family {
  FamilyInfo info;
  WaitStatus expected;  // the wait status that ends a sample as it should
  std::unique_ptr<Cell> (*open)(const CellConfig&);
  const char* (*missing)() noexcept;  // what the kernel lacks; nullptr: nothing
};

// Before main(); in any order.
void register_family(const Family& family);

template <typename Class>
struct Registration {
  Registration() {
    register_family({Class::kFamily, Class::kExpected, open_cell<Class>,
                     missing_for<Class>});
  }
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FAMILY_H_

// SPDX-License-Identifier: GPL-2.0-only
#include "model/campaign.h"

#include "core/sys/affinity.h"
#include "model/generator.h"
#include "model/live_system.h"
#include "model/shrink.h"

namespace retrap::model {
namespace {

// A race does not fail every time: how often a shorter list is tried.
constexpr int kTries = 3;
constexpr int kMostRuns = 600;
constexpr std::chrono::seconds kShortenLimit{60};

struct Set {  // what a sequence runs on
  int threads;
  Cpus cpus;
};

class Campaign {
 public:
  Campaign(const Options& options, Interface interface,
           const std::vector<int>& cpus, Sender& sender)
      : options_(options),
        interface_(interface),
        design_(design_of(options.model.value_or(interface))),
        cpus_(cpus),
        sender_(sender) {
    pin_to_cpu(cpus.front());
  }

  Result run() {
    Result result{interface_, {}, 0, {}, 0, 0, Cpus::kSame};
    const auto start = std::chrono::steady_clock::now();
    const auto& counts = result.counts;
    while (!result.failure && counts.steps < options_.steps &&
           !(options_.replay && counts.sequences > 0)) {
      const Set set = set_of(counts.sequences);
      result.threads = set.threads;
      result.cpus = set.cpus;
      result.failure = run_one(set, source(result.counts), result.counts);
    }
    const auto time = std::chrono::steady_clock::now() - start;
    result.seconds = std::chrono::duration<double>(time).count();
    if (!result.failure) return result;
    if (options_.on_failure) options_.on_failure(*result.failure);
    shorten(result);
    return result;
  }

 private:
  [[nodiscard]] Set set_of(std::uint64_t sequence) const {
    Set set{options_.threads.value_or(static_cast<int>(sequence % 3) + 1),
            options_.cpus};
    if (set.cpus == Cpus::kBoth)
      set.cpus = sequence / 3 % 2 == 0 ? Cpus::kCross : Cpus::kSame;
    if (cpus_.size() == 1) set.cpus = Cpus::kSame;
    return set;
  }

  // The tracer has the first CPU; the threads are dealt out over the others.
  [[nodiscard]] std::vector<int> cpus_of(const Set& set) const {
    std::vector<int> cpus;
    for (std::size_t i = 1; i <= static_cast<std::size_t>(set.threads); ++i)
      cpus.push_back(set.cpus == Cpus::kSame ? cpus_[0]
                                             : cpus_[i % cpus_.size()]);
    return cpus;
  }

  [[nodiscard]] Source source(const Counts& counts) const {
    if (options_.replay) return replay(*options_.replay);
    // Each sequence can be had again without those before it.
    Generator generator(interface_,
                        options_.seed * 1'000'003 + counts.sequences);
    const std::uint64_t end =
        std::min(counts.steps + options_.length, options_.steps);
    return [generator, end,
            &counts](Possible& possible) mutable -> std::optional<Action> {
      if (counts.steps >= end) return std::nullopt;
      return generator.next(possible);
    };
  }

  std::optional<Failure> run_one(const Set& set, const Source& source,
                                 Counts& counts) {
    State start;
    start.threads = static_cast<std::uint8_t>(set.threads);
    LiveSystem system(interface_, cpus_of(set), sender_, options_.deadline);
    return run_sequence(system, design_, start, source, counts);
  }

  void shorten(Result& result) {
    const Set set{result.threads, result.cpus};
    result.length_before = result.failure->actions.size();
    const auto end = std::chrono::steady_clock::now() + kShortenLimit;
    const auto fails = [&](const Actions& actions) {
      for (int i = 0; i < kTries; ++i) {
        if (std::chrono::steady_clock::now() > end) return false;
        Counts unused;
        auto failure = run_one(set, replay(actions), unused);
        if (!failure) continue;
        result.failure = failure;
        return true;
      }
      return false;
    };
    (void)shrink(result.failure->actions, fails, kMostRuns);
  }

  const Options& options_;
  Interface interface_;
  const Design& design_;
  const std::vector<int>& cpus_;
  Sender& sender_;
};

}  // namespace

Result run_campaign(const Options& options, Interface interface,
                    const std::vector<int>& cpus, Sender& sender) {
  return Campaign(options, interface, cpus, sender).run();
}

}  // namespace retrap::model

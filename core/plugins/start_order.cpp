#include "core/plugins/start_order.h"

#include <algorithm>
#include <map>
#include <optional>

namespace hilum::plugins {

namespace {

class Solver {
 public:
  Solver(const std::vector<Candidate>& candidates,
         const std::function<bool(std::string_view)>& is_core_service)
      : candidates_(candidates), is_core_service_(is_core_service), refused_(candidates.size(), false) {}

  StartOrder solve() {
    find_providers();
    do {
      refuse_lacking();
    } while (refuse_cycle());
    sort();
    return std::move(result_);
  }

 private:
  void refuse(size_t candidate, std::string reason) {
    refused_[candidate] = true;
    result_.refused.push_back({candidate, std::move(reason)});
  }

  void find_providers() {
    for (size_t i = 0; i < candidates_.size(); ++i) {
      for (const std::string& id : candidates_[i].provided) {
        if (is_core_service_(id)) {
          refuse(i, "provides " + id + ", which the server provides itself");
          break;
        }
        const auto [entry, added] = providers_.emplace(id, i);
        if (!added && entry->second != i) {
          refuse(i, "provides " + id + ", which plugin " + candidates_[entry->second].name + " provides");
          break;
        }
      }
    }
  }

  std::optional<size_t> provider(const std::string& id) const {
    const auto found = providers_.find(id);
    return found == providers_.end() ? std::nullopt : std::optional<size_t>(found->second);
  }

  // Again and again, for a refusal takes services away from others.
  void refuse_lacking() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < candidates_.size(); ++i) {
        const std::string reason = refused_[i] ? std::string() : what_lacks(i);
        if (!reason.empty()) {
          refuse(i, reason);
          changed = true;
        }
      }
    }
  }

  std::string what_lacks(size_t candidate) const {
    for (const std::string& id : candidates_[candidate].required) {
      if (is_core_service_(id)) {
        continue;
      }
      const std::optional<size_t> from = provider(id);
      if (!from) {
        return "requires " + id + ", which no plugin provides";
      }
      if (refused_[*from]) {
        return "requires " + id + " of plugin " + candidates_[*from].name + ", which is refused";
      }
    }
    return {};
  }

  // Providers that must have started before `candidate`.
  std::vector<size_t> before(size_t candidate, const std::vector<std::string>& ids) const {
    std::vector<size_t> result;
    for (const std::string& id : ids) {
      const std::optional<size_t> from = provider(id);
      if (from && *from != candidate && !refused_[*from]) {
        result.push_back(*from);
      }
    }
    return result;
  }

  // Refuses the members of one cycle of requirements; false if there is none.
  bool refuse_cycle() {
    std::vector<char> seen(candidates_.size(), 0);
    for (size_t i = 0; i < candidates_.size(); ++i) {
      std::vector<size_t> path;
      if (!refused_[i] && find_cycle(i, seen, path)) {
        std::string text = "plugins that require each other: ";
        for (const size_t member : path) {
          text += candidates_[member].name + " -> ";
        }
        text += candidates_[path.front()].name;
        for (const size_t member : path) {
          refuse(member, text);
        }
        return true;
      }
    }
    return false;
  }

  // Depth first; `path` becomes the cycle. Plugins are few: recursion is no risk, the depth is their number.
  bool find_cycle(size_t candidate, std::vector<char>& seen, std::vector<size_t>& path) const {
    const auto on_path = std::find(path.begin(), path.end(), candidate);
    if (on_path != path.end()) {
      path.erase(path.begin(), on_path);
      return true;
    }
    if (seen[candidate]) {
      return false;
    }
    path.push_back(candidate);
    for (const size_t other : before(candidate, candidates_[candidate].required)) {
      if (find_cycle(other, seen, path)) {
        return true;
      }
    }
    path.pop_back();
    seen[candidate] = 1;
    return false;
  }

  void sort() {
    std::vector<bool> placed(candidates_.size(), false);
    const auto all_placed = [&](const std::vector<size_t>& others) {
      return std::all_of(others.begin(), others.end(), [&](size_t other) { return placed[other]; });
    };
    for (;;) {
      std::optional<size_t> next, unlucky;
      for (size_t i = 0; i < candidates_.size() && !next; ++i) {
        if (refused_[i] || placed[i] || !all_placed(before(i, candidates_[i].required))) {
          continue;
        }
        if (all_placed(before(i, candidates_[i].wanted))) {
          next = i;
        } else if (!unlucky) {
          unlucky = i;
        }
      }
      if (!next && unlucky) {
        next = unlucky;
        result_.warnings.push_back(
            "plugin " + candidates_[*unlucky].name +
            " starts before a plugin whose service it wants, because that one waits for it");
      }
      if (!next) {
        return;
      }
      placed[*next] = true;
      result_.order.push_back(*next);
    }
  }

  const std::vector<Candidate>& candidates_;
  const std::function<bool(std::string_view)>& is_core_service_;
  std::vector<bool> refused_;
  std::map<std::string, size_t> providers_;
  StartOrder result_;
};

}  // namespace

StartOrder start_order(const std::vector<Candidate>& candidates,
                       const std::function<bool(std::string_view)>& is_core_service) {
  return Solver(candidates, is_core_service).solve();
}

}  // namespace hilum::plugins

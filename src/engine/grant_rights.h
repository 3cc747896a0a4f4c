#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/grant.h"

namespace kagimori {

// What the grants to one identity for one key allow, made for being asked often: what grants without constraints allow
// is one set, and the others are found by what they ask for, so that many of them cost no more than few. Immutable once
// made.
class GrantRights {
 public:
  void add(const Grant& grant);
  bool allow(GrantOperation operation, const ConstrainedUse& use) const;

 private:
  struct Rule {
    GrantOperations operations;
    GrantConstraints constraints;
  };
  GrantOperations always_;
  std::unordered_multimap<std::string, Rule> rules_;  // by something that every request they allow has
};

}  // namespace kagimori

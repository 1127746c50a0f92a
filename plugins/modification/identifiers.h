// The identifiers that the results of one job get.
#pragma once

#include <hilum/index.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace hilum::modification {

// Gives each old identifier its new one, the same within a job, unrelated to those of every other job. Nothing is remembered:
// a new identifier is a digest of the job's secret seed and the old one, so that a job that is run again, even after a
// restart, gives the same ones, and its memory does not grow. One thread.
class Identifiers {
 public:
  explicit Identifiers(std::string seed) : seed_(std::move(seed)) {}

  static std::string random_seed();  // 32 hexadecimal digits

  // A UID (PS3.5 annex B.2); `level` tells old values of different kinds apart. Spaces around the old value don't count.
  std::string uid(hilum_level level, std::string_view old_value) const;
  // A UUID for a PatientID.
  std::string patient_id(std::string_view old_value) const;
  // From now on `new_value` for this old one: what the request has laid down.
  void fix(hilum_level level, std::string_view old_value, std::string_view new_value);

 private:
  const std::string* fixed(hilum_level level, std::string_view old_value) const;

  std::string seed_;
  std::map<std::pair<hilum_level, std::string>, std::string> fixed_;
};

}  // namespace hilum::modification

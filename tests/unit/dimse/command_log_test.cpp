#include "core/dimse/command_log.h"

#include <gtest/gtest.h>

#include "core/base/metrics.h"
#include "core/dimse/command.h"

namespace hilum::dimse {
namespace {

TEST(CommandLogTest, ClassesOfStatus) {
  for (const uint16_t good : std::initializer_list<uint16_t>{0x0000, 0xfe00, 0xff00, 0xff01, 0xb000, 0xb007,
                                                             0x0001, 0x0107, 0x0116}) {
    EXPECT_FALSE(is_failure(good)) << good;
  }
  for (const uint16_t bad :
       std::initializer_list<uint16_t>{0xc000, 0xa700, 0xa801, 0xa900, 0x0122, 0x0110, 0x0211, 0xffff}) {
    EXPECT_TRUE(is_failure(bad)) << bad;
  }
}

TEST(CommandLogTest, EachCommandCountsOnce) {
  Timer& duration = metrics().timer("hilum_dicom_scu_move_duration_ms");
  Counter& failures = metrics().counter("hilum_dicom_scu_move_failures");
  Counter& sent = metrics().counter("hilum_dicom_bytes_sent");
  const int64_t durations_before = duration.count(), failures_before = failures.value(),
                sent_before = sent.value();
  {
    CommandLog log(CommandRole::kScu, kMoveRequest);
    log.set_peer("PACS", "127.0.0.1", 104);
    log.count("completed", 1);
    log.count("completed", 2);
    log.add_sent(5);
    log.finish(0);
    log.lost("said twice");
  }
  EXPECT_EQ(durations_before + 1, duration.count());
  EXPECT_EQ(failures_before, failures.value());
  EXPECT_EQ(sent_before + 5, sent.value());
  { const CommandLog forgotten(CommandRole::kScu, kMoveRequest); }
  EXPECT_EQ(durations_before + 2, duration.count());
  EXPECT_EQ(failures_before + 1, failures.value());
}

TEST(CommandLogTest, RolesAndUnknownCommandsHaveTheirOwn) {
  const int64_t scu_before = metrics().timer("hilum_dicom_scu_other_duration_ms").count();
  const int64_t scp_before = metrics().timer("hilum_dicom_other_duration_ms").count();
  { CommandLog(CommandRole::kScp, 0x1234).finish(0x0211); }
  EXPECT_EQ(scu_before, metrics().timer("hilum_dicom_scu_other_duration_ms").count());
  EXPECT_EQ(scp_before + 1, metrics().timer("hilum_dicom_other_duration_ms").count());
}

}  // namespace
}  // namespace hilum::dimse

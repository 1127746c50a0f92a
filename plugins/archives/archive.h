// An archive that is being made, entry by entry.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <set>
#include <string>

#include "content.h"
#include "entries.h"
#include "pool.h"
#include "selection.h"
#include "zip_writer.h"

namespace hilum::archives {

// What an archive is made of.
struct ArchiveOptions {
  Layout layout = Layout::kFolders;
  bool utf8 = false;  // of the names
  ContentOptions content;
};

// Makes an archive: files are loaded, transcoded and compressed by the pool, a few ahead of the one that is written, and written
// in their order by the thread that calls next(). Memory is bounded by that few; long files go through in pieces. The
// destructor waits for what the pool does for it, some milliseconds, and frees everything. One thread at a time.
class Archive {
 public:
  // `services` and `pool` must outlive it, `selection` is copied.
  Archive(ContentServices services, Pool& pool, const Selection& selection, ArchiveOptions options,
          ZipWriter::Output output);
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive();

  // Writes one more entry; false if all are written, and the archive is complete.
  bool next();

  uint64_t size() const { return zip_.size(); }            // so far
  uint64_t content_size() const { return content_size_; }  // of the entries so far

 private:
  struct Task {
    Entry entry;
    std::future<Content> content;
  };
  void look_ahead();
  void describe(const Entry& entry, const DirectoryFacts& facts);
  void write(const std::string& path, Content& content);
  void write_large_stored(const std::string& path, LargeFile& file);
  void write_large_deflated(const std::string& path, LargeFile& file);
  void write_directory();

  const ContentServices services_;
  Pool& pool_;
  const ArchiveOptions options_;
  const Selection selection_;  // the entries refer to it
  EntryList entries_;
  ZipWriter zip_;
  std::unique_ptr<DirectoryWriter> directory_;
  const SelectedSeries* described_series_ = nullptr;
  std::set<std::string> described_;  // of its instances, if they were selected one by one
  uint64_t content_size_ = 0;
  bool at_beginning_ = true;
  std::atomic<bool> abandoned_{false};
  std::deque<Task> tasks_;  // in the order of the entries
};

}  // namespace hilum::archives

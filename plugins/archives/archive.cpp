#include "archive.h"

#include <algorithm>
#include <utility>

#include "deflate.h"

namespace hilum::archives {

namespace {

constexpr size_t kPiece = 1u << 20;  // of a long file

// Enough that no thread of the pool waits for the writer, and no more: each is up to twice kInMemory.
size_t tasks_ahead(const Pool& pool) { return std::min<size_t>(2 * pool.size(), 16); }

std::string read_piece(LargeFile& file, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const size_t count = file.read(offset + filled, bytes.data() + filled, size - filled);
    if (count == 0) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
    filled += count;
  }
  return bytes;
}

// The pieces of a long file, one after the other.
template <typename Function>
void each_piece(LargeFile& file, Function&& on_piece) {
  const uint64_t size = file.size();
  for (uint64_t offset = 0; offset < size;) {
    std::string piece =
        read_piece(file, offset, static_cast<size_t>(std::min<uint64_t>(kPiece, size - offset)));
    offset += piece.size();
    on_piece(std::move(piece), offset == size);
  }
}

class LargeDirectory : public LargeFile {
 public:
  explicit LargeDirectory(const DirectoryWriter& writer) : writer_(writer) {}
  uint64_t size() const override { return writer_.size(); }
  size_t read(uint64_t offset, void* to, size_t count) override { return writer_.read(offset, to, count); }

 private:
  const DirectoryWriter& writer_;
};

}  // namespace

Archive::Archive(ContentServices services, Pool& pool, const Selection& selection, ArchiveOptions options,
                 ZipWriter::Output output)
    : services_(services),
      pool_(pool),
      options_(std::move(options)),
      selection_(selection),
      entries_(services.rest, pool, selection_, options_.layout, options_.utf8),
      zip_(std::move(output), options_.utf8) {
  if (options_.content.directory)
    directory_ = std::make_unique<DirectoryWriter>(services.rest.temporary_directory);
}

Archive::~Archive() {
  abandoned_ = true;
  for (Task& task : tasks_) {
    if (task.content.valid()) task.content.wait();
  }
}

void Archive::look_ahead() {
  const size_t most = at_beginning_ ? pool_.size() : tasks_ahead(pool_);
  while (tasks_.size() < most) {
    std::optional<Entry> entry = entries_.next();
    if (!entry) return;
    tasks_.push_back({std::move(*entry), {}});
    Task& task = tasks_.back();
    task.content = pool_.submit([this, id = task.entry.instance] {
      return abandoned_ ? Content() : load_instance(services_, options_.content, id);
    });
  }
}

bool Archive::next() {
  look_ahead();
  if (tasks_.empty()) {
    if (directory_) write_directory();
    zip_.finish();
    return false;
  }
  Content content = tasks_.front().content.get();
  const Entry entry = std::move(tasks_.front().entry);
  tasks_.pop_front();
  if (!content.exists) return true;
  look_ahead();  // before the client makes us wait
  if (directory_) describe(entry, content.facts);
  write(entry.path, content);
  // The first entry goes out at once, so that the client sees that it is being served.
  if (std::exchange(at_beginning_, false)) zip_.flush();
  return true;
}

// An instance that goes in twice is described once, as in Orthanc.
void Archive::describe(const Entry& entry, const DirectoryFacts& facts) {
  if (std::exchange(described_series_, entry.series) != entry.series) described_.clear();
  if (entry.series->instances && !described_.insert(entry.instance).second) return;
  std::string path = entry.path;
  std::replace(path.begin(), path.end(), '/', '\\');
  directory_->add(facts, path, entry.series->patient, entry.series->study, entry.series->series);
}

void Archive::write(const std::string& path, Content& content) {
  content_size_ += content.size;
  if (content.large) {
    if (content.method == Method::kStored) return write_large_stored(path, *content.large);
    return write_large_deflated(path, *content.large);
  }
  zip_.begin(path, content.method, {content.size, content.bytes.size(), content.crc});
  zip_.write(content.bytes);
  zip_.end();
}

// Read twice, so that the header has the CRC: clients that read forward can do without the central directory.
void Archive::write_large_stored(const std::string& path, LargeFile& file) {
  uint32_t crc = 0;
  each_piece(file, [&](const std::string& piece, bool) { crc = crc32(crc, piece); });
  zip_.begin(path, Method::kStored, {file.size(), file.size(), crc});
  each_piece(file, [&](const std::string& piece, bool) { zip_.write(piece); });
  zip_.end();
}

// All threads compress pieces of it. Its compressed size is known at its end only, and follows it.
void Archive::write_large_deflated(const std::string& path, LargeFile& file) {
  zip_.begin_unknown(path, file.size());
  std::deque<std::future<std::string>> pieces;
  const auto write_first = [&] {
    zip_.write(pieces.front().get());
    pieces.pop_front();
  };
  uint32_t crc = 0;
  // The pieces own their bytes: nothing is lost if an exception leaves them behind.
  each_piece(file, [&](std::string piece, bool last) {
    crc = crc32(crc, piece);
    pieces.push_back(pool_.submit([bytes = std::move(piece), last, level = options_.content.level] {
      return deflated_piece(level, bytes, last);
    }));
    if (pieces.size() > tasks_ahead(pool_)) write_first();
  });
  while (!pieces.empty()) write_first();
  zip_.end(file.size(), crc);
}

void Archive::write_directory() {
  directory_->finish();
  LargeDirectory file(*directory_);
  if (file.size() > kInMemory) {
    if (options_.content.level == 0) return write_large_stored("DICOMDIR", file);
    return write_large_deflated("DICOMDIR", file);
  }
  Content content = from_memory(options_.content, read_piece(file, 0, static_cast<size_t>(file.size())));
  write("DICOMDIR", content);
}

}  // namespace hilum::archives

// DCMTK input from a range of a file, by pread.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrma.h>
#include <hilum/dicom/byte_source.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace hilum::dicom {

// Owns a duplicate of a descriptor, for values that DCMTK loads later.
class SharedFile {
 public:
  explicit SharedFile(const ByteSource& file);  // throws Error(HILUM_E_SYSTEM)
  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;
  const ByteSource& source() const { return source_; }

 private:
  ByteSource source_;
};

class FileRangeProducer : public DcmProducer {
 public:
  FileRangeProducer(std::shared_ptr<const SharedFile> file, uint64_t position)
      : file_(std::move(file)), position_(position) {}

  OFBool good() const override { return status_.good(); }
  OFCondition status() const override { return status_; }
  OFBool eos() override { return position_ >= file_->source().size(); }
  offile_off_t avail() override { return static_cast<offile_off_t>(file_->source().size() - position_); }
  offile_off_t read(void* to, offile_off_t count) override;
  offile_off_t skip(offile_off_t count) override;
  void putback(offile_off_t count) override;

  const std::shared_ptr<const SharedFile>& file() const { return file_; }
  uint64_t position() const { return position_; }

 private:
  std::shared_ptr<const SharedFile> file_;
  uint64_t position_;
  OFCondition status_ = EC_Normal;
  std::vector<uint8_t> buffer_;
  uint64_t buffer_position_ = 0;
};

// The stream over it. Values over DCMTK's read limit are left in the file and loaded through a factory when
// asked for.
class FileRangeStream : public DcmInputStream {
 public:
  FileRangeStream(std::shared_ptr<const SharedFile> file, uint64_t position)
      : DcmInputStream(&producer_), producer_(std::move(file), position) {}
  DcmInputStreamFactory* newFactory() const override;

 private:
  FileRangeProducer producer_;
};

}  // namespace hilum::dicom

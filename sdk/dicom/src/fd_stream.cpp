#include "fd_stream.h"

#include <dcmtk/dcmdata/dcerror.h>
#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace hilum::dicom {
namespace {

constexpr size_t kBuffer = 16384;

class FileRangeFactory : public DcmInputStreamFactory {
 public:
  FileRangeFactory(std::shared_ptr<const SharedFile> file, uint64_t position)
      : file_(std::move(file)), position_(position) {}
  DcmInputStream* create() const override { return new FileRangeStream(file_, position_); }
  DcmInputStreamFactory* clone() const override { return new FileRangeFactory(*this); }
  // DCMTK looks at this only to recognise its own temporary files.
  DcmInputStreamFactoryType ident() const override { return DFT_DcmInputFileStreamFactory; }

 private:
  std::shared_ptr<const SharedFile> file_;
  uint64_t position_;
};

int duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    throw Error(HILUM_E_SYSTEM, std::string("cannot duplicate a descriptor: ") + std::strerror(errno));
  return copy;
}

}  // namespace

SharedFile::SharedFile(const ByteSource& file)
    : source_(duplicate(file.fd()), file.file_offset(), file.size()) {}
SharedFile::~SharedFile() { ::close(source_.fd()); }

offile_off_t FileRangeProducer::read(void* to, offile_off_t count) {
  auto* out = static_cast<uint8_t*>(to);
  size_t wanted = count > 0 ? static_cast<size_t>(count) : 0;
  wanted = static_cast<size_t>(std::min<uint64_t>(wanted, file_->source().size() - position_));
  size_t done = 0;
  try {
    while (done < wanted) {
      const bool buffered = position_ >= buffer_position_ && position_ < buffer_position_ + buffer_.size();
      if (buffered) {
        const size_t at = static_cast<size_t>(position_ - buffer_position_);
        const size_t part = std::min(wanted - done, buffer_.size() - at);
        std::memcpy(out + done, buffer_.data() + at, part);
        done += part;
        position_ += part;
      } else if (wanted - done >= kBuffer) {
        const size_t got = file_->source().read(position_, out + done, wanted - done);
        if (got == 0) break;
        done += got;
        position_ += got;
      } else {
        buffer_.resize(kBuffer);
        buffer_position_ = position_;
        buffer_.resize(file_->source().read(position_, buffer_.data(), kBuffer));
        if (buffer_.empty()) break;
      }
    }
  } catch (const Error&) {
    status_ = EC_InvalidStream;  // DCMTK knows no exceptions
  }
  return static_cast<offile_off_t>(done);
}

offile_off_t FileRangeProducer::skip(offile_off_t count) {
  const uint64_t step =
      std::min<uint64_t>(count > 0 ? static_cast<uint64_t>(count) : 0, file_->source().size() - position_);
  position_ += step;
  return static_cast<offile_off_t>(step);
}

void FileRangeProducer::putback(offile_off_t count) {
  if (count < 0 || static_cast<uint64_t>(count) > position_)
    status_ = EC_InvalidStream;
  else
    position_ -= static_cast<uint64_t>(count);
}

DcmInputStreamFactory* FileRangeStream::newFactory() const {
  // Behind a decompressor there is nothing to come back to.
  if (currentProducer() != &producer_) return nullptr;
  return new FileRangeFactory(producer_.file(), producer_.position());
}

}  // namespace hilum::dicom

#include "core/dimse/dcmtk_setup.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/loglevel.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>
#include <hilum/cpp/error.h>
#include <stdlib.h>

#include <string>

#include "core/base/log.h"

namespace hilum::dimse {
namespace {

// The toolkit's messages as lines of our log. What it calls an error is mostly a malformed file or message of
// somebody else, which the caller reports with its context: so these lines are for the detailed levels.
class LogAppender : public dcmtk::log4cplus::Appender {
 public:
  ~LogAppender() override { destructorImpl(); }
  void close() override {}

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    const OFString& text = event.getMessage();
    const bool fatal = event.getLogLevel() >= dcmtk::log4cplus::FATAL_LOG_LEVEL;
    log_write(LogCategory::kDicom, fatal ? LogLevel::kError : LogLevel::kTrace,
              "DCMTK: " + std::string(text.c_str(), text.size()));
  }
};

}  // namespace

void configure_dcmtk() {
  setenv("TCP_NODELAY", "1", 1);  // else 40 ms per message: the library leaves Nagle's algorithm on
  dcmtk::log4cplus::Logger root = dcmtk::log4cplus::Logger::getRoot();
  root.setLogLevel(dcmtk::log4cplus::ERROR_LOG_LEVEL);
  root.removeAllAppenders();
  root.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new LogAppender));
  dcmDisableGethostbyaddr.set(OFTrue);  // a slow name server must not hold up an association
  dcmSocketReceiveTimeout.set(30);      // silence within a PDU
  dcmSocketSendTimeout.set(30);
  if (!dcmDataDict.isDictionaryLoaded()) {
    throw Error(HILUM_E_SYSTEM,
                "the DICOM data dictionary cannot be loaded: it is a file of the package libdcmtk17; "
                "elsewhere, let the "
                "environment variable DCMDICTPATH name the file dicom.dic");
  }
}

}  // namespace hilum::dimse

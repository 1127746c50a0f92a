#include <hilum/rest/arguments.h>
#include <hilum/rest/md5.h>
#include <hilum/rest/revisions.h>

#include <optional>

namespace hilum::rest {

namespace {

struct Revision {
  int64_t number = 0;
  std::string md5;
};

// Quotes and spaces around are optional; the first '-' separates.
std::optional<Revision> parse_entity_tag(std::string_view text) {
  text = strip(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = strip(text.substr(1, text.size() - 2));
  }
  size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::optional<int64_t> number = parse_integer(text.substr(0, dash));
  if (!number) return std::nullopt;
  return Revision{*number, std::string(text.substr(dash + 1))};
}

Error unreadable(const char* header, std::string_view value) {
  return Error(HILUM_E_OUT_OF_RANGE, std::string("the HTTP header \"") + header +
                                         "\" must be \"REVISION-MD5\", as an ETag has it, not: " +
                                         std::string(value.substr(0, 100)));
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  Md5 md5;
  md5.update(bytes.data(), bytes.size());
  return md5.finish();
}

std::string entity_tag(int64_t revision, std::string_view md5) {
  return "\"" + std::to_string(revision) + "-" + std::string(md5) + "\"";
}

bool client_has(const Request& request, int64_t revision, std::string_view md5) {
  std::optional<std::string_view> header = request.header("if-none-match");
  if (!header) return false;
  std::optional<Revision> known = parse_entity_tag(*header);
  if (!known) throw unreadable("if-none-match", *header);
  return known->number == revision && known->md5 == md5;
}

WriteCondition::WriteCondition(const Request& request, Kind kind, bool check_revisions) {
  condition_.size = sizeof condition_;
  condition_.mode = HILUM_IF_ANY;
  if (std::optional<std::string_view> header = request.header("if-match")) {
    std::optional<Revision> wanted = parse_entity_tag(*header);
    if (!wanted) throw unreadable("if-match", *header);
    md5_ = wanted->md5;
    condition_.mode = HILUM_IF_MATCH;
    condition_.revision = wanted->number;
    condition_.md5 = {md5_.data(), md5_.size()};
  } else if (check_revisions && kind == Kind::Delete) {
    throw Error(HILUM_E_REVISION, "HTTP header \"If-Match\" is missing, as \"CheckRevisions\" is \"true\"");
  } else if (check_revisions) {
    condition_.mode = HILUM_IF_ABSENT;
  }
}

}  // namespace hilum::rest

// hilum.events/1 and hilum.filters/1 in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/events.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace hilum {

// Listens to events. A member of the plugin's class; listen only inside its constructor. Declare it after
// what the listener uses. Listeners run one at a time, on a thread that belongs to the plugin's events.
class Events {
 public:
  using Listener = std::function<void(const hilum_event&)>;

  explicit Events(Host host) : host_(host), table_(&host.service<hilum_events_v1>(HILUM_EVENTS_V1)) {}
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  void listen(Listener listener) {
    listeners_.push_back(Entry{host_, std::move(listener)});
    host_.check(table_->listen(host_.get(), &Events::call, &listeners_.back()));
  }

 private:
  struct Entry {
    Host host;
    Listener listener;
  };
  static void call(void* context, const hilum_event* event) {
    auto* entry = static_cast<Entry*>(context);
    (void)entry->host.guard([&] { entry->listener(*event); });
  }
  Host host_;
  const hilum_events_v1* table_;
  std::deque<Entry> listeners_;
};

// An instance that is about to be stored, inside an instance filter.
class Incoming {
 public:
  Incoming(Host host, const hilum_filters_v1& table, const hilum_incoming* incoming)
      : host_(host), table_(&table), incoming_(incoming) {}

  hilum_origin origin() const {
    hilum_origin origin{};
    origin.size = sizeof origin;
    table_->origin(incoming_, &origin);
    return origin;
  }
  // The value of a top-level element as text; empty if absent.
  std::string tag(hilum_tag tag) const {
    StringSink sink;
    int32_t status = table_->tag_text(incoming_, tag, sink.sink());
    if (status != HILUM_E_INEXISTENT_TAG) host_.check(status);
    return std::move(sink.text());
  }
  std::string tags_json() const {
    StringSink sink;
    host_.check(table_->tags_json(incoming_, sink.sink()));
    return std::move(sink.text());
  }
  uint64_t file_size() const { return table_->file_size(incoming_); }

 private:
  Host host_;
  const hilum_filters_v1* table_;
  const hilum_incoming* incoming_;
};

// Filters. A member of the plugin's class; add only inside its constructor. A filter returns true to keep; an
// exception refuses with that error. Filters run on the receiving threads, several at once.
class Filters {
 public:
  using InstanceFilter = std::function<bool(const Incoming&)>;
  using HttpFilter = std::function<bool(const hilum_http_question&)>;

  explicit Filters(Host host) : host_(host), table_(&host.service<hilum_filters_v1>(HILUM_FILTERS_V1)) {}
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  void add_instance_filter(InstanceFilter filter) {
    instance_filters_.push_back({host_, table_, std::move(filter)});
    host_.check(table_->add_instance_filter(host_.get(), &Filters::ask<InstanceEntry, hilum_incoming>,
                                            &instance_filters_.back()));
  }
  void add_http_filter(HttpFilter filter) {
    http_filters_.push_back({host_, std::move(filter)});
    host_.check(table_->add_http_filter(host_.get(), &Filters::ask<HttpEntry, hilum_http_question>,
                                        &http_filters_.back()));
  }

 private:
  struct InstanceEntry {
    Host host;
    const hilum_filters_v1* table;
    InstanceFilter filter;
    bool keeps(const hilum_incoming* incoming) const { return filter(Incoming(host, *table, incoming)); }
  };
  struct HttpEntry {
    Host host;
    HttpFilter filter;
    bool keeps(const hilum_http_question* question) const { return filter(*question); }
  };
  template <typename Entry, typename Question>
  static int32_t ask(void* context, const Question* question) {
    auto* entry = static_cast<Entry*>(context);
    bool keep = false;
    int32_t status = entry->host.guard([&] { keep = entry->keeps(question); });
    if (status != HILUM_OK) return status;
    return keep ? HILUM_KEEP : HILUM_DISCARD;
  }
  Host host_;
  const hilum_filters_v1* table_;
  std::deque<InstanceEntry> instance_filters_;
  std::deque<HttpEntry> http_filters_;
};

}  // namespace hilum

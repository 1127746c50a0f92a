// hilum.scu/draft
#include <hilum/draft/scu.h>

#include <cstdio>

#include "core/dimse/modality_json.h"
#include "core/dimse/modality_registry.h"
#include "core/dimse/scu/scu.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

// Owned by the plugin that opened it, until sender_close.
struct hilum_sender {
  hilum::plugins::Plugin& plugin;
  std::unique_ptr<hilum::dimse::Sender> sender;
};

namespace hilum::plugins {

namespace {

constexpr uint64_t kLongestIdentifier = 8 << 20;
constexpr uint64_t kMostClasses = 1000;

dimse::Scu& scu_of(Plugin& plugin) {
  dimse::Scu* const scu = plugin.services().scu;
  if (!scu || !plugin.services().modalities) {
    throw Error(HILUM_E_UNAVAILABLE, "this process calls no other systems");
  }
  return *scu;
}

dimse::Target target_of(Plugin& plugin, const hilum_scu_target* given) {
  const hilum_scu_target target = read_struct(given, "target");
  dimse::Scu& scu = scu_of(plugin);
  dimse::Modality modality = target.modality.data
                                 ? plugin.services().modalities->get(to_view(target.modality))
                                 : dimse::read_modality_text(to_view(target.definition));
  if (target.port > 65535) {
    throw Error(HILUM_E_OUT_OF_RANGE, "target->port is " + std::to_string(target.port));
  }
  dimse::TargetOverrides overrides;
  overrides.local_aet = to_view(target.local_aet);
  overrides.called_aet = to_view(target.called_aet);
  overrides.host = to_view(target.host);
  overrides.port = static_cast<uint16_t>(target.port);
  if ((target.flags & HILUM_SCU_TIMEOUT) != 0) {
    overrides.timeout_s = target.timeout;
  }
  dimse::Target made = dimse::make_target(std::move(modality), scu.options(), overrides);
  if (target.still_wanted) {
    made.still_wanted = [&plugin, ask = target.still_wanted, context = target.still_wanted_context] {
      return plugin.inside("still_wanted", [&] { return ask(context); }) != 0;
    };
  }
  return made;
}

std::string_view data_set_of(const void* data, uint64_t size) {
  if (size > kLongestIdentifier) {
    throw Error(HILUM_E_TOO_LARGE, "a data set of " + std::to_string(size) + " bytes in a request");
  }
  return {size == 0 ? "" : &required(static_cast<const char*>(data), "data set"), static_cast<size_t>(size)};
}

dimse::QueryModel model_of(uint32_t model) {
  if (model < HILUM_SCU_PATIENT_ROOT || model > HILUM_SCU_WORKLIST) {
    throw Error(HILUM_E_OUT_OF_RANGE, "model is " + std::to_string(model));
  }
  return static_cast<dimse::QueryModel>(model);
}

hilum_scu_progress to_progress(const dimse::RetrieveProgress& progress) {
  return {sizeof(hilum_scu_progress), progress.status, progress.remaining,
          progress.completed,         progress.failed, progress.warning};
}

dimse::Scu::OnProgress progress_callback(Plugin& plugin, hilum_on_progress on_progress, void* context) {
  if (!on_progress) {
    return {};
  }
  return [&plugin, on_progress, context](const dimse::RetrieveProgress& progress) {
    const hilum_scu_progress given = to_progress(progress);
    return plugin.inside("on_progress", [&] { return on_progress(context, &given); }) == 0;
  };
}

// Runs a call and keeps the DIMSE status with which it ends.
template <typename Body>
void with_status(uint32_t* dimse_status, Body&& body) {
  if (dimse_status) {
    *dimse_status = 0;
  }
  try {
    body();
  } catch (const dimse::DimseError& error) {
    if (dimse_status) {
      *dimse_status = error.status();
    }
    throw;
  }
}

int32_t resolve(const hilum_host* host, const hilum_scu_target* target, hilum_sink json) {
  return guarded("hilum.scu/draft resolve", [&] {
    Plugin& plugin = plugin_of(host);
    write_sink(plugin, json,
               dimse::write_modality(target_of(plugin, target).modality,
                                     plugin.services().modalities->default_retrieve_method()));
  });
}

int32_t echo(const hilum_host* host, const hilum_scu_target* target, uint32_t* dimse_status) {
  return guarded("hilum.scu/draft echo", [&] {
    Plugin& plugin = plugin_of(host);
    with_status(dimse_status, [&] { scu_of(plugin).echo(target_of(plugin, target)); });
  });
}

int32_t find(const hilum_host* host, const hilum_scu_target* target, uint32_t model, const void* identifier,
             uint64_t size, hilum_on_match_data on_match, void* context, uint32_t* dimse_status) {
  return guarded("hilum.scu/draft find", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_match, "on_match");
    with_status(dimse_status, [&] {
      scu_of(plugin).find(target_of(plugin, target), model_of(model), data_set_of(identifier, size),
                          [&](std::string_view match) {
                            return plugin.inside("on_match", [&] {
                              return on_match(context, match.data(), match.size());
                            }) == 0;
                          });
    });
  });
}

int32_t move(const hilum_host* host, const hilum_scu_target* target, uint32_t model, const void* identifier,
             uint64_t size, hilum_text move_aet, hilum_on_progress on_progress, void* context,
             hilum_scu_progress* last) {
  return guarded("hilum.scu/draft move", [&] {
    Plugin& plugin = plugin_of(host);
    dimse::Scu& scu = scu_of(plugin);
    const std::string destination(move_aet.data ? to_view(move_aet) : std::string_view(scu.options().aet));
    dimse::check_aet(destination, "the title to move to");
    dimse::RetrieveProgress progress;
    try {
      scu.move(target_of(plugin, target), model_of(model), data_set_of(identifier, size), destination,
               progress_callback(plugin, on_progress, context), &progress);
    } catch (...) {
      if (last) write_struct(last, to_progress(progress), "last");
      throw;
    }
    if (last) write_struct(last, to_progress(progress), "last");
  });
}

int32_t get(const hilum_host* host, const hilum_scu_target* target, uint32_t model, const void* identifier,
            uint64_t size, const hilum_text* sop_classes, uint64_t sop_class_count,
            hilum_on_received on_received, hilum_on_progress on_progress, void* context,
            hilum_scu_progress* last) {
  return guarded("hilum.scu/draft get", [&] {
    Plugin& plugin = plugin_of(host);
    if (sop_class_count > kMostClasses) {
      throw Error(HILUM_E_OUT_OF_RANGE, std::to_string(sop_class_count) + " SOP classes");
    }
    std::vector<std::string> classes;
    for (uint64_t i = 0; i < sop_class_count; ++i) {
      classes.emplace_back(to_view((&required(sop_classes, "sop_classes"))[i]));
    }
    dimse::Scu::OnReceived received;
    if (on_received) {
      received = [&](const ingest::Stored& stored) {
        const hilum_stored facts = to_stored(stored);
        return plugin.inside("on_received", [&] { return on_received(context, &facts); }) == 0;
      };
    }
    dimse::RetrieveProgress progress;
    try {
      scu_of(plugin).get(target_of(plugin, target), model_of(model), data_set_of(identifier, size), classes,
                         received, progress_callback(plugin, on_progress, context), &progress);
    } catch (...) {
      if (last) write_struct(last, to_progress(progress), "last");
      throw;
    }
    if (last) write_struct(last, to_progress(progress), "last");
  });
}

int32_t action(const hilum_host* host, const hilum_scu_target* target, hilum_text sop_class,
               hilum_text sop_instance, uint32_t action_type, const void* information, uint64_t size,
               uint32_t* dimse_status) {
  return guarded("hilum.scu/draft action", [&] {
    Plugin& plugin = plugin_of(host);
    constexpr uint64_t kLongestUid = 64;
    if (action_type > 65535 || sop_class.size > kLongestUid || sop_instance.size > kLongestUid) {
      throw Error(HILUM_E_OUT_OF_RANGE, "action_type or a UID");
    }
    with_status(dimse_status, [&] {
      scu_of(plugin).action(target_of(plugin, target),
                            {to_view(sop_class), to_view(sop_instance), static_cast<uint16_t>(action_type),
                             data_set_of(information, size)});
    });
  });
}

int32_t sender_open(const hilum_host* host, const hilum_scu_target* target, const hilum_send_options* options,
                    hilum_sender** out) {
  return guarded("hilum.scu/draft sender_open", [&] {
    Plugin& plugin = plugin_of(host);
    dimse::SendOptions chosen;
    if (options) {
      const hilum_send_options given = read_struct(options, "options");
      chosen.no_transcoding = (given.flags & HILUM_SEND_NO_TRANSCODING) != 0;
      if (given.move_originator_id > 65535) {
        throw Error(HILUM_E_OUT_OF_RANGE, "the id of a move originator is from 0 to 65535");
      }
      chosen.move_originator_id = static_cast<uint16_t>(given.move_originator_id);
      chosen.move_originator_aet = to_view(given.move_originator_aet);
      if (!chosen.move_originator_aet.empty()) {
        dimse::check_aet(chosen.move_originator_aet, "the title of a move originator");
      }
    }
    required(out, "out") =
        new hilum_sender{plugin, scu_of(plugin).open_sender(target_of(plugin, target), std::move(chosen))};
  });
}

int32_t sender_announce(hilum_sender* sender, const hilum_text* instance_ids, uint64_t count) {
  return guarded("hilum.scu/draft sender_announce", [&] {
    std::vector<index::PublicId> ids;
    for (uint64_t i = 0; i < count; ++i) {
      ids.push_back(public_id((&required(instance_ids, "instance_ids"))[i]));
    }
    required(sender, "sender").sender->announce(ids);
  });
}

void fill(char (&to)[65], const std::string& from) { std::snprintf(to, sizeof to, "%s", from.c_str()); }

// Sends by `send`, and tells what came of it in any case.
template <typename Send>
int32_t send_one(const char* what, hilum_sent* out, Send&& send) {
  return guarded(what, [&] {
    dimse::Sent sent;
    const auto tell = [&] {
      if (!out) {
        return;
      }
      hilum_sent facts{};
      facts.size = sizeof facts;
      facts.dimse_status = sent.status;
      facts.bytes = sent.bytes;
      facts.transcoded = sent.transcoded ? 1 : 0;
      fill(facts.sop_class, sent.sop_class);
      fill(facts.sop_instance, sent.sop_instance);
      fill(facts.transfer_syntax, sent.transfer_syntax);
      write_struct(out, facts, "out");
    };
    try {
      send(sent);
    } catch (...) {
      tell();
      throw;
    }
    tell();
  });
}

int32_t sender_send(hilum_sender* sender, hilum_text instance_id, hilum_sent* out) {
  return send_one("hilum.scu/draft sender_send", out, [&](dimse::Sent& sent) {
    required(sender, "sender").sender->send(public_id(instance_id), &sent);
  });
}

int32_t sender_send_file(hilum_sender* sender, const void* dicom, uint64_t size, hilum_sent* out) {
  return send_one("hilum.scu/draft sender_send_file", out, [&](dimse::Sent& sent) {
    const dicom::ByteSource file(size == 0 ? "" : &required(static_cast<const char*>(dicom), "dicom"), size);
    required(sender, "sender").sender->send_file(file, &sent);
  });
}

void sender_close(hilum_sender* sender) {
  guarded("hilum.scu/draft sender_close", [&] { delete sender; });
}

const hilum_scu_draft kTable = {&resolve,     &echo,
                                &find,        &move,
                                &get,         &action,
                                &sender_open, &sender_announce,
                                &sender_send, &sender_send_file,
                                &sender_close};

}  // namespace

const void* scu_table() { return &kTable; }

}  // namespace hilum::plugins

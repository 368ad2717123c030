// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "ociassemble/blob_store.hpp"
#include "ociassemble/export.hpp"
#include "ociassemble/registry.hpp"

namespace ociassemble {

// How the work is done; none of it changes a byte of the image.
struct Workplace {
  std::shared_ptr<BlobStore> store;  // where new blobs go
  bool copy_base = false;            // true: brings the base's layers into the store, too, before they are read
  // Where the base's layers are kept when they are read from a registry, so that read_inventory() need not fetch them
  // again (InventoryOptions::kept_layers); may be null.
  std::shared_ptr<BlobStore> kept_layers = {};
  // A layer that the cache knows and the store lacks is made only when its bytes are asked for: for pushes alone, where
  // the registry mostly has it.
  bool layers_on_demand = false;
  bool keep_entries = false;  // true: Assembled::new_layers says what the layers were made of
  // Where facts about bases and layers are kept between builds; empty: nowhere.
  std::filesystem::path cache_folder;
  RegistryOptions registry;
  // Of `registry` and `stop`: with it all steps share connections, tokens, and what is known of each registry. Empty:
  // every step makes a client of its own.
  std::shared_ptr<RegistryClient> client;
  std::stop_token stop;
  std::function<void(const std::string&)> warn;      // may be empty
  std::function<void(const std::string&)> notice;    // may be empty; advice, such as that a tag may change
  std::function<void(const std::string&)> progress;  // may be empty; one line a step
  // May be empty; what a blob holds whose transfer may follow: "layer 3: /usr/local/bin/server", "config".
  std::function<void(const Digest&, const std::string&)> name_blob;
};

// The workplace's own client, else a new one.
inline std::shared_ptr<RegistryClient> client_of(const Workplace& workplace) {
  return workplace.client ? workplace.client : std::make_shared<RegistryClient>(workplace.registry, workplace.stop);
}

}  // namespace ociassemble

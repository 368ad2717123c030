// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "vulnerabilities/database_index.hpp"

namespace ociassemble {

// Where a database came from, as `db fetch` wrote it down.
struct DatabaseSource {
  std::string url;
  std::string date;    // when it was fetched, or found unchanged; RFC 3339
  std::string sha256;  // of the file
};

// A database that the user has: a file or a folder.
struct Database {
  std::filesystem::path path;
  DatabaseIndex index;
  std::optional<DatabaseSource> source;  // of a folder the oldest of its files'
};

// Reads the database, or its index where that is of the files as they are. The index lies beside: in the folder, or
// beside the file; where nobody can write there it is made for this run alone, which `warn`, if it is not empty, is
// told. Throws Error{corrupt} naming the file for what is no database, for a link out of the folder, for a copy of the
// Go database that lacks entries that its own index names, and for a folder without any database.
Database open_database(const std::filesystem::path& path, const std::function<void(const std::string&)>& warn,
                       const std::stop_token& stop = {});

// Reads all of a database, and throws as open_database() for what is none.
void read_database(const std::filesystem::path& path, AdvisorySink& to, const std::stop_token& stop = {});

// The same for one file that is to be called `name` ("all.zip", "main.json"), and has another name as yet. Throws
// Error{corrupt} where there is no advisory and no ecosystem in it.
void check_database_file(const std::filesystem::path& path, const std::string& name, const std::stop_token& stop = {});

// The record of a fetched file: "all.zip" -> "all.zip.source".
std::filesystem::path source_record_of(const std::filesystem::path& file);
std::optional<DatabaseSource> read_source_record(const std::filesystem::path& file);

}  // namespace ociassemble

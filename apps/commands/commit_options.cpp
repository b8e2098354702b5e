#include "apps/commands/commit_options.h"

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "apps/options/file_walk.h"
#include "core/text.h"
#include "core/uid_registry.h"
#include "services/store/storable_file.h"

namespace pacs::apps {

namespace {

using References = std::vector<services::CommitmentReference>;

tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

Result<std::string> class_uid(const std::string& named) {
  if (named.empty()) {
    return wrong("instances that are named by UID need --sop-class, such as CTImageStorage");
  }
  if (is_usable_uid(named)) return named;
  const UidEntry* entry = find_uid_keyword(named);
  if (entry == nullptr) return wrong(fmt::format("--sop-class {}: no such SOP class", named));
  return std::string(entry->uid);
}

Result<> add_files(const std::string& path, References& references) {
  FileWalk walk({path});
  while (const auto file = walk.next()) {
    auto object = services::inspect_file(*file);
    if (!object) {
      fmt::print(stderr, "pacs commit: skipped {}: {}\n", printable(file->string()),
                 printable(object.error().message));
      continue;
    }
    references.push_back({std::move(object->sop_class_uid), std::move(object->sop_instance_uid)});
  }
  if (!walk.problems().empty()) return wrong(walk.problems().front().to_string());
  return {};
}

}  // namespace

Result<ListenPlace> parse_listen(const std::string& text) {
  ListenPlace place;
  std::string_view port = text;
  if (const std::size_t colon = port.rfind(':'); colon != port.npos) {
    place.address = port.substr(0, colon);
    port.remove_prefix(colon + 1);
  }
  const char* last = port.data() + port.size();
  const auto [end, error] = std::from_chars(port.data(), last, place.port);
  if (error != std::errc{} || end != last || place.address.empty()) {
    return wrong(fmt::format("--listen {}: PORT or ADDRESS:PORT", text));
  }
  return place;
}

Result<References> collect_references(const std::vector<std::string>& named,
                                      const std::string& sop_class) {
  References references;
  for (const std::string& name : named) {
    std::error_code ignored;
    if (std::filesystem::exists(name, ignored)) {
      PACS_TRY(add_files(name, references));
      continue;
    }
    if (!is_usable_uid(name)) {
      return wrong(fmt::format("{} is neither a file nor a folder nor a UID", name));
    }
    PACS_TRY(std::string of_class, class_uid(sop_class));
    references.push_back({std::move(of_class), name});
  }
  if (references.empty()) return wrong("no instance to commit: name files, folders or UIDs");
  return references;
}

}  // namespace pacs::apps

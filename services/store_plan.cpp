#include "services/store_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/uids.h"
#include "encoding/transfer_syntax.h"

namespace pacs::services {

namespace {

/// The files of one SOP class by transfer syntax.
using BySyntax = std::map<std::string, std::vector<std::size_t>>;

network::PresentationContext context_of(const std::string& sop_class_uid,
                                        std::vector<std::string> transfer_syntaxes) {
  network::PresentationContext context;
  context.abstract_syntax = sop_class_uid;
  context.transfer_syntaxes = std::move(transfer_syntaxes);
  return context;
}

bool is_uncompressed(const std::string& uid) {
  const TransferSyntax* syntax = find_transfer_syntax(uid);
  return syntax != nullptr && !syntax->encapsulated;
}

/// Implicit VR Little Endian is what every peer takes (PS3.5 §10.1); files in it need no other.
bool wants_fallback(const BySyntax& groups) {
  return std::ranges::any_of(groups, [](const auto& group) {
    return is_uncompressed(group.first) && group.first != uids::ImplicitVRLittleEndian;
  });
}

}  // namespace

std::vector<StoreBatch> plan_store(std::span<const StorableFile> files, bool offer_conversion) {
  std::map<std::string, BySyntax> classes;
  for (std::size_t i = 0; i < files.size(); ++i) {
    classes[files[i].sop_class_uid][files[i].transfer_syntax_uid].push_back(i);
  }
  std::vector<StoreBatch> batches;
  for (const auto& [sop_class_uid, groups] : classes) {
    const bool fallback = offer_conversion && wants_fallback(groups);
    // A class's contexts stay together, so that its fallback serves all of them. One class has
    // fewer transfer syntaxes than an association has contexts.
    const std::size_t needed = groups.size() + (fallback ? 1 : 0);
    if (batches.empty() || batches.back().contexts.size() + needed > kContextsMax) {
      batches.emplace_back();
    }
    StoreBatch& batch = batches.back();
    for (const auto& [transfer_syntax_uid, group] : groups) {
      batch.contexts.push_back(context_of(sop_class_uid, {transfer_syntax_uid}));
      batch.files.insert(batch.files.end(), group.begin(), group.end());
    }
    if (fallback) {
      batch.contexts.push_back(context_of(
          sop_class_uid,
          {std::string{uids::ExplicitVRLittleEndian}, std::string{uids::ImplicitVRLittleEndian}}));
    }
  }
  for (StoreBatch& batch : batches) std::ranges::sort(batch.files);
  return batches;
}

}  // namespace pacs::services

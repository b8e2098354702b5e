#include "services/store/store_plan.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/uids.h"
#include "services/dispatch/scu.h"
#include "services/dispatch/service.h"

namespace pacs::services {

namespace {

/// The objects of one SOP class by transfer syntax.
using BySyntax = std::map<std::string_view, std::vector<std::size_t>>;

/// Implicit VR Little Endian is what every peer takes (PS3.5 §10.1); objects in it need no other.
bool wants_fallback(const BySyntax& groups) {
  return std::ranges::any_of(groups, [](const auto& group) {
    return is_uncompressed(group.first) && group.first != uids::ImplicitVRLittleEndian;
  });
}

}  // namespace

std::vector<StoreBatch> plan_store(std::size_t count,
                                   const std::function<ObjectKind(std::size_t)>& kind_of,
                                   bool offer_conversion) {
  std::map<std::string_view, BySyntax> classes;
  for (std::size_t i = 0; i < count; ++i) {
    const ObjectKind kind = kind_of(i);
    classes[kind.sop_class_uid][kind.transfer_syntax_uid].push_back(i);
  }
  std::vector<StoreBatch> batches;
  for (const auto& [sop_class_uid, groups] : classes) {
    const bool fallback = offer_conversion && wants_fallback(groups);
    // A class's contexts stay together, so that its fallback serves all of them. One class has
    // fewer transfer syntaxes than an association has contexts.
    const std::size_t needed = groups.size() + (fallback ? 1 : 0);
    if (batches.empty() ||
        batches.back().contexts.size() + needed > network::kPresentationContextsMax) {
      batches.emplace_back();
    }
    StoreBatch& batch = batches.back();
    for (const auto& [transfer_syntax_uid, group] : groups) {
      batch.contexts.push_back(proposal(sop_class_uid, {std::string{transfer_syntax_uid}}));
      batch.objects.insert(batch.objects.end(), group.begin(), group.end());
    }
    if (fallback) batch.contexts.push_back(proposal(sop_class_uid));
  }
  for (StoreBatch& batch : batches) std::ranges::sort(batch.objects);
  return batches;
}

std::vector<StoreBatch> plan_store(std::span<const StorableFile> files, bool offer_conversion) {
  const auto kind_of = [files](std::size_t i) {
    return ObjectKind{files[i].sop_class_uid, files[i].transfer_syntax_uid};
  };
  return plan_store(files.size(), kind_of, offer_conversion);
}

}  // namespace pacs::services

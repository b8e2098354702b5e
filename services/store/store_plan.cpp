#include "services/store/store_plan.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "core/uids.h"
#include "encoding/pixels/transcoder.h"
#include "services/dispatch/scu.h"
#include "services/dispatch/service.h"

namespace pacs::services {

namespace {

/// The objects of one SOP class by transfer syntax.
using BySyntax = std::map<std::string_view, std::vector<std::size_t>>;

struct ClassObjects {
  BySyntax groups;
  std::string_view lossy_syntax_uid;
};

/// Objects in Implicit VR Little Endian need no other: every peer takes it (PS3.5 §10.1).
bool wants(const BySyntax& groups, std::string_view conversion) {
  return std::ranges::any_of(groups, [conversion](const auto& group) {
    return group.first != uids::ImplicitVRLittleEndian && group.first != conversion &&
           can_transcode(group.first, conversion);
  });
}

std::vector<network::PresentationContextProposal> contexts_of(
    std::string_view sop_class_uid, const ClassObjects& objects,
    std::span<const std::string> conversions) {
  const auto& [groups, lossy_syntax_uid] = objects;
  std::vector<network::PresentationContextProposal> contexts;
  for (const auto& [transfer_syntax_uid, group] : groups) {
    contexts.push_back(proposal(sop_class_uid, {std::string{transfer_syntax_uid}}));
  }
  std::vector<std::string> uncompressed;
  for (const std::string& conversion : conversions) {
    if (!wants(groups, conversion)) continue;
    if (is_uncompressed(conversion)) {
      uncompressed.push_back(conversion);
    } else if (!groups.contains(conversion)) {
      contexts.push_back(proposal(sop_class_uid, {conversion}));
    }
  }
  if (!lossy_syntax_uid.empty() && !groups.contains(lossy_syntax_uid)) {
    contexts.push_back(proposal(sop_class_uid, {std::string{lossy_syntax_uid}}));
  }
  if (!uncompressed.empty()) contexts.push_back(proposal(sop_class_uid, uncompressed));
  return contexts;
}

}  // namespace

std::vector<std::string> usual_conversions() {
  return {std::string{uids::ExplicitVRLittleEndian}, std::string{uids::ImplicitVRLittleEndian}};
}

std::vector<StoreBatch> plan_store(std::size_t count,
                                   const std::function<ObjectKind(std::size_t)>& kind_of,
                                   std::span<const std::string> conversions) {
  std::map<std::string_view, ClassObjects> classes;
  for (std::size_t i = 0; i < count; ++i) {
    const ObjectKind kind = kind_of(i);
    ClassObjects& objects = classes[kind.sop_class_uid];
    objects.groups[kind.transfer_syntax_uid].push_back(i);
    if (!kind.lossy_syntax_uid.empty()) objects.lossy_syntax_uid = kind.lossy_syntax_uid;
  }
  std::vector<StoreBatch> batches;
  for (const auto& [sop_class_uid, objects] : classes) {
    std::vector<network::PresentationContextProposal> contexts =
        contexts_of(sop_class_uid, objects, conversions);
    // A class's contexts stay together, so that what it can be converted to serves all of them. One
    // class has fewer transfer syntaxes than an association has contexts.
    if (batches.empty() ||
        batches.back().contexts.size() + contexts.size() > network::kPresentationContextsMax) {
      batches.emplace_back();
    }
    StoreBatch& batch = batches.back();
    for (const auto& [transfer_syntax_uid, group] : objects.groups) {
      batch.objects.insert(batch.objects.end(), group.begin(), group.end());
    }
    std::ranges::move(contexts, std::back_inserter(batch.contexts));
  }
  for (StoreBatch& batch : batches) std::ranges::sort(batch.objects);
  return batches;
}

std::vector<StoreBatch> plan_store(std::span<const StorableFile> files,
                                   std::span<const std::string> conversions) {
  const auto kind_of = [files](std::size_t i) {
    return ObjectKind{.sop_class_uid = files[i].sop_class_uid,
                      .transfer_syntax_uid = files[i].transfer_syntax_uid};
  };
  return plan_store(files.size(), kind_of, conversions);
}

}  // namespace pacs::services

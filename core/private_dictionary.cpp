// The private elements that readers of images ask for, by the creator that reserves their block.
#include <algorithm>

#include "core/dicom_dictionary.h"

namespace pacs {
namespace {

struct PrivateEntry {
  std::string_view creator;
  DictionaryEntry entry;  // (gggg,00ee): group and the element's place in the block
};

constexpr PrivateEntry row(std::string_view creator, std::uint32_t tag, VR vr, std::string_view vm,
                           std::string_view name) {
  return {creator, {Tag{tag}, 0xFFFF00FF, {vr, vr, vr}, 1, false, vm, "", name}};
}

// From the vendors' conformance statements.
// clang-format off
constexpr PrivateEntry kPrivateEntries[] = {
  row("GEMS_IDEN_01",       0x00090001, VR::LO, "1", "Full fidelity"),
  row("GEMS_IDEN_01",       0x00090002, VR::SH, "1", "Suite ID"),
  row("GEMS_IDEN_01",       0x00090004, VR::SH, "1", "Product ID"),
  row("GEMS_PARM_01",       0x00430039, VR::IS, "4", "B value"),
  row("GEMS_ACQU_01",       0x001900BB, VR::DS, "1", "User data 20"),
  row("GEMS_ACQU_01",       0x001900BC, VR::DS, "1", "User data 21"),
  row("GEMS_ACQU_01",       0x001900BD, VR::DS, "1", "User data 22"),
  row("SIEMENS CSA HEADER", 0x00290008, VR::CS, "1", "CSA Image Header Type"),
  row("SIEMENS CSA HEADER", 0x00290009, VR::LO, "1", "CSA Image Header Version"),
  row("SIEMENS CSA HEADER", 0x00290010, VR::OB, "1", "CSA Image Header Info"),
  row("SIEMENS CSA HEADER", 0x00290018, VR::CS, "1", "CSA Series Header Type"),
  row("SIEMENS CSA HEADER", 0x00290019, VR::LO, "1", "CSA Series Header Version"),
  row("SIEMENS CSA HEADER", 0x00290020, VR::OB, "1", "CSA Series Header Info"),
  row("SIEMENS MR HEADER",  0x00190008, VR::CS, "1", "CSA Image Header Type"),
  row("SIEMENS MR HEADER",  0x00190009, VR::LO, "1", "CSA Image Header Version"),
  row("SIEMENS MR HEADER",  0x0019000A, VR::US, "1", "Number of Images in Mosaic"),
  row("SIEMENS MR HEADER",  0x0019000B, VR::DS, "1", "Slice Measurement Duration"),
  row("SIEMENS MR HEADER",  0x0019000C, VR::IS, "1", "B value"),
  row("SIEMENS MR HEADER",  0x0019000D, VR::CS, "1", "Diffusion Directionality"),
  row("SIEMENS MR HEADER",  0x0019000E, VR::FD, "3", "Diffusion Gradient Direction"),
  row("SIEMENS MR HEADER",  0x00190027, VR::FD, "6", "B matrix"),
  row("SIEMENS MR HEADER",  0x00190028, VR::FD, "1", "Bandwidth Per Pixel Phase Encode"),
  row("Philips PET Private Group", 0x70530000, VR::DS, "1", "SUV Scale Factor"),
  row("Philips PET Private Group", 0x70530009, VR::DS, "1", "Activity Concentration Scale Factor"),
};
// clang-format on

}  // namespace

const DictionaryEntry* lookup(Tag tag, std::string_view private_creator) {
  if (!tag.is_private() || tag.element() < 0x1000) return lookup(tag);
  const auto found = std::ranges::find_if(kPrivateEntries, [&](const PrivateEntry& known) {
    return (tag.value & known.entry.mask) == known.entry.tag.value &&
           known.creator == private_creator;
  });
  return found == std::end(kPrivateEntries) ? nullptr : &found->entry;
}

}  // namespace pacs

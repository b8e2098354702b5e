// The front of a DICOM file, as much of it as is there: which object it is and where its data set
// begins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/result.h"

namespace pacs::services {

/// Meta group and identity of nearly every object lie in so many bytes; a meta group with a long
/// private part in so many.
inline constexpr std::size_t kFrontBytes = 64U << 10;
inline constexpr std::size_t kMetaBytesMax = 1U << 20;

struct ObjectFront {
  /// As the data set says, as the meta group says where that says nothing; empty when neither does
  /// so in what is there.
  std::string sop_class_uid{}, sop_instance_uid{};
  std::string transfer_syntax_uid{};  ///< as named, or found where the file names none
  std::uint64_t data_set_offset = 0;
  bool is_directory = false;  ///< a DICOMDIR, which lists objects and is none
  std::optional<Error>
      identity_error{};  ///< why the data set could not be asked: it is deflated, or
                         ///< begins with a long value, and not all of it is there
};

/// Whether bytes begin as PS3.10 §7.1 says.
[[nodiscard]] bool has_part10_prefix(ByteView file);

/// Errors as read_file_header has them. When the file goes on behind `front` more of it may help,
/// up to kMetaBytesMax.
[[nodiscard]] Result<ObjectFront> read_object_front(const SharedBytes& front);

}  // namespace pacs::services

#include "core/result.h"

#include <fmt/format.h>

#include "core/dicom_dictionary.h"
#include "core/text.h"

namespace pacs {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidArgument:
      return "invalid argument";
    case ErrorKind::Malformed:
      return "malformed";
    case ErrorKind::Truncated:
      return "truncated";
    case ErrorKind::LimitExceeded:
      return "limit exceeded";
    case ErrorKind::Unsupported:
      return "unsupported";
    case ErrorKind::Mismatch:
      return "mismatch";
    case ErrorKind::NotFound:
      return "not found";
    case ErrorKind::Duplicate:
      return "duplicate";
    case ErrorKind::OutOfResources:
      return "out of resources";
    case ErrorKind::Corrupt:
      return "corrupt";
    case ErrorKind::Io:
      return "I/O error";
    case ErrorKind::Timeout:
      return "timeout";
    case ErrorKind::Cancelled:
      return "cancelled";
    case ErrorKind::ConnectionClosed:
      return "connection closed";
    case ErrorKind::Rejected:
      return "rejected";
    case ErrorKind::Internal:
      return "internal error";
  }
  return "unknown";
}

namespace {

/// "Rows (0028,0010)"; only the tag where the message has the keyword, or nobody knows one.
std::string named(Tag tag, std::string_view message) {
  const DictionaryEntry* entry = lookup(tag);
  if (entry == nullptr || message.find(entry->keyword) != message.npos) return tag.to_string();
  return fmt::format("{} {}", entry->keyword, tag.to_string());
}

}  // namespace

std::string Error::to_string() const {
  std::string text = fmt::format("{}: {}", pacs::to_string(kind), message);
  if (tag) text += fmt::format(" {}", named(*tag, message));
  if (offset) text += fmt::format(" at offset {}", *offset);
  if (!where.empty()) text += fmt::format(" in {}", where);
  return printable(text);
}

}  // namespace pacs

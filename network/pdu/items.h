// Items and sub-items inside A-ASSOCIATE PDUs: one reader and one writer for type-length-value
// fields in big endian (PS3.8 §9.3.1). Private to network/pdu.
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "network/pdu/pdu.h"
#include "network/pdu/pdu_codec.h"

namespace pacs::network {

/// Result of reading part of a PDU: nothing, or the fault.
using Parsed = tl::expected<void, PduFault>;

/// Walks along bytes that are all there. A failed read leaves the reader failed: one check at the
/// end of a row of reads is enough.
class FieldReader {
 public:
  FieldReader(ByteView bytes, std::uint64_t offset) : bytes_(bytes), offset_(offset) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return failed_ || bytes_.empty(); }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }  ///< from the start of the PDU

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }

  ByteView take(std::size_t count) {
    if (failed_ || count > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    offset_ += count;
    return taken;
  }
  ByteView rest() { return take(bytes_.size()); }
  ByteView counted() { return take(u16()); }  ///< 16-bit length, then as many bytes

 private:
  template <typename T>
  T number() {
    const ByteView raw = take(sizeof(T));
    return raw.empty() ? T{} : load<T>(raw.data(), ByteOrder::Big);
  }

  ByteView bytes_;
  std::uint64_t offset_;
  bool failed_ = false;
};

[[nodiscard]] inline tl::unexpected<PduFault> fault(AbortReason reason, std::uint64_t offset,
                                                    std::string message) {
  return tl::unexpected<PduFault>(
      PduFault{Error{ErrorKind::Malformed, std::move(message), {}, offset, {}}, reason});
}

/// An item's header (type, reserved, 16-bit length) and its value.
struct ItemView {
  std::uint8_t type = 0;
  std::uint64_t offset = 0;  ///< of the item, from the start of the PDU
  ByteView value;
  [[nodiscard]] FieldReader reader() const { return {value, offset + 4}; }
};

/// The next item; the reader must not be at its end. Fails when the item runs past the end.
[[nodiscard]] tl::expected<ItemView, PduFault> read_item(FieldReader& from);

/// A UID field: trailing NULs and spaces, which the standard does not send (PS3.8 Annex F) but
/// devices do, are dropped. Fails above 64 characters.
[[nodiscard]] tl::expected<std::string, PduFault> read_uid(ByteView field, std::uint64_t offset);

inline constexpr std::size_t kItemHeaderBytes = 4;
inline constexpr std::size_t kItemBytesMax = 0xFFFF;  ///< behind the header: its length is 16 bits

/// Writes an item header now and its length when the scope ends. The length of an item that is too
/// long is wrong then; check_item says so of the outermost one, which is longer than all it holds.
class ItemScope {
 public:
  ItemScope(Bytes& to, std::uint8_t type) : to_(to), start_(to.size() + kItemHeaderBytes) {
    to.push_back(std::byte{type});
    to.push_back(std::byte{0});  // reserved; sub-item version 0 of common extended negotiation
    append(to, std::uint16_t{0}, ByteOrder::Big);
  }
  ~ItemScope() {
    store(to_.data() + start_ - 2, static_cast<std::uint16_t>(to_.size() - start_), ByteOrder::Big);
  }
  ItemScope(const ItemScope&) = delete;
  ItemScope& operator=(const ItemScope&) = delete;

 private:
  Bytes& to_;
  std::size_t start_;
};

/// LimitExceeded when the item that begins at `start` and ends with `to` is too long to be written.
[[nodiscard]] Result<> check_item(const Bytes& to, std::size_t start, std::string_view name);

inline void append_text_item(Bytes& to, std::uint8_t type, std::string_view text) {
  const ItemScope item(to, type);
  append(to, as_bytes(text));
}
inline void append_counted(Bytes& to, std::string_view text) {
  append(to, static_cast<std::uint16_t>(text.size()), ByteOrder::Big);
  append(to, as_bytes(text));
}

// user_information_codec.cpp
[[nodiscard]] tl::expected<UserInformation, PduFault> decode_user_information(const ItemView& item);
[[nodiscard]] Result<> encode_user_information(const UserInformation& user, Bytes& to);

// associate_codec.cpp: the bodies behind the six header bytes
[[nodiscard]] tl::expected<Pdu, PduFault> decode_associate_rq(ByteView body);
[[nodiscard]] Result<> encode_associate_rq(const AssociateRq& rq, Bytes& to);
[[nodiscard]] tl::expected<Pdu, PduFault> decode_associate_ac(ByteView body);
[[nodiscard]] Result<> encode_associate_ac(const AssociateAc& ac, Bytes& to);

}  // namespace pacs::network

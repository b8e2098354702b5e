// The seven protocol data units of the DICOM upper layer (PS3.8 §9.3) as values.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.h"

namespace pacs::network {

/// Who of the two opened the association.
enum class Side : std::uint8_t { Requestor, Acceptor };

/// PDU-type, PS3.8 §9.3.2 to §9.3.8.
enum class PduType : std::uint8_t {
  AssociateRq = 0x01,
  AssociateAc = 0x02,
  AssociateRj = 0x03,
  DataTf = 0x04,
  ReleaseRq = 0x05,
  ReleaseRp = 0x06,
  Abort = 0x07,
};

inline constexpr std::size_t kPduHeaderBytes = 6;     ///< type, reserved, 32-bit length
inline constexpr std::size_t kPdvHeaderBytes = 6;     ///< 32-bit length, context id, control header
inline constexpr std::size_t kUidCharactersMax = 64;  ///< PS3.8 Annex F, PS3.5 §9.1
inline constexpr std::size_t kAeTitleCharacters = 16;         ///< PS3.8 §9.3.2
inline constexpr std::size_t kPresentationContextsMax = 128;  ///< odd ids from 1 to 255

/// The DICOM application context name (PS3.7 §A.2.1), the only one there is.
inline constexpr std::string_view kDicomApplicationContext = "1.2.840.10008.3.1.1.1";

/// Presentation context item of an A-ASSOCIATE-RQ (PS3.8 Table 9-13).
struct PresentationContextProposal {
  std::uint8_t id = 0;
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
  bool operator==(const PresentationContextProposal&) const = default;
};

/// Result/Reason of a presentation context (PS3.8 Table 9-18).
namespace context_result {
inline constexpr std::uint8_t kAcceptance = 0;
inline constexpr std::uint8_t kUserRejection = 1;
inline constexpr std::uint8_t kNoReason = 2;
inline constexpr std::uint8_t kAbstractSyntaxNotSupported = 3;
inline constexpr std::uint8_t kTransferSyntaxesNotSupported = 4;
}  // namespace context_result

/// Presentation context item of an A-ASSOCIATE-AC (PS3.8 Table 9-18).
struct PresentationContextAnswer {
  std::uint8_t id = 0;
  std::uint8_t result = context_result::kAcceptance;
  std::string transfer_syntax;  ///< not significant unless accepted
  bool operator==(const PresentationContextAnswer&) const = default;
};

/// PS3.7 §D.3.3.3: how many operations may be outstanding, requestor's view; 0 is unlimited.
struct OperationsWindow {
  std::uint16_t invoked = 1;
  std::uint16_t performed = 1;
  bool operator==(const OperationsWindow&) const = default;
};

/// PS3.7 §D.3.3.4.
struct RoleSelection {
  std::string sop_class_uid;
  bool scu = false;
  bool scp = false;
  bool operator==(const RoleSelection&) const = default;
};

/// PS3.7 §D.3.3.5.
struct ExtendedNegotiation {
  std::string sop_class_uid;
  Bytes information;
  bool operator==(const ExtendedNegotiation&) const = default;
};

/// PS3.7 §D.3.3.6.
struct CommonExtendedNegotiation {
  std::string sop_class_uid;
  std::string service_class_uid;
  std::vector<std::string> related_general_sop_classes;
  bool operator==(const CommonExtendedNegotiation&) const = default;
};

/// PS3.7 §D.3.3.7.
struct UserIdentity {
  std::uint8_t type = 0;  ///< 1 user name, 2 and passcode, 3 Kerberos, 4 SAML, 5 JWT
  bool positive_response_requested = false;
  std::string primary;
  std::string secondary;
  bool operator==(const UserIdentity&) const = default;
};

/// User information item (PS3.8 §9.3.2.3, PS3.7 §D.3.3). Absent sub-items are nullopt or empty.
struct UserInformation {
  std::optional<std::uint32_t> max_pdu_bytes;  ///< 0: no limit (PS3.8 §D.1.1)
  std::string implementation_class_uid;
  std::string implementation_version_name;
  std::optional<OperationsWindow> operations_window;
  std::vector<RoleSelection> roles;
  std::vector<ExtendedNegotiation> extended;
  std::vector<CommonExtendedNegotiation> common_extended;
  std::optional<UserIdentity> user_identity;          ///< A-ASSOCIATE-RQ only
  std::optional<std::string> user_identity_response;  ///< A-ASSOCIATE-AC only
  bool operator==(const UserInformation&) const = default;
};

/// PS3.8 §9.3.2. AE titles are without the spaces around them.
struct AssociateRq {
  std::uint16_t protocol_version = 1;  ///< bit 0: version 1
  std::string called_ae;
  std::string calling_ae;
  /// Bytes 11 to 74 (titles and reserved) as they came; empty when they are what the titles, filled
  /// up with spaces, and zeros give.
  Bytes title_fields{};
  std::string application_context{kDicomApplicationContext};
  std::vector<PresentationContextProposal> contexts;
  UserInformation user;
  bool operator==(const AssociateRq&) const = default;
};

/// PS3.8 §9.3.3. The AE titles and reserved bytes repeat the request's and are not to be tested.
struct AssociateAc {
  std::uint16_t protocol_version = 1;
  std::string called_ae;
  std::string calling_ae;
  Bytes title_fields{};  ///< as in AssociateRq
  std::string application_context{kDicomApplicationContext};
  std::vector<PresentationContextAnswer> contexts;
  UserInformation user;
  bool operator==(const AssociateAc&) const = default;
};

/// PS3.8 §9.3.4.
struct AssociateRj {
  std::uint8_t result = 1;  ///< 1 permanent, 2 transient
  std::uint8_t source = 1;  ///< 1 service-user, 2 provider (ACSE), 3 provider (presentation)
  std::uint8_t reason = 1;
  bool operator==(const AssociateRj&) const = default;
};

/// One presentation data value (PS3.8 Table 9-23) with its message control header (§E.2) read.
struct Pdv {
  std::uint8_t context_id = 0;
  bool command = false;  ///< the fragment is of a command set, not of a data set
  bool last = false;     ///< the last fragment of that command set or data set
  ByteView fragment;
};

/// The presentation data values of a P-DATA-TF PDU, read from its bytes as one walks along: nothing
/// is copied. The decoder has made sure that the lengths fit.
class PdvList {
 public:
  class Iterator {
   public:
    using value_type = Pdv;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    explicit Iterator(ByteView rest) : rest_(rest) {}
    Pdv operator*() const {
      const auto control = std::to_integer<unsigned>(rest_[5]);
      return {std::to_integer<std::uint8_t>(rest_[4]), (control & 1U) != 0, (control & 2U) != 0,
              rest_.subspan(kPdvHeaderBytes, length() - 2)};
    }
    Iterator& operator++() {
      rest_ = rest_.subspan(4 + length());
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    [[nodiscard]] std::size_t length() const {
      return load<std::uint32_t>(rest_.data(), ByteOrder::Big);
    }
    ByteView rest_;
  };

  PdvList() = default;
  /// `items` must be well-formed: the decoder's business.
  explicit PdvList(ByteView items) : items_(items) {}
  [[nodiscard]] Iterator begin() const { return Iterator{items_}; }
  [[nodiscard]] Iterator end() const { return Iterator{}; }
  [[nodiscard]] ByteView bytes() const { return items_; }

 private:
  ByteView items_;
};

/// PS3.8 §9.3.5. Views the bytes it was decoded from.
struct DataTf {
  PdvList values;
};

struct ReleaseRq {  // PS3.8 §9.3.6
  bool operator==(const ReleaseRq&) const = default;
};
struct ReleaseRp {  // PS3.8 §9.3.7
  bool operator==(const ReleaseRp&) const = default;
};

/// Source of an A-ABORT (PS3.8 Table 9-26).
enum class AbortSource : std::uint8_t { ServiceUser = 0, ServiceProvider = 2 };
/// Reason/Diag. of an A-ABORT whose source is the service provider (PS3.8 Table 9-26).
enum class AbortReason : std::uint8_t {
  NotSpecified = 0,
  UnrecognizedPdu = 1,
  UnexpectedPdu = 2,
  UnrecognizedPduParameter = 4,
  UnexpectedPduParameter = 5,
  InvalidPduParameterValue = 6,
};

/// PS3.8 §9.3.8. As received: both numbers may be out of their tables.
struct Abort {
  AbortSource source = AbortSource::ServiceUser;
  AbortReason reason = AbortReason::NotSpecified;
  bool operator==(const Abort&) const = default;
};

using Pdu =
    std::variant<AssociateRq, AssociateAc, AssociateRj, DataTf, ReleaseRq, ReleaseRp, Abort>;

/// "called AE title not recognized (permanent; result 1, source 1, reason 7)", PS3.8 Table 9-21.
[[nodiscard]] std::string describe(const AssociateRj& rejection);
/// "by the service provider: unexpected PDU (source 2, reason 2)", PS3.8 Table 9-26.
[[nodiscard]] std::string describe(const Abort& abort);

}  // namespace pacs::network

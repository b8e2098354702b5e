// FindAnswers: matches as the encoded identifiers of C-FIND responses, ready to be sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_dataset.h"
#include "core/result.h"
#include "encoding/character_set.h"
#include "encoding/transfer_syntax.h"

namespace pacs::services {

/// Instance Availability (0008,0056) of all that is stored (PS3.3 §C.4.23.1.1).
inline constexpr std::string_view kInstanceAvailability = "ONLINE";

class FindAnswers {
 public:
  /// What the answers to one request have in common.
  struct Common {
    std::string_view level;        ///< Query/Retrieve Level (0008,0052); empty: none
    std::string_view retrieve_ae;  ///< Retrieve AE Title (0008,0054); empty: none
    CharacterSet character_set;    ///< the request's: what answers are written in if it holds them
  };
  /// `common`'s text must outlive it.
  FindAnswers(const Common& common, const TransferSyntax& syntax);

  /// Adds a match, whose text is UTF-8.
  [[nodiscard]] Result<> add(DataSet match);
  void clear();

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  /// One for each answer; valid until the next call of `add` or `clear`.
  [[nodiscard]] std::vector<ByteView> encoded() const;

 private:
  CharacterSet character_set_;
  bool wants_utf8_;
  const TransferSyntax& syntax_;
  DataSet common_;  ///< the elements that every answer has
  Bytes bytes_;     ///< one answer behind the other
  std::vector<std::size_t> ends_;
};

}  // namespace pacs::services

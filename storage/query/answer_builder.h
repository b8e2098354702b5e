// AnswerBuilder: the data set that answers a query: the keys asked for and nothing else, in UTF-8.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_dataset.h"
#include "storage/query/query.h"

namespace pacs::storage {

/// One answer after the other; keys in tag order.
class AnswerBuilder {
 public:
  enum class HeaderText : std::uint8_t {
    AsLabelled,  ///< in any character set, maybe wrong
    Utf8,        ///< to_utf8 made it: nothing to convert or to clean
  };
  /// The query outlives it.
  explicit AnswerBuilder(const Query& query, HeaderText header_text = HeaderText::AsLabelled)
      : query_(query), header_text_(header_text) {}

  /// `header` is that of the instance which represents the match, in its own character set; null
  /// when no key needs one. It lives until `finish`.
  void begin(const DataSet* header);
  void add(const QueryKey& key, std::string_view utf8);
  void add_of_header(const QueryKey& key);
  /// `zone`: Timezone Offset From UTC of the match, said when zones were agreed on.
  [[nodiscard]] DataSet finish(std::string_view zone);

 private:
  struct Part {
    const QueryKey* key;
    std::size_t offset, length;  // in bytes_
    bool of_header;
  };
  [[nodiscard]] DataSet header_values() const;

  const Query& query_;
  const HeaderText header_text_;
  const DataSet* header_ = nullptr;
  std::vector<Part> parts_;
  Bytes bytes_;
  bool ascii_ = true, wants_header_ = false;
};

}  // namespace pacs::storage

// What read_json and read_xml share: tags, VRs and values as either model writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/dicom_dataset.h"
#include "encoding/model/model_options.h"

namespace pacs {

[[nodiscard]] tl::unexpected<Error> malformed(Tag tag, std::string message);

/// The tag of an element, given by its eight digits.
[[nodiscard]] Result<Tag> read_model_tag(std::string_view digits);

/// The VR that the model names, else that of the dictionary.
[[nodiscard]] Result<VR> read_model_vr(Tag tag, std::optional<std::string_view> name);

/// Malformed for a binary VR, whose bytes neither model gives as values.
[[nodiscard]] Result<> takes_values(Tag tag, VR vr);

/// Makes elements of the values of a model and knows whether their text needs UTF-8.
class ModelReader {
 public:
  explicit ModelReader(const ModelReadOptions& options) : options_(options) {}

  /// Before a sequence within `depth` others: LimitExceeded, by the count of the scanner.
  [[nodiscard]] Result<> check_depth(Tag tag, std::uint32_t depth) const;
  [[nodiscard]] static Result<Element> inline_binary(Tag tag, VR vr, std::string_view base64);
  [[nodiscard]] Result<Element> bulk_data(Tag tag, VR vr, std::string_view uri) const;
  /// Appends one value; between those of text the caller puts backslashes.
  [[nodiscard]] Result<> append_value(Bytes& to, Tag tag, VR vr, std::string_view text);
  /// PS3.18 §F.1: the text of the whole data set is UTF-8 whatever (0008,0005) said before.
  void name_utf8(DataSet& data_set, bool outermost) const;

 private:
  const ModelReadOptions& options_;
  bool has_non_ascii_ = false;
};

}  // namespace pacs

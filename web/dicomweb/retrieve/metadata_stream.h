// The metadata of whole series as JSON, made while it is sent.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "storage/archive.h"
#include "web/dicomweb/retrieve/deflated_text.h"
#include "web/dicomweb/retrieve/series_answers.h"

namespace pacs::web {

struct MetadataSetup {
  storage::Archive& archive;
  SeriesAnswers& answers;
  std::string base;   ///< what URLs begin with
  bool gzip = false;  ///< as the client takes it
};

/// Archive and answers outlive it. Not for use from two threads at once.
class MetadataStream {
 public:
  MetadataStream(MetadataSetup setup, std::vector<storage::SelectedSeries> series)
      : setup_(std::move(setup)), series_(std::move(series)) {}

  /// The next piece; empty at the end. The first comes soon, with few instances.
  [[nodiscard]] Result<ByteView> next();

 private:
  void put(std::string_view bracket_or_comma);
  [[nodiscard]] Result<> step();
  [[nodiscard]] Result<> open_series();
  [[nodiscard]] Result<> give_kept();
  [[nodiscard]] Result<> read_instances();
  [[nodiscard]] Result<> append_instance(const storage::InstanceRecord& record);
  void give_made(std::string_view deflated, std::string_view text);
  void end_series();

  const MetadataSetup setup_;
  const std::vector<storage::SelectedSeries> series_;
  std::size_t at_ = 0;  // the series at hand
  bool begun_ = false, done_ = false;
  bool has_any_ = false;  // instances were given
  std::size_t piece_bytes_ = 0;
  std::string out_;
  GzipMember gzip_;
  // Of a series that is kept and given as text.
  SeriesAnswers::Answer kept_;
  std::optional<TextInflater> inflater_;
  // Of one that is being made.
  std::unique_ptr<storage::Records> records_;
  std::optional<TextDeflater> deflater_;
  std::string made_;  // its deflated bytes, to be kept
  std::string text_;  // of the instances at hand
  bool is_first_ = true;
};

}  // namespace pacs::web

// The matches of a search as they are sent (PS3.18 §10.6.3): written while they are found.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/dicom_dataset.h"
#include "storage/query/query.h"
#include "web/dicomweb/search/qido_search.h"
#include "web/http/multipart.h"

namespace pacs::web {

/// Of application/dicom+json one array, of application/dicom+xml a part each (PS3.18 §8.7.4).
enum class SearchForm : std::uint8_t { Json, XmlParts };

class SearchAnswer {
 public:
  struct Format {
    SearchForm form = SearchForm::Json;
    std::string service;  ///< base URI, for Retrieve URL
    MultipartWriter parts{};
  };
  SearchAnswer(std::unique_ptr<storage::Matches> matches, Search search, Format format);

  /// Writes further matches, some or none, behind what `written` holds. Waits for the database.
  [[nodiscard]] Result<> write_more();
  /// Nothing more will be written.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::string& written() { return written_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] storage::Matches& matches() { return *matches_; }

 private:
  [[nodiscard]] Result<> write(DataSet match);
  [[nodiscard]] std::string retrieve_url(const DataSet& match) const;
  void finish();

  const std::unique_ptr<storage::Matches> matches_;
  const Search search_;
  Format format_;
  std::string written_;
  std::uint64_t count_ = 0;
  bool ended_ = false;
};

}  // namespace pacs::web

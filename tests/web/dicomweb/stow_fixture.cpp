#include "tests/web/dicomweb/stow_fixture.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "core/dicom_tags.h"
#include "encoding/data_sets/data_set_codec.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"
#include "tests/storage/small_archive.h"

namespace pacs::web::test {
namespace {

std::string items_of(const DataSet& module, Tag sequence, Tag reason) {
  std::string text;
  for (const Item& item : module.items(sequence)) {
    text += text.empty() ? "" : " ";
    text += item.data_set.text(tags::ReferencedSOPInstanceUID);
    if (const auto code = item.data_set.integer(reason)) text += fmt::format(":{:04X}", *code);
  }
  return text;
}

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace

DataSet ct_image(const std::string& instance, const std::string& study) {
  constexpr std::string_view kPixels = "\r\n--b\r\n\r\n\r\n--bb--\r\n\r\n--";
  DataSet object;
  object.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
  object.set_text(tags::SOPInstanceUID, instance);
  object.set_text(tags::StudyInstanceUID, study);
  object.set_text(tags::SeriesInstanceUID, study + ".4");
  object.set_text(tags::PatientID, "P1");
  object.set_text(tags::PatientName, "Doe^Jane");
  object.set_integer(tags::Rows, VR::US, 2);
  const ByteView pixels = as_bytes(kPixels.substr(9));
  object.set_bytes(tags::PixelData, VR::OW, Bytes(pixels.begin(), pixels.end()));
  return object;
}

std::string part10(const DataSet& data_set, std::string_view transfer_syntax_uid) {
  Bytes file = make_file_meta(data_set.text(tags::SOPClassUID), data_set.text(tags::SOPInstanceUID),
                              transfer_syntax_uid, "");
  std::ranges::copy(as_bytes("malware"), file.begin());  // a preamble may hold anything
  const TransferSyntax* syntax = find_transfer_syntax(transfer_syntax_uid);
  EXPECT_TRUE(append_data_set(file, data_set, syntax ? *syntax : explicit_vr_little_endian()));
  return std::string(as_text(file));
}

std::string multipart_body(const std::vector<Part>& parts) {
  std::string body;
  for (const Part& part : parts) body += "\r\n--b\r\n" + part.fields + "\r\n" + part.content;
  return body + "\r\n--b--\r\n";
}

StowTest::StowTest(storage::DuplicatePolicy on_duplicate) {
  storage::ArchiveOptions options;
  options.path = folder / "archive";
  options.durability = storage::Durability::Os;
  options.free_bytes_min = 0;
  options.on_duplicate = on_duplicate;
  archive = *storage::open_small_archive(std::move(options));
  service = std::make_unique<StowService>(StowService{.archive = *archive, .workers = workers});
}

StowTest::Answer StowTest::post(std::string body, const std::string& content_type,
                                const std::string& study) {
  Request request;
  request.method = "POST";
  request.base_url = "https://pacs.example";
  request.trace_id = "test-1";
  if (!content_type.empty()) request.headers.emplace_back("Content-Type", content_type);
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  if (!study.empty()) request.parameters.emplace_back("study", study);
  std::size_t at = 0;
  std::string piece;
  request.stream = [&]() -> boost::asio::awaitable<Result<ByteView>> {
    piece = body.substr(at, piece_bytes);
    at += piece.size();
    if (piece.empty() && body_error) co_return fail(*body_error);
    co_return as_bytes(piece);
  };
  boost::asio::io_context context;
  auto answered =
      boost::asio::co_spawn(context, store_instances(*service, request), boost::asio::use_future);
  context.run();
  const Response response = answered.get();
  Answer answer{.status = response.status,
                .content_type = header_of(response, "Content-Type"),
                .warning = header_of(response, "Warning"),
                .body = std::get<std::string>(response.body)};
  const bool xml = answer.content_type == "application/dicom+xml";
  if (answer.content_type == "application/problem+json") return answer;
  const auto module = xml ? read_xml(answer.body) : read_json(answer.body);
  EXPECT_TRUE(module) << answer.body;
  if (module) answer.module = *module;
  return answer;
}

StowTest::Answer StowTest::post_files(const std::vector<std::string>& files,
                                      const std::string& study) {
  std::vector<Part> parts;
  for (const auto& file : files) parts.push_back({"Content-Type: application/dicom\r\n", file});
  return post(multipart_body(parts), kObjects, study);
}

std::optional<std::string> StowTest::stored_data_set(const std::string& instance) {
  const auto record = archive->find_instance(instance);
  if (!record) return std::nullopt;
  Bytes bytes(record->data_set_bytes);
  EXPECT_EQ(archive->read_object(*record, record->data_set_offset, bytes), bytes.size());
  return std::string(as_text(bytes));
}

std::string StowTest::preamble(const std::string& instance) {
  Bytes bytes(128);
  EXPECT_TRUE(archive->read_object(*archive->find_instance(instance), 0, bytes));
  return std::string(as_text(bytes));
}

std::string StowTest::Answer::stored() const {
  return items_of(module, tags::ReferencedSOPSequence, tags::WarningReason);
}

std::string StowTest::Answer::failed() const {
  const std::string others = items_of(module, tags::OtherFailuresSequence, tags::FailureReason);
  const std::string named = items_of(module, tags::FailedSOPSequence, tags::FailureReason);
  return named + (named.empty() || others.empty() ? "" : " ") + others;
}

}  // namespace pacs::web::test

#include "web/dicomweb/retrieve/metadata_stream.h"

#include <utility>

#include "web/dicomweb/retrieve/instance_model.h"

namespace pacs::web {
namespace {

constexpr std::size_t kFirstTextBytes = 1U << 10;
constexpr std::size_t kTextPieceBytes = 128U << 10;
/// Looked up at once: few, so that what a client no longer waits for is little.
constexpr std::size_t kFirstInstances = 4, kInstancesAtOnce = 32;

}  // namespace

Result<ByteView> MetadataStream::next() {
  out_.clear();
  const std::size_t wanted = std::exchange(piece_bytes_, kTextPieceBytes);
  const std::size_t least = wanted == 0 ? kFirstTextBytes : wanted;
  while (!done_ && out_.size() < least) {
    PACS_TRY(step());
  }
  return as_bytes(out_);
}

void MetadataStream::put(std::string_view bracket_or_comma) {
  if (setup_.gzip) {
    out_ += gzip_.text(bracket_or_comma);
  } else {
    out_ += bracket_or_comma;
  }
}

Result<> MetadataStream::step() {
  if (!std::exchange(begun_, true)) {
    if (setup_.gzip) out_ += GzipMember::head();
    put("[");
    return {};
  }
  if (inflater_) return give_kept();
  if (records_) return read_instances();
  if (at_ < series_.size()) return open_series();
  put("]");
  if (setup_.gzip) out_ += gzip_.end();
  done_ = true;
  return {};
}

Result<> MetadataStream::open_series() {
  const storage::SelectedSeries& series = series_[at_];
  kept_ = setup_.answers.find(series, setup_.base);
  if (kept_) {
    if (std::exchange(has_any_, true)) put(",");
    if (!setup_.gzip) {
      inflater_.emplace(*kept_);
      return {};
    }
    out_ += kept_->deflated;
    gzip_.take(kept_->bytes, kept_->crc);
    ++at_;
    return {};
  }
  PACS_TRY(records_, setup_.archive.select({.study_uids = {series.study_instance_uid},
                                            .series_uids = {series.series_instance_uid}}));
  deflater_.emplace();
  made_.clear();
  is_first_ = true;
  return {};
}

Result<> MetadataStream::give_kept() {
  PACS_TRY(const std::string_view text, inflater_->next());
  out_ += text;
  if (!text.empty()) return {};
  inflater_.reset();
  kept_.reset();
  ++at_;
  return {};
}

Result<> MetadataStream::read_instances() {
  const bool is_begin = !has_any_;
  PACS_TRY(const auto records, records_->next(is_begin ? kFirstInstances : kInstancesAtOnce));
  if (records.empty()) {
    end_series();
    return {};
  }
  text_.clear();
  for (const storage::InstanceRecord& record : records) {
    PACS_TRY(append_instance(record));
  }
  give_made(deflater_->add(text_), text_);
  // Else the first instances would wait within the compressor for the next ones.
  if (is_begin) give_made(deflater_->flush(), {});
  return {};
}

/// One that was replaced since it was looked up is in the answer as it is now, or not any more.
Result<> MetadataStream::append_instance(const storage::InstanceRecord& record) {
  const auto header = setup_.archive.read_header(record.sop_instance_uid);
  if (!header && header.error().kind == ErrorKind::NotFound) return {};
  if (!header) return fail(header.error());
  if (!std::exchange(is_first_, false)) {
    text_ += ',';
  } else if (std::exchange(has_any_, true)) {
    put(",");  // behind the last series, whose text is kept without
  }
  return append_model(text_, *header, address_of(record), setup_.base, ModelFormat::Json);
}

void MetadataStream::give_made(std::string_view deflated, std::string_view text) {
  if (made_.size() <= kSeriesAnswerBytesMax) made_ += deflated;
  out_ += setup_.gzip ? deflated : text;
}

void MetadataStream::end_series() {
  give_made(deflater_->flush(), {});
  if (setup_.gzip) gzip_.take(deflater_->bytes(), deflater_->crc());
  if (made_.size() <= kSeriesAnswerBytesMax && deflater_->bytes() > 0) {
    setup_.answers.keep(series_[at_], setup_.base,
                        std::make_shared<const DeflatedText>(
                            DeflatedText{std::move(made_), deflater_->bytes(), deflater_->crc()}));
  }
  deflater_.reset();
  records_.reset();
  ++at_;
}

}  // namespace pacs::web

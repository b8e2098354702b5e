#include "storage/objects/object_header.h"

namespace pacs::storage {

namespace {
constexpr std::size_t kHeaderPieceBytes = 256U << 10;
}

Result<Header> header_of_object(const InstanceRecord& record, std::string_view source_ae,
                                const HeaderRules& rules, const ObjectReading& read) {
  const TransferSyntax* syntax = find_transfer_syntax(record.transfer_syntax_uid);
  if (syntax == nullptr) {
    return fail(ErrorKind::Unsupported,
                "transfer syntax " + record.transfer_syntax_uid + " is not known any more");
  }
  HeaderReader reader(*syntax, limits_of_stored(rules.limits));
  Bytes buffer(kHeaderPieceBytes);
  for (std::uint64_t offset = record.data_set_offset;;) {
    PACS_TRY(const auto got, read(offset, buffer));
    if (got == 0) break;
    PACS_TRY(reader.feed(ByteView(buffer).first(got)));
    offset += got;
  }
  PACS_TRY(auto header, reader.finish(DataSetEnd::Certain));
  name_missing_character_set(header.data_set, rules.character_sets.of(source_ae));
  return header;
}

}  // namespace pacs::storage

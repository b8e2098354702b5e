// Status classes and the table from Error to status.
#include "network/dimse/status.h"

#include <gtest/gtest.h>

namespace pacs::network {
namespace {

TEST(Status, EveryCodeOfTheStandardIsInItsClass) {
  // PS3.7 Annex C and PS3.4 Tables B.2-1, C.4-1 to C.4-3.
  EXPECT_EQ(status_class(0x0000), StatusClass::Success);
  EXPECT_EQ(status_class(0xFE00), StatusClass::Cancel);
  for (const auto code : {0xFF00, 0xFF01})
    EXPECT_EQ(status_class(static_cast<std::uint16_t>(code)), StatusClass::Pending);
  for (const auto code : {0x0001, 0x0107, 0x0116, 0xB000, 0xB006, 0xB007, 0xBFFF}) {
    EXPECT_EQ(status_class(static_cast<std::uint16_t>(code)), StatusClass::Warning)
        << std::hex << code;
  }
  for (const auto code :
       {0x0105, 0x0106, 0x0110, 0x0111, 0x0112, 0x0113, 0x0114, 0x0115, 0x0117, 0x0118,
        0x0119, 0x0120, 0x0121, 0x0122, 0x0123, 0x0124, 0x0210, 0x0211, 0x0212, 0x0213,
        0xA700, 0xA701, 0xA702, 0xA801, 0xA900, 0xC000, 0xC001, 0xCFFF}) {
    EXPECT_EQ(status_class(static_cast<std::uint16_t>(code)), StatusClass::Failure)
        << std::hex << code;
  }
}

TEST(Status, EveryErrorKindHasItsRowAndIsAFailureOrCancel) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
    for (const CommandField field :
         {CommandField::CStoreRq, CommandField::CFindRq, CommandField::CMoveRq,
          CommandField::CGetRq, CommandField::CEchoRq, CommandField::NCreateRq}) {
      const StatusClass result = status_class(status_of(field, static_cast<ErrorKind>(kind)));
      EXPECT_TRUE(result == StatusClass::Failure || result == StatusClass::Cancel) << kind;
    }
  }
}

TEST(Status, SaysOfAStoreWhatTheStorageServiceClassSays) {
  // PS3.4 Table B.2-1.
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::OutOfResources), 0xA700);
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::Mismatch), 0xA900);
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::Malformed), 0xC000);
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::Truncated), 0xC000);
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::Duplicate), 0x0111);
  EXPECT_EQ(status_of(CommandField::CStoreRq, ErrorKind::Internal), 0x0110);
  EXPECT_EQ(status_of(CommandField::CMoveRq, ErrorKind::NotFound), 0xA801);
  EXPECT_EQ(status_of(CommandField::CFindRq, ErrorKind::Cancelled), 0xFE00);
  EXPECT_EQ(status_of(CommandField::NSetRq, ErrorKind::NotFound), 0x0112);
}

TEST(Status, SaysOfAQueryOrRetrievalOnlyWhatItsServiceClassKnows) {
  // PS3.4 Tables C.4-1 to C.4-3, and PS3.7 §9.1.2.1.5: SOP class not supported, not authorized.
  const auto is_known = [](CommandField field, std::uint16_t code) {
    if ((code & 0xF000) == 0xC000 || code == 0xFE00 || code == 0xA900) return true;
    if (code == 0x0122 || code == 0x0124) return true;
    if (field == CommandField::CFindRq) return code == 0xA700;
    return code == 0xA701 || code == 0xA702 || (code == 0xA801 && field == CommandField::CMoveRq);
  };
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind) {
    for (const CommandField field :
         {CommandField::CFindRq, CommandField::CMoveRq, CommandField::CGetRq}) {
      const std::uint16_t code = status_of(field, static_cast<ErrorKind>(kind));
      EXPECT_TRUE(is_known(field, code)) << kind << ' ' << std::hex << code;
    }
  }
}

TEST(Status, AResponseRepeatsWhatIdentifiesItsRequest) {
  Command request;
  request.field = CommandField::NActionRq;
  request.message_id = 12;
  request.sop_class_uid = "1.2.3";
  request.sop_instance_uid = "1.2.3.4";
  request.action_type_id = 1;
  request.has_data_set = true;
  const Command response = response_to(request, 0xB000);
  EXPECT_EQ(response.field, CommandField::NActionRsp);
  EXPECT_EQ(response.message_id, 12);
  EXPECT_EQ(response.sop_class_uid, "1.2.3");
  EXPECT_EQ(response.sop_instance_uid, "1.2.3.4");
  EXPECT_EQ(response.action_type_id, 1);
  EXPECT_EQ(response.status, 0xB000);
  EXPECT_FALSE(response.has_data_set);
}

TEST(Status, AnInstanceUidThatIsNoneIsAnInvalidInstanceForNServices) {
  for (const auto& [field, element, code] :
       {std::tuple{CommandField::NCreateRq, 0x1000, 0x0117},
        std::tuple{CommandField::NEventReportRq, 0x1000, 0x0117},
        std::tuple{CommandField::NSetRq, 0x1001, 0x0117},
        std::tuple{CommandField::NGetRq, 0x1001, 0x0117},
        std::tuple{CommandField::NActionRq, 0x1001, 0x0117},
        std::tuple{CommandField::NSetRq, 0x0003, 0x0106},
        std::tuple{CommandField::CStoreRq, 0x1000, 0xC000}}) {
    Command request;
    request.field = field;
    Error error{ErrorKind::Malformed, "UID above 64 characters"};
    error.tag = Tag{0x0000, static_cast<std::uint16_t>(element)};
    EXPECT_EQ(failure_response(request, error).status, code) << to_string(field);
  }
}

TEST(Status, AFailureNamesCauseAndElement) {
  Command request;
  request.field = CommandField::CStoreRq;
  request.message_id = 3;
  const Command response = failure_response(
      request, Error{ErrorKind::Malformed, "length passes the end"}.on(Tag{0x0010, 0x0010}));
  EXPECT_EQ(response.field, CommandField::CStoreRsp);
  EXPECT_EQ(response.status, status::kCannotUnderstand);
  EXPECT_EQ(response.error_comment, "length passes the end");
  EXPECT_EQ(response.offending_elements, (std::vector<Tag>{Tag{0x0010, 0x0010}}));
}

}  // namespace
}  // namespace pacs::network

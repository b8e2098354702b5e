// Command sets: golden bytes, every cell of the command table both ways, and broken ones.
#include "network/dimse/command.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "../hex.h"
#include "network/dimse/command_table.h"

namespace pacs::network {
namespace {

// C-ECHO-RQ with message id 7, by PS3.7 Table 9.3-12.
const Bytes kEchoRq =
    hex("0000 0000 04000000 38000000"
        "0000 0200 12000000 '1.2.840.10008.1.1' 00"
        "0000 0001 02000000 3000"
        "0000 1001 02000000 0700"
        "0000 0008 02000000 0101");

/// A command with every member filled in, so that only the table decides what is written.
Command full(CommandField field, bool has_data_set) {
  Command command;
  command.field = field;
  command.message_id = 0x1234;
  command.sop_class_uid = "1.2.840.10008.1.1";
  command.sop_instance_uid = "1.2.3";
  command.has_data_set = has_data_set;
  command.priority = 1;
  command.status = 0x0122;
  command.move_destination = "DEST";
  command.move_originator_ae = "ORIGIN";
  command.move_originator_message_id = 9;
  command.remaining = 1;
  command.completed = 2;
  command.failed = 3;
  command.warning = 4;
  command.error_comment = "why";
  command.offending_elements = {Tag{0x0008, 0x0018}};
  command.error_id = 5;
  command.event_type_id = 6;
  command.action_type_id = 7;
  command.attribute_identifiers = {Tag{0x0010, 0x0010}, Tag{0x0010, 0x0020}};
  return command;
}

/// The elements of a command set in Implicit VR LE: tag to value.
std::map<std::uint16_t, Bytes> elements_of(const Bytes& bytes) {
  std::map<std::uint16_t, Bytes> elements;
  std::size_t at = 0;
  std::uint16_t before = 0;
  while (at < bytes.size()) {
    const auto element = load<std::uint16_t>(bytes.data() + at + 2, ByteOrder::Little);
    const auto length = load<std::uint32_t>(bytes.data() + at + 4, ByteOrder::Little);
    EXPECT_TRUE(at == 0 || element > before) << "ascending order";
    EXPECT_EQ(length % 2, 0U);
    before = element;
    const auto value = ByteView{bytes}.subspan(at + 8, length);
    elements[element] = {value.begin(), value.end()};
    at += 8 + length;
  }
  return elements;
}

/// The elements but one; with a value, that one has it.
Bytes replaced(const Bytes& bytes, std::uint16_t element, const Bytes* new_value) {
  Bytes kept;
  for (const auto& [number, value] : elements_of(bytes)) {
    if (number == element && new_value == nullptr) continue;
    const Bytes& written = number == element ? *new_value : value;
    append(kept, std::uint16_t{0}, ByteOrder::Little);
    append(kept, number, ByteOrder::Little);
    append(kept, static_cast<std::uint32_t>(written.size()), ByteOrder::Little);
    append(kept, written);
  }
  return kept;
}
Bytes without(const Bytes& bytes, std::uint16_t element) {
  return replaced(bytes, element, nullptr);
}
Bytes with(const Bytes& bytes, std::uint16_t element, const Bytes& value) {
  return replaced(bytes, element, &value);
}

TEST(Command, WritesAnEchoRequestByteForByte) {
  Command echo;
  echo.field = CommandField::CEchoRq;
  echo.message_id = 7;
  echo.sop_class_uid = "1.2.840.10008.1.1";
  EXPECT_EQ(to_hex(encode_command(echo)), to_hex(kEchoRq));
}

TEST(Command, ReadsAnEchoRequest) {
  const auto echo = decode_command(kEchoRq);
  ASSERT_TRUE(echo) << echo.error().to_string();
  EXPECT_EQ(echo->field, CommandField::CEchoRq);
  EXPECT_EQ(echo->message_id, 7);
  EXPECT_EQ(echo->sop_class_uid, "1.2.840.10008.1.1");
  EXPECT_FALSE(echo->has_data_set);
  EXPECT_FALSE(echo->status);
}

TEST(CommandTable, HasARowForEachCommandOfTheStandard) {
  // PS3.7 Table E.1-1, Command Field.
  const std::map<std::uint16_t, std::string_view> expected = {
      {0x0001, "C-STORE-RQ"},   {0x8001, "C-STORE-RSP"},       {0x0010, "C-GET-RQ"},
      {0x8010, "C-GET-RSP"},    {0x0020, "C-FIND-RQ"},         {0x8020, "C-FIND-RSP"},
      {0x0021, "C-MOVE-RQ"},    {0x8021, "C-MOVE-RSP"},        {0x0030, "C-ECHO-RQ"},
      {0x8030, "C-ECHO-RSP"},   {0x0100, "N-EVENT-REPORT-RQ"}, {0x8100, "N-EVENT-REPORT-RSP"},
      {0x0110, "N-GET-RQ"},     {0x8110, "N-GET-RSP"},         {0x0120, "N-SET-RQ"},
      {0x8120, "N-SET-RSP"},    {0x0130, "N-ACTION-RQ"},       {0x8130, "N-ACTION-RSP"},
      {0x0140, "N-CREATE-RQ"},  {0x8140, "N-CREATE-RSP"},      {0x0150, "N-DELETE-RQ"},
      {0x8150, "N-DELETE-RSP"}, {0x0FFF, "C-CANCEL-RQ"}};
  EXPECT_EQ(command_rows().size(), expected.size());
  for (const auto& [field, name] : expected) {
    EXPECT_EQ(to_string(static_cast<CommandField>(field)), name);
  }
}

// PS3.7 §9.3 and §10.3 a second time: what is mandatory for each command besides Command Field and
// Command Data Set Type, and what may be there.
struct Expected {
  std::set<std::uint16_t> mandatory, optional;
};
const std::set<std::uint16_t> kStatusRelated = {0x0901, 0x0902, 0x0903, 0x1005};

std::map<CommandField, Expected> expected_rows() {
  using enum CommandField;
  std::map<CommandField, Expected> rows = {
      {CStoreRq, {{0x0002, 0x0110, 0x0700, 0x1000}, {0x1030, 0x1031}}},
      {CFindRq, {{0x0002, 0x0110, 0x0700}, {}}},
      {CGetRq, {{0x0002, 0x0110, 0x0700}, {}}},
      {CMoveRq, {{0x0002, 0x0110, 0x0600, 0x0700}, {}}},
      {CEchoRq, {{0x0002, 0x0110}, {}}},
      {CCancelRq, {{0x0120}, {}}},
      {NEventReportRq, {{0x0002, 0x0110, 0x1000, 0x1002}, {}}},
      {NGetRq, {{0x0003, 0x0110, 0x1001}, {0x1005}}},
      {NSetRq, {{0x0003, 0x0110, 0x1001}, {}}},
      {NActionRq, {{0x0003, 0x0110, 0x1001, 0x1008}, {}}},
      {NCreateRq, {{0x0002, 0x0110}, {0x1000}}},
      {NDeleteRq, {{0x0003, 0x0110, 0x1001}, {}}},
      {CStoreRsp, {{}, {0x1000}}},
      {CFindRsp, {{}, {}}},
      {CGetRsp, {{}, {0x1020, 0x1021, 0x1022, 0x1023}}},
      {CMoveRsp, {{}, {0x1020, 0x1021, 0x1022, 0x1023}}},
      {CEchoRsp, {{}, {}}},
      {NEventReportRsp, {{}, {0x1000, 0x1002}}},
      {NGetRsp, {{}, {0x1000}}},
      {NSetRsp, {{}, {0x1000}}},
      {NActionRsp, {{}, {0x1000, 0x1008}}},
      {NCreateRsp, {{}, {0x1000}}},
      {NDeleteRsp, {{}, {0x1000}}},
  };
  for (auto& [field, row] : rows) {
    row.mandatory.insert({0x0100, 0x0800});
    if (!is_response(field)) continue;
    row.mandatory.insert({0x0120, 0x0900});
    row.optional.insert(0x0002);
    row.optional.insert(kStatusRelated.begin(), kStatusRelated.end());
  }
  return rows;
}

TEST(CommandTable, EveryCellIsTheStandards) {
  const auto expected = expected_rows();
  ASSERT_EQ(expected.size(), command_rows().size());
  for (const CommandRow& row : command_rows()) {
    const Expected& cells = expected.at(row.field);
    for (std::size_t i = 0; i < kCommandElements; ++i) {
      const std::uint16_t element = command_elements()[i].element;
      const Presence presence = cells.mandatory.contains(element)  ? Presence::M
                                : cells.optional.contains(element) ? Presence::U
                                                                   : Presence::None;
      EXPECT_EQ(row.presence[i], presence) << row.name << ' ' << command_elements()[i].keyword;
    }
  }
}

TEST(CommandTable, EveryCommandIsWrittenAndReadAsItsRowSays) {
  for (const CommandRow& row : command_rows()) {
    const Command command = full(row.field, row.data_set != DataSetRule::None);
    const Bytes bytes = encode_command(command);
    const auto elements = elements_of(bytes);
    for (std::size_t i = 0; i < kCommandElements; ++i) {
      EXPECT_EQ(elements.contains(command_elements()[i].element), row.presence[i] != Presence::None)
          << row.name << ' ' << command_elements()[i].keyword;
    }
    const auto read = decode_command(bytes);
    ASSERT_TRUE(read) << row.name << ' ' << read.error().to_string();
    EXPECT_EQ(read->field, row.field);
    EXPECT_EQ(read->message_id, command.message_id);
    EXPECT_EQ(read->has_data_set, command.has_data_set);
    EXPECT_EQ(to_hex(encode_command(*read)), to_hex(bytes)) << row.name;
  }
}

TEST(CommandTable, EveryMandatoryElementIsMissedByName) {
  for (const CommandRow& row : command_rows()) {
    const Bytes bytes = encode_command(full(row.field, row.data_set != DataSetRule::None));
    for (std::size_t i = 0; i < kCommandElements; ++i) {
      const CommandElement& element = command_elements()[i];
      const auto read = decode_command(without(bytes, element.element));
      if (row.presence[i] != Presence::M || element.weight == Weight::Told) {
        EXPECT_TRUE(read) << row.name << ' ' << element.keyword;
      } else {
        ASSERT_FALSE(read) << row.name << ' ' << element.keyword;
        EXPECT_EQ(read.error().kind, ErrorKind::Malformed);
        EXPECT_EQ(read.error().tag, element.tag()) << row.name;
      }
    }
  }
}

TEST(CommandTable, ADataSetWhereNoneMayBeOrNoneWhereOneMustBeIsMalformed) {
  for (const CommandRow& row : command_rows()) {
    for (const bool has_data_set : {false, true}) {
      const bool fine = row.data_set == DataSetRule::Maybe ||
                        (row.data_set == DataSetRule::Always) == has_data_set;
      const auto read = decode_command(encode_command(full(row.field, has_data_set)));
      EXPECT_EQ(static_cast<bool>(read), fine) << row.name;
      if (!read) {
        EXPECT_EQ(read.error().tag, (Tag{0x0000, 0x0800}));
      }
    }
  }
}

TEST(Command, AnyDataSetTypeButOneMeansThatADataSetFollows) {
  Command store = full(CommandField::CStoreRq, true);
  Bytes bytes = encode_command(store);
  for (const unsigned value : {0x0000U, 0x0001U, 0x0102U, 0xffffU}) {
    for (std::size_t at = 0; at + 10 <= bytes.size(); ++at) {
      if (to_hex(ByteView{bytes}.subspan(at, 8)) == "0000000802000000") {
        bytes[at + 8] = static_cast<std::byte>(value);
        bytes[at + 9] = static_cast<std::byte>(value >> 8);
      }
    }
    EXPECT_TRUE(decode_command(bytes)) << value;
  }
}

TEST(Command, KeepsAnUnknownCommandFieldForItsAnswer) {
  const auto read = decode_command(
      hex("0000 0001 02000000 7700 0000 1001 02000000 0500 0000 0008 02000000 0101"));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(static_cast<std::uint16_t>(read->field), 0x77);
  EXPECT_EQ(read->message_id, 5);
  EXPECT_EQ(to_string(read->field), "unknown request");
}

TEST(Command, SkipsElementsNobodyKnows) {
  Bytes bytes = kEchoRq;
  append(bytes, hex("0000 0050 04000000 'abcd'"));  // retired in 1993
  EXPECT_TRUE(decode_command(bytes));
}

TEST(Command, TakesTitlesAndUidsWithTheirPadding) {
  Command store = full(CommandField::CStoreRq, true);
  store.sop_instance_uid = "1.2.34";  // even: no padding; "1.2.3" had a NUL
  store.move_originator_ae = "ODD";
  const auto read = decode_command(encode_command(store));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sop_instance_uid, "1.2.34");
  EXPECT_EQ(read->move_originator_ae, "ODD");
}

TEST(Command, CutsTheErrorCommentTo64CharactersOfTheDefaultRepertoire) {
  Command response = full(CommandField::CStoreRsp, false);
  response.error_comment = "a\\b\nc\xc3\xa4" + std::string(100, 'x');
  const auto read = decode_command(encode_command(response));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->error_comment, "a?b?c?" + std::string(58, 'x'));
}

TEST(Command, AnErrorCommentNamesASectionWithoutItsSign) {
  Command response = full(CommandField::CStoreRsp, false);
  response.error_comment = "no UID (PS3.5 §9.1)";
  const auto read = decode_command(encode_command(response));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->error_comment, "no UID (PS3.5 9.1)");
}

TEST(Command, AnErrorCommentOfWhichNothingIsLeftIsNotWritten) {
  Command response = full(CommandField::CStoreRsp, false);
  response.error_comment = "";
  const Bytes without = encode_command(response);
  response.error_comment = "§ §\x81";
  EXPECT_EQ(encode_command(response), without);
}

TEST(Command, RefusesWhatIsNoCommandSet) {
  const auto malformed = [](const char* text, Tag tag) {
    const auto read = decode_command(hex(text));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().tag, tag) << text;
  };
  malformed("", Tag{0x0000, 0x0100});
  malformed("0800 1800 04000000 'abcd'", Tag{0x0008, 0x0018});    // another group
  malformed("0000 0001 04000000 30000000", Tag{0x0000, 0x0100});  // US of 4 bytes
  malformed("0000 0001 02000000 3000 0000 0001 02000000 3000", Tag{0x0000, 0x0100});  // twice
  malformed("0000 1001 ffffffff", Tag{0x0000, 0x0110});  // past the end
  malformed("0000 1001 03000000 0100", Tag{0x0000, 0x0110});
}

TEST(Command, RefusesValuesThatAreTooLong) {
  Command store = full(CommandField::CStoreRq, true);
  store.sop_instance_uid = std::string(10'000, '1');
  EXPECT_EQ(decode_command(encode_command(store)).error().tag, (Tag{0x0000, 0x1000}));
  Command move = full(CommandField::CMoveRq, true);
  move.move_destination = "SEVENTEEN_LETTERS";
  EXPECT_EQ(decode_command(encode_command(move)).error().tag, (Tag{0x0000, 0x0600}));
}

TEST(Command, InformationThatCannotBeReadIsIgnoredAndNoted) {
  for (const CommandRow& row : command_rows()) {
    const Bytes bytes = encode_command(full(row.field, row.data_set != DataSetRule::None));
    for (std::size_t i = 0; i < kCommandElements; ++i) {
      const CommandElement& element = command_elements()[i];
      // Every text may be cut but for titles; no other VR has a value of 18 bytes.
      if (row.presence[i] == Presence::None || element.vr == CommandVr::LO) continue;
      const Bytes wrong = with(bytes, element.element, Bytes(18, std::byte{'7'}));
      const auto read = decode_command(wrong);
      const bool fine = element.weight == Weight::Told || element.vr == CommandVr::UI;
      ASSERT_EQ(static_cast<bool>(read), fine) << row.name << ' ' << element.keyword;
      if (element.weight == Weight::Needed) continue;
      EXPECT_NE(read->ignored.find(element.keyword), std::string::npos) << row.name;
      const auto others = [&](const Bytes& set) {
        return to_hex(without(without(set, 0x0000), element.element));  // nor the group length
      };
      EXPECT_EQ(others(encode_command(*read)), others(bytes)) << row.name;
    }
  }
}

TEST(Command, ARequestWithoutPriorityOrWithAnUnknownOneIsTaken) {
  for (const CommandField field : {CommandField::CStoreRq, CommandField::CFindRq,
                                   CommandField::CGetRq, CommandField::CMoveRq}) {
    const Bytes bytes = encode_command(full(field, true));
    const auto absent = decode_command(without(bytes, 0x0700));
    ASSERT_TRUE(absent) << to_string(field);
    EXPECT_FALSE(absent->priority);
    EXPECT_TRUE(absent->ignored.empty());
    for (const Bytes& value : {hex(""), hex("0300"), hex("ffff"), hex("00000000")}) {
      EXPECT_TRUE(decode_command(with(bytes, 0x0700, value))) << to_string(field);
    }
  }
}

TEST(Command, OfInformationThatComesTwiceTheFirstCounts) {
  Bytes bytes = encode_command(full(CommandField::CStoreRq, true));
  append(bytes, hex("0000 3010 06000000 'SECOND'"));
  const auto read = decode_command(bytes);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->move_originator_ae, full(CommandField::CStoreRq, true).move_originator_ae);
}

TEST(Command, RefusesACommandSetCutInsideAnElement) {
  const Bytes bytes = encode_command(full(CommandField::CMoveRsp, true));
  std::set<std::size_t> ends{0};  // of whole elements
  for (const auto& [number, value] : elements_of(bytes)) {
    ends.insert(*ends.rbegin() + 8 + value.size());
  }
  EXPECT_EQ(*ends.rbegin(), bytes.size());
  for (std::size_t count = 0; count < bytes.size(); ++count) {
    const auto read = decode_command(ByteView{bytes}.first(count));
    if (!ends.contains(count)) {
      EXPECT_FALSE(read) << count;
    }
  }
}

TEST(Command, SalvagesFromAWrongRequestWhatItsAnswerNeeds) {
  const Bytes store = encode_command(full(CommandField::CStoreRq, true));
  const Bytes wrong = without(store, 0x1000);
  ASSERT_FALSE(decode_command(wrong));
  const auto salvaged = salvage_request(wrong);
  ASSERT_TRUE(salvaged);
  EXPECT_EQ(salvaged->field, CommandField::CStoreRq);
  EXPECT_EQ(salvaged->message_id, 0x1234);
  EXPECT_TRUE(salvaged->has_data_set);
  EXPECT_FALSE(salvage_request(without(store, 0x0110)));
  EXPECT_FALSE(salvage_request(without(store, 0x0800)));
  EXPECT_FALSE(salvage_request(without(store, 0x0100)));
  EXPECT_FALSE(salvage_request(encode_command(full(CommandField::CStoreRsp, false))));
  EXPECT_FALSE(salvage_request(encode_command(full(CommandField::CCancelRq, false))));
  EXPECT_FALSE(salvage_request(hex("ffff")));
}

}  // namespace
}  // namespace pacs::network

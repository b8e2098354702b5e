#include "core/value_check.h"

#include <gtest/gtest.h>

#include <string>

namespace pacs {
namespace {

struct Case {
  VR vr;
  std::string text;
};

TEST(ValueCheck, PassesWhatTheStandardAllows) {
  const Case cases[] = {
      {VR::AE, "STORE SCP"},
      {VR::AS, "045Y"},
      {VR::CS, "ORIGINAL\\PRIMARY\\AX_1"},
      {VR::DA, "20200229"},
      {VR::DS, "1.5\\-2e3"},
      {VR::DT, "2020"},
      {VR::IS, "1\\2"},
      {VR::LO, "Universitätsklinikum"},
      {VR::LT, "a\r\nb\\c"},
      {VR::PN, "Yamada^Tarou=山田^太郎"},
      {VR::SH, "16 characters !!"},
      {VR::ST, "x"},
      {VR::TM, "1010"},
      {VR::UC, std::string(100'000, 'x')},
      {VR::UI, "1.2.3\\1.2.4"},
      {VR::UR, "https://example.org/a?b=c"},
      {VR::UT, "anything\n"},
      {VR::LO, ""},
      {VR::CS, "A\\\\B"},
      {VR::LO, std::string{"\x1b$)C"}},
      {VR::OB, "\x01\x02"},
      {VR::SH, "가나다라마바사아자차카타파하가나"},
  };
  for (const Case& one : cases) {
    const Result<> status = check_value(one.vr, one.text);
    EXPECT_TRUE(status) << one.text.substr(0, 40) << (status ? "" : status.error().message);
  }
}

TEST(ValueCheck, SaysWhatIsWrong) {
  const Case cases[] = {
      {VR::AE, "   "},
      {VR::AE, "seventeen letters"},
      {VR::AE, "A\x01"},
      {VR::AE, "ÄÖ"},
      {VR::AS, "45Y"},
      {VR::CS, "lower"},
      {VR::CS, "A-B"},
      {VR::CS, "SEVENTEEN_LETTERS"},
      {VR::DA, "2020"},
      {VR::DA, "2020.01.01"},
      {VR::DA, "20200230"},
      {VR::DS, "1,5"},
      {VR::DS, "1.00000000000000000"},
      {VR::DT, "x"},
      {VR::IS, "1.5"},
      {VR::IS, "99999999999"},
      {VR::LO, std::string(65, 'x')},
      {VR::LO, "a\nb"},
      {VR::LT, std::string(10241, 'x')},
      {VR::LT, "bell \a"},
      {VR::PN, "a^b^c^d^e^f"},
      {VR::PN, "a=b=c=d"},
      {VR::PN, std::string(65, 'x')},
      {VR::SH, std::string(17, 'x')},
      {VR::ST, std::string(1025, 'x')},
      {VR::TM, "10:10"},
      {VR::TM, "99"},
      {VR::UI, "1.2.a"},
      {VR::UI, "1.02"},
      {VR::UR, " http://x"},
      {VR::UR, "http://a b"},
  };
  for (const Case& one : cases) {
    const Result<> status = check_value(one.vr, one.text);
    ASSERT_FALSE(status) << one.text.substr(0, 40);
    EXPECT_EQ(status.error().kind, ErrorKind::Malformed);
    EXPECT_NE(status.error().message.find(to_string(one.vr)), std::string::npos);
  }
}

TEST(ValueCheck, CountsTheValuesToTheWrongOne) {
  EXPECT_EQ(check_value(VR::CS, "OK\\bad").error().message.substr(0, 13), "value 2 of VR");
}

TEST(ValueCheck, ANameMayHaveSixtyFourCharactersInEachGroup) {
  const std::string group(64, 'x');
  EXPECT_TRUE(check_value(VR::PN, group + "=" + group + "=" + group));
}

TEST(SingleValueCheck, PassesOneValueOfAnyLengthAndForm) {
  const Case cases[] = {{VR::PN, std::string(1000, 'x')},
                        {VR::LO, ""},
                        {VR::CS, "small"},
                        {VR::LT, "a\\b\r\n"},
                        {VR::UC, "a=b^c"},
                        {VR::US, "\n\\"},
                        {VR::ST, "one\\value"},
                        {VR::PN, "\x1B$B;3"}};
  for (const Case& one : cases) {
    EXPECT_TRUE(check_single_value(one.vr, one.text)) << to_string(one.vr) << ' ' << one.text;
  }
}

TEST(SingleValueCheck, RefusesSeveralValuesAndControlCharacters) {
  for (const std::string_view text : {"a\\b", "\\", "a\\", "a\nb", "a\x7F", "\t"}) {
    EXPECT_FALSE(check_single_value(VR::PN, text)) << text;
    EXPECT_FALSE(check_single_value(VR::SH, text)) << text;
  }
  EXPECT_EQ(check_single_value(VR::CS, "CT\\MR").error().message, "has more than one value");
  EXPECT_EQ(check_single_value(VR::LT, "a\x01z").error().message, "holds a control character");
}

}  // namespace
}  // namespace pacs

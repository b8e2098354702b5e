#include "apps/output/text_table.h"

#include <gmock/gmock.h>

namespace pacs::apps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TextTableTest : public testing::Test {
 protected:
  TextTable table{{"Name", "Id"}, [this](std::string_view line) { lines.emplace_back(line); }};
  std::vector<std::string> lines;
};

TEST_F(TextTableTest, ColumnsAreAsWideAsTheirWidestCell) {
  table.add({"Doe^John", "1"});
  table.add({"X", "22"});
  table.finish();
  EXPECT_THAT(lines, ElementsAre("Name      Id", "Doe^John  1", "X         22"));
}

TEST_F(TextTableTest, NothingIsPrintedWithoutRows) {
  table.finish();
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(TextTableTest, RowsAreNotKeptForEver) {
  for (int i = 0; i < 1000; ++i) table.add({"a", "b"});
  EXPECT_EQ(lines.size(), 1001U);
  table.add({"wider than what came before", "b"});
  EXPECT_EQ(lines.back(), "wider than what came before  b");
}

TEST_F(TextTableTest, WideLettersTakeTwoColumns) {
  EXPECT_EQ(terminal_columns("\xE5\xB1\xB1\xE7\x94\xB0"), 4U);  // two ideographs
  EXPECT_EQ(terminal_columns("M\xC3\xBCller"), 6U);
  EXPECT_EQ(terminal_columns("e\xCC\x81"), 1U);  // with a combining accent
  EXPECT_EQ(terminal_columns("\xFF\xE5"), 2U);   // broken bytes
}

TEST_F(TextTableTest, TerminalsAreToldNothing) {
  table.add({"a\x1B[31mb\n",
             "\xC2\x9B"
             "31m"});  // CSI of C1
  table.finish();
  EXPECT_EQ(lines.back(), "a\\x1b[31mb\\x0a  \\x9b31m");
}

TEST(CsvLine, QuotesWhatNeedsIt) {
  EXPECT_EQ(csv_line({"a", "b,c", "say \"x\"", "", "two\nlines"}),
            "a,\"b,c\",\"say \"\"x\"\"\",,\"two\nlines\"");
}

}  // namespace
}  // namespace pacs::apps

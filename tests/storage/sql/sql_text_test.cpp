#include "storage/sql/sql_text.h"

#include <gtest/gtest.h>

#include "storage/sql/sqlite_database.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage {
namespace {

class SqlTextTest : public testing::Test {
 protected:
  SqlTextTest() : database_(*open_sqlite(folder_.path() / "test.sqlite", {})) {
    EXPECT_TRUE(database_->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b)"));
  }
  Result<std::int64_t> insert(const std::string& a, std::int64_t b) {
    return insert_row(*database_, insert_into("t", {{"a", a}, {"b", b}}));
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<SqlDatabase> database_;
};

TEST_F(SqlTextTest, AnInsertNamesItsColumnsAndGivesTheIdOfItsRow) {
  EXPECT_EQ(insert_text("t", {"a", "b"}), "INSERT INTO t (a, b) VALUES ($1, $2)");
  EXPECT_EQ(insert_into("t", {{"a", std::string("x")}, {"b", std::int64_t{1}}}).numbered(),
            "INSERT INTO t (a, b) VALUES ($1, $2)");
  EXPECT_EQ(insert("x", 1), 1);
  EXPECT_EQ(insert("y", 2), 2);
  EXPECT_EQ(insert("y", 3).error().kind, ErrorKind::Duplicate);
}

TEST_F(SqlTextTest, RowsAreVisitedToTheLastOrToAnError) {
  ASSERT_TRUE(insert("x", 1));
  ASSERT_TRUE(insert("y", 2));
  std::string seen;
  const SqlText all("SELECT a FROM t ORDER BY a");
  EXPECT_TRUE(each_row(*database_, all, [&](SqlStatement& row) { seen += row.text(0); }));
  EXPECT_EQ(seen, "xy");
  const auto stopped = each_row(*database_, all, [&](SqlStatement& row) -> Result<> {
    seen += row.text(0);
    return fail(ErrorKind::Cancelled, "enough");
  });
  EXPECT_EQ(stopped.error().kind, ErrorKind::Cancelled);
  EXPECT_EQ(seen, "xyx");
}

TEST_F(SqlTextTest, ABoundStatementHoldsNoRowBeyondItsBlock) {
  ASSERT_TRUE(insert("x", 1));
  const auto find = database_->prepare("SELECT b FROM t WHERE a = $1");
  ASSERT_TRUE(find);
  for (int time = 0; time < 2; ++time) {
    const auto row = bound(**find, std::string("x"));
    ASSERT_TRUE(*row->step());
    EXPECT_EQ(row->integer(0), 1);
  }
  EXPECT_TRUE(database_->execute("DROP TABLE t")) << "no statement is left open on it";
}

}  // namespace
}  // namespace pacs::storage

#include "storage/index/sql_index.h"

#include <map>
#include <string>
#include <thread>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "core/dicom_tags.h"
#include "encoding/data_sets/header_blob.h"
#include "storage/index/index_schema.h"
#include "storage/objects/file_storage.h"
#include "storage/sql/sqlite_database.h"
#include "tests/storage/temporary_folder.h"

namespace pacs::storage::test {
namespace {

class SqlIndexTest : public testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    index_.reset();
    auto opened = SqlIndex::open_sqlite_index(make_file_system(), folder_.path(), true);
    ASSERT_TRUE(opened) << opened.error().to_string();
    index_ = std::move(*opened);
  }

  /// One row to be; attributes set by `change`.
  static IndexedInstance instance(std::uint64_t number, const std::string& study,
                                  const std::string& series,
                                  const std::function<void(DataSet&)>& change = {}) {
    Header header;
    DataSet& ds = header.data_set;
    const std::string uid = series + "." + std::to_string(number);
    ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.2");
    ds.set_text(tags::SOPInstanceUID, uid);
    ds.set_text(tags::PatientID, "P1");
    ds.set_text(tags::PatientName, "Doe^John");
    ds.set_text(tags::Modality, "CT");
    if (change) change(ds);
    IndexedInstance row;
    row.number = number;
    row.record = {std::string(ds.text(tags::SOPClassUID)),
                  std::string(ds.text(tags::SOPInstanceUID)),
                  series,
                  study,
                  "1.2.840.10008.1.2.1",
                  1000,
                  348,
                  number * 0x9E3779B97F4A7C15ULL,
                  object_key(number),
                  1};
    row.source_ae = "CT01";
    row.columns = column_values(ds);
    row.header = encode_header(header).value();
    return row;
  }
  std::vector<std::uint64_t> apply(const std::vector<IndexedInstance>& rows) {
    std::vector<const IndexedInstance*> pointers;
    for (const auto& row : rows) pointers.push_back(&row);
    sequence_ += rows.size();
    const auto applied = index_->apply(pointers, sequence_);
    EXPECT_TRUE(applied) << applied.error().to_string();
    return applied.value_or(RowsApplied{}).displaced;
  }
  /// First column of a query's rows, separated by spaces.
  std::string ask(const std::string& sql) {
    SQLite::Database database((folder_ / "index.sqlite").native());
    SQLite::Statement statement(database, sql);
    std::string text;
    while (statement.executeStep()) {
      if (!text.empty()) text += ' ';
      text += statement.getColumn(0).getString();
    }
    return text;
  }

  /// What steps of the schema from 5 on made goes.
  static void back_to(SQLite::Database& database, int version) {
    for (const char* table : {"patient_conflict", "patient_word", "name_word"}) {
      database.exec(std::string("DROP TABLE ") + table);
    }
    for (const char* index : {"study_by_description", "study_by_referring_physician",
                              "series_by_institution", "series_by_station", "study_by_month"}) {
      database.exec(std::string("DROP INDEX ") + index);
    }
    database.exec("PRAGMA user_version = " + std::to_string(version));
  }

  TemporaryFolder folder_;
  std::unique_ptr<SqlIndex> index_;
  std::uint64_t sequence_ = 0;
};

TEST_F(SqlIndexTest, ARowComesBack) {
  const IndexedInstance row = instance(1, "1.2", "1.2.3");
  apply({row});
  const auto found = index_->find("1.2.3.1");
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->sop_class_uid, row.record.sop_class_uid);
  EXPECT_EQ(found->study_instance_uid, "1.2");
  EXPECT_EQ(found->series_instance_uid, "1.2.3");
  EXPECT_EQ(found->transfer_syntax_uid, row.record.transfer_syntax_uid);
  EXPECT_EQ(found->checksum, row.record.checksum);
  EXPECT_EQ(found->data_set_bytes, 1000U);
  EXPECT_EQ(found->data_set_offset, 348U);
  EXPECT_EQ(found->object_key, object_key(1));
  EXPECT_EQ(index_->header("1.2.3.1"), row.header);
  EXPECT_EQ(index_->find("1.2.3.2").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(index_->header("1.2.3.2").error().kind, ErrorKind::NotFound);
}

TEST_F(SqlIndexTest, CountersAndListsFollowWhatIsStored) {
  apply({instance(1, "1.2", "1.2.3"), instance(2, "1.2", "1.2.3"),
         instance(3, "1.2", "1.2.4", [](DataSet& ds) {
           ds.set_text(tags::Modality, "SR");
           ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.88.11");
         })});
  apply({instance(4, "1.2", "1.2.5", [](DataSet& ds) { ds.set_text(tags::Modality, "CT"); }),
         instance(5, "1.9", "1.9.1", [](DataSet& ds) { ds.set_text(tags::PatientID, "P2"); })});
  EXPECT_EQ(ask("SELECT modalities FROM study ORDER BY study_instance_uid"), "CT\\SR CT");
  EXPECT_EQ(ask("SELECT sop_classes FROM study WHERE study_instance_uid = '1.2'"),
            "1.2.840.10008.5.1.4.1.1.2\\1.2.840.10008.5.1.4.1.1.88.11");
  EXPECT_EQ(ask("SELECT series_count || '/' || instance_count || '/' || bytes FROM study ORDER BY "
                "study_instance_uid"),
            "3/4/4000 1/1/1000");
  EXPECT_EQ(ask("SELECT instance_count FROM series ORDER BY series_instance_uid"), "2 1 1 1");
  EXPECT_EQ(ask("SELECT study_count || '/' || series_count || '/' || instance_count FROM patient "
                "ORDER BY patient_id"),
            "1/3/4 1/1/1");
  const auto counts = index_->counts();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->patients, 2U);
  EXPECT_EQ(counts->studies, 2U);
  EXPECT_EQ(counts->series, 4U);
  EXPECT_EQ(counts->instances, 5U);
  EXPECT_EQ(counts->bytes, 5000U);
}

TEST_F(SqlIndexTest, TheFirstValueStaysAndEmptyOnesAreFilled) {
  apply({instance(1, "1.2", "1.2.3", [](DataSet& ds) {
    ds.set_text(tags::StudyDescription, "Thorax");
    ds.set_text(tags::PatientName, "Doe^John");
  })});
  apply({instance(2, "1.2", "1.2.4", [](DataSet& ds) {
    ds.set_text(tags::StudyDescription, "Abdomen");
    ds.set_text(tags::AccessionNumber, "A7");
    ds.set_text(tags::PatientName, "Smith^Anna");
    ds.set_text(tags::PatientSex, "F");
  })});
  EXPECT_EQ(ask("SELECT study_description || '/' || accession_number FROM study"), "Thorax/A7");
  EXPECT_EQ(ask("SELECT patient_name FROM patient"), "Doe^John");
}

TEST_F(SqlIndexTest, AStudyStaysWithItsFirstPatient) {
  apply({instance(1, "1.2", "1.2.3")});
  apply({instance(2, "1.2", "1.2.4", [](DataSet& ds) { ds.set_text(tags::PatientID, "P2"); })});
  EXPECT_EQ(ask("SELECT patient_id FROM patient"), "P1");
  EXPECT_EQ(index_->counts()->studies, 1U);
}

TEST_F(SqlIndexTest, PatientsWithoutIdAreNotTakenForOne) {
  const auto nobody = [](DataSet& ds) { ds.erase(tags::PatientID); };
  apply({instance(1, "1.2", "1.2.3", nobody), instance(2, "1.3", "1.3.1", nobody),
         instance(3, "1.3", "1.3.2", nobody)});
  EXPECT_EQ(index_->counts()->patients, 2U);
}

TEST_F(SqlIndexTest, OneIdOfTwoIssuersIsTwoPatients) {
  apply(
      {instance(1, "1.2", "1.2.3", [](DataSet& ds) { ds.set_text(tags::IssuerOfPatientID, "A"); }),
       instance(2, "1.3", "1.3.1",
                [](DataSet& ds) { ds.set_text(tags::IssuerOfPatientID, "B"); })});
  EXPECT_EQ(index_->counts()->patients, 2U);
}

TEST_F(SqlIndexTest, TheSameSeriesUidInTwoStudiesIsTwoSeries) {
  apply({instance(1, "1.2", "1.2.3"), instance(2, "1.3", "1.2.3")});
  EXPECT_EQ(index_->counts()->series, 2U);
  EXPECT_EQ(index_->find("1.2.3.2")->study_instance_uid, "1.3");
}

TEST_F(SqlIndexTest, AReplacedInstanceLeavesNothingBehind) {
  apply({instance(1, "1.2", "1.2.3"), instance(2, "1.2", "1.2.3")});
  // The second comes again in another study of another patient and with another class.
  IndexedInstance moved = instance(7, "1.9", "1.9.1", [](DataSet& ds) {
    ds.set_text(tags::SOPInstanceUID, "1.2.3.2");
    ds.set_text(tags::SOPClassUID, "1.2.840.10008.5.1.4.1.1.4");
    ds.set_text(tags::PatientID, "P2");
    ds.set_text(tags::Modality, "MR");
  });
  EXPECT_EQ(apply({moved}), std::vector<std::uint64_t>{2});
  EXPECT_EQ(index_->find("1.2.3.2")->object_key, object_key(7));
  EXPECT_EQ(index_->counts()->instances, 2U);
  EXPECT_EQ(ask("SELECT instance_count FROM study ORDER BY study_instance_uid"), "1 1");
  // And the first follows it: its study, series and patient are empty now.
  moved = instance(8, "1.9", "1.9.1", [](DataSet& ds) {
    ds.set_text(tags::SOPInstanceUID, "1.2.3.1");
    ds.set_text(tags::PatientID, "P2");
  });
  EXPECT_EQ(apply({moved}), std::vector<std::uint64_t>{1});
  EXPECT_EQ(ask("SELECT study_instance_uid FROM study"), "1.9");
  EXPECT_EQ(ask("SELECT patient_id FROM patient"), "P2");
  EXPECT_EQ(ask("SELECT count(*) FROM header_base"), "1");
  EXPECT_EQ(ask("SELECT series_count || '/' || instance_count || '/' || bytes FROM study"),
            "1/2/2000");
  const auto counts = index_->counts();
  EXPECT_EQ(counts->patients, 1U);
  EXPECT_EQ(counts->studies, 1U);
  EXPECT_EQ(counts->series, 1U);
  EXPECT_EQ(counts->instances, 2U);
  EXPECT_EQ(counts->bytes, 2000U);
  EXPECT_TRUE(index_->check()->empty());
}

TEST_F(SqlIndexTest, OneInstanceTwiceInABatchLeavesTheLater) {
  IndexedInstance again = instance(
      2, "1.2", "1.2.3", [](DataSet& ds) { ds.set_text(tags::SOPInstanceUID, "1.2.3.1"); });
  EXPECT_EQ(apply({instance(1, "1.2", "1.2.3"), again}), std::vector<std::uint64_t>{1});
  EXPECT_EQ(index_->find("1.2.3.1")->object_key, object_key(2));
  EXPECT_EQ(index_->counts()->instances, 1U);
  EXPECT_EQ(index_->counts()->series, 1U);
}

TEST_F(SqlIndexTest, ModalitiesShrinkWithWhatIsStored) {
  apply({instance(1, "1.2", "1.2.3"),
         instance(2, "1.2", "1.2.4", [](DataSet& ds) { ds.set_text(tags::Modality, "SR"); })});
  EXPECT_EQ(ask("SELECT modalities FROM study"), "CT\\SR");
  apply({instance(3, "1.2", "1.2.3",
                  [](DataSet& ds) { ds.set_text(tags::SOPInstanceUID, "1.2.4.2"); })});
  EXPECT_EQ(ask("SELECT modalities FROM study"), "CT");
}

TEST_F(SqlIndexTest, HeadersOfASeriesTakeLittleAndComeBack) {
  std::vector<IndexedInstance> rows;
  for (std::uint64_t n = 1; n <= 50; ++n) {
    rows.push_back(instance(n, "1.2", "1.2.3", [&](DataSet& ds) {
      for (std::uint16_t i = 0; i < 100; ++i) {
        ds.set_text(Tag(0x0021, static_cast<std::uint16_t>(0x1000 + i)), VR::LO,
                    "a value that all share " + std::to_string(i * 7919));
      }
      ds.set_text(tags::InstanceNumber, std::to_string(n));
    }));
  }
  ASSERT_GT(rows[0].header.size(), 3000U);
  apply(rows);
  for (const auto& row : rows) {
    EXPECT_EQ(index_->header(row.record.sop_instance_uid), row.header);
  }
  EXPECT_LT(std::stoul(ask("SELECT max(length(header)) FROM instance")), 100U);
  open();  // also by a writer that has not seen the series before
  const IndexedInstance later = instance(99, "1.2", "1.2.3");
  apply({later});
  EXPECT_EQ(index_->header("1.2.3.99"), later.header);
}

TEST_F(SqlIndexTest, PositionsAreKept) {
  EXPECT_EQ(index_->position()->applied, 0U);
  apply({instance(41, "1.2", "1.2.3")});
  ASSERT_TRUE(index_->set_checkpoint(1));
  ASSERT_TRUE(index_->sync());
  open();
  const auto position = index_->position();
  ASSERT_TRUE(position);
  EXPECT_EQ(position->applied, 1U);
  EXPECT_EQ(position->checkpoint, 1U);
  EXPECT_EQ(position->last_object, 41U);
}

TEST_F(SqlIndexTest, ForEachWalksAllPagesInOrderAndStopsWhenTold) {
  std::vector<IndexedInstance> rows;
  for (std::uint64_t n = 1; n <= 1203; ++n) rows.push_back(instance(n, "1.2", "1.2.3"));
  apply(rows);
  std::uint64_t last = 0, seen = 0;
  ASSERT_TRUE(index_->for_each([&](std::uint64_t number, const InstanceRecord& record) {
    EXPECT_GT(number, last);
    EXPECT_EQ(record.object_key, object_key(number));
    last = number;
    ++seen;
    return true;
  }));
  EXPECT_EQ(seen, 1203U);
  seen = 0;
  ASSERT_TRUE(index_->for_each([&](std::uint64_t, const InstanceRecord&) { return ++seen < 7; }));
  EXPECT_EQ(seen, 7U);
}

TEST_F(SqlIndexTest, ManyReadWhileOneWrites) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        EXPECT_TRUE(index_->counts());
        (void)index_->find("1.2.3.5");
      }
    });
  }
  for (std::uint64_t n = 1; n <= 100; ++n) apply({instance(n, "1.2", "1.2.3")});
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(index_->counts()->instances, 100U);
}

TEST_F(SqlIndexTest, NewerSchemasAreRefused) {
  index_.reset();
  {
    SQLite::Database(folder_ / "index.sqlite", SQLite::OPEN_READWRITE)
        .exec("PRAGMA user_version = 99");
  }
  const auto refused = SqlIndex::open_sqlite_index(make_file_system(), folder_.path(), true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Unsupported);
}

TEST_F(SqlIndexTest, ACapitalSharpSOfAnOlderIndexIsFoldedAsASmallOne) {
  const auto patient = [](const char* id, const char* name) {
    return [=](DataSet& ds) {
      ds.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
      ds.set_text(tags::PatientID, id);
      ds.set_text(tags::PatientName, name);
      ds.set_text(tags::ReferringPhysicianName, name);
    };
  };
  apply({instance(1, "1.2", "1.2.3", patient("P1", "STRAẞE^A")),
         instance(2, "1.3", "1.3.3", patient("P2", "Straße^Ä"))});
  index_.reset();
  {
    SQLite::Database database(folder_ / "index.sqlite", SQLite::OPEN_READWRITE);
    database.exec("UPDATE patient SET patient_name_folded = 'STRAẞE^A' WHERE patient_id = 'P1'");
    database.exec(
        "UPDATE study SET referring_physician_name_folded = 'STRAẞE^A' WHERE study_instance_uid = "
        "'1.2'");
    back_to(database, 3);
  }
  open();
  EXPECT_EQ(ask("SELECT patient_name FROM patient ORDER BY id"), "STRAẞE^A Straße^Ä");
  EXPECT_EQ(ask("SELECT patient_name_folded FROM patient"), "STRASSE^A STRASSE^A");
  EXPECT_EQ(ask("SELECT referring_physician_name_folded FROM study"), "STRASSE^A STRASSE^A");
  EXPECT_EQ(ask("SELECT rowid FROM patient_name_trigram WHERE patient_name_trigram MATCH 'ASS'"),
            "1 2");
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(kSchemaVersion));
}

TEST_F(SqlIndexTest, AnOlderIndexGetsConflictsAndTheWordsOfNames) {
  apply({instance(1, "1.2", "1.2.3")});
  index_.reset();
  back_to(*std::make_unique<SQLite::Database>(folder_ / "index.sqlite", SQLite::OPEN_READWRITE), 4);
  open();
  EXPECT_EQ(ask("SELECT word FROM name_word JOIN patient_word ON word_key = id ORDER BY word"),
            "DOE JOHN");
  apply({instance(2, "1.2", "1.2.3", [](DataSet& ds) { ds.set_text(tags::PatientID, "P2"); })});
  EXPECT_EQ(ask("SELECT patient_id FROM patient_conflict"), "P2");
  EXPECT_EQ(ask("PRAGMA user_version"), std::to_string(kSchemaVersion));
}

TEST_F(SqlIndexTest, VoicedKanaOfAnOlderIndexAreFoldedAgain) {
  apply({instance(1, "1.2", "1.2.3", [](DataSet& ds) {
    ds.set_text(tags::SpecificCharacterSet, "ISO_IR 192");
    ds.set_text(tags::PatientName, "ヤマダ^A");
    ds.set_text(tags::PerformingPhysicianName, "ガ");
  })});
  index_.reset();
  {
    SQLite::Database database(folder_ / "index.sqlite", SQLite::OPEN_READWRITE);
    database.exec("UPDATE patient SET patient_name_folded = 'ヤマダ^A'");
    database.exec("UPDATE series SET performing_physician_name_folded = 'ガ'");
    database.exec(
        "INSERT INTO worklist_item (study_instance_uid, scheduled_procedure_step_id, status, "
        "start_date, start_time, station_ae_titles, modality, patient_id, patient_name, "
        "patient_name_folded, accession_number, requested_procedure_id, source, created_ms, "
        "changed_ms, data_set) VALUES ('1', 'S', 'SCHEDULED', '', '', '', '', '', 'ﾔﾏﾀﾞ', "
        "'ヤマダ', '', '', '', 0, 0, '')");
    back_to(database, 4);
  }
  open();
  EXPECT_EQ(ask("SELECT patient_name_folded FROM patient"), "ヤマタ\u3099^A");
  EXPECT_EQ(ask("SELECT performing_physician_name_folded FROM series"), "カ\u3099");
  EXPECT_EQ(ask("SELECT patient_name_folded FROM worklist_item"), "ヤマタ\u3099");
  EXPECT_EQ(ask("SELECT rowid FROM patient_name_trigram WHERE patient_name_trigram MATCH 'ヤマタ'"),
            "1");
}

TEST_F(SqlIndexTest, AFileThatIsNoDatabaseIsCorrupt) {
  index_.reset();
  std::filesystem::remove(folder_ / "index.sqlite-wal");
  std::filesystem::resize_file(folder_ / "index.sqlite", 10);
  EXPECT_FALSE(SqlIndex::open_sqlite_index(make_file_system(), folder_.path(), true));
}

TEST_F(SqlIndexTest, EveryColumnOfTheTableIsInTheSchema) {
  const std::pair<const char*, std::span<const IndexColumn>> levels[] = {
      {"patient", patient_columns()},
      {"study", study_columns()},
      {"series", series_columns()},
      {"instance", instance_columns()}};
  for (const auto& [table, columns] : levels) {
    const std::string there =
        " " + ask(std::string("SELECT name FROM pragma_table_info('") + table + "')") + " ";
    for (const std::string& name : column_names(columns)) {
      EXPECT_NE(there.find(" " + name + " "), std::string::npos) << table << "." << name;
    }
  }
}

TEST_F(SqlIndexTest, UniquenessIsEnforcedByTheDatabase) {
  apply({instance(1, "1.2", "1.2.3")});
  SQLite::Database database((folder_ / "index.sqlite").native(), SQLite::OPEN_READWRITE);
  for (const char* table : {"patient", "study", "series", "instance"}) {
    std::string columns = ask(std::string("SELECT group_concat(name) FROM pragma_table_info('") +
                              table + "') WHERE name <> 'id'");
    EXPECT_THROW(database.exec(std::string("INSERT INTO ") + table + " (" + columns + ") SELECT " +
                               columns + " FROM " + table),
                 SQLite::Exception)
        << table;
  }
}

}  // namespace
}  // namespace pacs::storage::test

// The answers to a query out of the index: the plan's walk, taken up at each call where the last
// one left it.
#pragma once

#include <memory>

#include <functional>

#include "encoding/data_sets/header_reader.h"
#include "storage/index/sql_readers.h"
#include "storage/objects/instance_record.h"
#include "storage/query/query.h"

namespace pacs::storage {

/// Reads the header of an instance from its object, since the stored one is damaged: `why`.
using ReadAgain = std::function<Result<Header>(const InstanceRecord& instance, const Error& why)>;

/// The readers outlive what is returned. Without `read_again` a damaged header ends the search.
///
/// Keys of levels below the one asked for match when one member (a series, an instance of a study)
/// fulfils them all, and their values come from it: the first such in the order of arrival. Keys
/// that only stored headers hold are compared with, and returned from, the header of that member;
/// of each series one is tried, since the headers of a series are nearly equal. A patient's own
/// dates are in no zone: where zones were agreed on they are compared as they stand.
[[nodiscard]] Result<std::unique_ptr<Matches>> search(SqlReaders& readers, Query query,
                                                      ReadAgain read_again = {});

}  // namespace pacs::storage

// A data set as a stream of bytes: what is in memory is written at once, bulk values are read when
// their turn comes, and nothing long is held whole.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/bytes.h"
#include "core/dicom_element.h"
#include "core/result.h"
#include "encoding/limits.h"
#include "encoding/scan/inflate.h"
#include "encoding/transfer_syntax.h"

namespace pacs {

/// The next bytes of something; empty at the end. The view holds until the next call; an error is
/// final.
using Pieces = std::function<Result<ByteView>()>;

/// Fills a span with the bytes of a stored data set from an offset on; of a deflated one with those
/// of the inflated data set. Corrupt or Truncated when it ends before, else why it cannot be read.
using ReadStored = std::function<Result<>(std::uint64_t offset, std::span<std::byte> into)>;

/// From a data set that lies in memory, whose first byte has this offset.
[[nodiscard]] ReadStored stored_in(SharedBytes bytes, std::uint64_t first_offset = 0);

/// Those of one reference in memory of their own.
[[nodiscard]] Result<Bytes> read_bytes(const ReadStored& stored, BulkReference where);

/// The bytes that a bulk reference stands for, turned around in units of so many bytes (1: not).
[[nodiscard]] Pieces bulk_pieces(ReadStored stored, BulkReference where, std::size_t swap_unit);

/// Gives the value of a bulk reference; of an encapsulated one the items with their headers and the
/// delimiter.
using OpenBulk = std::function<Pieces(const Element& bulk, std::size_t swap_unit)>;

/// The data set as it is written conforming and with even lengths. Errors as write_data_set has
/// them.
[[nodiscard]] Result<Pieces> stream_data_set(DataSet data_set, const TransferSyntax& syntax,
                                             OpenBulk open_bulk);

/// Reads a data set of `deflated_bytes` bytes that lies deflated behind `deflated`: forwards it
/// goes through it once; a step back or far ahead begins at the last of the `points` before (those
/// of its header), else at the front, and reads from there in one piece. For one thread.
[[nodiscard]] ReadStored read_inflated(ReadStored deflated, std::uint64_t deflated_bytes,
                                       const Limits& limits, std::vector<InflatePoint> points = {});

}  // namespace pacs

// What a scanner says of some bytes, as a line of text.
#pragma once

#include <string>

#include "encoding/scan/token_scanner.h"

namespace pacs::test {

/// "CS(0008,0005)=10 SQ(0040,A730)[ < LO(0008,0104)=4 > ] OB(7FE0,0010)| 0 6 |": elements with
/// the bytes of their value, `~` before what has undefined length, `..` behind a value that came in
/// chunks. Ends with "truncated (0010,0010) @12" or another error when there was one.
/// The input comes in pieces of `piece_bytes`; 0 gives it whole.
std::string trace(ByteView bytes, const TransferSyntax& syntax, std::size_t piece_bytes = 0,
                  const ScanOptions& options = {});

}  // namespace pacs::test

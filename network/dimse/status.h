// DIMSE statuses (PS3.7 Annex C, PS3.4 Table B.2-1): the codes, their class, and the one table that
// maps an Error to what is answered.
#pragma once

#include <cstdint>

#include "core/result.h"
#include "network/dimse/command.h"

namespace pacs::network {

namespace status {
inline constexpr std::uint16_t kSuccess = 0x0000;
inline constexpr std::uint16_t kPending = 0xFF00;
inline constexpr std::uint16_t kPendingWarning = 0xFF01;
inline constexpr std::uint16_t kCancel = 0xFE00;
// PS3.7 Annex C.
inline constexpr std::uint16_t kNoSuchAttribute = 0x0105;
inline constexpr std::uint16_t kInvalidAttributeValue = 0x0106;
inline constexpr std::uint16_t kAttributeListError = 0x0107;
inline constexpr std::uint16_t kNoSuchSopInstance = 0x0112;
inline constexpr std::uint16_t kMissingAttribute = 0x0120;
inline constexpr std::uint16_t kMissingAttributeValue = 0x0121;
inline constexpr std::uint16_t kNoSuchAction = 0x0123;
inline constexpr std::uint16_t kResourceLimitation = 0x0213;
inline constexpr std::uint16_t kDuplicateSopInstance = 0x0111;
inline constexpr std::uint16_t kNoSuchSopClass = 0x0118;
inline constexpr std::uint16_t kInvalidSopInstance = 0x0117;
inline constexpr std::uint16_t kProcessingFailure = 0x0110;
inline constexpr std::uint16_t kSopClassNotSupported = 0x0122;
inline constexpr std::uint16_t kNotAuthorized = 0x0124;
inline constexpr std::uint16_t kUnrecognizedOperation = 0x0211;
inline constexpr std::uint16_t kDuplicateInvocation = 0x0210;
inline constexpr std::uint16_t kOutOfResources = 0xA700;  // C-STORE, PS3.4 Table B.2-1
inline constexpr std::uint16_t kDataSetDoesNotMatchSopClass = 0xA900;
inline constexpr std::uint16_t kCannotUnderstand = 0xC000;
// C-MOVE and C-GET, PS3.4 Tables C.4-2 and C.4-3.
inline constexpr std::uint16_t kCannotCalculateMatches = 0xA701;
inline constexpr std::uint16_t kCannotPerformSubOperations = 0xA702;
inline constexpr std::uint16_t kMoveDestinationUnknown = 0xA801;
inline constexpr std::uint16_t kSubOperationsFailed = 0xB000;             // some, or with warnings
inline constexpr std::uint16_t kOptionalAttributesNotSupported = 0x0001;  // PS3.4 Table F.8.2-2
}  // namespace status

enum class StatusClass : std::uint8_t { Success, Warning, Failure, Cancel, Pending };
[[nodiscard]] StatusClass status_class(std::uint16_t status);

/// What a request that failed with an error of this kind is answered.
[[nodiscard]] std::uint16_t status_of(CommandField request, ErrorKind kind);
/// The response to a request that failed with `error`: status by kind and command, error comment,
/// offending element.
[[nodiscard]] Command failure_response(const Command& request, const Error& error);
/// The response to a request that succeeded, identifying fields copied from the request.
[[nodiscard]] Command response_to(const Command& request, std::uint16_t status = status::kSuccess);

}  // namespace pacs::network

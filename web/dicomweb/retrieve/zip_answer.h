// A study, a series or an instance as a zip archive of files (PS3.18 §8.7.4, application/zip).
#pragma once

#include "core/result.h"
#include "web/dicomweb/retrieve/address.h"
#include "web/dicomweb/retrieve/object_source.h"
#include "web/http/http_message.h"

namespace pacs::web {

/// Each object as "STUDY/SERIES/INSTANCE.dcm" by their UIDs, in the transfer syntax that
/// given_syntax has for "*": its length must be known before it is sent, which that of a
/// compressed one is not.
[[nodiscard]] Result<Response> zip_answer(ObjectGiver giver, const Address& address);

}  // namespace pacs::web

// What the bodies of /api look like: JSON schemas by name, in the short form that people write.
#pragma once

#include <string_view>

#include <boost/json/fwd.hpp>

namespace pacs::web {

/// Of "components" in an OpenAPI document: by name, the JSON Schema (draft 2020-12) of each.
[[nodiscard]] boost::json::object api_schemas();

/// The JSON Schema of a short form. An object stands for an object with just these members, "name?"
/// for one that may be absent, "*" for members of any other name; [x] for an array of x; "string",
/// "integer", "number", "boolean", "null", "time" (RFC 3339) and "any" for themselves, "Name" for
/// the schema of that name, "'a|b'" for one of these strings, "x|y" for x or y.
[[nodiscard]] boost::json::value schema_of(const boost::json::value& short_form);

}  // namespace pacs::web

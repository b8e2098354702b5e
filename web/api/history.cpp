#include "web/api/history.h"

#include <cmath>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "integration/history.h"
#include "web/api/api_route.h"
#include "web/api/api_text.h"

namespace pacs::web {
namespace {

namespace json = boost::json;
using integration::HistorySpan;

std::optional<HistorySpan> span_of(const Fields& query) {
  if (query.empty()) return HistorySpan::Hour;
  const auto& [name, value] = query.front();
  if (query.size() != 1 || name != "span") return std::nullopt;
  if (value == "hour") return HistorySpan::Hour;
  if (value == "day") return HistorySpan::Day;
  if (value == "month") return HistorySpan::Month;
  return std::nullopt;
}

/// Whole numbers as such: bytes have more digits than people want an exponent for.
json::value number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

Response show(const integration::History& history, const Fields& query) {
  const std::optional<HistorySpan> span = span_of(query);
  if (!span) return Response::problem(400, "span must be hour, day or month.");
  const integration::HistoryPage page = history.page(*span);
  json::object series;
  for (const auto& [name, values] : page.series) {
    json::array numbers;
    for (const double value : values) numbers.push_back(number(value));
    series[name] = std::move(numbers);
  }
  const json::object body{{"step_seconds", page.step_seconds},
                          {"until", instant(page.until_ms)},
                          {"series", std::move(series)}};
  return Response::json(200, json::serialize(body) + "\n");
}

}  // namespace

void add_history(Router& router, const integration::History& history) {
  router.add(api_route(
      "GET", "/api/history",
      [&history](const Request& request) { return show(history, request.query); },
      {.summary = "What was stored and asked for, how fast, and what it took; for each step, the "
                  "latest last: bytes, objects and requests of the step, means of the others, the "
                  "95th percentile of times; null for what is not known",
       .query = {{"span", "hour (steps of 10 s), day (5 min) or month (2 h)"}},
       .answer = "History"}));
}

}  // namespace pacs::web

#include "web/http/forwarded.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "web/http/field_value.h"

namespace pacs::web {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

constexpr std::size_t kAuthorityCharactersMax = 260;  // a name of 253 (RFC 1035 §2.3.4), a port
constexpr std::size_t kPrefixCharactersMax = 256;
constexpr std::size_t kProxiesMax = 16;

/// As IPv6, IPv4 mapped into it; nullopt for what is no address.
std::optional<ip::address_v6> as_v6(std::string_view text) {
  error_code bad;
  const ip::address address = ip::make_address(text, bad);
  if (bad) return std::nullopt;
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

std::optional<ip::network_v6> network_of(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = as_v6(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::string_view digits = text.substr(std::min(slash + 1, text.size()));
  const int bits = address->is_v4_mapped() && text.find(':') == text.npos ? 32 : 128;
  int length = bits;
  if (slash != text.size()) {
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, length);
    if (read.ec != std::errc{} || read.ptr != end || length < 0 || length > bits)
      return std::nullopt;
  }
  return ip::network_v6(*address, static_cast<unsigned short>(128 - bits + length)).canonical();
}

bool contains_only(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != marks.npos;
  });
}

bool is_port(std::string_view text) {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// A name or address with or without a port (RFC 3986 §3.2).
bool is_authority(std::string_view text) {
  if (text.empty() || text.size() > kAuthorityCharactersMax) return false;
  std::size_t name_end = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    name_end = text.find(']');
    if (name_end == text.npos) return false;
    if (!as_v6(text.substr(1, name_end - 1))) return false;
    ++name_end;
  } else if (name_end == 0 || !contains_only(text.substr(0, name_end), "-._")) {
    return false;
  }
  const std::string_view port = text.substr(name_end);
  return port.empty() || (port.starts_with(':') && port.size() > 1 && is_port(port.substr(1)));
}

bool is_scheme(std::string_view text) {
  return equal_without_case(text, "http") || equal_without_case(text, "https");
}

bool is_prefix(std::string_view text) {
  if (text.size() > kPrefixCharactersMax || !text.starts_with('/')) return false;
  const bool elsewhere = text.find("//") != text.npos || text.find("/.") != text.npos;
  return !elsewhere && contains_only(text, "/-._~");
}

/// What one proxy says; "" for what it does not say.
struct Word {
  std::string by_whom, scheme, authority, prefix;
};

Result<> check(std::string_view field, std::string_view value, bool good) {
  if (value.empty() || good) return {};
  return fail(ErrorKind::Malformed,
              fmt::format("the proxy's {} has a value that cannot be part of a URL", field));
}

/// One element of Forwarded: for=...;proto=...;host=...
Result<Word> read_element(FieldCursor& cursor) {
  Word word;
  do {
    const std::string name = lower_case(cursor.word("=;,"));
    if (!cursor.take('=')) break;
    PACS_TRY(std::string value, cursor.value(";,"));
    if (name == "proto")
      word.scheme = std::move(value);
    else if (name == "host")
      word.authority = std::move(value);
    else if (name == "for")
      word.by_whom = std::move(value);
  } while (cursor.take(';'));
  return word;
}

Result<std::vector<Word>> read_forwarded(std::string_view field) {
  std::vector<Word> words;
  FieldCursor cursor(field);
  while (!cursor.at_end()) {
    if (cursor.take(',')) continue;
    if (words.size() == kProxiesMax) {
      return fail(ErrorKind::LimitExceeded, "Forwarded names more proxies than proxies_max (16)");
    }
    PACS_TRY(words.emplace_back(), read_element(cursor));
    if (!cursor.at_end() && !cursor.take(',')) {
      return fail(ErrorKind::Malformed, "the proxy's Forwarded is not written name=value;...");
    }
  }
  return words;
}

/// "192.0.2.43:47011" and "[2001:db8::17]:80" without port and brackets (RFC 7239 §6).
std::string_view node_address(std::string_view node) {
  if (node.starts_with('[')) return node.substr(1, std::min(node.find(']'), node.size()) - 1);
  return node.substr(0, node.find(':'));
}

/// Each proxy adds its word behind those before it, which anybody may have made up: the last one
/// is our peer's, the one before counts when our peer heard it from another listed proxy.
Result<Word> word_of_forwarded(std::string_view field, const TrustedProxies& proxies) {
  PACS_TRY(const std::vector<Word> words, read_forwarded(field));
  Word result;
  for (std::size_t i = words.size(); i-- > 0;) {
    if (!words[i].scheme.empty()) result.scheme = words[i].scheme;
    if (!words[i].authority.empty()) result.authority = words[i].authority;
    if (!proxies.contains(node_address(words[i].by_whom))) break;
  }
  return result;
}

std::string last_element(const Fields& headers, std::string_view name) {
  const std::string list = listed_field(headers, name).value_or("");
  FieldCursor cursor(list);
  std::string_view last;
  while (!cursor.at_end()) {
    if (cursor.take(',')) continue;
    last = cursor.word(",");
  }
  return std::string(last);
}

Result<Word> word_of_proxy(const Fields& headers, const TrustedProxies& proxies) {
  Word word;
  if (const auto forwarded = listed_field(headers, "Forwarded")) {
    PACS_TRY(word, word_of_forwarded(*forwarded, proxies));
    PACS_TRY(check("Forwarded proto", word.scheme, is_scheme(word.scheme)));
    PACS_TRY(check("Forwarded host", word.authority, is_authority(word.authority)));
  }
  if (word.scheme.empty()) word.scheme = last_element(headers, "X-Forwarded-Proto");
  if (word.authority.empty()) word.authority = last_element(headers, "X-Forwarded-Host");
  word.prefix = last_element(headers, "X-Forwarded-Prefix");
  PACS_TRY(check("X-Forwarded-Proto", word.scheme, is_scheme(word.scheme)));
  PACS_TRY(check("X-Forwarded-Host", word.authority, is_authority(word.authority)));
  PACS_TRY(check("X-Forwarded-Prefix", word.prefix, is_prefix(word.prefix)));
  while (word.prefix.ends_with('/')) word.prefix.pop_back();
  return word;
}

}  // namespace

struct TrustedProxies::Networks {
  std::vector<ip::network_v6> list;
};

Result<TrustedProxies> TrustedProxies::create(const std::vector<std::string>& listed) {
  auto networks = std::make_shared<Networks>();
  for (const std::string& text : listed) {
    const auto network = network_of(text);
    if (!network) {
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("\"{}\" is no address and no network of proxies", text));
    }
    networks->list.push_back(*network);
  }
  TrustedProxies proxies;
  proxies.networks_ = std::move(networks);
  return proxies;
}

bool TrustedProxies::contains(std::string_view address) const {
  const auto number = as_v6(address);
  if (!number || networks_ == nullptr) return false;
  return std::ranges::any_of(networks_->list, [&](const ip::network_v6& network) {
    return ip::network_v6(*number, network.prefix_length()).canonical() == network;
  });
}

bool is_forwarded(const Fields& headers) {
  static constexpr std::array kNames{"Forwarded",
                                     "X-Forwarded-For",
                                     "X-Forwarded-Host",
                                     "X-Forwarded-Proto",
                                     "X-Forwarded-Prefix",
                                     "X-Real-IP",
                                     "Via"};
  return std::ranges::any_of(headers, [](const auto& field) {
    return std::ranges::any_of(kNames,
                               [&](auto name) { return equal_without_case(field.first, name); });
  });
}

Result<std::string> base_url(const Arrival& arrival, const TrustedProxies& proxies) {
  Word word;
  if (proxies.contains(arrival.peer_address)) {
    PACS_TRY(word, word_of_proxy(arrival.headers, proxies));
  }
  if (word.scheme.empty()) word.scheme = arrival.tls ? "https" : "http";
  if (word.authority.empty()) word.authority = listed_field(arrival.headers, "Host").value_or("");
  if (!is_authority(word.authority)) {
    return fail(ErrorKind::Malformed, "Host is not a host name with or without a port");
  }
  return fmt::format("{}://{}{}", lower_case(word.scheme), word.authority, word.prefix);
}

}  // namespace pacs::web

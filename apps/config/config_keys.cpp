#include "apps/config/config_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>
#include <type_traits>

#include "core/text.h"

namespace pacs::apps {
namespace {

using Type = ConfigKey::Type;

// Each row names its place in Config by a type, from which these make getter and setter: the type
// of the member decides how it is converted.
template <typename Place>
ConfigKey integer(std::string_view name, std::int64_t min, std::int64_t max, std::string_view help,
                  Place) {
  return {name,
          Type::Integer,
          min,
          max,
          {},
          help,
          [](const Config& config) -> ConfigValue {
            return static_cast<std::int64_t>(Place{}(config));
          },
          [](Config& config, const ConfigValue& value) {
            auto& member = Place{}(config);
            member = static_cast<std::remove_reference_t<decltype(member)>>(
                std::get<std::int64_t>(value));
          }};
}

template <typename Place>
ConfigKey flag(std::string_view name, std::string_view help, Place) {
  return {
      name,
      Type::Bool,
      0,
      0,
      {},
      help,
      [](const Config& config) -> ConfigValue { return Place{}(config); },
      [](Config& config, const ConfigValue& value) { Place{}(config) = std::get<bool>(value); }};
}

template <typename Place>
ConfigKey text(std::string_view name, std::string_view help, Place) {
  return {
      name,
      Type::Text,
      0,
      0,
      {},
      help,
      [](const Config& config) -> ConfigValue {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(Place{}(config))>, std::string>) {
          return Place{}(config);
        } else {
          return Place{}(config).string();
        }
      },
      [](Config& config, const ConfigValue& value) {
        Place{}(config) = std::get<std::string>(value);
      }};
}

template <typename Place>
ConfigKey list(std::string_view name, std::string_view help, Place) {
  return {name,
          Type::List,
          0,
          0,
          {},
          help,
          [](const Config& config) -> ConfigValue { return Place{}(config); },
          [](Config& config, const ConfigValue& value) {
            Place{}(config) = std::get<std::vector<std::string>>(value);
          }};
}

/// The names of an enumeration's values, in their order.
template <const auto& Names, typename Place>
ConfigKey choice(std::string_view name, std::string_view help, Place) {
  return {name,
          Type::Choice,
          0,
          0,
          Names,
          help,
          [](const Config& config) -> ConfigValue {
            return std::string{Names[static_cast<std::size_t>(Place{}(config))]};
          },
          [](Config& config, const ConfigValue& value) {
            auto& member = Place{}(config);
            const auto found = std::ranges::find(Names, std::get<std::string>(value));
            member =
                static_cast<std::remove_reference_t<decltype(member)>>(found - std::begin(Names));
          }};
}

constexpr std::string_view kClientCertificates[] = {"off", "optional", "required"};
constexpr std::string_view kDurabilities[] = {"full", "os"};
constexpr std::string_view kDuplicatePolicies[] = {"keep", "replace", "reject"};
constexpr std::string_view kLogLevels[] = {"trace", "debug", "info", "warning", "error", "off"};
constexpr std::string_view kLogFormats[] = {"text", "json"};

constexpr std::int64_t kPortMax = 65535;
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kGiB = kKiB * kKiB * kKiB;
constexpr std::int64_t kLengthMax = std::numeric_limits<std::uint32_t>::max();

/// A member of a member of Config...
template <auto... Members>
struct At {
  constexpr auto& operator()(auto& config) const { return (config.*....*Members); }
};

// clang-format off
const ConfigKey kKeys[] = {
  text("dicom.ae_title",
       "Our AE title: 1 to 16 characters. Associations that call another one are rejected.",
       At<&Config::dicom, &DicomConfig::ae_title>{}),
  list("dicom.other_ae_titles",
       "AE titles that associations may call as well: \"ANY-SCP\", the default of DCMTK's tools and\n"
       "ours, or that of an archive that this one has replaced.",
       At<&Config::dicom, &DicomConfig::other_ae_titles>{}),
  flag("dicom.accept_any_called_ae_title",
       "Accept associations whatever AE title they call.",
       At<&Config::dicom, &DicomConfig::accept_any_called_ae_title>{}),
  text("dicom.default_character_set",
       "The character set of text from peers that name none, and of answers to them, as in Specific\n"
       "Character Set (0008,0005): \"ISO_IR 100\" (Latin-1), \"ISO_IR 192\" (UTF-8), \"GBK\",\n"
       "'\\ISO 2022 IR 87'; also \"SHIFT_JIS\". Empty: only ASCII can be read. A remote_ae may have\n"
       "another one. What is stored already keeps the one that it was read in.",
       At<&Config::dicom, &DicomConfig::default_character_set>{}),
  text("dicom.listen",
       "The address to listen on: \"127.0.0.1\" for this machine only, \"0.0.0.0\" or \"::\" for all\n"
       "networks. Empty: no DICOM port without TLS.",
       At<&Config::dicom, &DicomConfig::listen>{}),
  integer("dicom.port", 0, kPortMax,
       "The DICOM port. 0 takes a free one and logs it.",
       At<&Config::dicom, &DicomConfig::port>{}),
  flag("dicom.allow_unauthenticated_remote",
       "Anybody who reaches the port may store and read: DICOM without TLS has no authentication.\n"
       "Set it to true to listen beyond this machine nevertheless.",
       At<&Config::dicom, &DicomConfig::allow_unauthenticated_remote>{}),
  integer("dicom.associations_max", 1, 100'000,
       "Associations at a time on each DICOM port; further ones are rejected (transient).",
       At<&Config::dicom, &DicomConfig::associations_max>{}),
  integer("dicom.artim_seconds", 1, 3600,
       "Seconds for a peer to send its association request, and to close after the end (ARTIM).",
       At<&Config::dicom, &DicomConfig::artim_seconds>{}),
  integer("dicom.idle_seconds", 1, kDaySeconds,
       "Seconds without anything from the peer after which an association is aborted.",
       At<&Config::dicom, &DicomConfig::idle_seconds>{}),
  integer("dicom.response_seconds", 1, kDaySeconds,
       "Seconds for a peer to answer our request.",
       At<&Config::dicom, &DicomConfig::response_seconds>{}),
  integer("dicom.connect_seconds", 1, 3600,
       "Seconds for a peer to accept our connection and to answer our association request.",
       At<&Config::dicom, &DicomConfig::connect_seconds>{}),
  integer("dicom.send_seconds", 1, kDaySeconds,
       "Seconds for a peer to take the next piece of what we send; then its connection is closed.",
       At<&Config::dicom, &DicomConfig::send_seconds>{}),
  integer("dicom.pdu_bytes_max", 4 * kKiB, 16 * kKiB * kKiB,
       "Bytes of data we take in one PDU. Larger is faster, and each association needs that much memory.",
       At<&Config::dicom, &DicomConfig::pdu_bytes_max>{}),
  integer("dicom.association_pdu_bytes_max", 64 * kKiB, 64 * kKiB * kKiB,
       "Bytes of an association request; one with 128 presentation contexts stays below 65536.",
       At<&Config::dicom, &DicomConfig::association_pdu_bytes_max>{}),
  integer("dicom.command_bytes_max", 4 * kKiB, 64 * kKiB * kKiB,
       "Bytes of one command set; real ones stay below 1024.",
       At<&Config::dicom, &DicomConfig::command_bytes_max>{}),
  integer("dicom.operations_window_max", 1, 1024,
       "Operations that a peer may have in progress on one association when it asks for more than one.",
       At<&Config::dicom, &DicomConfig::operations_window_max>{}),
  integer("dicom.data_sets_bytes_max", kKiB * kKiB, 64 * kGiB,
       "Bytes of memory for queries and other data sets that are read whole, and what is made of them, all\n"
       "associations together. A request beyond it is refused (A700, A702, 0213). 200,000 references of\n"
       "one request for commitment take 180 MB.",
       At<&Config::dicom, &DicomConfig::data_sets_bytes_max>{}),
  integer("dicom.find_matches_max", 0, 1'000'000'000,
       "Matches that one query gets; then it ends with status A700 (out of resources). 0: all.",
       At<&Config::dicom, &DicomConfig::find_matches_max>{}),
  integer("dicom.move_associations", 1, 64,
       "Associations to the destination of one C-MOVE at once.",
       At<&Config::dicom, &DicomConfig::move_associations>{}),
  integer("dicom.sub_operation_seconds", 1, kDaySeconds,
       "Seconds for a peer to take and answer one object of a C-MOVE or C-GET. When a destination does\n"
       "not, the C-MOVE tries once more on a new association.",
       At<&Config::dicom, &DicomConfig::sub_operation_seconds>{}),

  text("dicom.tls.listen",
       "The address for DICOM over TLS.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::listen>{}),
  integer("dicom.tls.port", 0, kPortMax,
       "The port for DICOM over TLS. 0 takes a free one and logs it.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::port>{}),
  text("dicom.tls.certificate",
       "PEM file with our certificate and the intermediate ones up to its root. Empty: no TLS.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::certificate>{}),
  text("dicom.tls.key",
       "PEM file with the private key of the certificate.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::key>{}),
  text("dicom.tls.ca",
       "PEM file with the root certificates that peers' certificates must come from.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::ca>{}),
  choice<kClientCertificates>("dicom.tls.client_certificate",
       "Whether a client must show a certificate. With \"required\" the port may listen beyond this\n"
       "machine.",
       At<&Config::dicom, &DicomConfig::tls, &TlsConfig::client_certificate>{}),

  text("http.listen",
       "The address for DICOMweb, the administration page, its API, metrics and health.",
       At<&Config::http, &HttpConfig::listen>{}),
  integer("http.port", 0, kPortMax,
       "The HTTP port. 0 takes a free one and logs it.",
       At<&Config::http, &HttpConfig::port>{}),
  flag("http.allow_unauthenticated_remote",
       "Whoever shows no token and no certificate may read and change everything, from wherever he asks.\n"
       "False: only from this machine. True is for closed networks, or behind a proxy that asks for\n"
       "passwords.",
       At<&Config::http, &HttpConfig::allow_unauthenticated_remote>{}),
  list("http.server_names",
       "Names by which browsers may address the server besides its addresses and \"localhost\":\n"
       "stops web pages elsewhere from reading through a visitor's browser. \"*\" takes every name.",
       At<&Config::http, &HttpConfig::server_names>{}),
  integer("http.connections_max", 1, 100'000,
       "Connections at a time. One that waits for a request yields to a new one; when all are being\n"
       "answered, further ones are answered 503.",
       At<&Config::http, &HttpConfig::connections_max>{}),
  integer("http.header_bytes_max", 4 * kKiB, kKiB * kKiB,
       "Bytes of the request line and headers; browsers stay below 4096.",
       At<&Config::http, &HttpConfig::header_bytes_max>{}),
  integer("http.body_bytes_max", kKiB, kGiB,
       "Bytes of a request body that is held in memory.",
       At<&Config::http, &HttpConfig::body_bytes_max>{}),
  integer("http.request_seconds", 1, kDaySeconds,
       "Seconds from the first byte of a request to its last.",
       At<&Config::http, &HttpConfig::request_seconds>{}),
  integer("http.idle_seconds", 1, kDaySeconds,
       "Seconds to the next request; longer than browsers keep a connection (60).",
       At<&Config::http, &HttpConfig::idle_seconds>{}),
  integer("http.write_seconds", 1, kDaySeconds,
       "Seconds for a client to take the next piece of an answer, or to send the next of an upload.",
       At<&Config::http, &HttpConfig::write_seconds>{}),
  integer("http.handler_threads", 1, 1024,
       "Threads that answer requests, and as many more that make long answers while they are sent.",
       At<&Config::http, &HttpConfig::handler_threads>{}),
  list("http.proxies",
       "Addresses of proxies in front of us, whose Forwarded and X-Forwarded headers are believed:\n"
       "what a client's address is, and what addresses in answers begin with. With them http.listen\n"
       "may be beyond this machine.",
       At<&Config::http, &HttpConfig::proxies>{}),
  list("http.clients",
       "Who may what by a client certificate of http.tls: a role and the certificate's subject,\n"
       "\"viewer CN=reading-room,O=Hospital\". The roles are viewer (reads), uploader (stores as well)\n"
       "and administrator. Tokens are made by `pacs token`.",
       At<&Config::http, &HttpConfig::clients>{}),
  list("http.cors_origins",
       "Origins of web pages elsewhere that may use the API and DICOMweb with a token:\n"
       "\"https://viewer.example\"; \"*\" is any.",
       At<&Config::http, &HttpConfig::cors_origins>{}),
  text("http.viewer",
       "The folder of the OHIF viewer's files (scripts/viewer.sh). Empty: `viewer` beside the program.",
       At<&Config::http, &HttpConfig::viewer>{}),
  flag("http.access_log",
       "A line in the log for each request, at level info; else only at level debug.",
       At<&Config::http, &HttpConfig::access_log>{}),

  text("http.tls.listen",
       "The address for HTTPS.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::listen>{}),
  integer("http.tls.port", 0, kPortMax,
       "The port for HTTPS. 0 takes a free one and logs it.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::port>{}),
  text("http.tls.certificate",
       "PEM file with our certificate and the intermediate ones up to its root. Empty: no HTTPS.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::certificate>{}),
  text("http.tls.key",
       "PEM file with the private key of the certificate.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::key>{}),
  text("http.tls.ca",
       "PEM file with the root certificates that clients' certificates must come from.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::ca>{}),
  choice<kClientCertificates>("http.tls.client_certificate",
       "Whether a client must show a certificate; http.clients says what it may.",
       At<&Config::http, &HttpConfig::tls, &TlsConfig::client_certificate>{}),

  text("storage.path",
       "The folder for all data; created if missing. One program at a time holds it.",
       At<&Config::storage, &StorageConfig::path>{}),
  choice<kDurabilities>("storage.durability",
       "\"full\": what is acknowledged survives power loss; \"os\": it survives the end of the program.",
       At<&Config::storage, &StorageConfig::durability>{}),
  choice<kDuplicatePolicies>("storage.on_duplicate",
       "When an instance arrives again with other content: keep the first, replace it, or reject the\n"
       "second. The same content again is always acknowledged.",
       At<&Config::storage, &StorageConfig::on_duplicate>{}),
  integer("storage.free_bytes_min", 0, std::int64_t{1} << 50,
       "New objects are refused when fewer bytes than this are free on the disk.",
       At<&Config::storage, &StorageConfig::free_bytes_min>{}),
  list("storage.additional_sop_classes",
       "UIDs of private SOP classes to accept besides all those of the standard.",
       At<&Config::storage, &StorageConfig::additional_sop_classes>{}),

  text("index.url",
       "Where the index lies: \"sqlite:\" is a file below storage.path.",
       At<&Config::index, &IndexConfig::url>{}),

  list("query.private_creators",
       "Private creators whose attributes queries and worklist queries are matched on. A private key of\n"
       "any other creator is ignored: its value restricts nothing, and responses say so (FF01).",
       At<&Config::query, &QueryConfig::private_creators>{}),

  list("worklist.shown_statuses",
       "The statuses of scheduled procedure steps that a modality sees when its query has no Scheduled\n"
       "Procedure Step Status: SCHEDULED, ARRIVED, READY, STARTED, DEPARTED, COMPLETED, DISCONTINUED,\n"
       "CANCELED.",
       At<&Config::worklist, &WorklistConfig::shown_statuses>{}),
  flag("worklist.only_own_station",
       "Show a modality only what is scheduled for a station with its AE title.",
       At<&Config::worklist, &WorklistConfig::only_own_station>{}),
  text("worklist.folder",
       "A folder of worklist files (*.wl, as wlmscpfs reads them). New and changed files are taken into\n"
       "the worklist; the steps of a removed file are canceled unless they have begun. Wrong files are\n"
       "moved to its subfolder \"failed\". Empty: none.",
       At<&Config::worklist, &WorklistConfig::folder>{}),
  integer("worklist.folder_seconds", 1, 3600,
       "Seconds between two looks at the folder. A file is read once it is the same at both.",
       At<&Config::worklist, &WorklistConfig::folder_seconds>{}),

  flag("mpps.strict",
       "Refuse performed procedure steps that lack what PS3.4 Table F.7.2-1 requires. Set it to false\n"
       "for modalities that leave things out: then only the status, the studies and the UIDs of series\n"
       "and instances are required.",
       At<&Config::mpps, &MppsConfig::strict>{}),
  list("mpps.notify",
       "AE titles of remote AEs that are told when a performed procedure step begins, changes or ends\n"
       "(N-EVENT-REPORT of Modality Performed Procedure Step Notification).",
       At<&Config::mpps, &MppsConfig::notify>{}),

  integer("limits.nesting_depth_max", 16, kNestingDepthHighest,
       "Sequences within sequences. Real objects stay below 32.",
       At<&Config::limits, &Limits::nesting_depth_max>{}),
  integer("limits.elements_max", 1000, 1'000'000'000,
       "Elements of one object, those of its sequences included.",
       At<&Config::limits, &Limits::elements_max>{}),
  integer("limits.header_value_bytes_max", 64, 1 << 20,
       "Bytes of a value that the index keeps; longer values are only in the object.",
       At<&Config::limits, &Limits::header_value_bytes_max>{}),
  integer("limits.header_text_bytes_max", 64, 16 << 20,
       "The same for text; longer text cannot be queried.",
       At<&Config::limits, &Limits::header_text_bytes_max>{}),
  integer("limits.header_bytes_max", 1 << 20, 4 * kGiB,
       "Bytes of all values together that the index keeps of one object.",
       At<&Config::limits, &Limits::header_bytes_max>{}),
  integer("limits.fragments_max", 1000, 100'000'000,
       "Fragments of compressed pixel data whose positions are kept (16 bytes each).",
       At<&Config::limits, &Limits::fragments_max>{}),
  integer("limits.inflated_bytes_max", 1 << 20, std::int64_t{1} << 44,
       "Bytes that a deflated data set may unpack to.",
       At<&Config::limits, &Limits::inflated_bytes_max>{}),
  integer("limits.inflate_ratio_max", 2, kLengthMax,
       "Unpacked bytes for each packed one, checked above 16 MiB: stops deflate bombs.",
       At<&Config::limits, &Limits::inflate_ratio_max>{}),

  flag("commitment.same_association",
       "Report on the association of the request while it is open, else on a new one. False: always on\n"
       "a new one, for modalities that do not expect a report before they have released.",
       At<&Config::commitment, &CommitmentConfig::same_association>{}),
  integer("commitment.references_max", 1, 1'000'000,
       "Instances that one request may refer to; a request with more is refused (0213).",
       At<&Config::commitment, &CommitmentConfig::references_max>{}),

  integer("jobs.workers", 1, 64,
       "Jobs performed at once.",
       At<&Config::jobs, &JobsConfig::workers>{}),
  integer("jobs.attempts_max", 1, 1'000'000,
       "Attempts at one job; then it is dead and waits for an operator. 100 attempts with the waits\n"
       "below take four days: long enough for a peer that is off over a long weekend.",
       At<&Config::jobs, &JobsConfig::attempts_max>{}),
  integer("jobs.retry_seconds_min", 1, kDaySeconds,
       "Seconds from the first attempt to the second; each further wait is twice as long.",
       At<&Config::jobs, &JobsConfig::retry_seconds_min>{}),
  integer("jobs.retry_seconds_max", 1, 7 * kDaySeconds,
       "The longest wait between two attempts, in seconds.",
       At<&Config::jobs, &JobsConfig::retry_seconds_max>{}),
  integer("jobs.keep_days", 1, 36'500,
       "Days that a job is kept after it is done, cancelled or dead.",
       At<&Config::jobs, &JobsConfig::keep_days>{}),

  choice<kLogLevels>("logging.level",
       "The lowest level that is logged.",
       At<&Config::logging, &LoggingConfig::level>{}),
  choice<kLogFormats>("logging.format",
       "\"text\" for people, \"json\" for log collectors.",
       At<&Config::logging, &LoggingConfig::format>{}),
  text("logging.file",
       "The file to write to. Empty: standard error.",
       At<&Config::logging, &LoggingConfig::file>{}),
  integer("logging.queue_lines_max", 64, 10'000'000,
       "Lines that may wait to be written (400 bytes each); beyond that the oldest are dropped.",
       At<&Config::logging, &LoggingConfig::queue_lines_max>{}),

  integer("server.io_threads", 0, 1024,
       "Threads for associations and connections. 0: one for each processor.",
       At<&Config::server, &ServerConfig::io_threads>{}),
  integer("server.work_threads", 0, 1024,
       "Threads for work on disk and index: queries, reading objects to send. 0: two for each\n"
       "processor.",
       At<&Config::server, &ServerConfig::work_threads>{}),
  integer("server.frames_bytes_max", 64 * kKiB * kKiB, 1024 * kGiB,
       "Bytes of memory for frames that are decoded, coded and rendered at once, by DICOM and HTTP together.\n"
       "What finds none waits: objects of a C-MOVE or C-GET for their turn, HTTP requests for 30 seconds\n"
       "(then 503). A frame that needs more has it alone.",
       At<&Config::server, &ServerConfig::frames_bytes_max>{}),
  integer("server.shutdown_seconds", 0, 3600,
       "Seconds that work in progress may take after SIGTERM.",
       At<&Config::server, &ServerConfig::shutdown_seconds>{}),
};
// clang-format on

tl::unexpected<Error> must_be(std::string_view what, std::string_view is) {
  return fail(ErrorKind::InvalidArgument, fmt::format("must be {}, not {}", what, is));
}

std::string shown(const ConfigValue& value) {
  struct {
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(const std::string& text) const { return fmt::format("\"{}\"", text); }
    std::string operator()(const std::vector<std::string>&) const { return "a list"; }
  } visitor;
  return std::visit(visitor, value);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

const ConfigKey* find_config_key(std::string_view name) {
  const auto* found = std::ranges::find(kKeys, name, &ConfigKey::name);
  return found == std::end(kKeys) ? nullptr : found;
}

std::string ConfigKey::variable() const {
  std::string variable = "PACS_";
  for (const char c : name) {
    variable += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::string ConfigKey::range() const {
  switch (type) {
    case Type::Bool:
      return "true or false";
    case Type::Integer:
      return fmt::format("{} to {}", min, max);
    case Type::Text:
      return "a string";
    case Type::List:
      return "a list of strings";
    case Type::Choice:
      break;
  }
  std::string all;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i != 0) all += i + 1 == choices.size() ? " or " : ", ";
    all += fmt::format("\"{}\"", choices[i]);
  }
  return all;
}

Result<> ConfigKey::check(const ConfigValue& value) const {
  switch (type) {
    case Type::Bool:
      if (std::holds_alternative<bool>(value)) return {};
      break;
    case Type::Integer:
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        if (*number >= min && *number <= max) return {};
      }
      break;
    case Type::Text:
      if (const auto* text = std::get_if<std::string>(&value)) {
        if (text->find('\0') == text->npos) return {};
        return must_be("a string", "one with NUL in it");
      }
      break;
    case Type::Choice:
      if (const auto* text = std::get_if<std::string>(&value)) {
        if (std::ranges::find(choices, *text) != choices.end()) return {};
      }
      break;
    case Type::List:
      if (std::holds_alternative<std::vector<std::string>>(value)) return {};
      break;
  }
  return must_be(range(), shown(value));
}

Result<> ConfigKey::set(Config& config, const ConfigValue& value) const {
  PACS_TRY(check(value));
  put(config, value);
  return {};
}

namespace {

/// As the file has it; nullopt for what is no array of strings.
std::optional<std::vector<std::string>> toml_list(std::string_view text) {
  std::vector<std::string> parts;
  try {
    const toml::table table = toml::parse(fmt::format("list = {}", text));
    const toml::array* array = table["list"].as_array();
    if (array == nullptr || table.size() != 1) return std::nullopt;
    for (const toml::node& node : *array) {
      const auto part = node.value_exact<std::string>();
      if (!part) return std::nullopt;
      parts.push_back(*part);
    }
  } catch (const toml::parse_error&) {
    return std::nullopt;
  }
  return parts;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (!part.empty()) parts.emplace_back(part);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parts;
}

}  // namespace

Result<> ConfigKey::set_text(Config& config, std::string_view text) const {
  switch (type) {
    case Type::Bool:
      if (text == "true" || text == "false") return set(config, text == "true");
      break;
    case Type::Integer: {
      std::int64_t number = 0;
      const char* last = text.data() + text.size();
      const auto [end, error] = std::from_chars(text.data(), last, number);
      if (error == std::errc{} && end == last) return set(config, number);
      break;
    }
    case Type::Text:
    case Type::Choice:
      return set(config, std::string{text});
    case Type::List: {
      if (!text.starts_with('[')) return set(config, split(text));
      const auto list = toml_list(text);
      if (list) return set(config, *list);
      break;
    }
  }
  return must_be(range(), fmt::format("\"{}\"", text));
}

std::string_view config_table_help(std::string_view table) {
  struct Row {
    std::string_view table, help;
  };
  static constexpr Row kTables[] = {
      {"dicom", "The DICOM port, to which modalities and workstations connect."},
      {"dicom.tls",
       "DICOM over TLS 1.2 and 1.3 (BCP 195), on a port of its own besides the one above."},
      {"http", "The HTTP port."},
      {"http.tls", "HTTPS (TLS 1.2 and 1.3), on a port of its own besides the one above."},
      {"storage", "Where objects are kept and what is promised for them."},
      {"index", "What is known about each patient, study, series and instance."},
      {"query", "C-FIND: which keys count."},
      {"worklist", "Modality Worklist: what modalities are scheduled to do."},
      {"limits", "Limits of one object from outside. Real objects stay far below."},
      {"mpps", "What modalities report about their work: modality performed procedure steps."},
      {"commitment",
       "Storage commitment: the promise that instances are kept. Reports on new associations go\n"
       "to the remote AE with the title of the requester."},
      {"jobs",
       "Work that may fail and must be done, such as commitment reports: tried until it succeeds,\n"
       "across restarts."},
      {"logging", "The log."},
      {"server", "The program itself."},
      {"remote_ae",
       "The AEs that we may move to and report to: one table for each. Its\n"
       "character_set takes the place of dicom.default_character_set for this AE. Its\n"
       "transfer_syntaxes, the best first ([\"JPEGLSLossless\", \"RLELossless\"]), are what it is\n"
       "offered besides uncompressed ones for images whose own it may not take. With\n"
       "lossy_jpeg_quality, 1 to 100, it gets JPEG Baseline of that quality, with loss, in place "
       "of\n"
       "images of 8 bits: copies with SOP Instance UIDs of their own. The variable\n"
       "PACS_REMOTE_AE and --set remote_ae=... take "
       "\"MOVEDST@127.0.0.1:11190,OTHER@host:104+tls\"."},
  };
  const auto* found = std::ranges::find(kTables, table, &Row::table);
  return found == std::end(kTables) ? std::string_view{} : found->help;
}

Result<RemoteAe> parse_remote_ae(std::string_view text) {
  RemoteAe remote;
  std::string_view rest = text;
  if (rest.ends_with("+tls")) {
    remote.tls = true;
    rest.remove_suffix(4);
  }
  const std::size_t at = rest.find('@');
  const std::size_t colon = rest.rfind(':');
  const auto wrong = [&] {
    return fail(ErrorKind::InvalidArgument, fmt::format("must be AE@host:port, not \"{}\"", text));
  };
  if (at == rest.npos || colon == rest.npos || colon < at) return wrong();
  remote.ae_title = rest.substr(0, at);
  remote.host = rest.substr(at + 1, colon - at - 1);
  if (remote.host.size() > 2 && remote.host.front() == '[' && remote.host.back() == ']') {
    remote.host = remote.host.substr(1, remote.host.size() - 2);
  }
  const std::string_view digits = rest.substr(colon + 1);
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, remote.port);
  if (error != std::errc{} || end != last || remote.port == 0) return wrong();
  if (remote.ae_title.empty() || remote.host.empty()) return wrong();
  return remote;
}

std::optional<std::pair<std::string, web::Role>> parse_http_client(std::string_view text) {
  const std::size_t blank = text.find(' ');
  const std::optional<web::Role> role = web::parse_role(text.substr(0, blank));
  if (blank == text.npos || !role || trimmed(text.substr(blank)).empty()) return std::nullopt;
  return std::pair{std::string(trimmed(text.substr(blank))), *role};
}

std::string to_string(const RemoteAe& remote) {
  const bool v6 = remote.host.find(':') != remote.host.npos;
  return fmt::format("{}@{}{}{}:{}{}", remote.ae_title, v6 ? "[" : "", remote.host, v6 ? "]" : "",
                     remote.port, remote.tls ? "+tls" : "");
}

}  // namespace pacs::apps

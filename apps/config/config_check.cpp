// Checks configuration values that are each valid by themselves against each other.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <fstream>
#include <set>

#include "apps/config/config.h"
#include "apps/config/config_keys.h"
#include "apps/config/tls_options.h"
#include "core/uid_registry.h"
#include "core/uids.h"
#include "core/value_check.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/pixels/transcoder.h"
#include "encoding/transfer_syntax.h"
#include "network/tls_context.h"
#include "storage/worklist/worklist.h"
#include "web/http/forwarded.h"

namespace pacs::apps {
namespace {

class Check {
 public:
  explicit Check(const Config& config) : config_(config) {}

  std::vector<Error> run() {
    ae_title("dicom.ae_title", config_.dicom.ae_title);
    for (const std::string& title : config_.dicom.other_ae_titles) {
      ae_title("dicom.other_ae_titles", title);
    }
    for (const std::string& title : config_.mpps.notify) ae_title("mpps.notify", title);
    character_set("dicom.default_character_set", config_.dicom.default_character_set);
    listeners();
    tls();
    http();
    sop_classes();
    index();
    query();
    commitment();
    jobs();
    worklist();
    remote_aes();
    return std::move(problems_);
  }

 private:
  void problem(std::string message) {
    problems_.push_back(Error{ErrorKind::InvalidArgument, std::move(message)});
  }

  void ae_title(std::string_view key, const std::string& title) {
    const bool blank = title.find_first_not_of(' ') == title.npos;
    const bool backslash = title.find('\\') != title.npos;
    if (blank || backslash || !check_value(VR::AE, title)) {
      problem(fmt::format(
          "{} \"{}\" is not an AE title: 1 to 16 printable ASCII characters, no backslash", key,
          title));
    }
  }

  /// UID or keyword of one that images can be written in.
  void transfer_syntax(std::string_view key, const std::string& name) {
    if (can_transcode(uids::ExplicitVRLittleEndian, uid_named(name))) return;
    std::vector<std::string_view> known;
    for (const TransferSyntax& syntax : transfer_syntaxes()) {
      if (can_transcode(uids::ExplicitVRLittleEndian, syntax.uid)) known.push_back(syntax.keyword);
    }
    problem(fmt::format("{} \"{}\" is not what images are written in here without loss: {}", key,
                        name, fmt::join(known, ", ")));
  }

  void character_set(std::string_view key, const std::string& terms) {
    if (terms.empty() || !CharacterSet{terms}.has_unknown_term()) return;
    problem(
        fmt::format("{} \"{}\" is not a Specific Character Set (PS3.3 §C.12.1.1.2): write "
                    "ISO_IR 100, ISO_IR 192, \\ISO 2022 IR 87, GBK, SHIFT_JIS ...",
                    key, terms));
  }

  /// Checks the address and refuses to listen beyond this machine without authentication.
  void listener(std::string_view table, const std::string& address, bool authenticated,
                std::string_view way_out) {
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(address, error);
    if (error) {
      return problem(
          fmt::format("{}.listen \"{}\" is not an IP address: 127.0.0.1 is this machine, "
                      "0.0.0.0 or :: all networks",
                      table, address));
    }
    if (parsed.is_loopback() || authenticated) return;
    problem(fmt::format("{}.listen \"{}\" listens on the network without authentication: {}", table,
                        address, way_out));
  }

  void listeners() {
    const DicomConfig& dicom = config_.dicom;
    if (!dicom.listen.empty()) {
      listener(
          "dicom", dicom.listen, dicom.allow_unauthenticated_remote,
          "set dicom.allow_unauthenticated_remote = true if that is intended, or use [dicom.tls]");
    } else if (!dicom.tls.enabled()) {
      problem("dicom.listen is empty and dicom.tls has no certificate: no modality could connect");
    }
    if (dicom.tls.enabled()) {
      listener("dicom.tls", dicom.tls.listen,
               dicom.tls.client_certificate == ClientCertificate::Required ||
                   dicom.allow_unauthenticated_remote,
               "set dicom.tls.client_certificate = \"required\", or "
               "dicom.allow_unauthenticated_remote = true if that is intended");
    }
    const HttpConfig& http = config_.http;
    listener(
        "http", http.listen, http.allow_unauthenticated_remote || !http.proxies.empty(),
        "tokens would be read on the way; use [http.tls], name your proxies in http.proxies, or "
        "set http.allow_unauthenticated_remote = true if that is intended");
    // Whoever comes to it needs a token or a certificate.
    if (http.tls.enabled()) listener("http.tls", http.tls.listen, true, "");
    distinct_ports();
  }

  void distinct_ports() {
    std::set<std::uint16_t> taken;
    const auto take = [&](std::string_view key, std::uint16_t port, bool used) {
      if (used && port != 0 && !taken.insert(port).second) {
        problem(fmt::format("{} {} is also the port of another of our listeners", key, port));
      }
    };
    take("dicom.port", config_.dicom.port, !config_.dicom.listen.empty());
    take("dicom.tls.port", config_.dicom.tls.port, config_.dicom.tls.enabled());
    take("http.port", config_.http.port, true);
    take("http.tls.port", config_.http.tls.port, config_.http.tls.enabled());
  }

  void readable(std::string_view key, const std::string& file) {
    if (!file.empty() && !std::ifstream{file}) {
      problem(fmt::format("{}: {} cannot be read", key, file));
    }
  }

  void tls() {
    tls("dicom.tls", config_.dicom.tls);
    tls("http.tls", config_.http.tls);
    // Our own associations use the files of DICOM's port.
    const TlsConfig& ours = config_.dicom.tls;
    if (ours.ca.empty() || !std::ifstream{ours.ca}) return;
    network::TlsOptions trust;
    trust.ca_file = ours.ca;
    if (const auto out = network::make_requestor_tls(trust); !out) {
      tls_problem("dicom.tls", ours, out.error());
    }
  }

  void tls(std::string_view table, const TlsConfig& tls) {
    if (!tls.key.empty() && tls.certificate.empty()) {
      problem(fmt::format("{0}.key needs {0}.certificate as well", table));
    }
    if (!tls.enabled() && tls.client_certificate != ClientCertificate::Off) {
      problem(fmt::format("{0}.client_certificate needs {0}.certificate and {0}.key", table));
    }
    if (tls.enabled() && tls.key.empty()) {
      problem(fmt::format("{0}.certificate needs {0}.key as well", table));
    }
    if (tls.enabled() && tls.client_certificate != ClientCertificate::Off && tls.ca.empty()) {
      return problem(fmt::format(
          "{0}.client_certificate needs {0}.ca: whose certificates are trusted", table));
    }
    tls_files(table, tls);
  }

  /// Loads the files as the port will.
  void tls_files(std::string_view table, const TlsConfig& tls) {
    const std::size_t before = problems_.size();
    readable(fmt::format("{}.certificate", table), tls.certificate);
    readable(fmt::format("{}.key", table), tls.key);
    readable(fmt::format("{}.ca", table), tls.ca);
    if (problems_.size() != before || !tls.enabled() || tls.key.empty()) return;
    if (const auto port = network::make_acceptor_tls(acceptor_tls_options(tls)); !port) {
      tls_problem(table, tls, port.error());
    }
  }

  void tls_problem(std::string_view table, const TlsConfig& tls, const Error& error) {
    const std::string_view key = error.where == tls.key           ? ".key"
                                 : error.where == tls.certificate ? ".certificate"
                                 : error.where == tls.ca          ? ".ca"
                                                                  : "";
    problem(fmt::format("{}{}: {}{}{}", table, key, error.where, error.where.empty() ? "" : ": ",
                        error.message));
  }

  void http() {
    if (const auto proxies = web::TrustedProxies::create(config_.http.proxies); !proxies) {
      problem("http.proxies: " + proxies.error().message);
    }
    for (const std::string& client : config_.http.clients) {
      if (!parse_http_client(client)) {
        problem(
            fmt::format("http.clients: \"{}\" is not a role (viewer, uploader, administrator), a "
                        "blank and a certificate's subject",
                        client));
      }
    }
  }

  void sop_classes() {
    for (const std::string& uid : config_.storage.additional_sop_classes) {
      if (!is_usable_uid(uid)) {
        problem(fmt::format("storage.additional_sop_classes: \"{}\" is not a UID", uid));
      }
    }
    if (config_.storage.path.empty()) problem("storage.path is empty");
  }

  void index() {
    if (config_.index.url != "sqlite:") {
      problem(
          fmt::format("index.url \"{}\" is not supported: write \"sqlite:\"", config_.index.url));
    }
  }

  void query() {
    for (const std::string& creator : config_.query.private_creators) {
      constexpr std::size_t kCreatorLettersMax = 64;  // LO, PS3.5 §7.8.1
      if (creator.empty() || creator.size() > kCreatorLettersMax) {
        problem(fmt::format("query.private_creators: \"{}\" is not a private creator", creator));
      }
    }
  }

  void commitment() {
    constexpr std::uint64_t kReferenceBytes = 920;  // in memory, with the longest UIDs
    const std::uint64_t needed = config_.commitment.references_max * kReferenceBytes;
    if (needed <= config_.dicom.data_sets_bytes_max) return;
    problem(
        fmt::format("commitment.references_max = {} needs dicom.data_sets_bytes_max = {} or "
                    "more, else no request of that size is taken",
                    config_.commitment.references_max, needed));
  }

  void jobs() {
    const JobsConfig& jobs = config_.jobs;
    if (jobs.retry_seconds_min <= jobs.retry_seconds_max) return;
    problem(fmt::format("jobs.retry_seconds_min = {} is above jobs.retry_seconds_max = {}",
                        jobs.retry_seconds_min, jobs.retry_seconds_max));
  }

  void worklist() {
    for (const std::string& status : config_.worklist.shown_statuses) {
      if (!storage::parse_step_status(status)) {
        problem(
            fmt::format("worklist.shown_statuses: \"{}\" is not one of SCHEDULED, ARRIVED, READY, "
                        "STARTED, DEPARTED, COMPLETED, DISCONTINUED and CANCELED",
                        status));
      }
    }
    const std::filesystem::path folder = config_.worklist.folder;
    std::error_code ignored;
    if (!folder.empty() && !std::filesystem::is_directory(folder, ignored)) {
      problem(fmt::format("worklist.folder: {} is not a folder", folder.string()));
    }
  }

  void remote_aes() {
    std::set<std::string_view> titles;
    for (const RemoteAe& remote : config_.remote_ae) {
      ae_title("remote_ae.ae_title", remote.ae_title);
      if (remote.host.empty())
        problem(fmt::format("remote_ae {} has an empty host", remote.ae_title));
      if (!titles.insert(remote.ae_title).second) {
        problem(fmt::format("remote_ae {} is defined twice", remote.ae_title));
      }
      character_set(fmt::format("remote_ae {}: character_set", remote.ae_title),
                    remote.character_set);
      for (const std::string& name : remote.transfer_syntaxes) {
        transfer_syntax(fmt::format("remote_ae {}: transfer_syntaxes", remote.ae_title), name);
      }
    }
  }

  const Config& config_;
  std::vector<Error> problems_;
};

}  // namespace

std::vector<Error> check_config(const Config& config) {
  return Check{config}.run();
}

}  // namespace pacs::apps

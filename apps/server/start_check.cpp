#include "apps/server/start_check.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "apps/config/tls_options.h"
#include "network/tls_context.h"

namespace pacs::apps {

namespace {

/// Checked without opening the file, which would create it.
std::error_code append_error(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return std::make_error_code(std::errc::is_a_directory);
  }
  const bool there = std::filesystem::exists(file, ignored);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const int denied = there ? ::access(file.c_str(), W_OK) : ::access(folder.c_str(), W_OK | X_OK);
  return denied == 0 ? std::error_code{} : std::error_code{errno, std::generic_category()};
}

}  // namespace

Result<> check_certificate_time(const TlsConfig& tls) {
  if (!tls.enabled()) return {};
  PACS_TRY(const auto context, network::make_acceptor_tls(acceptor_tls_options(tls)));
  Result<> valid = network::check_validity(context);
  if (valid) return valid;
  return fail(ErrorKind::InvalidArgument,
              fmt::format("dicom.tls.certificate: {}: {}", tls.certificate, valid.error().message));
}

std::vector<Error> check_start(const Config& config) {
  std::vector<Error> problems;
  if (Result<> valid = check_certificate_time(config.dicom.tls); !valid) {
    problems.push_back(std::move(valid.error()));
  }
  const std::string& log = config.logging.file;
  if (const std::error_code error = log.empty() ? std::error_code{} : append_error(log)) {
    problems.push_back(
        Error{ErrorKind::InvalidArgument,
              fmt::format("logging.file: {} cannot be written: {}", log, error.message())});
  }
  return problems;
}

}  // namespace pacs::apps

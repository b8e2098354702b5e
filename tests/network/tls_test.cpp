// TLS by PS3.15 §B.12, ours against ours and against DCMTK, with certificates made by openssl.
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include "network/certificate_names.h"
#include "network/pdu/pdu_codec.h"
#include "process.h"
#include "raw_peer.h"
#include "scu.h"
#include "test_port.h"

namespace pacs::network {
namespace {

/// A CA, a server and a client that it vouches for, and a stranger.
class Certificates {
 public:
  Certificates() {
    authority("ca");
    authority("stranger");
    issue("server", "ca", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    issue("client", "ca", "subjectAltName=DNS:modality");
    issue("elsewhere", "ca", "subjectAltName=DNS:elsewhere.example");
    issue("impostor", "stranger", "subjectAltName=IP:127.0.0.1");
  }
  [[nodiscard]] std::string pem(const std::string& name) const {
    return directory_ / (name + ".pem");
  }
  [[nodiscard]] std::string key(const std::string& name) const {
    return directory_ / (name + ".key");
  }
  void issue(const std::string& name, const std::string& ca, const std::string& extension) const {
    must(
        fmt::format("openssl req -newkey rsa:2048 -nodes -subj /CN={0} -keyout {1} -out {2} && "
                    "printf '{3}' > {4} && "
                    "openssl x509 -req -in {2} -CA {5} -CAkey {6} -CAcreateserial -days 2 "
                    "-extfile {4} -out {7}",
                    name, key(name), directory_ / (name + ".csr"), extension,
                    directory_ / (name + ".ext"), pem(ca), key(ca), pem(name)));
  }
  [[nodiscard]] TlsOptions options(const std::string& name) const {
    TlsOptions tls;
    tls.certificate_file = pem(name);
    tls.private_key_file = key(name);
    tls.ca_file = pem("ca");
    return tls;
  }

 private:
  void authority(const std::string& name) const {
    must(fmt::format(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={0} -keyout {1} -out {2}",
        name, key(name), pem(name)));
  }
  static void must(const std::string& command) {
    const Ran ran = run(command);
    if (ran.exit_code != 0) throw std::runtime_error(ran.output);
  }
  TemporaryDirectory directory_;
};

const Certificates& certificates() {
  static const Certificates kCertificates;
  return kCertificates;
}

ServerOptions tls_server(
    TlsOptions::ClientCertificate client = TlsOptions::ClientCertificate::Off) {
  ServerOptions options;
  options.tls = certificates().options("server");
  options.tls->client_certificate = client;
  return options;
}

RequestOptions tls_request(const TestPort& port, bool with_certificate = false) {
  RequestOptions options = port.request_options();
  options.tls.emplace();
  if (with_certificate) options.tls = certificates().options("client");
  options.tls->ca_file = certificates().pem("ca");
  return options;
}

Ran echoscu(const TestPort& port, const std::string& options) {
  return run(fmt::format("echoscu -v -aec TESTPORT {} 127.0.0.1 {}", options, port.port()));
}
std::string dcmtk_client(const std::string& name = "client") {
  return fmt::format("+tls {} {} +cf {}", certificates().key(name), certificates().pem(name),
                     certificates().pem("ca"));
}

TEST(Tls, OurRequestorEchoesOnOurAcceptor) {
  TestPort port(tls_server());
  const auto response = port.wait(echo_once(tls_request(port)));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, status::kSuccess);
  EXPECT_TRUE(port.seen().wait([&] { return port.seen().ends.size() == 1; }));
  EXPECT_TRUE(port.seen().last().tls);
  EXPECT_EQ(port.seen().ends[0].message, "released");
}

TEST(Tls, APeerThatLeavesTheCloseToUsAfterItsReleaseIsToldOfIt) {
  ServerOptions options = tls_server();
  options.limits.artim = std::chrono::milliseconds{300};
  TestPort port(std::move(options));
  namespace asio = boost::asio;
  asio::io_context io;
  asio::ssl::context context(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> peer(io, context);
  peer.lowest_layer().connect({asio::ip::address_v4::loopback(), port.port()});
  peer.handshake(asio::ssl::stream_base::client);
  AssociateRq asked;
  asked.calling_ae = "PEER";
  asked.called_ae = "TESTPORT";
  asked.contexts = {{1, kVerification, {kImplicitLittle}}};
  const auto rq = make_request(std::move(asked), {});
  ASSERT_TRUE(rq);
  asio::write(peer, asio::buffer(encode_pdu(Pdu{*rq})));
  asio::write(peer, asio::buffer(encode_pdu(Pdu{ReleaseRq{}})));
  Bytes answers(100'000);
  boost::system::error_code end;
  asio::read(peer, asio::buffer(answers), end);
  EXPECT_EQ(end, asio::error::eof) << end.message();  // and not stream_truncated
}

TEST(Tls, CarriesMegabytes) {
  TestPort port(tls_server());
  const Bytes data = numbered_bytes(5'000'000);
  const auto response = port.wait(store_once(tls_request(port), data, 200'000));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(port.seen().data_bytes, data.size());
}

TEST(Tls, DcmtkEchoesWithEachBcp195Profile) {
  TestPort port(tls_server());
  for (const char* profile : {"", "+px", "+py", "+pz"}) {
    const Ran echo = echoscu(port, dcmtk_client() + " " + profile);
    EXPECT_EQ(echo.exit_code, 0) << profile << echo.output;
  }
  const Ran anonymous = echoscu(port, fmt::format("+tla +cf {}", certificates().pem("ca")));
  EXPECT_EQ(anonymous.exit_code, 0) << anonymous.output;
  EXPECT_EQ(port.seen().messages, 5U);
}

TEST(Tls, DcmtkStoresOverTls) {
  TestPort port(tls_server());
  const Ran stored =
      run(fmt::format("storescu -aec TESTPORT {} 127.0.0.1 {} "
                      "/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm",
                      dcmtk_client(), port.port()));
  EXPECT_EQ(stored.exit_code, 0) << stored.output;
  EXPECT_EQ(port.seen().messages, 1U);
}

TEST(Tls, OurRequestorEchoesOnStorescp) {
  const std::uint16_t dcmtk = free_port();
  const TemporaryDirectory directory;
  const Process storescp(
      {"storescp", "+tls", certificates().key("server"), certificates().pem("server"), "+cf",
       certificates().pem("ca"), "-od", directory.string(), std::to_string(dcmtk)},
      dcmtk);
  TestPort port;
  RequestOptions options = tls_request(port, true);
  options.port = dcmtk;
  options.contexts = {{0, kVerification, {kImplicitLittle}}};
  const auto response = port.wait(echo_once(options));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, status::kSuccess);
}

TEST(Tls, ARequiredClientCertificateIsRequired) {
  TestPort port(tls_server(TlsOptions::ClientCertificate::Required));
  EXPECT_TRUE(port.wait(echo_once(tls_request(port, true))));
  EXPECT_FALSE(port.wait(echo_once(tls_request(port))));
  EXPECT_EQ(echoscu(port, dcmtk_client()).exit_code, 0);
  EXPECT_NE(echoscu(port, fmt::format("+tla +cf {}", certificates().pem("ca"))).exit_code, 0);
  EXPECT_NE(echoscu(port, dcmtk_client("impostor")).exit_code, 0);
  EXPECT_EQ(port.seen().messages, 2U);
}

/// A client that keeps its session and resumes it with the next connection, as those in Java and
/// .NET do by default.
class ResumingClient {
 public:
  explicit ResumingClient(int version) {
    context_.use_certificate_chain_file(certificates().pem("client"));
    context_.use_private_key_file(certificates().key("client"), boost::asio::ssl::context::pem);
    SSL_CTX_set_session_cache_mode(context_.native_handle(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_min_proto_version(context_.native_handle(), version);
    SSL_CTX_set_max_proto_version(context_.native_handle(), version);
  }
  ~ResumingClient() { SSL_SESSION_free(session_); }
  ResumingClient(const ResumingClient&) = delete;
  ResumingClient& operator=(const ResumingClient&) = delete;

  /// Associates and releases; "full", "resumed", or what went wrong.
  std::string associates(const TestPort& port) {
    namespace asio = boost::asio;
    asio::ssl::stream<asio::ip::tcp::socket> stream(io_, context_);
    stream.lowest_layer().connect({asio::ip::address_v4::loopback(), port.port()});
    if (session_ != nullptr) SSL_set_session(stream.native_handle(), session_);
    boost::system::error_code code;
    stream.handshake(asio::ssl::stream_base::client, code);
    if (code) return code.message();
    AssociateRq asked;
    asked.calling_ae = "PEER";
    asked.called_ae = "TESTPORT";
    asked.contexts = {{1, kVerification, {kImplicitLittle}}};
    asio::write(stream, asio::buffer(encode_pdu(Pdu{*make_request(std::move(asked), {})})), code);
    asio::write(stream, asio::buffer(encode_pdu(Pdu{ReleaseRq{}})), code);
    Bytes answers(100'000);
    asio::read(stream, asio::buffer(answers), code);  // TLS 1.3: a ticket would come with it
    if (code != asio::error::eof) return code.message();
    stream.shutdown(code);  // else OpenSSL takes the session for broken, and does not offer it
    SSL_SESSION_free(std::exchange(session_, SSL_get1_session(stream.native_handle())));
    return SSL_session_reused(stream.native_handle()) == 1 ? "resumed" : "full";
  }

 private:
  boost::asio::io_context io_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  SSL_SESSION* session_ = nullptr;
};

TEST(Tls, AClientThatResumesItsSessionHasAFullHandshakeEachTime) {
  using enum TlsOptions::ClientCertificate;
  for (const auto certificate : {Off, Optional, Required}) {
    ServerOptions options = tls_server(certificate);
    options.limits.artim = std::chrono::milliseconds{300};
    TestPort port(std::move(options));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      ResumingClient client(version);
      for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(client.associates(port), "full") << int(certificate) << ' ' << version;
      }
    }
    if (certificate == Off) continue;
    TestPort ours(tls_server(certificate));  // with time for a handshake
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ours.wait(echo_once(tls_request(ours, true))));
  }
}

TEST(Tls, AnOptionalClientCertificateIsVerifiedWhenItComes) {
  TestPort port(tls_server(TlsOptions::ClientCertificate::Optional));
  EXPECT_TRUE(port.wait(echo_once(tls_request(port))));
  EXPECT_TRUE(port.wait(echo_once(tls_request(port, true))));
  RequestOptions stranger = tls_request(port);
  stranger.tls = certificates().options("impostor");
  EXPECT_FALSE(port.wait(echo_once(stranger)));
}

TEST(Tls, OurRequestorRefusesAServerThatNobodyVouchesFor) {
  ServerOptions options;
  options.tls = certificates().options("impostor");
  TestPort port(options);
  const auto refused = port.wait(echo_once(tls_request(port)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Rejected);
  EXPECT_NE(refused.error().message.find("TLS could not be agreed on"), std::string::npos);
  RequestOptions trusting = tls_request(port);
  trusting.tls->verify_peer = false;
  EXPECT_TRUE(port.wait(echo_once(trusting)));
}

TEST(Tls, OurRequestorRefusesACertificateForAnotherHost) {
  ServerOptions options;
  options.tls = certificates().options("elsewhere");
  TestPort port(options);
  const auto refused = port.wait(echo_once(tls_request(port)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "TLS could not be agreed on: the certificate is for elsewhere.example and not for "
            "127.0.0.1");
}

/// What `names_of` says of a certificate with this extension.
std::string names_in(const std::string& name, const std::string& extension) {
  certificates().issue(name, "ca", extension);
  const std::unique_ptr<BIO, decltype(&BIO_free)> file{
      BIO_new_file(certificates().pem(name).c_str(), "r"), &BIO_free};
  const std::unique_ptr<X509, decltype(&X509_free)> certificate{
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free};
  return names_of(certificate.get());
}

TEST(Tls, ACertificateIsNamedByItsAlternativeNamesOrElseItsCommonName) {
  EXPECT_EQ(names_in("two", "subjectAltName=IP:127.0.0.1,DNS:localhost,IP:2001:db8::1"),
            "127.0.0.1, localhost, 2001:db8::1");
  EXPECT_EQ(names_in("plain", "basicConstraints=CA:FALSE"), "plain");
  EXPECT_EQ(names_in("many", "subjectAltName=DNS:a,DNS:b,DNS:c,DNS:d,DNS:e,DNS:f,DNS:g"),
            "a, b, c, d, e and 2 more");
}

/// The lines of a port's log that say that a connection became no association.
class LoggedPort {
 public:
  explicit LoggedPort(ServerOptions options)
      : log_(*integration::Logger::create({.file = directory_ / "log"})),
        port_(std::move(options), accept_all(), {}, log_) {}
  [[nodiscard]] TestPort& port() { return port_; }
  /// Waits for the next end of a connection, and gives what the log says since the last.
  std::string next_line() {
    const auto ended = [&] {
      return port_.metric(R"(pacs_associations_total{outcome="no_association"})");
    };
    ++ends_;
    for (int tries = 0; ended() < ends_ && tries < 1000; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    log_.flush();
    std::ifstream file{directory_ / "log"};
    file.seekg(static_cast<std::streamoff>(read_));
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    read_ += text.size();
    return text;
  }

 private:
  TemporaryDirectory directory_;
  integration::Logger log_;
  TestPort port_;
  double ends_ = 0;
  std::size_t read_ = 0;
};

TEST(Tls, ARefusedHandshakeIsAWarningWithThePeerAndTheReason) {
  LoggedPort logged(tls_server(TlsOptions::ClientCertificate::Required));
  TestPort& port = logged.port();
  const auto expect_warning = [&](const std::string& reason) {
    EXPECT_THAT(logged.next_line(),
                testing::AllOf(testing::HasSubstr(" warning "), testing::HasSubstr(reason),
                               testing::HasSubstr("peer=127.0.0.1:"),
                               testing::HasSubstr("TLS could not be agreed on")));
  };
  EXPECT_FALSE(port.wait(echo_once(tls_request(port))));
  expect_warning("peer did not return a certificate");
  RequestOptions stranger = tls_request(port);
  stranger.tls = certificates().options("impostor");
  EXPECT_FALSE(port.wait(echo_once(stranger)));
  expect_warning("unable to get local issuer certificate");
  RequestOptions distrustful = tls_request(port, true);
  distrustful.tls->ca_file = certificates().pem("stranger");
  EXPECT_FALSE(port.wait(echo_once(distrustful)));
  expect_warning("alert unknown ca");
  EXPECT_FALSE(port.wait(echo_once(port.request_options())));
  expect_warning("wrong version number");
}

TEST(Tls, AConnectionThatClosesWithoutAByteIsNoWarning) {
  LoggedPort logged(tls_server());
  { const RawPeer probe(logged.port().port()); }
  EXPECT_EQ(logged.next_line(), "");
}

TEST(Tls, OldProtocolVersionsAndWeakCiphersAreRefused) {
  TestPort port(tls_server());
  const auto agree = [&](const std::string& options) {
    return run(
        fmt::format("openssl s_client -connect 127.0.0.1:{} {} </dev/null", port.port(), options));
  };
  EXPECT_EQ(agree("-tls1_2").exit_code, 0);
  EXPECT_EQ(agree("-tls1_3").exit_code, 0);
  EXPECT_NE(agree("-tls1_1 -cipher ALL:@SECLEVEL=0").exit_code, 0);
  EXPECT_NE(agree("-tls1 -cipher ALL:@SECLEVEL=0").exit_code, 0);
  for (const char* cipher : {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA",
                             "DES-CBC3-SHA", "NULL-SHA256", "ADH-AES128-GCM-SHA256"}) {
    EXPECT_NE(agree(fmt::format("-tls1_2 -cipher {}:@SECLEVEL=0", cipher)).exit_code, 0) << cipher;
  }
  for (const char* cipher : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
                             "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384"}) {
    EXPECT_EQ(agree(fmt::format("-tls1_2 -cipher {}", cipher)).exit_code, 0) << cipher;
  }
}

TEST(Tls, PlainDicomOnATlsPortIsClosed) {
  TestPort port(tls_server());
  EXPECT_FALSE(port.wait(echo_once(port.request_options())));
  EXPECT_EQ(port.seen().served, 0U);
  EXPECT_TRUE(port.wait(echo_once(tls_request(port))));
}

TEST(Tls, SilenceInTheHandshakeIsClosedAfterArtim) {
  ServerOptions options = tls_server();
  options.limits.artim = std::chrono::milliseconds{200};
  TestPort port(options);
  RawPeer peer(port.port());
  EXPECT_LT(peer.expect_close(), std::chrono::seconds{5});
}

TEST(Tls, FilesThatCannotBeUsedAreNamed) {
  ServerOptions options = tls_server();
  options.tls->certificate_file = "/nowhere/server.pem";
  const auto serve = [](std::shared_ptr<Association>) -> Task<void> { co_return; };
  TestPort port;
  options.port = 0;
  auto server = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(server.error().where, "/nowhere/server.pem");
  options = tls_server();
  options.tls->private_key_file = certificates().key("client");
  server = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("private key"), std::string::npos);
  const TemporaryDirectory directory;
  for (const char* form : {"-traditional", ""}) {
    const std::string encrypted = directory / "encrypted.key";
    ASSERT_EQ(run(fmt::format("openssl pkey -in {} -aes128 -passout pass:secret {} -out {}",
                              certificates().key("server"), form, encrypted))
                  .exit_code,
              0);
    options = tls_server();
    options.tls->private_key_file = encrypted;
    server = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
    ASSERT_FALSE(server) << "and nobody was asked for a pass phrase";
    EXPECT_NE(server.error().message.find("private key is encrypted"), std::string::npos);
    EXPECT_EQ(server.error().where, encrypted);
  }
  options = tls_server(TlsOptions::ClientCertificate::Required);
  options.tls->ca_file.clear();
  server = Server::start(port.pool(), options, accept_all(), serve, {}, nullptr);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("no CA file"), std::string::npos);
}

}  // namespace
}  // namespace pacs::network

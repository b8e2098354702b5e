#include "web/http/forwarded.h"

#include <gtest/gtest.h>

namespace pacs::web {
namespace {

const TrustedProxies kProxies = *TrustedProxies::create({"10.1.2.3", "192.168.0.0/16", "fd00::/8"});

/// The base URL of a request that comes from 10.1.2.3 unless said otherwise, or the error's
/// message.
std::string url(Fields headers, std::string_view peer = "10.1.2.3", bool tls = false) {
  headers.emplace_back("Host", "inner:8080");
  const auto base = base_url({.headers = headers, .peer_address = peer, .tls = tls}, kProxies);
  return base ? *base : base.error().message;
}

TEST(Forwarded, WithoutProxiesItIsWhatTheClientAskedFor) {
  EXPECT_EQ(url({}), "http://inner:8080");
  EXPECT_EQ(url({}, "10.9.9.9", true), "https://inner:8080");
}

TEST(Forwarded, OnlyListedProxiesAreBelieved) {
  const Fields said{{"Forwarded", "proto=https;host=pacs.example"}};
  const Fields said_x{{"X-Forwarded-Proto", "https"},
                      {"X-Forwarded-Host", "pacs.example"},
                      {"X-Forwarded-Prefix", "/dicom/"}};
  for (const std::string_view listed : {"10.1.2.3", "192.168.7.7", "fd12::1", "::ffff:10.1.2.3"}) {
    EXPECT_EQ(url(said, listed), "https://pacs.example") << listed;
    EXPECT_EQ(url(said_x, listed), "https://pacs.example/dicom") << listed;
  }
  for (const std::string_view other : {"10.1.2.4", "192.169.0.1", "fe80::1", "127.0.0.1", ""}) {
    EXPECT_EQ(url(said, other), "http://inner:8080") << other;
    EXPECT_EQ(url(said_x, other), "http://inner:8080") << other;
  }
}

TEST(Forwarded, OfAChainTheLastListedProxyCounts) {
  // The first element is what a client made up; our peer heard it from 203.0.113.9.
  EXPECT_EQ(
      url({{"Forwarded", "host=evil.example;proto=http, for=203.0.113.9;proto=https;host=a"}}),
      "https://a");
  // Our peer heard it from another listed proxy.
  EXPECT_EQ(url({{"Forwarded", "for=203.0.113.9;Proto=HTTPS;Host=\"a:443\""},
                 {"Forwarded", "for=\"192.168.0.9:4711\";proto=http"}}),
            "https://a:443");
  EXPECT_EQ(url({{"Forwarded", "for=\"[fd00::1]:80\", for=\"[fd00::2]\""}}), "http://inner:8080");
  EXPECT_EQ(url({{"X-Forwarded-Host", "evil.example, b"}}), "http://b");
}

TEST(Forwarded, ValuesThatAreNoPartOfAUrlAreRefused) {
  for (const std::string_view host : {"a/b", "a b", "user@a", "a:b", "a:", "a:123456", "[::1",
                                      "[a]", "a\"<", ":80", "a?b", "\xC3\xA4"}) {
    EXPECT_EQ(url({{"Forwarded", "host=\"" + std::string(host) + "\""}}).substr(0, 5), "the p")
        << host;
  }
  EXPECT_EQ(url({{"X-Forwarded-Host", std::string(300, 'a')}}).substr(0, 5), "the p");
  EXPECT_EQ(url({{"X-Forwarded-Proto", "javascript"}}).substr(0, 5), "the p");
  for (const std::string_view prefix :
       {"dicom", "//evil.example", "/a/../b", "/a?b", "/a\"b", "/%2e"}) {
    EXPECT_EQ(url({{"X-Forwarded-Prefix", std::string(prefix)}}).substr(0, 5), "the p") << prefix;
  }
  EXPECT_EQ(url({{"Forwarded", "host=\"a"}}), "a quoted string is not closed");
  std::string many = "host=a";
  for (int i = 0; i < 16; ++i) many += ",host=a";
  EXPECT_EQ(url({{"Forwarded", many}}).substr(0, 9), "Forwarded");
  const Fields bad_host{{"Host", "a/../b"}};
  EXPECT_FALSE(base_url({.headers = bad_host, .peer_address = "::1"}, kProxies));
  EXPECT_FALSE(base_url({.headers = {}, .peer_address = "::1"}, kProxies));
}

TEST(Forwarded, AListOfProxiesIsCheckedWhenItIsRead) {
  for (const std::string& bad :
       {std::string("proxy"), std::string("10.0.0.0/33"), std::string("1.2/8"),
        std::string("::/129"), std::string("10.0.0.0/"), std::string()}) {
    EXPECT_EQ(TrustedProxies::create({bad}).error().kind, ErrorKind::InvalidArgument) << bad;
  }
  EXPECT_TRUE(TrustedProxies::create({"0.0.0.0/0"})->contains("1.2.3.4"));
  EXPECT_FALSE(TrustedProxies::create({"0.0.0.0/0"})->contains("fd00::1"));
  EXPECT_FALSE(TrustedProxies().contains("127.0.0.1"));
}

TEST(Forwarded, SomebodyWhoForwardsSaysSo) {
  EXPECT_FALSE(is_forwarded({{"Host", "a"}, {"Accept", "*/*"}}));
  EXPECT_TRUE(is_forwarded({{"forwarded", "for=1.2.3.4"}}));
  EXPECT_TRUE(is_forwarded({{"X-FORWARDED-FOR", "1.2.3.4"}}));
}

}  // namespace
}  // namespace pacs::web

#include "web/http/router.h"

#include <gtest/gtest.h>

#include "web/http/request_target.h"

namespace pacs::web {
namespace {

Handler says(const char* word) {
  return [word](const Request&) { return Response::text(200, word); };
}
std::string answer_of(const Router::Match& match) {
  if (match.route == nullptr) return "nothing";
  return std::get<std::string>(std::get<Handler>(match.route->handler)({}).body);
}

TEST(Router, FindsTheHandlerOfAPathAndItsParameters) {
  Router router;
  router.add({"GET", "/studies/{study}/series/{series}", Role::Anybody, says("series")});
  const auto match = router.match("GET", {"studies", "1.2", "series", "3.4"});
  EXPECT_EQ(answer_of(match), "series");
  EXPECT_EQ(match.parameters, (Fields{{"study", "1.2"}, {"series", "3.4"}}));
  EXPECT_EQ(match.pattern, "/studies/{study}/series/{series}");
}

TEST(Router, APathOfOtherLengthIsNotFound) {
  Router router;
  router.add({"GET", "/studies/{study}", Role::Anybody, says("study")});
  EXPECT_EQ(router.match("GET", {"studies"}).route, nullptr);
  EXPECT_EQ(router.match("GET", {"studies", "1", "2"}).route, nullptr);
  EXPECT_TRUE(router.match("GET", {"studies"}).allow.empty());
}

TEST(Router, LiteralSegmentsWinOverPlaceholdersInAnyOrderOfAdding) {
  for (const bool literal_first : {true, false}) {
    Router router;
    if (literal_first) router.add({"GET", "/a/metadata", Role::Anybody, says("literal")});
    router.add({"GET", "/a/{uid}", Role::Anybody, says("placeholder")});
    if (!literal_first) router.add({"GET", "/a/metadata", Role::Anybody, says("literal")});
    EXPECT_EQ(answer_of(router.match("GET", {"a", "metadata"})), "literal");
    EXPECT_EQ(answer_of(router.match("GET", {"a", "1.2"})), "placeholder");
  }
}

TEST(Router, TheRootIsTheEmptyPath) {
  Router router;
  router.add({"GET", "/", Role::Anybody, says("root")});
  EXPECT_EQ(answer_of(router.match("GET", {})), "root");
}

TEST(Router, ListsTheMethodsOfAPathWhenTheMethodIsWrong) {
  Router router;
  router.add({"GET", "/a", Role::Anybody, says("get")});
  router.add({"POST", "/a", Role::Anybody, says("post")});
  const auto match = router.match("PUT", {"a"});
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, POST, OPTIONS");
  router.add({"OPTIONS", "/a", Role::Anybody, says("options")});
  EXPECT_EQ(router.match("PUT", {"a"}).allow, "GET, HEAD, POST, OPTIONS");
}

TEST(Router, HeadIsAnsweredByGet) {
  Router router;
  router.add({"GET", "/a", Role::Anybody, says("get")});
  EXPECT_EQ(answer_of(router.match("HEAD", {"a"})), "get");
}

TEST(RequestTarget, DecodesSegmentsAndQuery) {
  const auto target = parse_target("/a%20b//c/?x=1%262&y&x=%C3%A9");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a b", "c"}));
  EXPECT_EQ(target->query, (Fields{{"x", "1&2"}, {"y", ""}, {"x", "\xc3\xa9"}}));
}

TEST(RequestTarget, TakesAbsoluteForm) {
  const auto target = parse_target("http://localhost:8080/a?b=c");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a"}));
}

TEST(RequestTarget, RefusesWhatIsNoPathAndPathsWithoutEnd) {
  std::string deep, wide = "/?";
  for (int i = 0; i < 1000; ++i) {
    deep += "/a";
    wide += "a=b&";
  }
  for (const std::string& bad : {std::string("*"), std::string(""), std::string("host:80"),
                                 std::string("/a b"), std::string("/%"), deep, wide}) {
    EXPECT_FALSE(parse_target(bad).has_value()) << bad;
  }
}

TEST(RequestMessage, HeaderNamesCompareWithoutCase) {
  Request request;
  request.headers = {{"Accept", "a"}, {"accept", "b"}};
  EXPECT_EQ(request.header("ACCEPT"), "a");
  EXPECT_EQ(request.header("Missing"), "");
}

}  // namespace
}  // namespace pacs::web

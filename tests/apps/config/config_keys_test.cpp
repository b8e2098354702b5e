#include "apps/config/config_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace pacs::apps {
namespace {

TEST(ConfigKeys, EachHasANameAHelpAndAVariableOfItsOwn) {
  std::set<std::string_view> names;
  std::set<std::string> variables;
  for (const ConfigKey& key : config_keys()) {
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
    EXPECT_TRUE(variables.insert(key.variable()).second) << key.variable();
    EXPECT_FALSE(key.help.empty()) << key.name;
    EXPECT_NE(key.name.find('.'), std::string_view::npos) << key.name;
    EXPECT_FALSE(config_table_help(key.name.substr(0, key.name.rfind('.'))).empty()) << key.name;
    EXPECT_EQ(find_config_key(key.name), &key);
  }
  EXPECT_EQ(find_config_key("dicom"), nullptr);
}

TEST(ConfigKeys, OfOneTableStandTogether) {
  std::set<std::string_view> closed;
  std::string_view open;
  for (const ConfigKey& key : config_keys()) {
    const std::string_view table = key.name.substr(0, key.name.rfind('.'));
    if (table == open) continue;
    EXPECT_TRUE(closed.insert(table).second) << table << " is opened twice";
    open = table;
  }
}

TEST(ConfigKeys, DefaultsAreWithinTheirOwnRanges) {
  const Config config;
  for (const ConfigKey& key : config_keys()) EXPECT_TRUE(key.check(key.get(config))) << key.name;
}

TEST(ConfigKeys, WhatIsPutIsGotAndNothingElseChanges) {
  for (const ConfigKey& key : config_keys()) {
    Config config;
    ConfigValue other;
    switch (key.type) {
      case ConfigKey::Type::Bool:
        other = !std::get<bool>(key.get(config));
        break;
      case ConfigKey::Type::Integer:
        other = key.get(config) == ConfigValue{key.max} ? key.min : key.max;
        break;
      case ConfigKey::Type::Text:
        other = std::string{"other"};
        break;
      case ConfigKey::Type::Choice:
        other = std::string{key.choices.back()};
        break;
      case ConfigKey::Type::List:
        other = std::vector<std::string>{"a", "b"};
        break;
    }
    ASSERT_TRUE(key.set(config, other)) << key.name;
    EXPECT_EQ(key.get(config), other) << key.name << ": its type is too small for its range";
    for (const ConfigKey& untouched : config_keys()) {
      if (&untouched == &key) continue;
      EXPECT_EQ(untouched.get(config), untouched.get(Config{}))
          << key.name << " moved " << untouched.name;
    }
  }
}

TEST(ConfigKeys, RefuseEveryOtherTypeAndEveryNumberOutside) {
  const ConfigValue values[] = {true, std::int64_t{1}, std::string{"x"},
                                std::vector<std::string>{}};
  for (const ConfigKey& key : config_keys()) {
    Config config;
    for (const ConfigValue& value : values) {
      if (value.index() == key.get(config).index()) continue;
      EXPECT_FALSE(key.set(config, value)) << key.name;
    }
    if (key.type == ConfigKey::Type::Integer) {
      EXPECT_FALSE(key.set(config, key.min - 1)) << key.name;
      EXPECT_FALSE(key.set(config, key.max + 1)) << key.name;
      EXPECT_TRUE(key.set(config, key.min)) << key.name;
    }
    if (key.type == ConfigKey::Type::Choice) {
      EXPECT_FALSE(key.set(config, std::string{""})) << key.name;
    }
    if (key.type == ConfigKey::Type::Text) {
      EXPECT_FALSE(key.set(config, std::string("a\0b", 3))) << key.name;
    }
  }
}

TEST(ConfigKeys, TheVariableIsTheNameInCapitals) {
  EXPECT_EQ(find_config_key("dicom.tls.client_certificate")->variable(),
            "PACS_DICOM_TLS_CLIENT_CERTIFICATE");
}

TEST(RemoteAeText, ReadsBackWhatItPrints) {
  for (const char* text : {"MOVEDST@127.0.0.1:11190", "A B@host:104+tls", "X@[::1]:1"}) {
    const auto remote = parse_remote_ae(text);
    ASSERT_TRUE(remote) << text;
    EXPECT_EQ(to_string(*remote), text);
  }
}

}  // namespace
}  // namespace pacs::apps

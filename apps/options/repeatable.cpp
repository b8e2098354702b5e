#include "apps/options/repeatable.h"

#include <CLI/CLI.hpp>

namespace pacs::apps {

CLI::Option* repeatable(CLI::Option* option) {
  return option->expected(1)->allow_extra_args(false)->take_all();
}

}  // namespace pacs::apps

// Options that may be given several times.
#pragma once

namespace CLI {
class Option;
}

namespace pacs::apps {

/// Takes one value each time the option is given and keeps them all. Without this the parser gives
/// an option that fills a list every argument that follows, files and the peer included.
CLI::Option* repeatable(CLI::Option* option);

}  // namespace pacs::apps

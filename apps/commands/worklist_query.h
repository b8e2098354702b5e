// pacs worklist query: see worklist_query.cpp.
#pragma once

namespace CLI {
class App;
}

namespace pacs::apps {

void add_worklist_query(CLI::App& worklist, int& exit_code);

}  // namespace pacs::apps

// The subcommands of `pacs`, one file each. Each adds itself to the command line and, when chosen,
// runs and leaves the exit code of the process in `exit_code` (0 success, 1 something failed,
// 2 wrong usage or configuration).
#pragma once

namespace CLI {
class App;
}

namespace pacs::apps {

void add_serve(CLI::App& app, int& exit_code);
void add_echo(CLI::App& app, int& exit_code);
void add_store(CLI::App& app, int& exit_code);
void add_find(CLI::App& app, int& exit_code);
void add_get(CLI::App& app, int& exit_code);
void add_move(CLI::App& app, int& exit_code);
void add_mpps(CLI::App& app, int& exit_code);
void add_commit(CLI::App& app, int& exit_code);
void add_worklist(CLI::App& app, int& exit_code);
void add_dump(CLI::App& app, int& exit_code);
void add_render(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_jobs(CLI::App& app, int& exit_code);
void add_token(CLI::App& app, int& exit_code);
void add_config(CLI::App& app, int& exit_code);
void add_completion(CLI::App& app, int& exit_code);

}  // namespace pacs::apps

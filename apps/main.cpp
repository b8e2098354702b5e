// The program `pacs`.
#include "apps/command_line.h"

int main(int argc, char** argv) {
  return pacs::apps::run_command_line(argc, argv);
}

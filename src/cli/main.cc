#include "tint/cli/command.h"

int main(int argc, char** argv) { return tint::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc)); }

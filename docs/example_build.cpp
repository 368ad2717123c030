// SPDX-License-Identifier: Apache-2.0
// A build tool of one's own, against the installed library:
//   c++ -std=c++20 example_build.cpp $(pkg-config --cflags --libs ociassemble) -o example
//   ./example server 127.0.0.1:5000/app:v1
#include <iostream>
#include <ociassemble/ociassemble.hpp>

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: example BINARY REGISTRY/REPOSITORY:TAG\n";
    return 2;
  }
  try {
    ociassemble::AssembleOptions options;  // on the built-in base, unless .base says otherwise
    auto& binary = options.contents.binaries.emplace_back();
    binary.source = words[1];
    binary.destination = "/usr/local/bin/app";
    options.env = {{"GOMAXPROCS", "2"}};
    options.labels = {{"org.opencontainers.image.title", "example"}};

    ociassemble::Workplace workplace;
    workplace.store = ociassemble::make_temporary_store();
    workplace.warn = [](const std::string& line) { std::cerr << "warning: " << line << '\n'; };
    workplace.registry.progress = [](const ociassemble::TransferEvent& event) {
      if (event.kind == ociassemble::TransferEvent::Kind::finished) std::cerr << "sent " << event.subject << '\n';
    };

    const auto made = ociassemble::assemble(options, workplace);
    std::cout << ociassemble::publish(made.image, ociassemble::Location::parse(words[2]), workplace) << '\n';
    return 0;
  } catch (const ociassemble::Error& error) {
    std::cerr << error.what() << '\n' << error.hint() << '\n';
    return ociassemble::exit_status(error.code());
  }
}

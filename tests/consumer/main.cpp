// SPDX-License-Identifier: Apache-2.0
// Built against the installed library, with nothing but what pkg-config tells:
//   c++ -std=c++20 main.cpp $(pkg-config --cflags --libs ociassemble) -o consumer
// Puts a binary on the built-in base and pushes the image: consumer BINARY REGISTRY/REPOSITORY:TAG
#include <exception>
#include <iostream>
#include <ociassemble/assemble.hpp>
#include <ociassemble/error.hpp>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: consumer BINARY REFERENCE\n";
    return 2;
  }
  try {
    ociassemble::AssembleOptions options;
    options.binaries = {{argv[1], "/app", false, {}}};
    options.exposed_ports = {"8080"};
    options.labels = {{"org.opencontainers.image.title", "consumer"}};

    ociassemble::Workplace workplace;
    workplace.store = ociassemble::make_temporary_store();

    const auto made = ociassemble::assemble(options, workplace);
    std::cout << ociassemble::publish(made.image, ociassemble::Location::parse(argv[2]), workplace) << '\n';
    return 0;
  } catch (const ociassemble::Error& error) {
    std::cerr << "consumer: " << error.what() << '\n';
    return ociassemble::exit_status(error.code());
  }
}

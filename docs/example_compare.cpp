// SPDX-License-Identifier: Apache-2.0
// Verifies two images, wherever they are, and says what differs; Ctrl-C ends it between two blocks of bytes.
//   c++ -std=c++20 example_compare.cpp $(pkg-config --cflags --libs ociassemble) -pthread -o compare
//   ./compare oci:image:v1 registry.example.com/team/server:v1
#include <csignal>
#include <iostream>
#include <ociassemble/ociassemble.hpp>
#include <stop_token>
#include <thread>

namespace {

// Ctrl-C becomes a request to stop: the signal is blocked in every thread, and one thread waits for it.
void stop_at_interrupt(std::stop_source stop) {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
  std::thread([interrupt, stop]() mutable {
    int signal = 0;
    sigwait(&interrupt, &signal);
    stop.request_stop();
  }).detach();
}

ociassemble::Document open_verified(const char* text, const ociassemble::Workplace& workplace) {
  auto document = ociassemble::open_document(ociassemble::Location::parse(text), workplace);
  const auto report = ociassemble::verify(document, workplace.stop);
  for (const auto& problem : report.problems) std::cerr << text << ": " << problem << '\n';
  if (!report.problems.empty()) {
    throw ociassemble::Error(ociassemble::ErrorCode::check_failed, std::string(text) + " is not what it says");
  }
  return document;
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::cerr << "usage: compare IMAGE IMAGE\n";
    return 2;
  }
  std::stop_source stop;
  stop_at_interrupt(stop);
  try {
    ociassemble::Workplace workplace;
    workplace.stop = stop.get_token();
    const auto before = open_verified(words[1], workplace);
    const auto after = open_verified(words[2], workplace);
    const auto result = ociassemble::compare(before, after, std::nullopt, {.stop = workplace.stop});
    for (const auto& image : result.images) {
      for (const auto& layer : image.layers) {
        if (layer.change == ociassemble::LayerChange::same) continue;
        for (const auto& file : layer.files) std::cout << image.platform.to_string() << " /" << file.path << '\n';
      }
      for (const auto& change : image.config) std::cout << image.platform.to_string() << ' ' << change.member << '\n';
    }
    return result.verdict() == ociassemble::Verdict::same ? 0 : 3;
  } catch (const ociassemble::Error& error) {
    std::cerr << error.what() << '\n' << error.hint() << '\n';
    return ociassemble::exit_status(error.code());
  }
}

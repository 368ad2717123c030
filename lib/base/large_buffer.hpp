// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace ociassemble {

// Asks the kernel at once for the pages of memory that will soon be written, instead of by a fault for each: on a
// virtual machine a fault can take longer than compressing a page. Changes no byte; does nothing where the kernel
// cannot.
void prefault(void* begin, std::size_t size) noexcept;

// Bytes that are filled from the front, of which often only a part is. Not initialised.
class LargeBuffer {
 public:
  explicit LargeBuffer(std::size_t size) : size_(size), bytes_(std::make_unique_for_overwrite<std::byte[]>(size)) {}

  std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  // The first so many bytes will soon be written.
  void expect(std::size_t size) {
    if (size > expected_) prefault_to(size);
  }

 private:
  void prefault_to(std::size_t size);

  std::size_t size_;
  std::size_t expected_ = 0;
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace ociassemble

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ociassemble {

// What is wrong with the `data` members of the descriptors in a manifest or index (OCI image specification,
// descriptor.md, "Embedded Content"): each must be the blob's bytes in base64. A line for each; none where all are
// right, or there are none. Engines may read such bytes in place of the blob. Throws Error{corrupt} for what is no JSON
// object.
std::vector<std::string> faults_of_embedded_data(std::string_view json);

}  // namespace ociassemble

// SPDX-License-Identifier: Apache-2.0
// usage: NODE_PATH=FOLDER/node_modules node validate_pods.js FILE…   Validates YAML files of Deployments and Services by the schemas
// of npm's kubernetes-models; "yaml" reads them.
const fs = require("fs");
const yaml = require("yaml");

let bad = 0;
for (const file of process.argv.slice(2)) {
  for (const document of yaml.parseAllDocuments(fs.readFileSync(file, "utf8"))) {
    const value = document.toJS();
    const Model = require(`kubernetes-models/${value.apiVersion}/${value.kind}`)[value.kind];
    try {
      new Model(value).validate();
    } catch (error) {
      console.log(`${file}: ${value.kind}: ${error.message}`);
      bad = 1;
    }
  }
}
process.exit(bad);

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "policy/rule.hpp"

namespace ociassemble {

// One for each rule; what each demands is in the table (rules.cpp) and in docs/policy.md.

// image_rules.cpp: config, manifest and reference.
void judge_user(const RuleContext& context);
void judge_workdir(const RuleContext& context);
void judge_secret_names(const RuleContext& context);
void judge_volumes(const RuleContext& context);
void judge_labels(const RuleContext& context);
void judge_base(const RuleContext& context);
void judge_tag(const RuleContext& context);
void judge_age(const RuleContext& context);
void judge_layers(const RuleContext& context);
void judge_healthcheck(const RuleContext& context);

// program_rules.cpp: what kernel, loader and program need.
void judge_runs(const RuleContext& context);
void judge_needs_rule(const RuleContext& context);

// file_rules.cpp: the files, and what starts among them.
void judge_entrypoint(const RuleContext& context);
void judge_writable(const RuleContext& context);
void judge_setuid(const RuleContext& context);
void judge_world_writable(const RuleContext& context);
void judge_devices(const RuleContext& context);
void judge_secret_files(const RuleContext& context);
void judge_accounts(const RuleContext& context);
void judge_preload(const RuleContext& context);
void judge_ports(const RuleContext& context);
void judge_leftovers(const RuleContext& context);
void judge_sshd(const RuleContext& context);
void judge_shell(const RuleContext& context);
void judge_package_manager(const RuleContext& context);
void judge_eol(const RuleContext& context);

// go_rules.cpp: how Go programs were built.
void judge_go_version(const RuleContext& context);
void judge_go_cgo(const RuleContext& context);
void judge_go_trimpath(const RuleContext& context);
void judge_go_vcs(const RuleContext& context);
void judge_go_sums(const RuleContext& context);
void judge_go_modules(const RuleContext& context);
void judge_go_buildmode(const RuleContext& context);
void judge_go_cpu(const RuleContext& context);
void judge_go_stripped(const RuleContext& context);

// budget_rule.cpp: sizes.
void judge_budget(const RuleContext& context);

// structure_tests_rule.cpp: files of container-structure-test.
void judge_structure_tests(const RuleContext& context);

// vulnerability_rules.cpp: what databases say of what is in it.
void judge_vulnerabilities(const RuleContext& context);
void judge_unknown_severity(const RuleContext& context);

}  // namespace ociassemble

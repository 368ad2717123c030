// SPDX-License-Identifier: Apache-2.0
// config.json of the OCI runtime specification, version 1.0.2.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "io/streams.hpp"
#include "ociassemble/error.hpp"
#include "runtime/forms.hpp"
#include "spec/json_printer.hpp"

namespace ociassemble {
namespace {

using Options = std::vector<std::string>;

// Calls that a program without capabilities has no honest use for, and that have opened ways out of containers: they
// load kernel code, change clocks, mounts, swap or the keyring, read other processes' memory, or make namespaces.
constexpr std::array kRefusedCalls{"acct",
                                   "add_key",
                                   "adjtimex",
                                   "bpf",
                                   "clock_adjtime",
                                   "clock_adjtime64",
                                   "clock_settime",
                                   "clock_settime64",
                                   "create_module",
                                   "delete_module",
                                   "fanotify_init",
                                   "finit_module",
                                   "fsconfig",
                                   "fsmount",
                                   "fsopen",
                                   "fspick",
                                   "get_kernel_syms",
                                   "get_mempolicy",
                                   "init_module",
                                   "io_uring_enter",
                                   "io_uring_register",
                                   "io_uring_setup",
                                   "ioperm",
                                   "iopl",
                                   "kcmp",
                                   "kexec_file_load",
                                   "kexec_load",
                                   "keyctl",
                                   "lookup_dcookie",
                                   "mbind",
                                   "migrate_pages",
                                   "mount",
                                   "mount_setattr",
                                   "move_mount",
                                   "move_pages",
                                   "name_to_handle_at",
                                   "nfsservctl",
                                   "open_by_handle_at",
                                   "open_tree",
                                   "perf_event_open",
                                   "pivot_root",
                                   "process_vm_readv",
                                   "process_vm_writev",
                                   "query_module",
                                   "quotactl",
                                   "quotactl_fd",
                                   "reboot",
                                   "request_key",
                                   "set_mempolicy",
                                   "setdomainname",
                                   "sethostname",
                                   "setns",
                                   "settimeofday",
                                   "stime",
                                   "swapoff",
                                   "swapon",
                                   "syslog",
                                   "umount",
                                   "umount2",
                                   "unshare",
                                   "uselib",
                                   "userfaultfd",
                                   "ustat",
                                   "vhangup",
                                   "vm86",
                                   "vm86old"};

// clone(2) with one of these makes a namespace (linux/sched.h).
constexpr std::array<std::uint64_t, 7> kNamespaceFlags{0x00020000, 0x02000000, 0x04000000, 0x08000000,
                                                       0x10000000, 0x20000000, 0x40000000};
constexpr std::uint32_t kNotPermitted = 1;  // EPERM
constexpr std::uint32_t kNoSuchCall = 38;   // ENOSYS, after which C libraries take clone(2)

std::vector<std::string> seccomp_architectures(const Platform& platform) {
  const auto& name = platform.architecture;
  if (name == "amd64") return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  if (name == "arm64") return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  if (name == "386") return {"SCMP_ARCH_X86"};
  if (name == "arm") return {"SCMP_ARCH_ARM"};
  if (name == "riscv64") return {"SCMP_ARCH_RISCV64"};
  if (name == "ppc64le") return {"SCMP_ARCH_PPC64LE"};
  if (name == "s390x") return {"SCMP_ARCH_S390X", "SCMP_ARCH_S390"};
  return {};
}

class BundleConfig {
 public:
  BundleConfig(const RunContract& contract, const std::optional<IdMappings>& mappings, bool terminal)
      : contract_(contract), mappings_(mappings), terminal_(terminal) {}

  std::string write() {
    json_.begin_object();
    json_.member("ociVersion", "1.0.2");
    write_process();
    json_.key("root").begin_object();
    const auto& rootfs = contract_.settings.rootfs;
    json_.member("path", rootfs.empty() ? "rootfs" : rootfs.string());
    json_.member("readonly", contract_.read_only);
    json_.end_object();
    json_.member("hostname", contract_.name);
    write_mounts();
    write_linux();
    json_.end_object();
    json_.finish();
    return text_.take();
  }

 private:
  void write_process() {
    json_.key("process").begin_object();
    json_.member("terminal", terminal_);
    json_.key("user").begin_object();
    json_.member("uid", contract_.uid);
    json_.member("gid", contract_.gid);
    json_.end_object();
    json_.member("args", contract_.words);
    auto env = contract_.env;
    const auto is_path = [](const std::string& text) { return text.starts_with("PATH="); };
    if (std::ranges::none_of(env, is_path))
      env.insert(env.begin(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    json_.member("env", env);
    json_.member("cwd", contract_.working_dir);
    std::vector<std::string> capabilities;
    for (const auto& name : contract_.capabilities) capabilities.push_back("CAP_" + upper_case(name));
    json_.key("capabilities").begin_object();
    for (const auto* set : {"bounding", "effective", "permitted"}) json_.member(set, capabilities);
    json_.end_object();
    json_.member("noNewPrivileges", true);
    json_.end_object();
  }

  void mount(std::string_view destination, std::string_view type, std::string_view source, const Options& options) {
    json_.begin_object();
    json_.member("destination", destination);
    json_.member("type", type);
    json_.member("source", source);
    json_.member("options", options);
    json_.end_object();
  }

  void write_mounts() {
    json_.key("mounts").begin_array();
    mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"});
    mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"});
    Options terminals{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"};
    if (!mappings_) terminals.emplace_back("gid=5");  // a group that a user namespace may lack
    mount("/dev/pts", "devpts", "devpts", terminals);
    mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"});
    mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
    // The network is this machine's, and a user namespace may not mount its sysfs anew.
    if (mappings_) {
      mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
    } else {
      mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"});
    }
    if (contract_.read_only) {
      mount("/tmp", "tmpfs", "tmpfs",
            {"nosuid", "nodev", "noexec", "mode=1777", fmt::format("size={}", contract_.settings.temporary)});
    }
    for (const auto& folder : contract_.writable) {
      mount(folder.path, "tmpfs", "tmpfs",
            {"nosuid", "nodev", "noexec", fmt::format("mode={:04o}", folder.mode), fmt::format("uid={}", folder.uid),
             fmt::format("gid={}", folder.gid), fmt::format("size={}", contract_.settings.volume_size)});
    }
    for (const auto& bind : contract_.settings.mounts) {
      Options options{"rbind", "nosuid", "nodev"};
      options.emplace_back(bind.read_only ? "ro" : "rw");
      mount(bind.target, "bind", bind.source.string(), options);
    }
    json_.end_array();
  }

  void write_linux() {
    json_.key("linux").begin_object();
    json_.key("namespaces").begin_array();
    for (const auto* type : {"pid", "ipc", "uts", "mount"}) write_namespace(type);
    if (mappings_) write_namespace("user");
    json_.end_array();
    if (mappings_) {
      write_mappings("uidMappings", mappings_->uids);
      write_mappings("gidMappings", mappings_->gids);
    } else {
      write_resources();
    }
    write_seccomp();
    json_.member("maskedPaths", std::vector<std::string>{"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
                                                         "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                                                         "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
                                                         "/sys/devices/virtual/powercap"});
    json_.member("readonlyPaths",
                 std::vector<std::string>{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"});
    json_.end_object();
  }

  void write_namespace(const char* type) {
    json_.begin_object();
    json_.member("type", type);
    json_.end_object();
  }

  void write_mappings(const char* name, const std::vector<IdMappings::Range>& ranges) {
    json_.key(name).begin_array();
    for (const auto& range : ranges) {
      json_.begin_object();
      json_.member("containerID", range.inside);
      json_.member("hostID", range.outside);
      json_.member("size", range.count);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_resources() {
    json_.key("resources").begin_object();
    json_.key("devices").begin_array();
    json_.begin_object();
    json_.member("allow", false);
    json_.member("access", "rwm");
    json_.end_object();
    json_.end_array();
    json_.key("memory").begin_object();
    json_.member("limit", contract_.settings.memory);
    json_.end_object();
    json_.key("pids").begin_object();
    json_.member("limit", contract_.settings.processes);
    json_.end_object();
    json_.end_object();
  }

  void write_seccomp() {
    json_.key("seccomp").begin_object();
    json_.member("defaultAction", "SCMP_ACT_ALLOW");
    const auto architectures = seccomp_architectures(contract_.platform);
    if (!architectures.empty()) json_.member("architectures", architectures);
    json_.key("syscalls").begin_array();
    refuse(std::vector<std::string>(kRefusedCalls.begin(), kRefusedCalls.end()), kNotPermitted, {});
    for (const auto flag : kNamespaceFlags) refuse({"clone"}, kNotPermitted, flag);
    refuse({"clone3"}, kNoSuchCall, {});
    json_.end_array();
    json_.end_object();
  }

  // With a flag: where it is among those of the first argument.
  void refuse(const std::vector<std::string>& calls, std::uint32_t error, std::optional<std::uint64_t> flag) {
    json_.begin_object();
    json_.member("names", calls);
    json_.member("action", "SCMP_ACT_ERRNO");
    json_.member("errnoRet", error);
    if (flag) {
      json_.key("args").begin_array();
      json_.begin_object();
      json_.member("index", flag_argument());
      json_.member("value", *flag);
      json_.member("valueTwo", *flag);
      json_.member("op", "SCMP_CMP_MASKED_EQ");
      json_.end_object();
      json_.end_array();
    }
    json_.end_object();
  }

  // clone(2): s390 has the stack first.
  int flag_argument() const { return contract_.platform.architecture == "s390x" ? 1 : 0; }

  const RunContract& contract_;
  const std::optional<IdMappings>& mappings_;
  const bool terminal_;
  StringSink text_;
  JsonPrinter json_{text_};
};

}  // namespace

std::string write_bundle_config(const RunContract& contract, const std::optional<IdMappings>& mappings, bool terminal) {
  if (!contract.settings.ports.empty()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot publish port {}: a bundle uses this machine's own network",
                            contract.settings.ports.front().to_string()),
                "leave --publish out and let the program listen on that port, or run it by docker or podman");
  }
  return BundleConfig(contract, mappings, terminal).write();
}

}  // namespace ociassemble

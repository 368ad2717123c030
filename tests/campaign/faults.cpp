// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program, makes one of its system calls fail, come up short, or be the last: tests/campaign/run.
//
// FAULTS_REPORT  a file of kReportSize bytes, mapped and shared with whoever reads it: how many calls there were, and
//                what the one was that failed
// FAULTS_CALL    which kind of call, or "any"
// FAULTS_AT      which of them fails: the first is 1
// FAULTS_DO      an error number, "short" (half of the bytes), "end" (no bytes) or "kill" (SIGKILL before the call)
// FAULTS_ALWAYS  all later ones, too
// FAULTS_SPACE   how many bytes the program can write to files before the disk is full
#undef _FILE_OFFSET_BITS  // both open() and open64(), as others may have been compiled
#undef _TIME_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::array<std::string_view, 19> kCalls{"any",     "open",  "read", "write",  "fsync", "rename",  "mkdir",
                                                  "flock",   "close", "send", "recv",   "link",  "connect", "socket",
                                                  "readdir", "stat",  "mmap", "unlink", "copy"};
constexpr std::size_t kReportSize = 4096;

enum class Effect { none, fail, shorten, end, kill };

// What the reader of the report finds, too.
struct Report {
  std::atomic<std::uint64_t> counts[32];  // as in kCalls
  std::atomic<std::uint64_t> faults;
  std::atomic<std::uint64_t> written;
  char what[1024];  // the first call that failed
};
static_assert(sizeof(Report) <= kReportSize);

template <class Function>
Function* next_symbol(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  Function* function = nullptr;
  static_assert(sizeof function == sizeof found);
  std::memcpy(&function, &found, sizeof function);
  return function;
}

std::uint64_t number_in(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
}

struct Plan {
  Plan() {
    static Report nobody_reads;
    report = &nobody_reads;
    const char* path = std::getenv("FAULTS_REPORT");
    const int fd =
        path != nullptr ? next_symbol<int(const char*, int, mode_t)>("open64")(path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (fd < 0) return;
    void* mapped = next_symbol<void*(void*, std::size_t, int, int, int, std::int64_t)>("mmap64")(
        nullptr, kReportSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    next_symbol<int(int)>("close")(fd);
    if (mapped == MAP_FAILED) return;
    report = static_cast<Report*>(mapped);
    at = number_in("FAULTS_AT");
    always = std::getenv("FAULTS_ALWAYS") != nullptr;
    has_space = std::getenv("FAULTS_SPACE") != nullptr;
    space = number_in("FAULTS_SPACE");
    const char* kind = std::getenv("FAULTS_CALL");
    if (kind != nullptr) call = kind;
    const char* action = std::getenv("FAULTS_DO");
    const std::string_view word = action != nullptr ? action : "";
    effect = word == "short"  ? Effect::shorten
             : word == "end"  ? Effect::end
             : word == "kill" ? Effect::kill
                              : Effect::fail;
    if (effect == Effect::fail) error = static_cast<int>(number_in("FAULTS_DO"));
  }

  Report* report;
  std::string_view call;
  std::uint64_t at = 0;
  Effect effect = Effect::none;
  int error = 0;
  bool always = false, has_space = false;
  std::uint64_t space = 0;
};

Plan& plan() {
  static Plan made;
  return made;
}

void note(std::string_view call, const char* path, int fd) {
  auto& report = *plan().report;
  if (report.faults++ != 0) return;
  char name[512] = "";
  if (path == nullptr && fd >= 0) {
    char link[64];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const auto length = readlink(link, name, sizeof name - 1);
    name[std::max<ssize_t>(length, 0)] = 0;
    path = name;
  }
  std::snprintf(report.what, sizeof report.what, "%s %s", call.data(), path != nullptr ? path : "");
}

// What becomes of this call; sets errno where it fails.
Effect judge(std::string_view call, const char* path, int fd = -1) {
  auto& chosen = plan();
  const auto place = static_cast<std::size_t>(std::ranges::find(kCalls, call) - kCalls.begin());
  const auto of_its_kind = ++chosen.report->counts[place];
  const auto of_all = ++chosen.report->counts[0];
  const auto number = chosen.call == "any" ? of_all : chosen.call == call ? of_its_kind : 0;
  if (chosen.at == 0 || number < chosen.at || (number > chosen.at && !chosen.always)) return Effect::none;
  note(call, path, fd);
  if (chosen.effect == Effect::kill) raise(SIGKILL);
  errno = chosen.error;
  return chosen.effect;
}

bool is_full(const char* call, const char* path) {
  auto& chosen = plan();
  if (!chosen.has_space || chosen.report->written < chosen.space) return false;
  note(call, path, -1);
  errno = ENOSPC;
  return true;
}

mode_t type_of(int fd) {
  struct stat64 status {};
  const int saved = errno;
  const bool known = next_symbol<int(int, struct stat64*)>("fstat64")(fd, &status) == 0;
  errno = saved;
  return known ? status.st_mode & S_IFMT : 0;
}

// Terminals, the logs of who runs us, and what libraries wake their threads with are not meant.
bool is_file(int fd) {
  const auto type = type_of(fd);
  return fd > STDERR_FILENO && (type == S_IFREG || type == S_IFDIR);
}

bool is_connection(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int saved = errno;
  const bool known = type_of(fd) == S_IFSOCK && getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  errno = saved;
  return known && (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

// `transfer` of a count of bytes, or of fewer.
template <class Transfer>
ssize_t moved(std::string_view call, int fd, std::size_t count, const Transfer& transfer) {
  switch (judge(call, nullptr, fd)) {
    case Effect::fail:
      return -1;
    case Effect::end:
      return 0;
    case Effect::shorten:
      return transfer(std::min(count, std::max<std::size_t>(count / 2, 1)));
    default:
      return transfer(count);
  }
}

template <class Transfer>
ssize_t written(int fd, std::size_t count, const Transfer& transfer) {
  return moved("write", fd, count, [&](std::size_t wanted) -> ssize_t {
    auto& chosen = plan();
    if (!chosen.has_space) return transfer(wanted);
    const auto before = chosen.report->written.fetch_add(wanted);
    if (before >= chosen.space && is_full("write", nullptr)) return -1;
    return transfer(std::min<std::size_t>(wanted, chosen.space - before));
  });
}

template <class Call>
auto unless(std::string_view name, const char* path, const Call& call) -> decltype(call()) {
  return judge(name, path) == Effect::fail ? -1 : call();
}

}  // namespace

// NAME(…): a definition of the C library's NAME; the label spares us its declaration's attributes.
#define WRAP(result, name, ...)                                                                        \
  extern "C" __attribute__((visibility("default"))) result wrapped_##name(__VA_ARGS__) __asm__(#name); \
  result wrapped_##name(__VA_ARGS__)
#define NEXT(name) next_symbol<decltype(wrapped_##name)>(#name)

#define WRAP_OPEN(name)                                                         \
  WRAP(int, name, const char* path, int flags, mode_t mode) {                   \
    if ((flags & O_CREAT) != 0 && is_full("open", path)) return -1;             \
    return unless("open", path, [&] { return NEXT(name)(path, flags, mode); }); \
  }
#define WRAP_OPENAT(name)                                                           \
  WRAP(int, name, int at, const char* path, int flags, mode_t mode) {               \
    if ((flags & O_CREAT) != 0 && is_full("open", path)) return -1;                 \
    return unless("open", path, [&] { return NEXT(name)(at, path, flags, mode); }); \
  }
WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)

WRAP(ssize_t, read, int fd, void* data, std::size_t count) {
  if (!is_file(fd)) return NEXT(read)(fd, data, count);
  return moved("read", fd, count, [&](std::size_t wanted) { return NEXT(read)(fd, data, wanted); });
}
#define WRAP_PREAD(name)                                                                                       \
  WRAP(ssize_t, name, int fd, void* data, std::size_t count, std::int64_t offset) {                            \
    if (!is_file(fd)) return NEXT(name)(fd, data, count, offset);                                              \
    return moved("read", fd, count, [&](std::size_t wanted) { return NEXT(name)(fd, data, wanted, offset); }); \
  }
WRAP_PREAD(pread)
WRAP_PREAD(pread64)

WRAP(ssize_t, write, int fd, const void* data, std::size_t count) {
  if (!is_file(fd)) return NEXT(write)(fd, data, count);
  return written(fd, count, [&](std::size_t wanted) { return NEXT(write)(fd, data, wanted); });
}
#define WRAP_PWRITE(name)                                                                                \
  WRAP(ssize_t, name, int fd, const void* data, std::size_t count, std::int64_t offset) {                \
    if (!is_file(fd)) return NEXT(name)(fd, data, count, offset);                                        \
    return written(fd, count, [&](std::size_t wanted) { return NEXT(name)(fd, data, wanted, offset); }); \
  }
WRAP_PWRITE(pwrite)
WRAP_PWRITE(pwrite64)

WRAP(ssize_t, copy_file_range, int in, std::int64_t* in_at, int out, std::int64_t* out_at, std::size_t count,
     unsigned flags) {
  if (is_full("copy", nullptr)) return -1;
  return moved("copy", in, count,
               [&](std::size_t wanted) { return NEXT(copy_file_range)(in, in_at, out, out_at, wanted, flags); });
}

WRAP(int, fsync, int fd) { return judge("fsync", nullptr, fd) == Effect::fail ? -1 : NEXT(fsync)(fd); }
WRAP(int, fdatasync, int fd) { return judge("fsync", nullptr, fd) == Effect::fail ? -1 : NEXT(fdatasync)(fd); }
WRAP(int, rename, const char* from, const char* to) {
  return unless("rename", to, [&] { return NEXT(rename)(from, to); });
}
WRAP(int, renameat, int from_at, const char* from, int to_at, const char* to) {
  return unless("rename", to, [&] { return NEXT(renameat)(from_at, from, to_at, to); });
}
WRAP(int, renameat2, int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  return unless("rename", to, [&] { return NEXT(renameat2)(from_at, from, to_at, to, flags); });
}
WRAP(int, mkdir, const char* path, mode_t mode) {
  if (is_full("mkdir", path)) return -1;
  return unless("mkdir", path, [&] { return NEXT(mkdir)(path, mode); });
}
WRAP(int, mkdirat, int at, const char* path, mode_t mode) {
  if (is_full("mkdir", path)) return -1;
  return unless("mkdir", path, [&] { return NEXT(mkdirat)(at, path, mode); });
}
WRAP(char*, mkdtemp, char* name) {
  if (is_full("mkdir", name) || judge("mkdir", name) == Effect::fail) return nullptr;
  return NEXT(mkdtemp)(name);
}
WRAP(int, link, const char* from, const char* to) {
  return unless("link", to, [&] { return NEXT(link)(from, to); });
}
WRAP(int, linkat, int from_at, const char* from, int to_at, const char* to, int flags) {
  return unless("link", to, [&] { return NEXT(linkat)(from_at, from, to_at, to, flags); });
}
WRAP(int, unlink, const char* path) {
  return unless("unlink", path, [&] { return NEXT(unlink)(path); });
}
WRAP(int, unlinkat, int at, const char* path, int flags) {
  return unless("unlink", path, [&] { return NEXT(unlinkat)(at, path, flags); });
}
WRAP(int, flock, int fd, int operation) {
  return judge("flock", nullptr, fd) == Effect::fail ? -1 : NEXT(flock)(fd, operation);
}
// The descriptor is gone all the same, as on Linux.
WRAP(int, close, int fd) {
  const auto effect = is_file(fd) ? judge("close", nullptr, fd) : Effect::none;
  const int saved = errno;
  const int result = NEXT(close)(fd);
  if (effect != Effect::fail) return result;
  errno = saved;
  return -1;
}

WRAP(DIR*, opendir, const char* path) { return judge("open", path) == Effect::fail ? nullptr : NEXT(opendir)(path); }
WRAP(dirent*, readdir, DIR* folder) {
  return judge("readdir", nullptr, dirfd(folder)) == Effect::fail ? nullptr : NEXT(readdir)(folder);
}
WRAP(dirent64*, readdir64, DIR* folder) {
  return judge("readdir", nullptr, dirfd(folder)) == Effect::fail ? nullptr : NEXT(readdir64)(folder);
}

#define WRAP_STAT(name)                                                    \
  WRAP(int, name, const char* path, void* status) {                        \
    return unless("stat", path, [&] { return NEXT(name)(path, status); }); \
  }
WRAP_STAT(stat)
WRAP_STAT(stat64)
WRAP_STAT(lstat)
WRAP_STAT(lstat64)
#define WRAP_FSTAT(name)                                                             \
  WRAP(int, name, int fd, void* status) {                                            \
    if (fd <= STDERR_FILENO) return NEXT(name)(fd, status);                          \
    return judge("stat", nullptr, fd) == Effect::fail ? -1 : NEXT(name)(fd, status); \
  }
WRAP_FSTAT(fstat)
WRAP_FSTAT(fstat64)
#define WRAP_FSTATAT(name)                                                            \
  WRAP(int, name, int at, const char* path, void* status, int flags) {                \
    return unless("stat", path, [&] { return NEXT(name)(at, path, status, flags); }); \
  }
WRAP_FSTATAT(fstatat)
WRAP_FSTATAT(fstatat64)
WRAP(int, statx, int at, const char* path, int flags, unsigned mask, void* status) {
  return unless("stat", path, [&] { return NEXT(statx)(at, path, flags, mask, status); });
}

#define WRAP_MMAP(name)                                                                                   \
  WRAP(void*, name, void* at, std::size_t size, int protection, int flags, int fd, std::int64_t offset) { \
    if (fd >= 0 && judge("mmap", nullptr, fd) == Effect::fail) return MAP_FAILED;                         \
    return NEXT(name)(at, size, protection, flags, fd, offset);                                           \
  }
WRAP_MMAP(mmap)
WRAP_MMAP(mmap64)

WRAP(int, socket, int domain, int type, int protocol) {
  if (domain != AF_INET && domain != AF_INET6) return NEXT(socket)(domain, type, protocol);
  return unless("socket", "", [&] { return NEXT(socket)(domain, type, protocol); });
}
WRAP(int, connect, int fd, const sockaddr* address, socklen_t length) {
  if (!is_connection(fd)) return NEXT(connect)(fd, address, length);
  return judge("connect", nullptr, fd) == Effect::fail ? -1 : NEXT(connect)(fd, address, length);
}
WRAP(ssize_t, send, int fd, const void* data, std::size_t count, int flags) {
  if (!is_connection(fd)) return NEXT(send)(fd, data, count, flags);
  return moved("send", fd, count, [&](std::size_t wanted) { return NEXT(send)(fd, data, wanted, flags); });
}
WRAP(ssize_t, recv, int fd, void* data, std::size_t count, int flags) {
  if (!is_connection(fd)) return NEXT(recv)(fd, data, count, flags);
  return moved("recv", fd, count, [&](std::size_t wanted) { return NEXT(recv)(fd, data, wanted, flags); });
}
